//! What RFC 7643 and RFC 7644 say, as types and total functions. Knows no vendor and no rule.

pub mod coerce;
pub mod document;
pub mod filter;
pub mod grammar;
pub mod http;
pub mod patch;
pub mod path;
pub mod schema;
pub mod value;

pub use value::{Object, Value};
