//! Operations on the elements of a multi-valued attribute that a path selects, by its value filter or all.

use std::collections::HashSet;

use super::elements::{Elements, is_free, only_one_primary, solid, stored};
use super::op::{Op, OpKind};
use super::write::{below, merge};
use crate::scim::equal::{TextCase, form};
use crate::scim::evaluate::matches_element;
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::schema::{Attribute, Kind};
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
    let mut hit = selected_by(stored(parent, name), filter, attribute);
    if op.kind == OpKind::Remove && hit.is_empty() {
        return Some(());
    }
    let mut elements = Elements::taken(parent, name, attribute);
    if op.kind == OpKind::Remove {
        remove(&mut elements.all, &hit, attribute, op)?;
        elements.put_back(parent, name);
        return Some(());
    }
    let makes = hit.is_empty() && (create_missing || filter.is_none());
    if makes {
        hit.extend(create(&mut elements.all, filter, op));
    }
    if hit.is_empty() {
        elements.put_back(parent, name);
        return op.value.as_ref().is_some_and(Value::is_cleared).then_some(());
    }
    // What is made for the filter keeps what the filter says of it.
    let kind = if makes { OpKind::Add } else { op.kind };
    write(&mut elements.all, &hit, attribute, (op, kind))?;
    if !is_free(attribute) {
        only_one_primary(&mut elements.all, &hit);
    }
    if op.path.sub.is_empty() {
        only_once(&mut elements.all, &hit);
    }
    elements.put_back(parent, name);
    Some(())
}

/// Where the elements are that a value filter selects. A text that nobody describes compares exactly.
fn selected_by(
    elements: &[Value<'_>],
    filter: Option<&Filter>,
    attribute: Option<&Attribute>,
) -> Vec<usize> {
    let undescribed = Attribute { case_exact: true, ..Attribute::new("", Kind::Any) };
    let attribute = Some(attribute.unwrap_or(&undescribed));
    let hit = |element: &Value<'_>| filter.is_none_or(|f| matches_element(f, element, attribute));
    let hits = elements.iter().enumerate().filter(|(_, element)| hit(element));
    hits.map(|(at, _)| at).collect()
}

fn remove<'a>(
    elements: &mut Vec<Value<'a>>,
    hit: &[usize],
    attribute: Option<&Attribute>,
    op: &Op<'a>,
) -> Option<()> {
    if let Some((sub, rest)) = op.path.sub.split_first() {
        let inner = attribute.and_then(|attribute| attribute.attribute(sub));
        for at in hit {
            if let Some(Value::Object(element)) = elements.get_mut(*at) {
                below(element, sub, inner, rest, (op.value.as_ref(), OpKind::Remove))?;
            }
        }
        elements.retain(|element| element.as_object().is_none_or(|object| !object.is_empty()));
        return Some(());
    }
    let hit: HashSet<usize> = hit.iter().copied().collect();
    let mut at = 0;
    elements.retain(|_| {
        let stays = !hit.contains(&at);
        at = at.saturating_add(1);
        stays
    });
    Some(())
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

/// Writes a sub-attribute of the elements, or the elements: `add` gives them what is said, `replace` puts
/// the value in the place of the whole record (RFC 7644 section 3.5.2.3).
fn write<'a>(
    elements: &mut [Value<'a>],
    hit: &[usize],
    attribute: Option<&Attribute>,
    (op, kind): (&Op<'a>, OpKind),
) -> Option<()> {
    let value = op.value.as_ref()?;
    for at in hit {
        let Some(element) = elements.get_mut(*at) else { continue };
        match (op.path.sub.split_first(), &mut *element, value) {
            (Some((sub, rest)), Value::Object(object), value) => {
                let inner = attribute.and_then(|attribute| attribute.attribute(sub));
                below(object, sub, inner, rest, (Some(value), kind))?;
            }
            (Some(_), ..) => return None,
            (None, Value::Object(object), Value::Object(members)) if kind == OpKind::Add => {
                merge(object, members, attribute, kind);
            }
            (None, _, Value::Object(members)) => *element = Value::Object(solid(members)),
            (None, ..) => *element = value.clone(),
        }
    }
    Some(())
}

/// Of records that were written alike one stays, and none that says nothing.
fn only_once(elements: &mut Vec<Value<'_>>, hit: &[usize]) {
    let hit: HashSet<usize> = hit.iter().copied().collect();
    let mut written = HashSet::new();
    let mut at = 0;
    elements.retain(|element| {
        let is_hit = hit.contains(&at);
        at = at.saturating_add(1);
        let says = element.as_object().is_none_or(|object| !object.is_empty());
        !is_hit || (says && written.insert(form(element, None, TextCase::Exact)))
    });
}
