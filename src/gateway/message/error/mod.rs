//! Errors as messages: an upstream's read into a fault, a fault written in the client's dialect.
//!
//! An upstream's words reach the client only from where its dialect says that they stand, and only
//! after [`scrub`](scrub::scrub) has been over them.

mod classify;
mod read;
mod retry;
mod scrub;
mod write;

pub use read::{disguised, read_error, speaks};
pub use retry::retry_after;
pub use write::write_error;

pub(super) use classify::refusal;
