//! What a write is refused for, before anything is sent.

use crate::fault::{Cause, Fault};

/// It is the upstream's lack (501): nothing was sent.
pub fn unsayable(detail: &str) -> Fault {
    Fault::new(Cause::NotImplemented, detail)
}

/// Refuses to write over what the upstream has and nobody can read.
pub fn understood(conflicts: &[String]) -> Result<(), Fault> {
    let Some(first) = conflicts.first() else { return Ok(()) };
    let more = match conflicts.len() {
        1 => String::new(),
        more => format!(" and at {} other places", more - 1),
    };
    Err(Fault::new(
        Cause::UpstreamUnexpected,
        format!(
            "The upstream's answer cannot be understood at {first}{more}, where this request would \
             write; nothing was sent. Correct the value at the upstream, or leave it out of the \
             request.",
        ),
    ))
}

/// The refusal to remove what /Schemas calls required (RFC 7644 section 3.5.2.2). Gone, it would come
/// back as the vendor's default, which enables a disabled account.
pub fn permanent(label: &str) -> Fault {
    let detail = format!("The upstream cannot be without {label}: replace it by a value.");
    Fault::new(Cause::Mutability, detail)
}
