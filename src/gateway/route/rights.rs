//! What one caller may do on a route: kinds of operations, and types of resources.
//!
//! It is asked once it is known what a request means, before anything is read or sent. Who the caller
//! is, it does not know.

use crate::fault::{Cause, Fault};
use crate::gateway::pair::Kind;
use crate::scim::schema::Operation;

/// A kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    /// A resource, lists, searches.
    Read,
    Create,
    /// PUT
    Replace,
    /// PATCH
    Modify,
    Delete,
    /// The request around several; each of these needs its own right, too.
    Bulk,
}

impl Right {
    pub const ALL: [Self; 6] =
        [Self::Read, Self::Create, Self::Replace, Self::Modify, Self::Delete, Self::Bulk];

    /// The configuration's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Modify => "modify",
            Self::Delete => "delete",
            Self::Bulk => "bulk",
        }
    }
}

impl From<Operation> for Right {
    fn from(operation: Operation) -> Self {
        match operation {
            Operation::Get | Operation::List | Operation::Search => Self::Read,
            Operation::Create => Self::Create,
            Operation::Replace => Self::Replace,
            Operation::Patch => Self::Modify,
            Operation::Delete => Self::Delete,
        }
    }
}

/// What a caller may do. Discovery is everybody's who is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    pub operations: Vec<Right>,
    pub kinds: Vec<Kind>,
}

impl Rights {
    /// Everything.
    pub fn all() -> Self {
        Self { operations: Right::ALL.to_vec(), kinds: Kind::ALL.to_vec() }
    }

    pub fn may(&self, right: Right) -> bool {
        self.operations.contains(&right)
    }

    /// # Errors
    /// `Forbidden` where the caller may not do this to resources of this type.
    pub fn demand(&self, operation: Operation, kind: Kind) -> Result<(), Fault> {
        let right = Right::from(operation);
        if self.may(right) && self.kinds.contains(&kind) {
            return Ok(());
        }
        Err(refused(&format!("{} resources of the type {}", right.word(), kind.name())))
    }

    /// # Errors
    /// `Forbidden` where the caller may send no bulk requests.
    pub fn demand_bulk(&self) -> Result<(), Fault> {
        if self.may(Right::Bulk) { Ok(()) } else { Err(refused("send bulk requests")) }
    }

    /// For what reads resources of all types at once.
    ///
    /// # Errors
    /// `Forbidden` where one of them is not the caller's.
    pub fn demand_all(&self, kinds: impl IntoIterator<Item = Kind>) -> Result<(), Fault> {
        kinds.into_iter().try_for_each(|kind| self.demand(Operation::Search, kind))
    }
}

fn refused(what: &str) -> Fault {
    let detail = format!(
        "The credential of this request may not {what} on this route. Ask the gateway's operator for one \
         that may."
    );
    Fault::new(Cause::Forbidden, detail)
}
