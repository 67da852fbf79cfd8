//! What an upstream is told: a client's body taken in, create, replacement, PATCH and deactivation in the
//! upstream's words, what they lose, who may lose it, and whether the upstream did it.
//!
//! What judges a request sees it in canonical words ([`Lifted`]) alone. No call is made here.

mod array;
mod clears;
mod create;
mod deactivate;
mod demand;
mod difference;
mod document;
mod guard;
mod immutable;
mod informative;
mod intake;
mod judged;
mod kept;
mod known;
mod leaf;
mod lifted;
mod likeness;
mod merge;
mod merged;
mod news;
mod op;
mod patch;
mod plan;
mod print;
mod refusals;
mod removal;
mod replace;
mod taken;
mod twin;
mod unreturned;
mod writable;
mod written;

pub use create::Lowered;
pub use guard::{
    GUARDED, LOSS_HEADER, carried_out, created_otherwise, guard, may_deactivate, report,
};
pub use immutable::immutable;
pub use lifted::Lifted;
pub use merged::Merged;
pub use plan::{Plan, Planned, Step};
pub use removal::{Removal, Removals};
pub use taken::Untaken;
pub use twin::Access;
