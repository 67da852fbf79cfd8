//! What a write takes away that is hard to bring back.

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
