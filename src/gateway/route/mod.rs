//! Routes: which client dialect meets which upstream dialect, where, under which policies, and what a
//! request on one asks for.
//!
//! It finds a route, reads path and method, and frames requests to the upstream. It does not know what
//! an answer shows or what a write says.

mod call;
mod gateway;
mod lookup;
mod policies;
mod receive;
mod rights;
mod safety;
mod served;
mod spec;

pub use gateway::Gateway;
pub use policies::{Etag, Irreversible, LossPolicy, Omitted, Policies, Replace};
pub use receive::Asked;
pub use rights::{Right, Rights};
pub use safety::{Act, CreateConflict, Delete, RemovalLimits, Safety};
pub use served::Route;
pub use spec::RouteSpec;
