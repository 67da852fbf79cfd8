//! What the gateway does and why, as data for `check`, `losses` and `explain`: the same compiled
//! pair that serves requests says it. No I/O, and no text for people beyond reasons.

mod body;
mod example;
mod filter;
mod operations;
mod patch;
mod way;

pub use body::{BodyReport, LeafFate, LeafReport, Made};
pub use example::{Mismatch, Stage};
pub use filter::{FilterReach, FilterReport, Term};
pub use operations::{OperationReport, Says, operations};
pub use patch::{Calls, OpFate, OpReport, PatchReport};
pub use way::{Outcome, Way, spot};
