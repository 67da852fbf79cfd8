//! How a PATCH goes, and what one of its operations comes to.

use crate::gateway::pair::Losses;
use crate::rewrite::translate::Loss;
use crate::scim::Object;
use crate::scim::patch::Op;

/// What is to be done, and what the operations say that the upstream cannot hold.
#[derive(Debug)]
pub struct Planned {
    pub plan: Plan,
    pub losses: Losses,
}

#[derive(Debug, PartialEq)]
pub enum Plan {
    /// PATCH in the upstream's forms: the body's attributes; several only for members.
    Native(Vec<Object<'static>>),
    /// Everything is lost: nothing is written.
    Nothing,
    /// Read, apply, put, write the difference.
    Emulate,
}

/// What one operation comes to.
#[derive(Debug)]
pub enum Step {
    /// These operations of the upstream's say it, whatever is stored.
    Direct(Vec<Op<'static>>),
    /// Carried, but for these losses.
    Partly(Vec<Op<'static>>, Vec<Loss>),
    Lost(Vec<Loss>),
    /// It depends on what is stored; why.
    Stateful(&'static str),
}
