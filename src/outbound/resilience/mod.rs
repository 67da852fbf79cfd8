//! The care of one upstream: what every call to it passes, in this order (ARCHITECTURE has the
//! picture): breaker, hold, rate, place, the call, and perhaps all of it once more.
//!
//! One object for each upstream holds all its state. It knows no node and no socket: those are
//! behind the `Upstream` that is called.

mod breaker;
mod gate;
mod permit;
mod rate;
mod resilient;
mod retry;
mod retry_after_hold;
mod strangers;
mod told;
mod verdict;
mod window;

pub use breaker::{Change, CircuitBreaker, Ticket};
pub use gate::Gate;
pub use gate::{Full, GatePermit};
pub use permit::Permit;
pub use permit::Resilience;
pub use resilient::Resilient;
pub use retry::asked;
pub use told::crowded;
pub use verdict::{CallVerdict, CallVerdicts, verdict};
