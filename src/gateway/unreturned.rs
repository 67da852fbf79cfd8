//! What the upstream stores and a GET does not return (RFC 7643 section 7, `returned`): a replacement
//! that does not say it would wipe it.
//!
//! What is writeOnly is another matter: RFC 7644 section 3.5.1 lets a server clear what a PUT leaves out
//! of readWrite attributes alone, and a password that nobody says stays.

use super::merge::attribute_at;
use super::pair::Pair;
use crate::fault::{Cause, Fault};
use crate::rewrite::lens::Lens;
use crate::rewrite::program::label;
use crate::rewrite::resolve::{Resolved, leaves, resolve};
use crate::scim::patch::{Op, OpKind};
use crate::scim::schema::{Attribute, Kind, Mutability, Returned};
use crate::scim::{Object, Value};

/// A place of the client's that leads to what the upstream's answers leave out.
#[derive(Debug, PartialEq)]
pub struct Unseen {
    /// In the client's words.
    client: Vec<String>,
    /// How many of the names lead to the client's elements, if it lies in some.
    array: Option<usize>,
    upstream: Vec<String>,
    /// Whether the upstream has it in each element, or in one place of its own.
    each: bool,
    /// Whether there are several values of it.
    several: bool,
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
fn begins(names: &[String], with: &[String]) -> bool {
    with.len() <= names.len() && with.iter().zip(names).all(|(a, b)| a.eq_ignore_ascii_case(b))
}

impl Unseen {
    /// Whether what an operation comes to depends on what is there.
    fn decides(&self, op: &Op<'_>) -> bool {
        let names: Vec<String> = op.path.members().map(str::to_owned).collect();
        let head = names.len() - op.path.sub.len();
        let (at_or_above, below) = (begins(&self.client, &names), begins(&names, &self.client));
        if let (Some(filter), true) = (&op.path.filter, self.array == Some(head))
            && begins(&self.client, names.get(..head).unwrap_or_default())
        {
            let asked = filter.paths().iter().any(|path| {
                let asked: Vec<String> = path.members().map(str::to_owned).collect();
                begins(self.client.get(head..).unwrap_or_default(), &asked)
            });
            if asked {
                return true;
            }
        }
        if !at_or_above && !below {
            return false;
        }
        let clears = op.kind == OpKind::Remove || op.value.as_ref().is_none_or(Value::is_cleared);
        // Whole elements, and lists of them, go with what is hidden in them.
        let holds = self.array.is_some_and(|array| names.len() <= array) && self.each;
        match op.kind {
            _ if holds => false,
            _ if clears => true,
            OpKind::Add => self.several,
            OpKind::Replace => self.array == Some(names.len()) && op.path.filter.is_none(),
            OpKind::Remove => true,
        }
    }
}

impl Pair {
    /// The first place that a GET does not return and the resource does not say.
    pub(super) fn unsaid(&self, resource: &Object<'_>) -> Option<&[String]> {
        let unsaid = self.unreturned.iter().find(|names| !is_said(resource, names));
        unsaid.map(Vec::as_slice)
    }

    /// Whether elements hold what a GET does not return, and some does not say it.
    pub(super) fn is_unsaid_in(&self, list: &[String], elements: &Value<'_>) -> bool {
        let mut inside = self.unreturned_in(list);
        inside.any(|names| {
            let below = names.get(list.len()..).unwrap_or_default();
            let mut elements = elements.as_array().unwrap_or_default().iter();
            elements.any(|one| one.as_object().is_some_and(|one| !is_said(one, below)))
        })
    }

    /// The places in a list's elements that a GET does not return.
    pub(super) fn unreturned_in<'p>(
        &'p self,
        list: &'p [String],
    ) -> impl Iterator<Item = &'p Vec<String>> {
        self.unreturned.iter().filter(|names| names.len() > list.len() && begins(names, list))
    }

    /// Takes out of a client's view what no answer of its dialect shows unasked, unless the replacement
    /// says it: what the client neither saw nor says stays.
    pub(super) fn withhold(&self, view: &mut Object<'_>, user: &Object<'_>) {
        for names in self.unasked.iter().filter(|names| !mentions(user, names)) {
            take_out(view, names);
        }
    }

    /// Refuses operations that are to be done here, over what is read, and cannot be: nothing that is
    /// read shows what they change.
    pub(super) fn foresees(&self, ops: &[Op<'_>]) -> Result<(), Fault> {
        let unseen = ops.iter().find_map(|op| self.unseen.iter().find(|place| place.decides(op)));
        let Some(place) = unseen else { return Ok(()) };
        let detail = format!(
            "The upstream's answers leave out {}, so that what becomes of {} cannot be told; nothing \
             was sent. Replace it by a value, or change it at the upstream.",
            label(&place.upstream),
            label(&place.client)
        );
        Err(Fault::new(Cause::NotImplemented, detail))
    }
}

/// Whether anything is said at a place, be it that there is no value; of some element, where it lies in
/// elements.
fn mentions(object: &Object<'_>, names: &[String]) -> bool {
    let Some((first, rest)) = names.split_first() else { return true };
    match object.get(first) {
        Some(_) if rest.is_empty() => true,
        Some(Value::Object(inner)) => mentions(inner, rest),
        Some(Value::Array(elements)) => {
            elements.iter().filter_map(Value::as_object).any(|element| mentions(element, rest))
        }
        _ => false,
    }
}

fn take_out(object: &mut Object<'_>, names: &[String]) {
    match names {
        [] => {}
        [name] => drop(object.remove(name)),
        [first, rest @ ..] => match object.get_mut(first) {
            Some(Value::Object(inner)) => take_out(inner, rest),
            Some(Value::Array(elements)) => {
                elements
                    .iter_mut()
                    .filter_map(Value::as_object_mut)
                    .for_each(|element| take_out(element, rest));
            }
            _ => {}
        },
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
