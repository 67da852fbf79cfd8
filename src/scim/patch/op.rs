//! One operation of a PATCH, and why one is refused.

use crate::scim::document;
use crate::scim::filter::Path;
use crate::scim::value::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpKind {
    Add,
    Replace,
    Remove,
}

/// One operation on one place. After [normalisation](super::normalise) every operation has a path in the
/// schema's spelling, values have their schema's types, and a removal has no value, but below a free key:
/// whether there are several, of which it names some, only what is stored can tell.
///
/// A value that is `null` or `[]` clears (RFC 7643 section 2.5).
#[derive(Clone, Debug, PartialEq)]
pub struct Op<'a> {
    pub kind: OpKind,
    pub path: Path,
    /// `None` for [`OpKind::Remove`], unless it names values below a free key.
    pub value: Option<Value<'a>>,
}

/// Why a PATCH is refused. Names attributes, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct PatchError {
    /// RFC 7644 table 9.
    pub scim_type: &'static str,
    pub detail: String,
}

impl PatchError {
    pub(super) fn new(scim_type: &'static str, detail: impl Into<String>) -> Self {
        Self { scim_type, detail: detail.into() }
    }
}

/// The names of a path without its filter, for messages.
pub(super) fn shown(path: &Path) -> String {
    let names: Vec<&str> = path.members().skip(usize::from(path.urn.is_some())).collect();
    let text = match &path.urn {
        Some(urn) => format!("{urn}:{}", names.join(".")),
        None => names.join("."),
    };
    document::shown(text.trim_end_matches(':'), 160)
}
