//! One PATCH operation on a place of the upstream's.

use crate::gateway::pair::path;
use crate::scim::Value;
use crate::scim::patch::{Op, OpKind};

/// The operation on the attribute at a path of names.
pub fn op(kind: OpKind, names: &[String], value: Option<Value<'static>>) -> Op<'static> {
    Op { kind, path: path(names), value }
}
