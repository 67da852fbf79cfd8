//! What a resource is part of, and what may stand in it there.

use super::program::Dest;
use crate::scim::Value;
use crate::scim::schema::{Attribute, Mutability, Operation, Returned};

/// What the resource is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    Request(Operation),
    Response,
}

pub(super) enum Admission {
    Yes,
    /// Not in this message, and nothing is lost by it.
    Silently,
    Lost,
}

impl Message {
    /// Leaves that the message may not hold are left out without a loss (docs/semantics.md 2.2).
    pub(super) fn skips(self, attribute: &Attribute) -> bool {
        match self {
            Self::Request(operation) => match attribute.mutability {
                Mutability::ReadOnly => true,
                Mutability::Immutable => operation != Operation::Create,
                Mutability::ReadWrite | Mutability::WriteOnly => false,
            },
            Self::Response => {
                attribute.mutability == Mutability::WriteOnly
                    || attribute.returned == Returned::Never
            }
        }
    }

    /// Whether the target may hold the leaf in this message.
    pub(super) fn admits(self, dest: &Dest, value: &Value<'_>) -> Admission {
        let attribute = &dest.attribute;
        match self {
            Self::Response => {
                if attribute.mutability == Mutability::WriteOnly
                    || attribute.returned == Returned::Never
                {
                    Admission::Silently
                } else {
                    Admission::Yes
                }
            }
            Self::Request(operation) => {
                if dest.read_only {
                    return Admission::Lost;
                }
                if attribute.mutability == Mutability::Immutable && operation != Operation::Create {
                    return Admission::Silently;
                }
                if attribute.accepted.has(operation) {
                    return Admission::Yes;
                }
                let default = attribute.default.as_ref().is_some_and(|default| value == default);
                if default { Admission::Silently } else { Admission::Lost }
            }
        }
    }
}
