//! Operations on a resource, as RFC 7644 sections 3.5.2.1 to 3.5.2.3 say.
//!
//! Where the schema says nothing of a place, what is stored says whether there are several values.

use std::borrow::Cow;

use super::{Op, OpKind, PatchError, shown};
use super::{elements, removal};
use crate::scim::filter::Path;
use crate::scim::schema::{Attribute, Kind, Schema};
use crate::scim::value::{Object, Value};

/// How operations are applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApplyOptions {
    /// Whether `add` and `replace` on a value path that selects nothing create the element, with the
    /// values that the filter's `eq` terms name. RFC 7644 section 3.5.2.3 says `noTarget`.
    pub create_missing: bool,
}

/// Applies [normalised](super::normalise) operations in their order. All are applied, or on an
/// error none.
///
/// # Errors
/// `noTarget` where a value path selects no element that could be written, or a path leads below a
/// value that has no parts.
pub fn apply<'a>(
    resource: &mut Object<'a>,
    ops: &[Op<'a>],
    schema: &Schema,
    options: &ApplyOptions,
) -> Result<(), PatchError> {
    let mut changed = resource.clone();
    let mut rest = ops;
    while let Some((op, after)) = rest.split_first() {
        let run = removal::in_a_row(rest, schema);
        rest = if run.len() > 1 {
            run.apply(&mut changed);
            rest.get(run.len()..).unwrap_or_default()
        } else {
            one(&mut changed, op, schema, *options).ok_or_else(|| no_target(&op.path))?;
            after
        };
    }
    *resource = changed;
    Ok(())
}

/// `None` where there is nothing that could be written.
fn one<'a>(
    resource: &mut Object<'a>,
    op: &Op<'a>,
    schema: &Schema,
    options: ApplyOptions,
) -> Option<()> {
    let path = &op.path;
    let (Some(urn), Some(attribute)) = (&path.urn, &path.attribute) else {
        let Some(name) = path.urn.as_ref().or(path.attribute.as_ref()) else { return Some(()) };
        return attribute_of(resource, name, schema.attribute(name), op, options);
    };
    match resource.get(urn) {
        Some(Value::Object(_)) => {}
        _ if clears(op.value.as_ref(), op.kind) => return Some(()),
        Some(Value::Null) | None => {}
        Some(_) => return None,
    }
    let extension = schema.attribute(urn);
    let listed = extension.and_then(|extension| extension.attribute(attribute));
    attribute_of(resource.object_at(urn), attribute, listed, op, options)?;
    drop_if_empty(resource, urn);
    Some(())
}

/// Applies an operation to the attribute that its path names, in the object that holds it.
fn attribute_of<'a>(
    parent: &mut Object<'a>,
    name: &str,
    attribute: Option<&Attribute>,
    op: &Op<'a>,
    options: ApplyOptions,
) -> Option<()> {
    let Path { filter, sub, .. } = &op.path;
    if filter.is_some() || (has_several(parent, name, attribute) && !sub.is_empty()) {
        return elements::selected(parent, name, attribute, op, options.create_missing);
    }
    below(parent, name, attribute, sub, (op.value.as_ref(), op.kind))
}

fn no_target(path: &Path) -> PatchError {
    let why = match path.filter {
        Some(_) => "satisfies the path's value filter",
        None => "has parts that could be written",
    };
    PatchError::new("noTarget", format!("No value of {} {why}.", shown(path)))
}

/// Whether the operation only takes away.
fn clears(value: Option<&Value<'_>>, kind: OpKind) -> bool {
    kind == OpKind::Remove || value.is_none_or(Value::is_cleared)
}

/// Whether nobody says what may stand there.
pub(super) fn is_free(attribute: Option<&Attribute>) -> bool {
    attribute.is_none_or(|attribute| attribute.kind == Kind::Any && !attribute.multi_valued)
}

fn has_several(parent: &Object<'_>, name: &str, attribute: Option<&Attribute>) -> bool {
    match attribute {
        Some(attribute) if !is_free(Some(attribute)) => attribute.multi_valued,
        _ => matches!(parent.get(name), Some(Value::Array(_))),
    }
}

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

pub(super) fn drop_if_empty(parent: &mut Object<'_>, name: &str) {
    if parent.get(name).and_then(Value::as_object).is_some_and(Object::is_empty) {
        parent.remove(name);
    }
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
            elements::append(parent, name, attribute, added);
        }
        (OpKind::Add, Some(single)) if several && free => {
            elements::append(parent, name, attribute, std::slice::from_ref(single));
        }
        (_, Some(Value::Array(elements))) if several && !free => {
            elements::replace(parent, name, elements);
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

fn set<'a>(parent: &mut Object<'a>, name: &str, value: Value<'a>) {
    match parent.get_mut(name) {
        Some(old) => *old = value,
        None => parent.push(Cow::Owned(name.to_owned()), value),
    }
}
