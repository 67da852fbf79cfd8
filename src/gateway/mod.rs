//! THE WAY of a request: `plan` says which upstream calls answer it, `finish` makes the answer.
//!
//! No I/O and no Pingora here: the exchange room runs plans, the proxy room moves bytes.

mod demand;
mod discover;
pub mod discovery;
pub mod guard;
pub mod list;
pub mod merge;
pub mod message;
pub mod pair;
pub mod patch;
pub mod push;
pub mod receive;
pub mod reply;
pub mod report;
pub mod route;
pub mod table;
pub mod truth;
mod write;

pub use route::{Gateway, Route, RouteSpec};
