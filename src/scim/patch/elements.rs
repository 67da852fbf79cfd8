//! The elements of multi-valued attributes: selected by a value filter, appended, kept apart.

use std::collections::{HashMap, HashSet};

use super::apply::{below, drop_if_empty, merge};
use super::{Op, OpKind};
use crate::scim::equal::{Case, equal_values};
use crate::scim::evaluate::matches_element;
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::path::Path;
use crate::scim::schema::{Attribute, Found, Schema};
use crate::scim::value::{Object, Value};

/// Applies an operation to the elements that its path selects: all, where it has no filter. `None`
/// where something had to be written and there was no element.
pub(super) fn selected<'a>(
    parent: &mut Object<'a>,
    name: &str,
    attribute: Option<&Attribute>,
    op: &Op<'a>,
    create_missing: bool,
) -> Option<()> {
    let filter = op.path.filter.as_deref();
    let mut elements = taken(parent, name);
    let is_selected = |element: &Value<'_>| {
        filter.is_none_or(|filter| matches_element(filter, element, attribute))
    };
    let mut hit: Vec<usize> = elements
        .iter()
        .enumerate()
        .filter_map(|(at, element)| is_selected(element).then_some(at))
        .collect();
    let done = if op.kind == OpKind::Remove {
        remove(&mut elements, &hit, attribute, op);
        Some(())
    } else {
        if hit.is_empty() && (create_missing || filter.is_none()) {
            hit.extend(create(&mut elements, filter, op));
        }
        write(&mut elements, &hit, attribute, op);
        only_one_primary(&mut elements, &hit);
        (!hit.is_empty() || op.value.as_ref().is_some_and(Value::is_cleared)).then_some(())
    };
    put_back(parent, name, elements);
    done
}

/// The values that the leading operations remove from one attribute, where each is a removal by
/// `[value eq "…"]`. A client may remove thousands of members; they are then looked up, not searched.
pub(super) fn removed_values<'o>(ops: &'o [Op<'_>]) -> Vec<&'o str> {
    let Some(first) = ops.first() else { return Vec::new() };
    let of_first = |op: &'o Op<'_>| {
        let same = op.kind == OpKind::Remove
            && op.path.sub.is_empty()
            && (&op.path.urn, &op.path.attribute) == (&first.path.urn, &first.path.attribute);
        match op.path.filter.as_deref().filter(|_| same)? {
            Filter::Compare { path, operator: Operator::Eq, literal: Literal::String(text) } => {
                path.members().eq(["value"]).then_some(text.as_str())
            }
            _ => None,
        }
    };
    ops.iter().map_while(of_first).collect()
}

/// Removes the elements with these values.
pub(super) fn remove_values(
    resource: &mut Object<'_>,
    path: &Path,
    schema: &Schema,
    values: &[&str],
) {
    let Some(name) = &path.attribute else { return };
    let attribute = match schema.find(path.members()) {
        Found::Attribute(attribute) => Some(attribute),
        _ => None,
    };
    let leaf = attribute.and_then(|attribute| attribute.attribute("value")).or(attribute);
    let case_exact = leaf.is_some_and(|leaf| leaf.case_exact);
    let fold = |text: &str| if case_exact { text.to_owned() } else { text.to_lowercase() };
    let values: HashSet<String> = values.iter().map(|value| fold(value)).collect();
    let parent = match &path.urn {
        None => Some(&mut *resource),
        Some(urn) => resource.get_mut(urn).and_then(Value::as_object_mut),
    };
    let Some(parent) = parent else { return };
    let mut elements = taken(parent, name);
    elements.retain(|element| {
        let value = match element {
            Value::Object(object) => object.get("value").and_then(Value::as_str),
            simple => simple.as_str(),
        };
        value.is_none_or(|value| !values.contains(&fold(value)))
    });
    put_back(parent, name, elements);
    if let Some(urn) = &path.urn {
        drop_if_empty(resource, urn);
    }
}

fn remove<'a>(
    elements: &mut Vec<Value<'a>>,
    hit: &[usize],
    attribute: Option<&Attribute>,
    op: &Op<'a>,
) {
    if let Some((sub, rest)) = op.path.sub.split_first() {
        let inner = attribute.and_then(|attribute| attribute.attribute(sub));
        for at in hit {
            if let Some(Value::Object(element)) = elements.get_mut(*at) {
                below(element, sub, inner, rest, None, OpKind::Remove);
            }
        }
        elements.retain(|element| element.as_object().is_none_or(|object| !object.is_empty()));
        return;
    }
    let hit: HashSet<usize> = hit.iter().copied().collect();
    let mut at = 0;
    elements.retain(|_| {
        let stays = !hit.contains(&at);
        at = at.saturating_add(1);
        stays
    });
}

/// Appends the element that the filter describes, and says where it is.
fn create<'a>(
    elements: &mut Vec<Value<'a>>,
    filter: Option<&Filter>,
    op: &Op<'a>,
) -> Option<usize> {
    if op.value.as_ref().is_none_or(Value::is_cleared) {
        return None;
    }
    let mut element = Object::new();
    if let Some(filter) = filter {
        describe(filter, &mut element)?;
    }
    elements.push(Value::Object(element));
    elements.len().checked_sub(1)
}

/// Writes what the filter's `eq` terms name; `None` where it does not say what the element holds.
fn describe(filter: &Filter, element: &mut Object<'_>) -> Option<()> {
    match filter {
        Filter::And(terms) => terms.iter().try_for_each(|term| describe(term, element)),
        Filter::Compare { path, operator: Operator::Eq, literal } if path.sub.is_empty() => {
            let value = match literal {
                Literal::Null => return Some(()),
                Literal::Bool(value) => Value::Bool(*value),
                Literal::Number(number) => Value::Number(number.clone()),
                Literal::String(text) => Value::String(text.clone().into()),
            };
            element.insert(path.attribute.clone()?, value);
            Some(())
        }
        _ => None,
    }
}

