//! What keeps a directory safe from its clients: what a DELETE does, when a mass of removals is no
//! longer believed, and what a POST that meets an existing resource gets.
//!
//! Settings and detection only; what was removed when is the exchange room's to remember.

use std::collections::BTreeSet;
use std::time::Duration;

use super::lifted::{Lifted, Taken, is_inactive, values};
use crate::scim::Object;

/// A route's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Safety {
    pub delete: Delete,
    pub create_conflict: CreateConflict,
    pub removals: RemovalLimits,
}

/// What a client's DELETE does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delete {
    #[default]
    Forward,
    /// Users are deactivated and stay; groups are not deleted.
    Deactivate,
    Refuse,
}

/// What a POST gets whose resource is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CreateConflict {
    /// The upstream's 409.
    #[default]
    Pass,
    /// The one resource with the same matching attribute, if it is exactly one and has the state and the
    /// members that were asked for.
    Adopt,
    /// The same one, updated with what the client sent.
    Update,
}

/// When removals are too many to be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovalLimits {
    pub act: Act,
    /// Removals older than this are forgotten.
    pub window: Duration,
    /// Resources removed within the window.
    pub count: usize,
    /// Of the resources that the route has seen, in per cent, once it has seen a hundred.
    pub share: usize,
    /// Memberships taken from groups within the window, counted by themselves.
    pub member_count: usize,
    /// Of the memberships that the route has seen, in per cent, once those are a hundred.
    pub member_share: usize,
}

/// What happens beyond the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Off,
    /// It is logged and counted.
    Warn,
    /// Removals are refused until an operator re-arms the breaker.
    Trip,
}

impl Default for RemovalLimits {
    fn default() -> Self {
        Self {
            act: Act::Warn,
            window: Duration::from_secs(3_600),
            count: 500,
            share: 20,
            member_count: 5_000,
            member_share: 50,
        }
    }
}

/// What takes something away that is hard to bring back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Removal {
    Deletion,
    Deactivation,
    /// A group that loses all its members at once.
    Emptying,
    /// A member that a group loses.
    Membership,
}

/// What a write takes away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removals {
    /// Of the resource itself.
    pub resource: Option<Removal>,
    /// The members that a group loses, by their canonical values.
    pub members: Vec<String>,
}

impl Removal {
    /// The value of the metrics' `kind` label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Deletion => "deletion",
            Self::Deactivation => "deactivation",
            Self::Emptying => "emptying",
            Self::Membership => "membership",
        }
    }
}

impl Removals {
    pub fn is_none(&self) -> bool {
        self.resource.is_none() && self.members.is_empty()
    }
}

impl From<Removal> for Removals {
    fn from(removal: Removal) -> Self {
        Self { resource: Some(removal), members: Vec::new() }
    }
}

impl Lifted {
    /// Whether what it takes away can only be told from what is stored.
    pub fn takes_what_is_stored(&self) -> bool {
        matches!(self.members(), Taken::AllBut(_) | Taken::Unknown)
    }

    /// What it takes away from what is stored, a canonical resource; the most that it may where that is
    /// not known. What is inactive already is no removal, and neither is who is no member.
    pub fn removals(&self, stored: Option<&Object<'_>>) -> Removals {
        let inactive = stored.is_some_and(is_inactive);
        let had = stored.map(|stored| values(stored.get("members")));
        let (members, empties) = match (self.members(), had) {
            (Taken::None, _) => (Vec::new(), false),
            (Taken::These { values, emptied }, None) => (values.clone(), *emptied),
            (Taken::These { values, emptied }, Some(had)) => {
                let there = values.iter().filter(|value| had.contains(value.as_str()));
                (there.cloned().collect(), *emptied)
            }
            (Taken::AllBut(kept), None) => (Vec::new(), kept.is_empty()),
            (Taken::AllBut(kept), Some(had)) => {
                let kept_none = kept.is_empty();
                let kept: BTreeSet<&str> = kept.iter().map(String::as_str).collect();
                let gone: Vec<String> =
                    had.difference(&kept).map(|one| (*one).to_owned()).collect();
                let empties = kept_none && !gone.is_empty();
                (gone, empties)
            }
            (Taken::Unknown, _) => (Vec::new(), true),
        };
        let deactivates = self.deactivates() && !inactive;
        let resource = match (deactivates, empties) {
            (true, _) => Some(Removal::Deactivation),
            (false, true) => Some(Removal::Emptying),
            (false, false) => None,
        };
        Removals { resource, members }
    }
}
