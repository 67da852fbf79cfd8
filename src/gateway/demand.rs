//! What a schema demands of a message: required attributes, formats, how many (design 6b.5).

use uuid::Uuid;

use super::pair::refuse;
use crate::fault::Fault;
use crate::rewrite::lens::insert;
use crate::scim::schema::{Attribute, Format, Operation, Schema};
use crate::scim::{Object, Value};

/// Checks a request before it is sent to the upstream whose schema it is.
///
/// # Errors
/// `InvalidValue` that names every attribute the upstream would refuse.
pub fn check(object: &Object<'_>, schema: &Schema, operation: Operation) -> Result<(), Fault> {
    let mut mistakes = missing(object, &schema.attributes, operation);
    formats(object, &schema.attributes, "", &mut mistakes);
    let mistakes = mistakes.into_iter().map(|m| format!("The upstream cannot take this: {m}"));
    refuse(mistakes.collect())
}

/// Checks formats and numbers alone: what can be known before the old resource is read.
///
/// # Errors
/// As [`check`].
pub fn check_formats(object: &Object<'_>, schema: &Schema) -> Result<(), Fault> {
    let mut mistakes = Vec::new();
    formats(object, &schema.attributes, "", &mut mistakes);
    let mistakes = mistakes.into_iter().map(|m| format!("The upstream cannot take this: {m}"));
    refuse(mistakes.collect())
}

/// Says an empty list where the vendor demands one and there is none.
pub fn say_empty(object: &mut Object<'_>, schema: &Schema, operation: Operation) {
    for attribute in &schema.attributes {
        if attribute.multi_valued
            && attribute.required.has(operation)
            && !object.contains(&attribute.name)
        {
            insert(object, &schema.attributes, &attribute.name, Value::Array(Vec::new()));
        }
    }
}

/// Whether every element has the sub-attributes that the vendor demands of it.
pub fn elements_are_whole(object: &Object<'_>, schema: &Schema, operation: Operation) -> bool {
    schema.attributes.iter().filter(|attribute| attribute.multi_valued).all(|attribute| {
        let elements = object.get(&attribute.name).and_then(Value::as_array).unwrap_or_default();
        elements
            .iter()
            .filter_map(Value::as_object)
            .all(|element| missing(element, &attribute.attributes, operation).is_empty())
    })
}

/// A sentence for each required attribute without a value.
pub fn missing(object: &Object<'_>, attributes: &[Attribute], operation: Operation) -> Vec<String> {
    let mut found = Vec::new();
    for attribute in attributes.iter().filter(|a| a.required.has(operation)) {
        let value = object.get(&attribute.name);
        let blank = |v: &Value<'_>| v.is_cleared() || v.as_str().is_some_and(str::is_empty);
        // An empty list is a list, where the vendor wants to be told of one.
        let told = attribute.multi_valued && value.is_some_and(|v| v.as_array().is_some());
        if value.is_none_or(blank) && !told {
            found.push(format!("The attribute {} is required.", attribute.name));
        }
    }
    found
}

fn formats(object: &Object<'_>, attributes: &[Attribute], above: &str, into: &mut Vec<String>) {
    for (name, value) in object.iter() {
        let Some(attribute) = attributes.iter().find(|a| a.name.eq_ignore_ascii_case(name)) else {
            continue;
        };
        let dot = if above.is_empty() {
            ""
        } else if above.contains(':') {
            ":"
        } else {
            "."
        };
        let path = format!("{above}{dot}{}", attribute.name);
        match value {
            Value::Object(inner) => formats(inner, &attribute.attributes, &path, into),
            Value::Array(elements) => {
                if let Some(max) = attribute.max.filter(|max| elements.len() > *max) {
                    into.push(format!("The attribute {path} can have at most {max} values."));
                }
                for element in elements {
                    if let Value::Object(inner) = element {
                        formats(inner, &attribute.attributes, &path, into);
                    }
                }
            }
            Value::String(text) => {
                if let Some(wanted) = attribute.format.as_ref().and_then(|f| violated(f, text)) {
                    into.push(format!("The attribute {path} must be {wanted}."));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// What the text should have been, if it is not.
pub fn violated(format: &Format, text: &str) -> Option<String> {
    match format {
        Format::Email if is_email(text) => None,
        Format::Email => Some("an e-mail address".to_owned()),
        Format::Length(most) if text.chars().count() <= *most => None,
        Format::Length(most) => Some(format!("at most {most} characters long")),
        Format::Uuid if Uuid::try_parse(text).is_ok() => None,
        Format::Uuid => Some("a UUID".to_owned()),
    }
}

/// One `@` with text on both sides and no blank or control character: what every vendor agrees on.
fn is_email(text: &str) -> bool {
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    let parts = text.rsplit_once('@');
    plain && parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}
