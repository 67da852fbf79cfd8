//! PATCH on the elements of a multi-valued attribute (RFC 7644 section 3.5.2), and what becomes of
//! `primary`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::member::{MemberOp, member, only_primary};
use crate::sandbox::filter::selected;
use crate::sandbox::reply::{RefusalKind, VendorRefusal};
use crate::scim::Path;

/// Does an operation on every element that the path selects.
///
/// # Errors
/// If it selects none, or has a depth that elements do not have.
pub fn apply(
    elements: &mut Vec<Value>,
    op: MemberOp,
    path: &Path,
    value: &Value,
) -> Result<(), VendorRefusal> {
    let chosen: Vec<usize> = elements
        .iter()
        .enumerate()
        .filter(|(_, element)| selected(path, element))
        .map(|(at, _)| at)
        .collect();
    if chosen.is_empty() {
        return Err(VendorRefusal::new(RefusalKind::Target, "no value matches the path"));
    }
    let name = match path.sub.as_slice() {
        [] => None,
        [name] => Some(name),
        _ => return Err(VendorRefusal::new(RefusalKind::Path, "the path is too deep")),
    };
    if name.is_none() && op == MemberOp::Remove {
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

fn change(
    element: &mut Value,
    op: MemberOp,
    name: Option<&String>,
    value: &Value,
) -> Result<(), VendorRefusal> {
    match (element.as_object_mut(), name, value) {
        (Some(members), Some(name), _) => member(members, op, name, value),
        // Section 3.5.2.3: "all matching record values SHALL be replaced". What is added is added.
        (Some(members), None, Value::Object(new)) => {
            if op == MemberOp::Replace {
                members.clear();
            }
            new.iter().try_for_each(|(name, value)| member(members, op, name, value))
        }
        _ => Err(VendorRefusal::invalid("a value with sub-attributes is needed")),
    }
}
