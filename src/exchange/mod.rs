//! One request of a client with all the upstream calls that it takes: whoever has a route, a request and an
//! upstream gets an answer, and a [`Record`] of what was done ([`run_into`]). Between exchanges it keeps
//! what is [`Shared`]: locks, what was removed, and whose calls are told.
//!
//! It does not know what an upstream is, beyond the trait [`Upstream`], nor who the client is: only what
//! the client may do.

mod able;
mod admit;
mod adopt;
mod alias;
mod aside;
mod bulk;
mod caller;
mod claim;
mod context;
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
mod record;
mod removals;
mod run;
mod safeguard;
mod scan;
mod search;
mod serve;
mod shape;
mod told;
mod trace;
mod upstream;
mod user;
mod version;
mod wire;

pub use aside::LARGE;
pub use context::Shared;
pub use record::{CallRecord, LossRecord, Record, ResourceId, Streamed, WriteRecord};
pub use removals::Standing;
pub use run::{Outcome, REQUEST_ID, fail, run, run_into};
pub use safeguard::Decided;
pub use trace::{TRACEPARENT, TRACESTATE, Trace};
pub use upstream::{Upstream, deadline_fault, within_deadline};
pub use wire::{CALLS, Sent, describe_request, media_type};
