//! Equality of resources (RFC 7643 sections 2.4 and 2.5): absent, `null`, `[]` and a complex value
//! without any value are the same, and the order of members and of elements says nothing.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::schema::{Attribute, Kind, Schema};
use super::value::{Object, Value};

/// How text compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextCase {
    /// A change of case is a change.
    Exact,
    /// As the schema's caseExact says; exactly where the schema does not know the attribute.
    Schema,
}

/// Whether two resources hold the same, `schemas` and `meta` aside.
pub fn equal(a: &Object<'_>, b: &Object<'_>, schema: &Schema, case: TextCase) -> bool {
    let form = |resource: &Object<'_>| {
        let mut text = String::new();
        let derived = |name: &str| ["schemas", "meta"].iter().any(|d| d.eq_ignore_ascii_case(name));
        let members = resource.iter().filter(|(name, _)| !derived(name));
        write_members(&mut text, members, |name| schema.attribute(name), case);
        text
    };
    a == b || form(a) == form(b)
}

/// Whether two values of one attribute hold the same.
pub fn equal_values(
    a: &Value<'_>,
    b: &Value<'_>,
    attribute: Option<&Attribute>,
    case: TextCase,
) -> bool {
    a == b || form(a, attribute, case) == form(b, attribute, case)
}

/// A text that two values share exactly where they hold the same: to look one up among many.
pub fn form(value: &Value<'_>, attribute: Option<&Attribute>, case: TextCase) -> String {
    let mut text = String::new();
    if !is_absent(value) {
        write_value(&mut text, value, attribute, case);
    }
    text
}

fn is_absent(value: &Value<'_>) -> bool {
    match value {
        Value::Object(object) => object.iter().all(|(_, value)| is_absent(value)),
        Value::Array(elements) => elements.iter().all(is_absent),
        other => other.is_cleared(),
    }
}

/// Writes a value so that two equal ones give the same text, and two others do not.
fn write_value(
    text: &mut String,
    value: &Value<'_>,
    attribute: Option<&Attribute>,
    case: TextCase,
) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&number.normal()),
        Value::String(value) => write_text(text, value, attribute, case),
        Value::Array(elements) => {
            let mut written: Vec<String> = elements
                .iter()
                .filter(|element| !is_absent(element))
                .map(|element| {
                    let mut text = String::new();
                    write_value(&mut text, element, attribute, case);
                    text
                })
                .collect();
            written.sort_unstable();
            written.dedup();
            text.push('[');
            written.iter().for_each(|element| {
                text.push_str(element);
                text.push(',');
            });
            text.push(']');
        }
        Value::Object(object) => write_members(
            text,
            object.iter(),
            |name| attribute.and_then(|attribute| attribute.attribute(name)),
            case,
        ),
    }
}

fn write_members<'r, 'v: 'r, 's>(
    text: &mut String,
    members: impl Iterator<Item = (&'r str, &'r Value<'v>)>,
    attribute: impl Fn(&str) -> Option<&'s Attribute>,
    case: TextCase,
) {
    let mut members: Vec<(String, &Value<'_>, Option<&Attribute>)> = members
        .filter(|(_, value)| !is_absent(value))
        // Case tells names apart that no schema lists.
        .map(|(name, value)| match attribute(name) {
            Some(known) => (known.name.to_ascii_lowercase(), value, Some(known)),
            None => (name.to_owned(), value, None),
        })
        .collect();
    members.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    text.push('{');
    for (name, value, attribute) in members {
        write_quoted(text, &name);
        text.push(':');
        write_value(text, value, attribute, case);
        text.push(',');
    }
    text.push('}');
}

fn write_text(text: &mut String, value: &str, attribute: Option<&Attribute>, case: TextCase) {
    let kind = attribute.map(|attribute| attribute.kind);
    if kind == Some(Kind::DateTime)
        && let Ok(instant) = value.parse::<Timestamp>()
    {
        return write_quoted(text, &instant.to_string());
    }
    let exact = attribute.is_none_or(Attribute::is_case_exact);
    if exact || case == TextCase::Exact {
        write_quoted(text, value);
    } else {
        write_quoted(text, &value.to_lowercase());
    }
}

fn write_quoted(text: &mut String, value: &str) {
    // Rust's own escapes are unambiguous; writing to a String does not fail.
    let _ = write!(text, "{value:?}");
}
