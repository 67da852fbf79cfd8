//! PATCH operations (RFC 7644 section 3.5.2) in normal form.

use super::path::Path;
use super::value::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpKind {
    Add,
    Replace,
    Remove,
}

/// One operation on one place. After [normalisation](Op) every operation has a path, values have
/// their schema's types, and a removal has no value.
#[derive(Clone, Debug, PartialEq)]
pub struct Op<'a> {
    pub kind: OpKind,
    pub path: Path,
    /// `None` exactly for [`OpKind::Remove`].
    pub value: Option<Value<'a>>,
}
