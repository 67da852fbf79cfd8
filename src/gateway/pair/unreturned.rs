//! What the upstream stores and a GET does not return (RFC 7643 section 7, `returned`): a replacement
//! that does not say it would wipe it.
//!
//! What is writeOnly is another matter: RFC 7644 section 3.5.1 lets a server clear what a PUT leaves out
//! of readWrite attributes alone, and a password that nobody says stays.

use crate::rewrite::lens::Lens;
use crate::rewrite::resolve::{Resolved, leaves, resolve};
use crate::scim::schema::{Attribute, Kind, Mutability, Returned, attribute_at};

/// A place of the client's that leads to what the upstream's answers leave out.
#[derive(Debug, PartialEq)]
pub struct Unseen {
    /// In the client's words.
    pub client: Vec<String>,
    /// How many of the names lead to the client's elements, if it lies in some.
    pub array: Option<usize>,
    pub upstream: Vec<String>,
    /// Whether the upstream has it in each element, or in one place of its own.
    pub each: bool,
    /// Whether there are several values of it.
    pub several: bool,
}

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
            places.extend(parts(attribute, names));
        } else {
            places.extend(unreturned(&attribute.attributes, &names));
        }
    }
    places
}

/// What is to be said, lest a replacement wipes a part: each part of what is one, else the whole.
fn parts(attribute: &Attribute, names: Vec<String>) -> Vec<Vec<String>> {
    let whole = attribute.kind != Kind::Complex || attribute.multi_valued;
    if whole || attribute.attributes.is_empty() {
        return vec![names];
    }
    let mut found = Vec::new();
    for part in attribute.attributes.iter().filter(|part| part.mutability != Mutability::ReadOnly) {
        found.extend(parts(part, [names.as_slice(), std::slice::from_ref(&part.name)].concat()));
    }
    found
}

/// The client's places that lead to what the upstream's answers leave out.
pub fn unseen(client: &Lens, upstream: &Lens, unreturned: &[Vec<String>]) -> Vec<Unseen> {
    let mut places = Vec::new();
    if unreturned.is_empty() {
        return places;
    }
    for (spot, _, resolved) in leaves(&client.lift) {
        let Resolved::To(near) = resolved else { continue };
        let Resolved::To(far) = resolve(&upstream.lower, &near.spot) else { continue };
        let names = far.spot.names;
        let Some(whole) = unreturned.iter().find(|whole| begins(&names, whole)) else { continue };
        let attribute = attribute_at(&upstream.vendor.attributes, whole);
        let place = Unseen {
            client: spot.names,
            array: spot.array,
            upstream: whole.clone(),
            each: far.spot.array.is_some_and(|array| array < whole.len()),
            several: attribute.is_some_and(|attribute| attribute.multi_valued),
        };
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// Whether a path lies at or below another.
pub fn begins(names: &[String], with: &[String]) -> bool {
    with.len() <= names.len() && with.iter().zip(names).all(|(a, b)| a.eq_ignore_ascii_case(b))
}
