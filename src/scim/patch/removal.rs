//! Removals by value: of many elements at once, looked up and not searched, and below free keys, where
//! only what is stored says what a value is.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use super::elements::{Elements, drop_if_empty, stored};
use super::op::{Op, OpKind};
use crate::scim::equal::{TextCase, form};
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::number::Number;
use crate::scim::schema::{Attribute, Found, Kind, Schema};
use crate::scim::value::{Object, Value};

/// Removals that follow each other and take elements of one attribute away by equalities: in one pass.
/// A client may remove thousands of members by one request.
pub(super) struct Run<'o> {
    ops: usize,
    urn: Option<&'o str>,
    name: &'o str,
    attribute: Option<&'o Attribute>,
    /// By the sub-attributes that a removal names, the texts of their values.
    wanted: BTreeMap<Vec<String>, HashSet<String>>,
}

/// The leading operations that can be done as one.
pub(super) fn in_a_row<'o>(ops: &'o [Op<'_>], schema: &'o Schema) -> Run<'o> {
    let mut run = Run { ops: 0, urn: None, name: "", attribute: None, wanted: BTreeMap::new() };
    let Some(first) = ops.first().map(|op| &op.path) else { return run };
    let (Some(name), Found::Attribute(attribute)) =
        (&first.attribute, schema.find(first.members().take(1 + usize::from(first.urn.is_some()))))
    else {
        return run;
    };
    (run.urn, run.name, run.attribute) = (first.urn.as_deref(), name, Some(attribute));
    for op in ops {
        let same = op.kind == OpKind::Remove
            && op.path.sub.is_empty()
            && (&op.path.urn, &op.path.attribute) == (&first.urn, &first.attribute);
        let terms =
            op.path.filter.as_deref().filter(|_| same).and_then(|f| equalities(f, attribute));
        let Some((names, text)) = terms else { break };
        run.wanted.entry(names).or_default().insert(text);
        run.ops = run.ops.saturating_add(1);
    }
    run
}

impl Run<'_> {
    pub(super) fn len(&self) -> usize {
        self.ops
    }

    /// Removes the elements.
    pub(super) fn apply(&self, resource: &mut Object<'_>) {
        let parent = match self.urn {
            None => Some(&mut *resource),
            Some(urn) => resource.get_mut(urn).and_then(Value::as_object_mut),
        };
        let Some(parent) = parent.filter(|parent| !stored(parent, self.name).is_empty()) else {
            return;
        };
        let mut elements = Elements::taken(parent, self.name, self.attribute);
        elements.all.retain(|element| {
            !self.wanted.iter().any(|(names, texts)| {
                said(element, names, self.attribute).is_some_and(|text| texts.contains(&text))
            })
        });
        elements.put_back(parent, self.name);
        if let Some(urn) = self.urn {
            drop_if_empty(resource, urn);
        }
    }
}

/// The sub-attributes, in order, and the text of their values that a filter of equalities asks for.
/// `None` for any other filter, and where a sub-attribute may have several values.
fn equalities(filter: &Filter, attribute: &Attribute) -> Option<(Vec<String>, String)> {
    let terms = match filter {
        Filter::And(terms) => terms.as_slice(),
        other => std::slice::from_ref(other),
    };
    let mut found = BTreeMap::new();
    for term in terms {
        let Filter::Compare { path, operator: Operator::Eq, literal } = term else { return None };
        let name = path.attribute.as_ref().filter(|_| path.sub.is_empty() && path.urn.is_none())?;
        let leaf = leaf_of(attribute, name)?;
        let text = match literal {
            Literal::String(text) => text_of(text, leaf),
            Literal::Number(number) => number_of(number),
            Literal::Bool(value) => flag_of(*value),
            Literal::Null => return None,
        };
        if found.insert(name.to_ascii_lowercase(), text).is_some() {
            return None;
        }
    }
    let names = found.keys().cloned().collect();
    Some((names, found.into_values().collect()))
}

/// The text of an element's values of these sub-attributes, if it has them all.
fn said(element: &Value<'_>, names: &[String], attribute: Option<&Attribute>) -> Option<String> {
    let mut text = String::new();
    for name in names {
        let value = match element {
            Value::Object(object) => object.get(name)?,
            simple if name == "value" => simple,
            _ => return None,
        };
        let leaf = attribute.and_then(|attribute| leaf_of(attribute, name))?;
        text.push_str(&match value {
            Value::String(text) => text_of(text, leaf),
            Value::Number(number) => number_of(number),
            Value::Bool(value) => flag_of(*value),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        });
    }
    Some(text)
}

/// The one simple value that a term compares; a simple element is its own `value`.
fn leaf_of<'s>(attribute: &'s Attribute, name: &str) -> Option<&'s Attribute> {
    match attribute.kind {
        Kind::Complex => attribute
            .attribute(name)
            .filter(|sub| !sub.multi_valued && !matches!(sub.kind, Kind::Complex | Kind::Any)),
        Kind::Any => None,
        _ => name.eq_ignore_ascii_case("value").then_some(attribute),
    }
}

/// Texts are one where a filter's `eq` says so.
fn text_of(text: &str, leaf: &Attribute) -> String {
    match leaf.kind {
        Kind::Boolean if text.eq_ignore_ascii_case("true") => flag_of(true),
        Kind::Boolean if text.eq_ignore_ascii_case("false") => flag_of(false),
        Kind::DateTime => match text.parse::<Timestamp>() {
            Ok(instant) => format!("{instant:?};"),
            Err(_) => format!("{:?};", text.to_lowercase()),
        },
        _ if leaf.is_case_exact() => format!("{text:?};"),
        _ => format!("{:?};", text.to_lowercase()),
    }
}

fn flag_of(value: bool) -> String {
    format!("{value};")
}

fn number_of(number: &Number<'_>) -> String {
    form(&Value::Number(number.clone()), None, TextCase::Exact) + ";"
}

/// Removes the values below a free key that equal what is given: one, or each of an array. An object with
/// a `value` names the elements that have it.
pub(super) fn equal(parent: &mut Object<'_>, name: &str, given: &Value<'_>) {
    let given = match given {
        Value::Array(values) => values.as_slice(),
        single => std::slice::from_ref(single),
    };
    let exact = |value: &Value<'_>| form(value, None, TextCase::Exact);
    let value_of = |value: &Value<'_>| match value {
        Value::Object(object) => object.get("value").map(exact),
        simple => Some(exact(simple)),
    };
    let wholes: HashSet<String> = given.iter().map(exact).collect();
    let values: HashSet<String> = given.iter().filter_map(value_of).collect();
    if stored(parent, name).is_empty() {
        return;
    }
    let mut elements = Elements::taken(parent, name, None);
    elements.all.retain(|element| {
        let named = value_of(element).is_some_and(|value| values.contains(&value));
        !named && !wholes.contains(&exact(element))
    });
    elements.put_back(parent, name);
}
