//! Messages: everything around the attributes of a resource, both ways and in both roles.
//!
//! Frames (`schemas`, `id`, `meta`, envelopes, members beside the attributes), lists, errors and
//! headers. It reads dialects as data; it does not know rules, and moves no bytes.

pub mod error;
pub mod headers;
pub mod list;
pub mod resource;
pub mod typed;
pub mod version;

pub use error::{read_error, write_error};
pub use list::{Page, read_list, write_list};
pub use resource::{Frame, Location, Meta, read_answer, read_request, write_answer, write_request};
