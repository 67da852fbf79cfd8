//! Omni's PATCH of a user: the operations and paths that its OpenAPI and Entra guide show, no more.

use serde_json::{Map, Value, json};

use crate::sandbox::attributes::{ATTRIBUTES, assign};
use crate::sandbox::patch_message;
use crate::sandbox::reply::{RefusalKind, VendorRefusal};
use crate::sandbox::shape::{self, FieldShape, Fields};
use crate::sandbox::store::Desk;

/// What a value without a path may hold.
const PATHLESS: Fields = &[
    ("active", FieldShape::Bool),
    ("displayName", FieldShape::Text),
    ("userName", FieldShape::Email),
];

/// The user after all operations.
///
/// # Errors
/// The first thing that the vendor does not document.
pub fn apply(
    desk: &Desk,
    mut user: Map<String, Value>,
    message: &Map<String, Value>,
) -> Result<Map<String, Value>, VendorRefusal> {
    for operation in patch_message::operations(message)? {
        let op = operation.get("op").and_then(Value::as_str).unwrap_or_default();
        let removes = match op {
            "add" | "Add" | "replace" | "Replace" => false,
            "remove" | "Remove" => true,
            _ => return Err(VendorRefusal::invalid("`op` is none that the vendor documents")),
        };
        let Some(value) = operation.get("value") else {
            return Err(VendorRefusal::invalid("`value` is required in every operation"));
        };
        match operation.get("path").and_then(Value::as_str) {
            Some(path) if removes => remove(desk, &mut user, path)?,
            Some(path) => set(desk, &mut user, path, value)?,
            None if removes => {
                return Err(VendorRefusal::new(RefusalKind::Target, "remove without a path"));
            }
            None => pathless(&mut user, value)?,
        }
    }
    Ok(user)
}

fn pathless(user: &mut Map<String, Value>, value: &Value) -> Result<(), VendorRefusal> {
    shape::check_value(value, FieldShape::Object(PATHLESS), "value")?;
    user.extend(value.as_object().cloned().unwrap_or_default());
    Ok(())
}

fn set(
    desk: &Desk,
    user: &mut Map<String, Value>,
    path: &str,
    value: &Value,
) -> Result<(), VendorRefusal> {
    match (PATHLESS.iter().find(|(name, _)| *name == path), reference(path)?) {
        (Some((name, shape)), _) => {
            shape::check_value(value, *shape, name)?;
            user.insert((*name).to_owned(), value.clone());
            Ok(())
        }
        (None, Some(name)) => {
            let sent = [(name.to_owned(), value.clone())].into_iter().collect();
            assign(&desk.options.omni_attributes, attributes(user), &sent)
        }
        (None, None) => {
            let sent = value.as_object().ok_or_else(|| unknown(path))?;
            assign(&desk.options.omni_attributes, attributes(user), sent)
        }
    }
}

fn remove(desk: &Desk, user: &mut Map<String, Value>, path: &str) -> Result<(), VendorRefusal> {
    if path == "displayName" {
        user.remove("displayName");
        return Ok(());
    }
    if path == "userName" || path == "active" {
        return Err(VendorRefusal::invalid(format!("`{path}` cannot be removed")));
    }
    match reference(path)? {
        Some(name) => {
            let sent = [(name.to_owned(), Value::Null)].into_iter().collect();
            assign(&desk.options.omni_attributes, attributes(user), &sent)
        }
        None => {
            attributes(user).clear();
            Ok(())
        }
    }
}

/// `None` for the whole extension, or for one of the plain attributes.
fn reference(path: &str) -> Result<Option<&str>, VendorRefusal> {
    if path == ATTRIBUTES || PATHLESS.iter().any(|(name, _)| *name == path) {
        return Ok(None);
    }
    match path.strip_prefix(ATTRIBUTES).and_then(|rest| rest.strip_prefix(':')) {
        Some(name) if !name.is_empty() => Ok(Some(name)),
        _ => Err(unknown(path)),
    }
}

fn unknown(path: &str) -> VendorRefusal {
    VendorRefusal::new(RefusalKind::Path, format!("the path `{path}` is foreign to the vendor"))
}

fn attributes(user: &mut Map<String, Value>) -> &mut Map<String, Value> {
    let entry = user.entry(ATTRIBUTES).or_insert_with(|| json!({}));
    if !entry.is_object() {
        *entry = json!({});
    }
    match entry {
        Value::Object(attributes) => attributes,
        #[expect(clippy::unreachable, reason = "made an object just above")]
        _ => unreachable!(),
    }
}
