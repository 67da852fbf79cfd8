//! Operations on a resource, as RFC 7644 sections 3.5.2.1 to 3.5.2.3 say.
//!
//! Where the schema says nothing of a place, what is stored says whether there are several values.

use super::elements::{drop_if_empty, has_several};
use super::op::{Op, PatchError, shown};
use super::write::{below, clears};
use super::{removal, select};
use crate::scim::filter::Path;
use crate::scim::schema::{Attribute, Schema};
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
        return select::selected(parent, name, attribute, op, options.create_missing);
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
