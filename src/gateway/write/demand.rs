//! What a schema demands of a message: required attributes, formats, how many (docs/semantics.md 2.6).

use std::collections::HashSet;

use uuid::Uuid;

use crate::fault::Fault;
use crate::gateway::pair::refuse;
use crate::rewrite::lens::insert;
use crate::scim::in_order::InOrder;
use crate::scim::schema::{Attribute, Format, Operation, Schema};
use crate::scim::{Object, Value};

/// Checks a request before it is sent to the upstream whose schema it is.
///
/// # Errors
/// `InvalidValue` that names every attribute the upstream would refuse.
pub fn check(object: &Object<'_>, schema: &Schema, operation: Operation) -> Result<(), Fault> {
    let mut mistakes = missing(object, &schema.attributes, operation);
    if operation == Operation::Create {
        mistakes.extend(missing_in_elements(object, &schema.attributes, operation));
    }
    formats(None, object, &schema.attributes, None, &mut mistakes);
    untaken(mistakes)
}

/// Checks what a request changes: what the upstream has already is its own to judge, and what nobody
/// touched is no mistake of the client's.
///
/// # Errors
/// As [`check`].
pub fn check_change(
    before: &Object<'_>,
    after: &Object<'_>,
    schema: &Schema,
    operation: Operation,
) -> Result<(), Fault> {
    let old = missing(before, &schema.attributes, operation);
    let mut mistakes = missing(after, &schema.attributes, operation);
    mistakes.retain(|mistake| !old.contains(mistake));
    formats(Some(before), after, &schema.attributes, None, &mut mistakes);
    untaken(mistakes)
}

/// Checks formats and numbers alone: what can be known before the old resource is read.
///
/// # Errors
/// As [`check`].
pub fn check_formats(object: &Object<'_>, schema: &Schema) -> Result<(), Fault> {
    let mut mistakes = Vec::new();
    formats(None, object, &schema.attributes, None, &mut mistakes);
    untaken(mistakes)
}

fn untaken(mistakes: Vec<String>) -> Result<(), Fault> {
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

/// A sentence for each required attribute without a value; of a complex attribute's parts where it has
/// a value itself (RFC 7643 section 2.2).
pub fn missing(object: &Object<'_>, attributes: &[Attribute], operation: Operation) -> Vec<String> {
    let mut found = Vec::new();
    lacking(object, attributes, operation, None, &mut found);
    found
}

fn lacking(
    object: &Object<'_>,
    attributes: &[Attribute],
    operation: Operation,
    above: Option<&At<'_>>,
    found: &mut Vec<String>,
) {
    for attribute in attributes.iter().filter(|attribute| requires(attribute, operation)) {
        let at = At { above, attribute };
        let value = object.get(&attribute.name);
        if attribute.required.has(operation) {
            let blank = |v: &Value<'_>| v.is_cleared() || v.as_str().is_some_and(str::is_empty);
            // An empty list is a list, where the vendor wants to be told of one.
            let told = attribute.multi_valued && value.is_some_and(|v| v.as_array().is_some());
            if value.is_none_or(blank) && !told {
                found.push(format!("The attribute {} is required.", at.path()));
            }
        }
        if let Some(Value::Object(inner)) = value.filter(|_| !attribute.multi_valued) {
            lacking(inner, &attribute.attributes, operation, Some(&at), found);
        }
    }
}

/// Whether the attribute or a part of it is required; not in the elements of a multi-valued one.
fn requires(attribute: &Attribute, operation: Operation) -> bool {
    attribute.required.has(operation)
        || (!attribute.multi_valued
            && attribute.attributes.iter().any(|part| requires(part, operation)))
}

/// The same for the elements of multi-valued attributes; each sentence once.
fn missing_in_elements(
    object: &Object<'_>,
    attributes: &[Attribute],
    operation: Operation,
) -> Vec<String> {
    let mut found = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.multi_valued) {
        if !attribute.attributes.iter().any(|sub| sub.required.has(operation)) {
            continue;
        }
        let at = At { above: None, attribute };
        let mut here = Vec::new();
        let elements = object.get(&attribute.name).and_then(Value::as_array).unwrap_or_default();
        for element in elements.iter().filter_map(Value::as_object) {
            lacking(element, &attribute.attributes, operation, Some(&at), &mut here);
            here.sort_unstable();
            here.dedup();
        }
        found.extend(here);
    }
    found
}

/// Where in the schema: its path is only made where something is wrong.
struct At<'p> {
    above: Option<&'p At<'p>>,
    attribute: &'p Attribute,
}

impl At<'_> {
    fn path(&self) -> String {
        let name = &self.attribute.name;
        match self.above {
            None => name.clone(),
            Some(above) => {
                let joint = if above.attribute.extension { ':' } else { '.' };
                format!("{}{joint}{name}", above.path())
            }
        }
    }
}

/// Formats and numbers of what is not in `before` as well.
fn formats(
    before: Option<&Object<'_>>,
    object: &Object<'_>,
    attributes: &[Attribute],
    above: Option<&At<'_>>,
    into: &mut Vec<String>,
) {
    let mut known = InOrder::new(attributes);
    for (name, value) in object.iter() {
        let Some(attribute) = known.find(name) else { continue };
        if !demands(attribute) {
            continue;
        }
        let old = before.and_then(|before| before.get(name));
        if old == Some(value) {
            continue;
        }
        let at = At { above, attribute };
        match value {
            Value::Object(inner) => {
                let old = old.and_then(Value::as_object);
                formats(old, inner, &attribute.attributes, Some(&at), into);
            }
            Value::Array(elements) => {
                elements_of(old.and_then(Value::as_array), elements, &at, into);
            }
            Value::String(text) => {
                if let Some(wanted) = attribute.format.as_ref().and_then(|f| violated(f, text)) {
                    into.push(format!("The attribute {} must be {wanted}.", at.path()));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn elements_of(
    old: Option<&[Value<'_>]>,
    elements: &[Value<'_>],
    at: &At<'_>,
    into: &mut Vec<String>,
) {
    let had = old.map_or(0, <[_]>::len);
    let most = at.attribute.max.filter(|max| elements.len() > *max && elements.len() > had);
    if let Some(max) = most {
        into.push(format!("The attribute {} can have at most {max} values.", at.path()));
    }
    let known: HashSet<Vec<u8>> = old.unwrap_or_default().iter().map(Value::to_json).collect();
    for element in elements {
        if let Value::Object(inner) = element
            && (known.is_empty() || !known.contains(&element.to_json()))
        {
            formats(None, inner, &at.attribute.attributes, Some(at), into);
        }
    }
}

/// Whether the vendor demands anything of the attribute's values.
fn demands(attribute: &Attribute) -> bool {
    attribute.format.is_some()
        || attribute.max.is_some()
        || attribute.attributes.iter().any(demands)
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
    let said = |(local, domain): (&str, &str)| !local.is_empty() && !domain.is_empty();
    plain && text.matches('@').count() == 1 && parts.is_some_and(said)
}
