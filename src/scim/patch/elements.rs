//! The elements of multi-valued attributes: selected by a value filter, written, appended, kept apart.

use std::collections::{HashMap, HashSet};

use super::apply::{below, is_free, merge};
use super::{Op, OpKind};
use crate::scim::equal::{Case, form};
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

pub(super) fn stored<'v, 'a>(parent: &'v Object<'a>, name: &str) -> &'v [Value<'a>] {
    match parent.get(name) {
        Some(Value::Array(elements)) => elements,
        Some(Value::Null) | None => &[],
        Some(single) => std::slice::from_ref(single),
    }
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

/// The values of an attribute, taken out to be changed; its member keeps its place.
pub(super) struct Elements<'a> {
    pub(super) all: Vec<Value<'a>>,
    /// Whether there was one value that is no array, where nobody says that it must be one.
    single: bool,
}

impl<'a> Elements<'a> {
    pub(super) fn taken(
        parent: &mut Object<'a>,
        name: &str,
        attribute: Option<&Attribute>,
    ) -> Self {
        match parent.get_mut(name).map(std::mem::take) {
            Some(Value::Array(elements)) => Self { all: elements, single: false },
            Some(Value::Null) | None => Self { all: Vec::new(), single: false },
            Some(single) => Self { all: vec![single], single: is_free(attribute) },
        }
    }

    /// An attribute whose last value went is absent.
    pub(super) fn put_back(mut self, parent: &mut Object<'a>, name: &str) {
        let value = match self.all.len() {
            0 => return drop(parent.remove(name)),
            1 if self.single => self.all.pop().unwrap_or_default(),
            _ => Value::Array(self.all),
        };
        parent.insert(name.to_owned(), value);
    }
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
        !is_hit || (says && written.insert(form(element, None, Case::Exact)))
    });
}

/// Appends elements that are not there yet (RFC 7644 section 3.5.2.1). One that is there with other
/// sub-attributes gets those.
pub(super) fn append<'a>(
    parent: &mut Object<'a>,
    name: &str,
    attribute: Option<&Attribute>,
    added: &[Value<'a>],
) {
    let mut elements = Elements::taken(parent, name, attribute);
    elements.single = false;
    let all = &mut elements.all;
    let mut index = Index::of(all);
    let mut hit = Vec::new();
    for new in added.iter().filter_map(|new| stripped(new, attribute)) {
        if let Some(at) = index.find(&new) {
            hit.push(at);
            let Some(old) = all.get_mut(at) else { continue };
            if let (Value::Object(old), Value::Object(new)) = (&mut *old, &new) {
                merge(old, new, attribute, OpKind::Replace);
            }
            index.note(old, at);
            continue;
        }
        index.note(&new, all.len());
        hit.push(all.len());
        all.push(new);
    }
    if !is_free(attribute) {
        only_one_primary(all, &hit);
    }
    elements.put_back(parent, name);
}

/// Replaces all elements.
pub(super) fn replace<'a>(parent: &mut Object<'a>, name: &str, elements: &[Value<'a>]) {
    let solid = Attribute::new("", Kind::Complex);
    let all = elements.iter().filter_map(|element| stripped(element, Some(&solid))).collect();
    Elements { all, single: false }.put_back(parent, name);
}

/// An element without what it clears: a new one has nothing to clear. None where it then says nothing.
/// What stands below a free key is as it is.
fn stripped<'a>(element: &Value<'a>, attribute: Option<&Attribute>) -> Option<Value<'a>> {
    match element {
        Value::Null => None,
        other if is_free(attribute) => Some(other.clone()),
        Value::Object(members) => {
            let solid = solid(members);
            (!solid.is_empty()).then_some(Value::Object(solid))
        }
        other => (!other.is_cleared()).then(|| other.clone()),
    }
}

fn solid<'a>(members: &Object<'a>) -> Object<'a> {
    let mut solid = members.clone();
    solid.retain(|_, value| !value.is_cleared());
    solid
}

/// Where elements are, by what makes two of them one: they have one `value` and their types do not
/// differ, or without a `value`, nothing does.
struct Index {
    at: HashMap<String, usize>,
}

impl Index {
    fn of(elements: &[Value<'_>]) -> Self {
        let mut index = Self { at: HashMap::with_capacity(elements.len()) };
        for (at, element) in elements.iter().enumerate() {
            index.note(element, at);
        }
        index
    }

    fn find(&self, new: &Value<'_>) -> Option<usize> {
        let at = |key: String| self.at.get(&key).copied();
        match identity(new) {
            Identity::Whole(form) => at(form),
            Identity::Value(value, Some(kind)) => {
                let typed = at(format!("{value}\n{kind}"));
                let untyped = at(format!("{value}\n"));
                typed.into_iter().chain(untyped).min()
            }
            Identity::Value(value, None) => at(value),
        }
    }

    /// Says what the element there holds: for the first time, or more than before.
    fn note(&mut self, element: &Value<'_>, at: usize) {
        let mut first = |key: String| {
            self.at.entry(key).or_insert(at);
        };
        match identity(element) {
            Identity::Whole(form) => first(form),
            Identity::Value(value, None) => {
                first(format!("{value}\n"));
                first(value);
            }
            Identity::Value(value, Some(kind)) => {
                first(format!("{value}\n{kind}"));
                let untyped = format!("{value}\n");
                first(value);
                if self.at.get(&untyped) == Some(&at) {
                    self.at.remove(&untyped);
                }
            }
        }
    }
}

enum Identity {
    Whole(String),
    /// The `value`, and the `type` in lower case.
    Value(String, Option<String>),
}

fn identity(element: &Value<'_>) -> Identity {
    let Some((object, value)) = element.as_object().and_then(|o| Some((o, o.get("value")?))) else {
        return Identity::Whole(form(element, None, Case::Exact));
    };
    let kind = object.get("type").and_then(Value::as_str).map(str::to_ascii_lowercase);
    // A JSON text has no line break of its own.
    Identity::Value(String::from_utf8_lossy(&value.to_json()).into_owned(), kind)
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
