//! The PatchOp message (RFC 7644 section 3.5.2), as strictly as the vendors document it.

use serde_json::{Map, Value, json};

use super::reply::VendorRefusal;
use super::shape::{self, FieldShape, Fields};

pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

const MESSAGE: Fields = &[
    ("schemas", FieldShape::Names(&[PATCH_OP])),
    ("Operations", FieldShape::List(OPERATION, 10_000)),
];

const OPERATION: Fields =
    &[("op", FieldShape::Text), ("path", FieldShape::Text), ("value", FieldShape::Any)];

/// The operations of a PatchOp message.
///
/// # Errors
/// If the message is not one, or has none.
pub fn operations(message: &Map<String, Value>) -> Result<&Vec<Value>, VendorRefusal> {
    shape::check(message, MESSAGE)?;
    if message.get("schemas") != Some(&json!([PATCH_OP])) {
        return Err(VendorRefusal::invalid("`schemas` is not PatchOp"));
    }
    match message.get("Operations").and_then(Value::as_array) {
        Some(operations) if !operations.is_empty() => Ok(operations),
        _ => Err(VendorRefusal::invalid("`Operations` needs at least one operation")),
    }
}
