//! One resource as a message: the frame around its attributes, read and written.
//!
//! `schemas`, `id` and `meta` end here: the rules never see them (docs/semantics.md 2.7).

mod frame;
mod read;
mod reference;
mod write;

pub use frame::{Frame, Location, Meta};
pub use read::{error_in, read_answer, read_request};
pub use write::{schemas_shown, write_answer, write_request};

pub(super) use read::read_status;

use crate::dialect::Resource;
use crate::scim::schema::Operation;
use crate::scim::value::{Object, Value};

/// Takes the resource out of its envelope, if the envelope is all there is (docs/semantics.md 2.7).
///
/// Vendors document an envelope for some operations and say nothing of others: a member of an
/// envelope's name that stands alone is unwrapped there too, unless the schema knows it.
fn without_envelope<'a>(resource: &Resource, operation: Operation, body: Value<'a>) -> Value<'a> {
    let Value::Object(object) = body else { return body };
    if !is_wrapped(resource, operation, &object) {
        return Value::Object(object);
    }
    object.into_iter().next().map(|(_, inner)| inner).unwrap_or_default()
}

/// What is in the envelope, where it is one and holds an object.
fn within_envelope<'o, 'a>(
    resource: &Resource,
    operation: Operation,
    outer: &'o Object<'a>,
) -> Option<&'o Object<'a>> {
    let wrapped = is_wrapped(resource, operation, outer);
    wrapped.then(|| outer.iter().next().and_then(|(_, inner)| inner.as_object())).flatten()
}

fn is_wrapped(resource: &Resource, operation: Operation, object: &Object) -> bool {
    let is_envelope = |member: &str| {
        resource.envelope.iter().any(|(of, name)| {
            name.eq_ignore_ascii_case(member)
                && (*of == operation || resource.schema.attribute(name).is_none())
        })
    };
    object.len() == 1 && object.iter().any(|(name, _)| is_envelope(name))
}
