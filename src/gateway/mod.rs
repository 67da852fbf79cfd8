//! What an exchange is made of: reading requests, planning, translating, judging losses, answering.
//!
//! No I/O and no Pingora here: the exchange room makes the calls, the proxy room moves bytes. Its rooms,
//! in order; each uses only those above it.

pub mod message;

pub mod pair;

pub mod route;

pub mod view;

pub mod write;

pub mod discovery;

pub mod report;

pub use route::{Gateway, Route, RouteSpec};
