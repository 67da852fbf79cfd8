//! Operations on a resource, as RFC 7644 sections 3.5.2.1 to 3.5.2.3 say.

use std::borrow::Cow;

use super::elements;
use super::{Op, OpKind, PatchError, shown};
use crate::scim::path::Path;
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
/// `noTarget` where a value path selects no element that could be written.
pub fn apply<'a>(
    resource: &mut Object<'a>,
    ops: &[Op<'a>],
    schema: &Schema,
    options: &ApplyOptions,
) -> Result<(), PatchError> {
    let mut changed = resource.clone();
    let mut rest = ops;
    while let Some((op, after)) = rest.split_first() {
        let run = elements::removed_values(rest);
        rest = if run.len() > 1 {
            elements::remove_values(&mut changed, &op.path, schema, &run);
            rest.get(run.len()..).unwrap_or_default()
        } else {
            one(&mut changed, op, schema, *options)?;
            after
        };
    }
    *resource = changed;
    Ok(())
}

fn one<'a>(
    resource: &mut Object<'a>,
    op: &Op<'a>,
    schema: &Schema,
    options: ApplyOptions,
) -> Result<(), PatchError> {
    let path = &op.path;
    let (Some(urn), Some(attribute)) = (&path.urn, &path.attribute) else {
        let Some(name) = path.urn.as_ref().or(path.attribute.as_ref()) else { return Ok(()) };
        return attribute_of(resource, name, schema.attribute(name), op, options);
    };
    if op.kind == OpKind::Remove && !resource.contains(urn) {
        return Ok(());
    }
    let extension = schema.attribute(urn);
    let listed = extension.and_then(|extension| extension.attribute(attribute));
    attribute_of(resource.object_at(urn), attribute, listed, op, options)?;
    drop_if_empty(resource, urn);
    Ok(())
}

/// Applies an operation to the attribute that its path names, in the object that holds it.
fn attribute_of<'a>(
    parent: &mut Object<'a>,
    name: &str,
    attribute: Option<&Attribute>,
    op: &Op<'a>,
    options: ApplyOptions,
) -> Result<(), PatchError> {
    let Path { filter, sub, .. } = &op.path;
    let several = attribute.map_or_else(
        || matches!(parent.get(name), Some(Value::Array(_))),
        |attribute| attribute.multi_valued,
    );
    if filter.is_some() || (several && !sub.is_empty()) {
        return elements::selected(parent, name, attribute, op, options.create_missing)
            .ok_or_else(|| no_target(&op.path));
    }
    below(parent, name, attribute, sub, op.value.as_ref(), op.kind);
    Ok(())
}

fn no_target(path: &Path) -> PatchError {
    let detail = format!("No element of {} satisfies the path's value filter.", shown(path));
    PatchError::new("noTarget", detail)
}

/// Writes or removes what lies `sub` names below a member. An object that is emptied goes, too.
pub(super) fn below<'a>(
    parent: &mut Object<'a>,
    name: &str,
    attribute: Option<&Attribute>,
    sub: &[String],
    value: Option<&Value<'a>>,
    kind: OpKind,
) {
    let Some((next, rest)) = sub.split_first() else {
        return leaf(parent, name, attribute, value, kind);
    };
    let clears = value.is_none_or(Value::is_cleared);
    if clears && parent.get(name).and_then(Value::as_object).is_none() {
        return;
    }
    let inner = attribute.and_then(|attribute| attribute.attribute(next));
    below(parent.object_at(name), next, inner, rest, value, kind);
    drop_if_empty(parent, name);
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
    let several = attribute.is_some_and(|attribute| attribute.multi_valued);
    match value {
        // Adding no value to several adds nothing; any other cleared value unassigns.
        Some(value) if value.is_cleared() && several && kind == OpKind::Add => {}
        None => drop(parent.remove(name)),
        Some(value) if value.is_cleared() => drop(parent.remove(name)),
        Some(Value::Array(added)) if several && kind == OpKind::Add => {
            elements::append(parent, name, added);
        }
        Some(Value::Array(elements)) if several => elements::replace(parent, name, elements),
        Some(Value::Object(members)) if !several && is_complex(attribute) => {
            merge(parent.object_at(name), members, attribute);
            drop_if_empty(parent, name);
        }
        Some(value) => set(parent, name, value.clone()),
    }
}

fn is_complex(attribute: Option<&Attribute>) -> bool {
    attribute.is_some_and(|attribute| attribute.kind == Kind::Complex)
}

/// Sub-attributes that are given are written, the others stay (RFC 7644 section 3.5.2.3).
pub(super) fn merge<'a>(
    into: &mut Object<'a>,
    members: &Object<'a>,
    attribute: Option<&Attribute>,
) {
    for (name, value) in members.iter() {
        let sub = attribute.and_then(|attribute| attribute.attribute(name));
        leaf(into, name, sub, Some(value), OpKind::Replace);
    }
}

fn set<'a>(parent: &mut Object<'a>, name: &str, value: Value<'a>) {
    match parent.get_mut(name) {
        Some(old) => *old = value,
        None => parent.push(Cow::Owned(name.to_owned()), value),
    }
}
