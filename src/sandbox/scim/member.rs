//! What an operation of the plain server's PATCH does to one member of an object.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::sandbox::reply::VendorRefusal;

/// What an operation does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum MemberOp {
    Add,
    Replace,
    Remove,
}

/// One member: set, merged into an object, appended to an array, or taken away.
pub fn member(
    body: &mut Map<String, Value>,
    op: MemberOp,
    name: &str,
    value: &Value,
) -> Result<(), VendorRefusal> {
    let key = key(body, name);
    if op == MemberOp::Remove || value.is_null() {
        body.remove(&key);
        return Ok(());
    }
    match (body.get_mut(&key), value) {
        (Some(Value::Object(old)), Value::Object(new)) => {
            for (name, value) in new {
                member(old, op, name, value)?;
            }
        }
        (Some(Value::Array(old)), new) if op == MemberOp::Add => append(old, new),
        _ => {
            body.insert(key, value.clone());
        }
    }
    Ok(())
}

/// The member's name as it is spelled in the object.
pub fn key(body: &Map<String, Value>, name: &str) -> String {
    let same = body.keys().find(|key| key.eq_ignore_ascii_case(name));
    same.cloned().unwrap_or_else(|| name.to_owned())
}

/// Appends what is not there yet (RFC 7644 section 3.5.2.1). One that is there gets what else is said
/// of it.
pub fn append(old: &mut Vec<Value>, new: &Value) {
    let new = match new {
        Value::Array(new) => new.as_slice(),
        one => std::slice::from_ref(one),
    };
    for element in new {
        let there = old.iter().position(|old| is_same(old, element));
        let at = there.unwrap_or(old.len());
        match (old.get_mut(at).and_then(Value::as_object_mut), element.as_object()) {
            (Some(old), Some(said)) => {
                for (name, value) in said.iter().filter(|(_, value)| !value.is_null()) {
                    old.insert(key(old, name), value.clone());
                }
            }
            _ if there.is_none() => old.push(element.clone()),
            _ => {}
        }
        if element.get("primary") == Some(&json!(true)) {
            only_primary(old, &[at]);
        }
    }
}

/// Whether two elements are one: by their `value`, and by their `type` where both say one; without a
/// `value`, by all that they say.
fn is_same(old: &Value, new: &Value) -> bool {
    let (Some(value), Some(theirs)) = (new.get("value"), old.get("value")) else {
        return old == new;
    };
    let kind = |element: &Value| element.get("type").and_then(Value::as_str).map(str::to_lowercase);
    let differ = kind(old).zip(kind(new)).is_some_and(|(old, new)| old != new);
    value == theirs && !differ
}

/// At most one element is primary, and the new one wins.
pub fn only_primary(elements: &mut [Value], chosen: &[usize]) {
    let chosen: BTreeSet<usize> = chosen.iter().copied().collect();
    for (at, element) in elements.iter_mut().enumerate() {
        if !chosen.contains(&at)
            && let Some(primary) = element.get_mut("primary")
        {
            *primary = json!(false);
        }
    }
}