fn write<'a>(
    elements: &mut [Value<'a>],
    hit: &[usize],
    attribute: Option<&Attribute>,
    op: &Op<'a>,
) {
    let Some(value) = &op.value else { return };
    for at in hit {
        let Some(element) = elements.get_mut(*at) else { continue };
        match (op.path.sub.split_first(), &mut *element, value) {
            (Some((sub, rest)), Value::Object(object), value) => {
                let inner = attribute.and_then(|attribute| attribute.attribute(sub));
                below(object, sub, inner, rest, Some(value), op.kind);
            }
            (None, Value::Object(object), Value::Object(members)) => {
                merge(object, members, attribute);
            }
            _ => *element = value.clone(),
        }
    }
}

/// Appends elements that are not there yet (RFC 7644 section 3.5.2.1). One that is there with other
/// sub-attributes gets those.
pub(super) fn append<'a>(parent: &mut Object<'a>, name: &str, added: &[Value<'a>]) {
    let mut elements = taken(parent, name);
    let added = without_cleared(added);
    let mut by_value = (added.len() > FEW).then(|| index(&elements));
    let mut hit = Vec::new();
    for new in added {
        let same = |at: &usize| elements.get(*at).is_some_and(|old| is_same(old, &new));
        let found = match &by_value {
            Some(index) => index.get(&key(&new)).and_then(|alike| alike.iter().copied().find(same)),
            None => (0..elements.len()).find(same),
        };
        if let Some(at) = found {
            hit.push(at);
            if let (Some(Value::Object(old)), Value::Object(new)) = (elements.get_mut(at), &new) {
                merge(old, new, None);
            }
            continue;
        }
        if let Some(index) = &mut by_value {
            index.entry(key(&new)).or_default().push(elements.len());
        }
        hit.push(elements.len());
        elements.push(new);
    }
    only_one_primary(&mut elements, &hit);
    put_back(parent, name, elements);
}

/// Replaces all elements.
pub(super) fn replace<'a>(parent: &mut Object<'a>, name: &str, elements: &[Value<'a>]) {
    put_back(parent, name, without_cleared(elements));
}

/// The elements that say something, without what they clear: a new element has nothing to clear.
fn without_cleared<'a>(elements: &[Value<'a>]) -> Vec<Value<'a>> {
    let solid = |element: &Value<'a>| match element {
        Value::Object(members) => {
            let mut solid = Object::new();
            merge(&mut solid, members, None);
            (!solid.is_empty()).then_some(Value::Object(solid))
        }
        other => (!other.is_cleared()).then(|| other.clone()),
    };
    elements.iter().filter_map(solid).collect()
}

/// More elements than these are looked up by their `value`; for fewer that is not worth the index.
const FEW: usize = 4;

/// Where the elements with each [`key`] are.
fn index(elements: &[Value<'_>]) -> HashMap<String, Vec<usize>> {
    let mut index: HashMap<String, Vec<usize>> = HashMap::with_capacity(elements.len());
    for (at, element) in elements.iter().enumerate() {
        index.entry(key(element)).or_default().push(at);
    }
    index
}

/// The element's `value`, or nothing where it has none.
fn key(element: &Value<'_>) -> String {
    let value = match element {
        Value::Object(object) => object.get("value"),
        simple => Some(simple),
    };
    value.map(|value| String::from_utf8_lossy(&value.to_json()).into_owned()).unwrap_or_default()
}

/// Whether two elements are one: they have one `value` and their types do not differ, or without a
/// `value`, nothing does.
fn is_same(old: &Value<'_>, new: &Value<'_>) -> bool {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) if new.contains("value") => {
            let types_differ = match (old.get("type"), new.get("type")) {
                (Some(Value::String(old)), Some(Value::String(new))) => {
                    !old.eq_ignore_ascii_case(new)
                }
                _ => false,
            };
            old.get("value") == new.get("value") && !types_differ
        }
        _ => equal_values(old, new, None, Case::Exact),
    }
}

/// A `primary` that was just set takes it from all others (RFC 7644 section 3.5.2).
fn only_one_primary(elements: &mut [Value<'_>], hit: &[usize]) {
    let is_primary = |value: &Value<'_>| {
        let primary = value.as_object().and_then(|object| object.get("primary"));
        primary.and_then(Value::as_bool) == Some(true)
    };
    let Some(first) = hit.iter().find(|at| elements.get(**at).is_some_and(is_primary)) else {
        return;
    };
    for (at, element) in elements.iter_mut().enumerate() {
        if at != *first && is_primary(element) {
            let primary = element.as_object_mut().and_then(|object| object.get_mut("primary"));
            if let Some(primary) = primary {
                *primary = Value::Bool(false);
            }
        }
    }
}

/// The elements of an attribute, whose member keeps its place until they are put back.
fn taken<'a>(parent: &mut Object<'a>, name: &str) -> Vec<Value<'a>> {
    match parent.get_mut(name).map(std::mem::take) {
        Some(Value::Array(elements)) => elements,
        Some(Value::Null) | None => Vec::new(),
        Some(single) => vec![single],
    }
}

/// An attribute whose last value went is absent.
fn put_back<'a>(parent: &mut Object<'a>, name: &str, elements: Vec<Value<'a>>) {
    if elements.is_empty() {
        parent.remove(name);
    } else {
        parent.insert(name.to_owned(), Value::Array(elements));
    }
}
