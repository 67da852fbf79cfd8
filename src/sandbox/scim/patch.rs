//! The plain server's PATCH, to the letter of RFC 7644 section 3.5.2, on JSON trees.

use serde_json::{Map, Value, json};

use super::element;
use super::member::{MemberOp, key, member};
use super::schema::{GROUP, USER};
use crate::sandbox::patch_message;
use crate::sandbox::reply::{RefusalKind, VendorRefusal};
use crate::scim::Path;
use crate::scim::grammar::{Known, parse_path};

/// The stored members after all operations, with `schemas` for the check that follows.
///
/// # Errors
/// The first operation that cannot be done; nothing is done then.
pub fn apply(
    mut body: Map<String, Value>,
    message: &Map<String, Value>,
    urns: &[&str],
) -> Result<Map<String, Value>, VendorRefusal> {
    for operation in patch_message::operations(message)? {
        let text = |name| operation.get(name).and_then(Value::as_str);
        let value = operation.get("value");
        let op = match (text("op"), value) {
            (Some("add"), Some(_)) => MemberOp::Add,
            (Some("replace"), Some(_)) => MemberOp::Replace,
            (Some("remove"), None) => MemberOp::Remove,
            _ => return Err(VendorRefusal::invalid("an operation has a wrong `op` or `value`")),
        };
        let value = value.unwrap_or(&Value::Null);
        match text("path") {
            Some(path) => one(&mut body, op, &read(path, urns)?, value)?,
            None => pathless(&mut body, op, value)?,
        }
    }
    let core = urns.first().copied().unwrap_or(USER);
    let mut schemas = vec![json!(core)];
    schemas.extend(body.keys().filter(|name| name.starts_with("urn:")).map(|name| json!(name)));
    body.insert("schemas".to_owned(), Value::Array(schemas));
    Ok(body)
}

fn read(path: &str, urns: &[&str]) -> Result<Path, VendorRefusal> {
    parse_path(path, &Known { urns, lenient: false, ..Known::default() }).map_err(|error| {
        VendorRefusal::new(RefusalKind::Path, format!("the path is wrong: {error}"))
    })
}

/// Every member of the value is an attribute, or an extension with attributes.
fn pathless(
    body: &mut Map<String, Value>,
    op: MemberOp,
    value: &Value,
) -> Result<(), VendorRefusal> {
    let (Some(members), true) = (value.as_object(), op != MemberOp::Remove) else {
        return Err(VendorRefusal::new(
            RefusalKind::Target,
            "without a path, a value with attributes is needed",
        ));
    };
    for (name, value) in members {
        let path = match name.get(..4) {
            Some("urn:") => Path { urn: Some(name.clone()), ..Path::default() },
            _ => Path::core(name),
        };
        one(body, op, &path, value)?;
    }
    Ok(())
}

fn one(
    body: &mut Map<String, Value>,
    op: MemberOp,
    path: &Path,
    value: &Value,
) -> Result<(), VendorRefusal> {
    let Some(urn) = &path.urn else {
        return attribute(body, op, path, value);
    };
    if [USER, GROUP].contains(&urn.as_str()) {
        return Err(VendorRefusal::new(
            RefusalKind::Path,
            "the core schema's URN names no attribute",
        ));
    }
    let key = key(body, urn);
    if path.attribute.is_none() {
        return member(body, op, &key, value);
    }
    if op == MemberOp::Remove && !body.contains_key(&key) {
        return Ok(());
    }
    let inside = object(body.entry(key.clone()).or_insert_with(|| json!({})))?;
    attribute(inside, op, path, value)?;
    if inside.is_empty() {
        body.remove(&key);
    }
    Ok(())
}

/// An attribute of a resource or of an extension.
fn attribute(
    body: &mut Map<String, Value>,
    op: MemberOp,
    path: &Path,
    value: &Value,
) -> Result<(), VendorRefusal> {
    let name = path.attribute.as_deref().unwrap_or_default();
    if ["id", "meta", "groups", "schemas"].iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return Err(VendorRefusal::new(RefusalKind::Mutability, format!("`{name}` is read-only")));
    }
    let key = key(body, name);
    if let Some(Value::Array(elements)) = body.get_mut(&key)
        && (path.filter.is_some() || !path.sub.is_empty())
    {
        element::apply(elements, op, path, value)?;
        if elements.is_empty() {
            body.remove(&key);
        }
        return Ok(());
    }
    if path.filter.is_some() {
        return Err(VendorRefusal::new(RefusalKind::Target, "no value matches the path"));
    }
    below(body, op, &key, &path.sub, value)
}

/// A sub-attribute of a singular attribute, at any depth.
fn below(
    body: &mut Map<String, Value>,
    op: MemberOp,
    name: &str,
    sub: &[String],
    value: &Value,
) -> Result<(), VendorRefusal> {
    let key = key(body, name);
    let Some((first, rest)) = sub.split_first() else {
        return member(body, op, &key, value);
    };
    if op == MemberOp::Remove && !body.contains_key(&key) {
        return Ok(());
    }
    let inside = object(body.entry(key).or_insert_with(|| json!({})))?;
    below(inside, op, first, rest, value)
}

fn object(value: &mut Value) -> Result<&mut Map<String, Value>, VendorRefusal> {
    value
        .as_object_mut()
        .ok_or_else(|| VendorRefusal::new(RefusalKind::Path, "the attribute has no such part"))
}
