//! What keeps a directory safe from its clients: what a DELETE does, when a mass of removals is no
//! longer believed, and what a POST that meets an existing resource gets.
//!
//! Settings and detection only; what was removed when is the exchange room's to remember.

use std::time::Duration;

use super::pair::Pair;
use super::route::{Kind, Omitted, Policies};
use crate::scim::patch::{Op, OpKind};
use crate::scim::{Object, Value};

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
        Self { act: Act::Warn, window: Duration::from_secs(3_600), count: 500, share: 20 }
    }
}

/// What takes something away that is hard to bring back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Removal {
    Deletion,
    Deactivation,
    /// A group that loses all its members.
    Emptying,
}

impl Removal {
    /// The value of the metrics' `kind` label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Deletion => "deletion",
            Self::Deactivation => "deactivation",
            Self::Emptying => "emptying",
        }
    }
}

impl Pair {
    /// What a client's replacement would remove, as far as the request says.
    pub fn replacement_removes(&self, wanted: &Object<'_>, policies: &Policies) -> Option<Removal> {
        match self.kind {
            Kind::User => deactivates(wanted),
            Kind::Group => {
                let emptied = match wanted.get("members") {
                    None => self.omission(policies) == Omitted::Clear,
                    Some(members) => members.is_cleared(),
                };
                emptied.then_some(Removal::Emptying)
            }
        }
    }

    /// What a client's operations would remove, as far as the request says.
    pub fn patch_removes(&self, ops: &[Op<'_>], deactivates: bool) -> Option<Removal> {
        let empties = |op: &Op<'_>| {
            let whole = op.path.members().eq(["members"]) && op.path.filter.is_none();
            let nothing = op.value.as_ref().is_none_or(Value::is_cleared);
            whole && nothing && matches!(op.kind, OpKind::Remove | OpKind::Replace)
        };
        match self.kind {
            Kind::User => deactivates.then_some(Removal::Deactivation),
            Kind::Group => ops.iter().any(empties).then_some(Removal::Emptying),
        }
    }

    /// Whether what is stored still has what would be removed.
    pub fn still_has(&self, removal: Removal, stored: &Object<'_>) -> bool {
        let lifted = self.lift(stored).object;
        match removal {
            Removal::Deletion => true,
            Removal::Deactivation => deactivates(&lifted).is_none(),
            Removal::Emptying => lifted.get("members").is_some_and(|members| !members.is_cleared()),
        }
    }
}

fn deactivates(user: &Object<'_>) -> Option<Removal> {
    let inactive = user.get("active").and_then(Value::as_bool) == Some(false);
    inactive.then_some(Removal::Deactivation)
}
