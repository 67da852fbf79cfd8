//! Runs plans: straight-line async over [`Upstream`].

mod admit;
mod adopt;
pub mod aside;
mod bulk;
mod caller;
mod create;
mod doubt;
mod emulate;
mod list;
mod lock;
mod me;
mod names;
mod one;
mod page;
mod patch;
mod read;
pub mod record;
mod removals;
pub mod run;
pub mod safeguard;
mod scan;
mod search;
mod shape;
mod told;
mod trace;
pub mod upstream;
mod user;
mod version;
pub mod wire;

pub use record::{Record, Subject};
pub use removals::Standing;
pub use run::{Outcome, Shared, fail, run, run_into};
pub use safeguard::Decided;
pub use trace::{TRACEPARENT, TRACESTATE, Trace};
pub use upstream::Upstream;
