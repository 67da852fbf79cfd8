//! A PATCH message of a vendor's own, whose operations have a member for each type of value: to and
//! from the operations of RFC 7644 section 3.5.2.

use crate::dialect::TypedPatch;
use crate::scim::value::{Object, Value};

/// Whether the message has a member for the value.
pub fn holds(value: &Value) -> bool {
    match value {
        Value::String(_) | Value::Bool(_) => true,
        Value::Array(elements) => elements.iter().all(|e| matches!(e, Value::Object(_))),
        Value::Null | Value::Number(_) | Value::Object(_) => false,
    }
}

/// The message that says operations which it [`holds`].
pub fn write_typed(form: &TypedPatch, id: Option<&str>, operations: &Value) -> Vec<u8> {
    let mut body = Object::with_capacity(2);
    if let (Some(member), Some(id)) = (&form.id, id) {
        body.push(member.as_str(), Value::text(id));
    }
    let operations = operations.as_array().unwrap_or_default();
    let operations = operations.iter().filter_map(Value::as_object).map(|op| {
        let renamed = op.iter().map(|(name, value)| {
            let name = if name == "value" { member(form, value) } else { name };
            (name.to_owned(), value.borrowed())
        });
        let mut operation = Object::with_capacity(3);
        renamed.for_each(|(name, value)| operation.push(name, value));
        Value::Object(operation)
    });
    body.push(form.operations.as_str(), Value::Array(operations.collect()));
    Value::Object(body).to_json()
}

/// A client's message with each operation's value where RFC 7644 has it; what is there already stays.
pub fn read_typed<'a>(form: &TypedPatch, message: &Value<'a>) -> Value<'a> {
    let operations = message.as_object().and_then(|message| message.get(&form.operations));
    let Some(operations) = operations.and_then(Value::as_array) else { return message.clone() };
    let plain = operations.iter().map(|operation| match operation {
        Value::Object(operation) => Value::Object(plain(form, operation)),
        other => other.clone(),
    });
    let mut message = Object::with_capacity(1);
    message.push("Operations", Value::Array(plain.collect()));
    Value::Object(message)
}

fn plain<'a>(form: &TypedPatch, operation: &Object<'a>) -> Object<'a> {
    let mut plain = operation.clone();
    for member in [&form.string, &form.boolean, &form.array] {
        let Some(value) = plain.remove(member) else { continue };
        if !plain.contains("value") {
            plain.push("value", value);
        }
    }
    plain
}

fn member<'f>(form: &'f TypedPatch, value: &Value) -> &'f str {
    match value {
        Value::Bool(_) => &form.boolean,
        Value::Array(_) => &form.array,
        _ => &form.string,
    }
}
