//! Descope's own PATCH of groups, as the page documents it: `operations` with a member for each type of
//! value. It becomes the standard message, whose operations groups take.

use serde_json::{Map, Value, json};

use crate::sandbox::patch_message::PATCH_OP;
use crate::sandbox::reply::VendorRefusal;
use crate::sandbox::shape::{self, FieldShape, Fields};

const MESSAGE: Fields = &[
    ("userId", FieldShape::Text),
    ("groupId", FieldShape::Text),
    ("operations", FieldShape::List(OPERATION, 10_000)),
];

const OPERATION: Fields = &[
    ("op", FieldShape::Text),
    ("path", FieldShape::Text),
    ("valueString", FieldShape::Text),
    ("valueBoolean", FieldShape::Bool),
    (
        "valueArray",
        FieldShape::List(&[("value", FieldShape::Text), ("display", FieldShape::Text)], 10_000),
    ),
    ("valueID", FieldShape::Text),
    ("valueDisplayName", FieldShape::Text),
];

/// Whether a message is of this form and not of the standard's.
pub fn is_typed(message: &Map<String, Value>) -> bool {
    message.contains_key("operations")
}

/// The standard message that says the same.
///
/// # Errors
/// The first thing that the page does not document, and a `groupId` that is not the path's.
pub fn standard(
    message: &Map<String, Value>,
    id: &str,
) -> Result<Map<String, Value>, VendorRefusal> {
    shape::check(message, MESSAGE)?;
    if message.get("groupId").is_some_and(|own| own != id) {
        return Err(VendorRefusal::invalid("`groupId` is not the path's"));
    }
    let operations = message.get("operations").and_then(Value::as_array);
    let operations = operations.into_iter().flatten().map(operation).collect::<Result<_, _>>()?;
    let operations: Vec<Value> = operations;
    let mut standard = Map::new();
    standard.insert("schemas".to_owned(), json!([PATCH_OP]));
    standard.insert("Operations".to_owned(), operations.into());
    Ok(standard)
}

fn operation(typed: &Value) -> Result<Value, VendorRefusal> {
    let mut operation = Map::new();
    for name in ["op", "path"] {
        operation.extend(typed.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    let values = ["valueString", "valueBoolean", "valueArray"].map(|name| typed.get(name));
    let mut said: Vec<Value> = values.into_iter().flatten().cloned().collect();
    let named = [("id", typed.get("valueID")), ("displayName", typed.get("valueDisplayName"))];
    let named: Map<String, Value> =
        named.into_iter().filter_map(|(name, v)| Some((name.to_owned(), v?.clone()))).collect();
    if !named.is_empty() {
        said.push(Value::Object(named));
    }
    if said.len() > 1 {
        return Err(VendorRefusal::invalid("an operation has values of two types"));
    }
    operation.extend(said.pop().map(|value| ("value".to_owned(), value)));
    Ok(Value::Object(operation))
}
