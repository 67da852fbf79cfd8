//! What stands at a path of member names in a resource, and the path as text has it.

use crate::scim::schema::is_urn;
use crate::scim::{Object, Path, Value};

/// The value at a path of names.
pub fn value_at<'v, 'a>(object: &'v Object<'a>, names: &[String]) -> Option<&'v Value<'a>> {
    let (first, rest) = names.split_first()?;
    rest.iter().try_fold(object.get(first)?, |at, name| at.as_object()?.get(name))
}

/// What is said at a path of names: a value that is one.
pub fn said_at<'v, 'a>(object: &'v Object<'a>, names: &[String]) -> Option<&'v Value<'a>> {
    value_at(object, names).filter(|value| !value.is_cleared())
}

/// The attribute path of member names.
pub fn path(names: &[String]) -> Path {
    match names.split_first() {
        Some((urn, rest)) if is_urn(urn) => Path {
            urn: Some(urn.clone()),
            attribute: rest.first().cloned(),
            filter: None,
            sub: rest.get(1..).unwrap_or_default().to_vec(),
        },
        Some((attribute, rest)) => Path { sub: rest.to_vec(), ..Path::core(attribute.clone()) },
        None => Path::default(),
    }
}

/// Whether names lead to or below `id`, `meta` or `schemas`, which are the same everywhere (RFC 7643 section 3.1).
pub fn is_common(names: &[String]) -> bool {
    let common =
        |name: &String| ["id", "meta", "schemas"].iter().any(|c| c.eq_ignore_ascii_case(name));
    names.first().is_some_and(common)
}
