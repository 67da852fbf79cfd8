//! A client's request in canonical words: what everything that judges a request sees of it.
//!
//! Only this room makes one, from a client's words by the client's program or from what a write changes
//! by the upstream's. So no dialect's name for an attribute decides whether a request is dangerous.

use std::collections::BTreeSet;

use super::removal::{Removal, Removals};
use crate::scim::{Object, Value};

/// What a request says, or what a write changes, as canonical has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifted {
    pub(super) deactivates: bool,
    pub(super) members: Taken,
    /// The canonical attributes and extensions that it is about, in the schema's order.
    pub(super) names: Vec<String>,
}

/// Which members a group loses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Taken {
    #[default]
    None,
    /// These, by their values; whether nobody is left.
    These { values: Vec<String>, emptied: bool },
    /// All that there are but these.
    AllBut(Vec<String>),
    /// It depends on what is stored.
    Unknown,
}

impl Lifted {
    /// What a route makes of a DELETE where it deactivates.
    pub fn deactivation() -> Self {
        Self { deactivates: true, members: Taken::None, names: vec!["active".to_owned()] }
    }

    pub fn deactivates(&self) -> bool {
        self.deactivates
    }

    pub fn members(&self) -> &Taken {
        &self.members
    }

    /// Whether it leaves a group without members, whoever is there.
    pub fn empties(&self) -> bool {
        matches!(&self.members, Taken::AllBut(kept) if kept.is_empty())
    }

    /// The canonical attributes and extensions that it is about: names of schemas alone, since a name
    /// that no schema knows may tell something.
    pub fn names(&self) -> &[String] {
        &self.names
    }

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

impl Taken {
    /// With these given back.
    pub(super) fn but(self, given: &BTreeSet<&str>) -> Self {
        match self {
            Self::These { mut values, .. } => {
                values.retain(|value| !given.contains(value.as_str()));
                Self::These { values, emptied: false }
            }
            Self::AllBut(mut kept) => {
                kept.extend(given.iter().map(|value| (*value).to_owned()));
                Self::AllBut(kept)
            }
            other => other,
        }
    }

    pub(super) fn and(self, more: Self) -> Self {
        match (self, more) {
            (Self::None, more) => more,
            (one, Self::None) => one,
            (Self::These { mut values, .. }, Self::These { values: more, .. }) => {
                values.extend(more);
                Self::These { values, emptied: false }
            }
            // In turn, they may leave anybody.
            (Self::AllBut(kept), _) if kept.is_empty() => Self::AllBut(kept),
            (_, Self::AllBut(kept)) => Self::AllBut(kept),
            _ => Self::Unknown,
        }
    }
}

pub fn is_inactive(canonical: &Object<'_>) -> bool {
    canonical.get("active").and_then(Value::as_bool) == Some(false)
}

/// The values of the elements of a canonical array.
pub fn values<'v>(array: Option<&'v Value<'_>>) -> BTreeSet<&'v str> {
    let elements = array.and_then(Value::as_array).unwrap_or_default().iter();
    elements.filter_map(|element| element.as_object()?.get("value")?.as_str()).collect()
}

pub fn owned(values: BTreeSet<&str>) -> Vec<String> {
    values.into_iter().map(str::to_owned).collect()
}
