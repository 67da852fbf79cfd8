//! A vendor's documented attributes as a table, and the strict check of a body against it.
//!
//! Names are compared exactly: a vendor's documentation has one spelling.

use serde_json::{Map, Value};

use super::reply::VendorRefusal;

/// Attribute names with the shape of their values.
pub type Fields = &'static [(&'static str, FieldShape)];

/// What the documentation says about a value.
#[derive(Clone, Copy)]
pub enum FieldShape {
    Text,
    Email,
    Uuid,
    Bool,
    /// An array of strings out of this list; an empty list means any.
    Names(&'static [&'static str]),
    /// An object with these members.
    Object(Fields),
    /// An array of at most so many objects with these members.
    List(Fields, usize),
    /// An object with any members.
    Open,
    /// Anything at all.
    Any,
    /// `null`, which unsets, or this.
    OrNull(&'static FieldShape),
}

/// Checks every member of a body.
///
/// # Errors
/// The first member that is not in the table or has another type.
pub fn check(body: &Map<String, Value>, fields: Fields) -> Result<(), VendorRefusal> {
    members(body, fields, "")
}

/// Checks one value.
///
/// # Errors
/// The place that has another type than documented.
pub fn check_value(value: &Value, shape: FieldShape, at: &str) -> Result<(), VendorRefusal> {
    let ok = match shape {
        FieldShape::Text => value.is_string(),
        FieldShape::Email => value.as_str().is_some_and(is_email),
        FieldShape::Uuid => value.as_str().is_some_and(|text| uuid::Uuid::try_parse(text).is_ok()),
        FieldShape::Bool => value.is_boolean(),
        FieldShape::Names(known) => value.as_array().is_some_and(|names| all_known(names, known)),
        FieldShape::Open => value.is_object(),
        FieldShape::Any => true,
        FieldShape::OrNull(shape) => {
            return if value.is_null() { Ok(()) } else { check_value(value, *shape, at) };
        }
        FieldShape::Object(fields) => return object(value, fields, at),
        FieldShape::List(fields, most) => return list(value, fields, most, at),
    };
    if ok {
        Ok(())
    } else {
        Err(VendorRefusal::invalid(format!("`{at}` has a value that the vendor does not document")))
    }
}

/// Demands members that are neither absent, nor null, nor an empty string.
///
/// # Errors
/// The first name without a value.
pub fn require(body: &Map<String, Value>, names: &[&str]) -> Result<(), VendorRefusal> {
    let lacks = |name: &&&str| match body.get(**name) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    };
    match names.iter().find(lacks) {
        Some(name) => Err(VendorRefusal::invalid(format!("`{name}` is required"))),
        None => Ok(()),
    }
}

/// Whether the text could be an e-mail address: something, one `@`, a domain without blanks.
pub fn is_email(text: &str) -> bool {
    match text.split_once('@') {
        Some((local, domain)) => {
            !local.is_empty()
                && !domain.is_empty()
                && !domain.contains('@')
                && !text.contains(char::is_whitespace)
        }
        None => false,
    }
}

fn members(body: &Map<String, Value>, fields: Fields, above: &str) -> Result<(), VendorRefusal> {
    for (name, value) in body {
        let at = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        match fields.iter().find(|(known, _)| known == name) {
            Some((_, shape)) => check_value(value, *shape, &at)?,
            None => return Err(VendorRefusal::invalid(format!("`{at}` is foreign to the vendor"))),
        }
    }
    Ok(())
}

fn object(value: &Value, fields: Fields, at: &str) -> Result<(), VendorRefusal> {
    match value.as_object() {
        Some(body) => members(body, fields, at),
        None => Err(VendorRefusal::invalid(format!("`{at}` must be an object"))),
    }
}

fn list(value: &Value, fields: Fields, most: usize, at: &str) -> Result<(), VendorRefusal> {
    let Some(elements) = value.as_array() else {
        return Err(VendorRefusal::invalid(format!("`{at}` must be an array")));
    };
    if elements.len() > most {
        return Err(VendorRefusal::invalid(format!("`{at}` has more than {most} elements")));
    }
    elements.iter().try_for_each(|element| object(element, fields, at))
}

fn all_known(names: &[Value], known: &[&str]) -> bool {
    names
        .iter()
        .all(|name| name.as_str().is_some_and(|name| known.is_empty() || known.contains(&name)))
}
