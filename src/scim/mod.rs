//! What RFC 7643 and RFC 7644 say, as types and total functions. Knows no vendor and no rule.

pub mod coerce;
pub mod document;
pub mod endpoint;
pub mod equal;
pub mod evaluate;
pub mod filter;
pub mod grammar;
pub mod http;
pub mod message;
pub mod patch;
pub mod path;
pub mod projection;
pub mod query;
pub mod reading;
pub mod schema;
pub mod value;

pub use value::{Object, Value};
