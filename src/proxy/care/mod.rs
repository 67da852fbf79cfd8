//! The care of one upstream: what every call to it passes, in this order (ARCHITECTURE has the
//! picture): breaker, hold, rate, place, the call, and perhaps all of it once more.
//!
//! One object for each upstream holds all its state. It knows no node and no socket: those are
//! behind the `Upstream` that is called.

mod breaker;
mod cared;
mod gate;
mod health;
mod hold;
mod leave;
mod nodes;
mod rate;
mod retry;
mod strangers;
mod told;
mod verdict;
mod window;

pub use cared::Cared;
pub use gate::Gate;
pub use leave::Care;
pub use nodes::Making;

pub(super) use gate::{Full, Place};
pub(super) use leave::Leave;
pub(super) use nodes::{Node, Nodes, Turn};
pub(super) use retry::asked;
pub(super) use told::crowded;
pub(super) use verdict::{Says, Verdict, verdict};
