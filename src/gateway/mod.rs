//! THE WAY of a request: `plan` says which upstream calls answer it, `finish` makes the answer.
//!
//! No I/O and no Pingora here: the exchange room runs plans, the proxy room moves bytes.

pub mod discovery;
pub mod message;
pub mod route;

pub use route::{Gateway, Route, RouteSpec};
