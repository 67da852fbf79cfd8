//! THE WAY of a request: `plan` says which upstream calls answer it, `finish` makes the answer.
//!
//! No I/O and no Pingora here: the exchange room runs plans, the proxy room moves bytes.

mod demand;
mod discover;
pub mod discovery;
pub mod filter;
pub mod guard;
pub mod list;
pub mod message;
pub mod pair;
pub mod patch;
pub mod receive;
pub mod reply;
pub mod route;
pub mod table;
mod write;

pub use route::{Gateway, Route, RouteSpec};
