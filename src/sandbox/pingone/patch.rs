//! PingOne's PATCH: lower-case operations, each with the path of one attribute, all or none.

use serde_json::{Map, Value};

use super::properties::{EXTENSION, FIELDS};
use crate::sandbox::patch_message;
use crate::sandbox::reply::{RefusalKind, VendorRefusal};
use crate::sandbox::shape::{self, FieldShape};

/// The user after all operations; the caller checks what became of it.
///
/// # Errors
/// The first thing that the vendor does not document.
pub fn apply(
    mut user: Map<String, Value>,
    message: &Map<String, Value>,
) -> Result<Map<String, Value>, VendorRefusal> {
    for operation in patch_message::operations(message)? {
        let text = |name| operation.get(name).and_then(Value::as_str);
        let (name, below) = target(text("path").unwrap_or_default())?;
        match (text("op"), operation.get("value")) {
            (Some("add" | "replace"), Some(value)) => set(&mut user, name, below, value)?,
            (Some("remove"), None) => remove(&mut user, name, below)?,
            _ => {
                return Err(VendorRefusal::invalid(
                    "an operation is none that the vendor documents",
                ));
            }
        }
    }
    Ok(user)
}

/// The attribute that a path names, and what it names below it.
fn target(path: &str) -> Result<(&'static str, &str), VendorRefusal> {
    let foreign = || {
        VendorRefusal::new(RefusalKind::Path, format!("the path `{path}` is foreign to the vendor"))
    };
    if let Some(below) = path.strip_prefix(EXTENSION) {
        return if below == ":population.id" { Ok((EXTENSION, below)) } else { Err(foreign()) };
    }
    let (first, below) = path.split_once('.').unwrap_or((path, ""));
    let known = FIELDS.iter().find(|(name, _)| *name == first && *name != "schemas");
    match known {
        Some((name, FieldShape::Object(parts))) if parts.iter().any(|(part, _)| *part == below) => {
            Ok((name, below))
        }
        Some((name, _)) if below.is_empty() => Ok((name, below)),
        _ => Err(foreign()),
    }
}

fn set(
    user: &mut Map<String, Value>,
    name: &str,
    below: &str,
    value: &Value,
) -> Result<(), VendorRefusal> {
    let value = match (name, below) {
        (EXTENSION, _) => serde_json::json!({"population": {"id": value}}),
        (_, "") => value.clone(),
        (_, part) => {
            let mut whole = user.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
            whole.insert(part.to_owned(), value.clone());
            Value::Object(whole)
        }
    };
    let one = [(name.to_owned(), value)].into_iter().collect();
    shape::check(&one, FIELDS)?;
    user.extend(one);
    Ok(())
}

fn remove(user: &mut Map<String, Value>, name: &str, below: &str) -> Result<(), VendorRefusal> {
    if [EXTENSION, "userName", "active"].contains(&name) {
        return Err(VendorRefusal::invalid(format!("`{name}` cannot be removed")));
    }
    match user.get_mut(name) {
        Some(Value::Object(whole)) if !below.is_empty() => {
            whole.remove(below);
        }
        _ => {
            user.remove(name);
        }
    }
    Ok(())
}
