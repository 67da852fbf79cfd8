//! What RFC 7643 and RFC 7644 say, as types and total functions: documents and their values, schemas, one
//! grammar for filters and paths with what they select, PATCH, queries, lists and equality.
//!
//! It does not know vendors, rules or connections, and reads no schema of its own: whoever asks brings it.

pub mod coerce;
pub mod document;
pub mod endpoint;
pub mod equal;
pub mod evaluate;
pub mod filter;
pub mod grammar;
pub mod http;
pub mod in_order;
mod json;
mod members;
pub mod message;
pub mod names;
pub mod number;
mod object;
pub mod patch;
mod print;
pub mod projection;
pub mod query;
pub mod reading;
pub mod same;
pub mod schema;
pub mod uri;
pub mod value;
pub mod work;

pub use filter::{Filter, Literal, Operator, Path};
pub use number::Number;
pub use value::{Object, Value};
