//! Filters over stored resources (RFC 7644 section 3.4.2.2), on JSON trees and without a schema.
//!
//! The evaluation is the sandboxes' own, so that it can be held against the gateway's.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::options::Options;
use super::reply::{RefusalKind, VendorRefusal};
use crate::scim::Number;
use crate::scim::Path;
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::grammar::{Known, parse_filter};

/// Attributes whose values are compared with regard to case (RFC 7643 sections 2.3.7, 3.1 and 8.7.1).
const EXACT: [&str; 6] = ["id", "externalId", "profileUrl", "$ref", "location", "version"];

/// Attributes whose `value` is one: references, certificates and ids of other resources.
const EXACT_VALUES: [&str; 5] = ["photos", "x509Certificates", "members", "groups", "manager"];

/// Reads a filter; the first URN is the core schema's.
///
/// # Errors
/// If the text is no filter.
pub fn parse(text: &str, urns: &[&str]) -> Result<Filter, VendorRefusal> {
    let wrong =
        |error| VendorRefusal::new(RefusalKind::Filter, format!("the filter is wrong: {error}"));
    parse_filter(text, &Known { urns, lenient: false, ..Known::default() }).map_err(wrong)
}

/// The refusal of a filter that the vendor does not document.
pub fn undocumented() -> VendorRefusal {
    VendorRefusal::new(RefusalKind::Filter, "the filter is none that the vendor documents")
}

/// The attribute, operator and text of a comparison of one core attribute with a string.
pub fn comparison(filter: &Filter) -> Option<(String, Operator, &str)> {
    match filter {
        Filter::Compare { path, operator, literal: Literal::String(text) }
            if path.urn.is_none() && path.filter.is_none() =>
        {
            Some((path.members().collect::<Vec<_>>().join("."), *operator, text))
        }
        _ => None,
    }
}

/// The text that `<name> eq "<text>"` asks for, where that is the only filter documented; `None`
/// where all resources are to be shown.
///
/// # Errors
/// Any other filter.
pub fn named(
    text: Option<&str>,
    name: &str,
    options: &Options,
) -> Result<Option<String>, VendorRefusal> {
    let Some(text) = text else { return Ok(None) };
    let filter = parse(text, &[])?;
    match comparison(&filter) {
        Some((path, Operator::Eq, text)) if path == name => {
            Ok(Some(text.to_owned()).filter(|_| !options.ignore_filters))
        }
        _ => Err(undocumented()),
    }
}

/// Whether a resource satisfies the filter.
pub fn matches(filter: &Filter, resource: &Map<String, Value>) -> bool {
    within(filter, resource, None)
}

/// The same of an element of that attribute, to which the filter's paths are relative.
fn within(filter: &Filter, resource: &Map<String, Value>, of: Option<&str>) -> bool {
    match filter {
        Filter::And(all) => all.iter().all(|one| within(one, resource, of)),
        Filter::Or(all) => all.iter().any(|one| within(one, resource, of)),
        Filter::Not(one) => !within(one, resource, of),
        Filter::Present(path) => values(path, resource).into_iter().any(is_filled),
        Filter::Element { path, filter } => {
            let mut objects = values(path, resource).into_iter().filter_map(Value::as_object);
            objects.any(|element| within(filter, element, path.attribute.as_deref()))
        }
        Filter::Compare { path, operator, literal } => {
            let compare = |operator, value: &Value| holds(value, operator, literal, (of, path));
            let found = simple(values(path, resource));
            match (operator, literal) {
                (Operator::Eq, Literal::Null) => !found.into_iter().any(is_filled),
                (Operator::Ne, Literal::Null) => found.into_iter().any(is_filled),
                (Operator::Ne, _) => !found.into_iter().any(|value| compare(Operator::Eq, value)),
                _ => found.into_iter().any(|value| compare(*operator, value)),
            }
        }
    }
}

/// The values at a path, out of every element of a multi-valued attribute.
pub fn values<'r>(path: &Path, resource: &'r Map<String, Value>) -> Vec<&'r Value> {
    let mut found = vec![];
    let names: Vec<&str> = path.members().collect();
    let Some((first, rest)) = names.split_first() else { return found };
    found.extend(member(resource, first).into_iter().flat_map(elements));
    if path.urn.is_none() {
        found.retain(|value| selected(path, value));
    }
    for (at, name) in rest.iter().enumerate() {
        let below = found.into_iter().filter_map(Value::as_object);
        found = below.filter_map(|object| member(object, name)).flat_map(elements).collect();
        if path.urn.is_some() && at == 0 {
            found.retain(|value| selected(path, value));
        }
    }
    found
}

/// Whether the filter of a value path selects that element; all are, without one.
pub fn selected(path: &Path, value: &Value) -> bool {
    match (&path.filter, value.as_object()) {
        (None, _) => true,
        (Some(filter), Some(element)) => within(filter, element, path.attribute.as_deref()),
        (Some(_), None) => false,
    }
}

fn member<'r>(object: &'r Map<String, Value>, name: &str) -> Option<&'r Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn elements(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(elements) => elements.iter().collect(),
        one => vec![one],
    }
}

/// A complex value is compared by its `value` (RFC 7643 section 2.4).
fn simple(found: Vec<&Value>) -> Vec<&Value> {
    found.into_iter().filter_map(simple_one).collect()
}

fn simple_one(value: &Value) -> Option<&Value> {
    match value {
        Value::Object(object) => member(object, "value"),
        other => Some(other),
    }
}

fn is_filled(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(elements) => !elements.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

fn holds(
    value: &Value,
    operator: Operator,
    literal: &Literal,
    (of, path): (Option<&str>, &Path),
) -> bool {
    match (value, literal) {
        (Value::String(text), Literal::String(wanted)) => {
            let is_date = path.attribute.as_deref() == Some("meta");
            let dates = (text.parse::<Timestamp>(), wanted.parse::<Timestamp>());
            match dates {
                (Ok(one), Ok(other)) if is_date => ordered(operator, one.cmp(&other)),
                _ if is_exact(of, path) => texts(text, operator, wanted),
                _ => texts(&text.to_lowercase(), operator, &wanted.to_lowercase()),
            }
        }
        (Value::Bool(one), Literal::Bool(other)) => operator == Operator::Eq && one == other,
        (Value::Number(one), Literal::Number(other)) => {
            ordered(operator, Number::from(one.clone()).cmp(other))
        }
        _ => false,
    }
}

/// A complex attribute is compared by its `value`.
fn is_exact(of: Option<&str>, path: &Path) -> bool {
    let names: Vec<&str> = of.into_iter().chain(path.members()).collect();
    let is = |list: &[&str], name: &str| list.iter().any(|one| one.eq_ignore_ascii_case(name));
    let last = names.last().copied().unwrap_or_default();
    let above = names.iter().rev().nth(1).copied().unwrap_or_default();
    is(&EXACT, last)
        || is(&EXACT_VALUES, last)
        || (last.eq_ignore_ascii_case("value") && is(&EXACT_VALUES, above))
}

fn texts(text: &str, operator: Operator, wanted: &str) -> bool {
    match operator {
        Operator::Co => text.contains(wanted),
        Operator::Sw => text.starts_with(wanted),
        Operator::Ew => text.ends_with(wanted),
        _ => ordered(operator, text.cmp(wanted)),
    }
}

fn ordered(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Eq => order.is_eq(),
        Operator::Ne => order.is_ne(),
        Operator::Gt => order.is_gt(),
        Operator::Ge => order.is_ge(),
        Operator::Lt => order.is_lt(),
        Operator::Le => order.is_le(),
        Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}
