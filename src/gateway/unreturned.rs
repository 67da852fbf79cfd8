//! What the upstream stores and a GET does not return (RFC 7643 section 7, `returned`): a replacement
//! that does not say it would wipe it.
//!
//! What is writeOnly is another matter: RFC 7644 section 3.5.1 lets a server clear what a PUT leaves out
//! of readWrite attributes alone, and a password that nobody says stays.

use super::pair::Pair;
use crate::scim::schema::{Attribute, Mutability, Returned};
use crate::scim::{Object, Value};

/// The places of a schema that are written and not returned, those that hold others alone.
pub fn unreturned(attributes: &[Attribute], above: &[String]) -> Vec<Vec<String>> {
    let mut places = Vec::new();
    for attribute in attributes {
        let names = [above, std::slice::from_ref(&attribute.name)].concat();
        let written = match attribute.mutability {
            Mutability::ReadWrite | Mutability::Immutable => true,
            Mutability::ReadOnly | Mutability::WriteOnly => continue,
        };
        if written && matches!(attribute.returned, Returned::Never | Returned::Request) {
            places.push(names);
        } else {
            places.extend(unreturned(&attribute.attributes, &names));
        }
    }
    places
}

impl Pair {
    /// The first place that a GET does not return and the resource does not say.
    pub(super) fn unsaid(&self, resource: &Object<'_>) -> Option<&[String]> {
        let unsaid = self.unreturned.iter().find(|names| !is_said(resource, names));
        unsaid.map(Vec::as_slice)
    }
}

/// Whether there is a value at a place: in every element, where it lies in elements.
fn is_said(object: &Object<'_>, names: &[String]) -> bool {
    let Some((first, rest)) = names.split_first() else { return true };
    match object.get(first) {
        Some(value) if rest.is_empty() => !value.is_cleared(),
        Some(Value::Object(inner)) => is_said(inner, rest),
        Some(Value::Array(elements)) => {
            elements.iter().filter_map(Value::as_object).all(|element| is_said(element, rest))
        }
        // Where the whole is not there, nothing of it is.
        None => !rest.is_empty(),
        Some(_) => true,
    }
}
