//! Writes or removes what lies at a place of an object: sub-attributes that are given are written, elements
//! that are not there yet are appended.

use std::borrow::Cow;

use super::elements::{
    Elements, Index, drop_if_empty, has_several, is_free, only_one_primary, stripped,
};
use super::op::OpKind;
use super::removal;
use crate::scim::schema::{Attribute, Kind};
use crate::scim::value::{Object, Value};

/// Writes or removes what lies `sub` names below a member. An object that is emptied goes, too. `None`
/// where there is a value without parts.
pub(super) fn below<'a>(
    parent: &mut Object<'a>,
    name: &str,
    attribute: Option<&Attribute>,
    sub: &[String],
    (value, kind): (Option<&Value<'a>>, OpKind),
) -> Option<()> {
    let Some((next, rest)) = sub.split_first() else {
        leaf(parent, name, attribute, value, kind);
        return Some(());
    };
    let inner = attribute.and_then(|attribute| attribute.attribute(next));
    let clears = clears(value, kind);
    match parent.get_mut(name) {
        Some(Value::Object(_)) => {}
        Some(Value::Array(elements)) => {
            let mut done = clears.then_some(());
            for element in elements.iter_mut().filter_map(Value::as_object_mut) {
                done = done.or(Some(()));
                below(element, next, inner, rest, (value, kind))?;
            }
            return done;
        }
        _ if clears => return Some(()),
        Some(Value::Null) | None => {}
        Some(_) => return None,
    }
    below(parent.object_at(name), next, inner, rest, (value, kind))?;
    drop_if_empty(parent, name);
    Some(())
}

/// Sub-attributes that are given are written, the others stay (RFC 7644 sections 3.5.2.1 and 3.5.2.3).
pub(super) fn merge<'a>(
    into: &mut Object<'a>,
    members: &Object<'a>,
    attribute: Option<&Attribute>,
    kind: OpKind,
) {
    for (name, value) in members.iter() {
        let sub = attribute.and_then(|attribute| attribute.attribute(name));
        leaf(into, name, sub, Some(value), kind);
    }
}

/// Whether the operation only takes away.
pub(super) fn clears(value: Option<&Value<'_>>, kind: OpKind) -> bool {
    kind == OpKind::Remove || value.is_none_or(Value::is_cleared)
}

/// Writes or removes a member.
fn leaf<'a>(
    parent: &mut Object<'a>,
    name: &str,
    attribute: Option<&Attribute>,
    value: Option<&Value<'a>>,
    kind: OpKind,
) {
    let several = has_several(parent, name, attribute);
    let free = is_free(attribute);
    let merges = match attribute {
        Some(attribute) if !free => attribute.kind == Kind::Complex && !attribute.multi_valued,
        _ => matches!(parent.get(name), Some(Value::Object(_))),
    };
    match (kind, value) {
        (OpKind::Remove, Some(value)) => removal::equal(parent, name, value),
        (_, None) => drop(parent.remove(name)),
        // Adding no value to several adds nothing; any other cleared value unassigns.
        (OpKind::Add, Some(value)) if value.is_cleared() && several => {}
        (_, Some(value)) if value.is_cleared() => drop(parent.remove(name)),
        (OpKind::Add, Some(Value::Array(added))) if several || (free && parent.contains(name)) => {
            append(parent, name, attribute, added);
        }
        (OpKind::Add, Some(single)) if several && free => {
            append(parent, name, attribute, std::slice::from_ref(single));
        }
        (_, Some(Value::Array(elements))) if several && !free => {
            replace(parent, name, elements);
        }
        (_, Some(Value::Object(members))) if merges => {
            merge(parent.object_at(name), members, attribute, kind);
            if !free {
                drop_if_empty(parent, name);
            }
        }
        (_, Some(value)) => set(parent, name, value.clone()),
    }
}

fn set<'a>(parent: &mut Object<'a>, name: &str, value: Value<'a>) {
    match parent.get_mut(name) {
        Some(old) => *old = value,
        None => parent.push(Cow::Owned(name.to_owned()), value),
    }
}

/// Appends elements that are not there yet (RFC 7644 section 3.5.2.1). One that is there with other
/// sub-attributes gets those.
fn append<'a>(
    parent: &mut Object<'a>,
    name: &str,
    attribute: Option<&Attribute>,
    added: &[Value<'a>],
) {
    let mut elements = Elements::taken(parent, name, attribute);
    elements.are_several();
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
fn replace<'a>(parent: &mut Object<'a>, name: &str, elements: &[Value<'a>]) {
    let solid = Attribute::new("", Kind::Complex);
    let all = elements.iter().filter_map(|element| stripped(element, Some(&solid))).collect();
    Elements::several(all).put_back(parent, name);
}
