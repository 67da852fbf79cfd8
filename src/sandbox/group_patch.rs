//! The four forms of a group's PATCH that vendors with a narrow PATCH take, and no other.

use serde_json::{Map, Value, json};

use super::patch_message;
use super::reply::{RefusalKind, VendorRefusal};
use super::shape::{self, FieldShape, Fields};

const PATHLESS: Fields = &[("displayName", FieldShape::Text), ("id", FieldShape::Text)];

const MEMBERS: FieldShape =
    FieldShape::List(&[("value", FieldShape::Text), ("display", FieldShape::Text)], 10_000);

/// The group after all operations.
///
/// `id_length` is the only length of a member's id that the path of a removal may hold.
///
/// # Errors
/// The first thing that the vendor does not document.
pub fn apply(
    mut group: Map<String, Value>,
    message: &Map<String, Value>,
    id_length: Option<usize>,
) -> Result<Map<String, Value>, VendorRefusal> {
    for operation in patch_message::operations(message)? {
        let text = |name| operation.get(name).and_then(Value::as_str);
        let (op, path) = (text("op").unwrap_or_default(), text("path"));
        match (op, path, operation.get("value")) {
            ("replace" | "Replace", None, Some(value)) => {
                shape::check_value(value, FieldShape::Object(PATHLESS), "value")?;
                rename(&mut group, value.get("displayName"));
            }
            ("replace" | "Replace", Some("displayName"), Some(value)) => {
                shape::check_value(value, FieldShape::Text, "displayName")?;
                rename(&mut group, Some(value));
            }
            ("replace" | "Replace", Some("members"), Some(value)) => {
                shape::check_value(value, MEMBERS, "members")?;
                group.insert("members".to_owned(), json!([]));
                add(&mut group, value);
            }
            ("add" | "Add", Some("members"), Some(value)) => {
                shape::check_value(value, MEMBERS, "members")?;
                add(&mut group, value);
            }
            ("remove" | "Remove", Some(path), None) => remove(&mut group, path, id_length)?,
            _ => {
                return Err(VendorRefusal::invalid(
                    "an operation is none that the vendor documents",
                ));
            }
        }
    }
    Ok(group)
}

fn rename(group: &mut Map<String, Value>, name: Option<&Value>) {
    if let Some(name) = name {
        group.insert("displayName".to_owned(), name.clone());
    }
}

/// A member that is there already stays as it is.
fn add(group: &mut Map<String, Value>, new: &Value) {
    let members = group.entry("members").or_insert_with(|| json!([]));
    let Some(members) = members.as_array_mut() else { return };
    for member in new.as_array().into_iter().flatten() {
        if !members.iter().any(|old| old.get("value") == member.get("value")) {
            members.push(member.clone());
        }
    }
}

fn remove(
    group: &mut Map<String, Value>,
    path: &str,
    id_length: Option<usize>,
) -> Result<(), VendorRefusal> {
    let id = path.strip_prefix("members[value eq \"").and_then(|rest| rest.strip_suffix("\"]"));
    match id {
        Some(id) if id_length.is_none_or(|length| id.chars().count() == length) => {
            if let Some(Value::Array(members)) = group.get_mut("members") {
                members.retain(|member| member.get("value").and_then(Value::as_str) != Some(id));
            }
            Ok(())
        }
        _ => {
            Err(VendorRefusal::new(RefusalKind::Path, "the path is none that the vendor documents"))
        }
    }
}
