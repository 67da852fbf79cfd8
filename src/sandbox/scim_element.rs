//! PATCH on the elements of a multi-valued attribute (RFC 7644 section 3.5.2), and what becomes of
//! `primary`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::filter::selected;
use super::reply::{Kind, Refusal};
use super::scim_patch::{Op, key, member};
use crate::scim::Path;

/// Does an operation on every element that the path selects.
///
/// # Errors
/// If it selects none, or has a depth that elements do not have.
pub fn apply(elements: &mut Vec<Value>, op: Op, path: &Path, value: &Value) -> Result<(), Refusal> {
    let chosen: Vec<usize> = elements
        .iter()
        .enumerate()
        .filter(|(_, element)| selected(path, element))
        .map(|(at, _)| at)
        .collect();
    if chosen.is_empty() {
        return Err(Refusal::new(Kind::Target, "no value matches the path"));
    }
    let name = match path.sub.as_slice() {
        [] => None,
        [name] => Some(name),
        _ => return Err(Refusal::new(Kind::Path, "the path is too deep")),
    };
    if name.is_none() && op == Op::Remove {
        elements.retain(|element| !selected(path, element));
        return Ok(());
    }
    let chosen_set: BTreeSet<usize> = chosen.iter().copied().collect();
    for (at, element) in elements.iter_mut().enumerate() {
        if chosen_set.contains(&at) {
            change(element, op, name, value)?;
        }
    }
    let made_primary = match name {
        Some(name) => name == "primary" && value == &json!(true),
        None => value.get("primary") == Some(&json!(true)),
    };
    if made_primary {
        only_primary(elements, &chosen);
    }
    elements.retain(|element| element.as_object().is_none_or(|members| !members.is_empty()));
    Ok(())
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

fn change(
    element: &mut Value,
    op: Op,
    name: Option<&String>,
    value: &Value,
) -> Result<(), Refusal> {
    match (element.as_object_mut(), name, value) {
        (Some(members), Some(name), _) => member(members, op, name, value),
        // Section 3.5.2.3: "all matching record values SHALL be replaced". What is added is added.
        (Some(members), None, Value::Object(new)) => {
            if op == Op::Replace {
                members.clear();
            }
            new.iter().try_for_each(|(name, value)| member(members, op, name, value))
        }
        _ => Err(Refusal::invalid("a value with sub-attributes is needed")),
    }
}

/// At most one element is primary, and the new one wins.
fn only_primary(elements: &mut [Value], chosen: &[usize]) {
    let chosen: BTreeSet<usize> = chosen.iter().copied().collect();
    for (at, element) in elements.iter_mut().enumerate() {
        if !chosen.contains(&at)
            && let Some(primary) = element.get_mut("primary")
        {
            *primary = json!(false);
        }
    }
}
