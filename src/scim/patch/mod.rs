//! PATCH (RFC 7644 section 3.5.2): a body to operations in normal form, and operations on a resource.
//!
//! What clients really send is brought into one form here, so that nobody after this room sees a
//! path-less operation, a dotted key, or a removal with a value.

mod apply;
mod elements;
mod normalise;
mod op;
mod removal;
mod select;
mod target;
mod write;

pub use apply::{ApplyOptions, apply};
pub use normalise::{MAX_OPERATIONS, normalise};
pub use op::{Op, OpKind, PatchError};
