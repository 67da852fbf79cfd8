//! Messages: everything around the attributes of a resource, both ways and in both roles.
//!
//! Frames (`schemas`, `id`, `meta`, envelopes, members beside the attributes), lists, errors and
//! headers. It reads dialects as data; it does not know rules, and moves no bytes.

mod bulk;
mod error;
mod headers;
mod list;
mod resource;
mod typed;
mod version;

pub use bulk::{
    Bulk, BulkOperation, MAX_OPERATIONS, MAX_PAYLOAD, read_bulk, referred_ids, with_ids, write_bulk,
};
pub use error::{read_error, retry_after, speaks, write_error};
pub use headers::{check_answer, check_request, is_no_json, media_type, respond};
pub use list::{Head, Page, read_list, write_list};
pub use resource::{
    Frame, Location, Meta, error_in, read_answer, read_request, schemas_shown, write_answer,
    write_request,
};
pub use typed::{holds, read_typed, write_typed};
pub use version::{Versions, made_version, marked_version, read_version};
