//! A vendor's documented attributes as a table, and the strict check of a body against it.
//!
//! Names are compared exactly: a vendor's documentation has one spelling.

use serde_json::{Map, Value};

use super::reply::Refusal;

/// Attribute names with the shape of their values.
pub type Fields = &'static [(&'static str, Shape)];

/// What the documentation says about a value.
#[derive(Clone, Copy)]
pub enum Shape {
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
    OrNull(&'static Shape),
}

/// Checks every member of a body.
///
/// # Errors
/// The first member that is not in the table or has another type.
pub fn check(body: &Map<String, Value>, fields: Fields) -> Result<(), Refusal> {
    members(body, fields, "")
}

/// Checks one value.
///
/// # Errors
/// The place that has another type than documented.
pub fn check_value(value: &Value, shape: Shape, at: &str) -> Result<(), Refusal> {
    let ok = match shape {
        Shape::Text => value.is_string(),
        Shape::Email => value.as_str().is_some_and(is_email),
        Shape::Uuid => value.as_str().is_some_and(|text| uuid::Uuid::try_parse(text).is_ok()),
        Shape::Bool => value.is_boolean(),
        Shape::Names(known) => value.as_array().is_some_and(|names| all_known(names, known)),
        Shape::Open => value.is_object(),
        Shape::Any => true,
        Shape::OrNull(shape) => {
            return if value.is_null() { Ok(()) } else { check_value(value, *shape, at) };
        }
        Shape::Object(fields) => return object(value, fields, at),
        Shape::List(fields, most) => return list(value, fields, most, at),
    };
    if ok {
        Ok(())
    } else {
        Err(Refusal::invalid(format!("`{at}` has a value that the vendor does not document")))
    }
}

/// Demands members that are neither absent, nor null, nor an empty string.
///
/// # Errors
/// The first name without a value.
pub fn require(body: &Map<String, Value>, names: &[&str]) -> Result<(), Refusal> {
    let lacks = |name: &&&str| match body.get(**name) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    };
    match names.iter().find(lacks) {
        Some(name) => Err(Refusal::invalid(format!("`{name}` is required"))),
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

fn members(body: &Map<String, Value>, fields: Fields, above: &str) -> Result<(), Refusal> {
    for (name, value) in body {
        let at = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        match fields.iter().find(|(known, _)| known == name) {
            Some((_, shape)) => check_value(value, *shape, &at)?,
            None => return Err(Refusal::invalid(format!("`{at}` is foreign to the vendor"))),
        }
    }
    Ok(())
}

fn object(value: &Value, fields: Fields, at: &str) -> Result<(), Refusal> {
    match value.as_object() {
        Some(body) => members(body, fields, at),
        None => Err(Refusal::invalid(format!("`{at}` must be an object"))),
    }
}

fn list(value: &Value, fields: Fields, most: usize, at: &str) -> Result<(), Refusal> {
    let Some(elements) = value.as_array() else {
        return Err(Refusal::invalid(format!("`{at}` must be an array")));
    };
    if elements.len() > most {
        return Err(Refusal::invalid(format!("`{at}` has more than {most} elements")));
    }
    elements.iter().try_for_each(|element| object(element, fields, at))
}

fn all_known(names: &[Value], known: &[&str]) -> bool {
    names
        .iter()
        .all(|name| name.as_str().is_some_and(|name| known.is_empty() || known.contains(&name)))
}
