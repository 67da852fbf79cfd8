//! Immutable attributes (RFC 7643 section 7, RFC 7644 sections 3.5.1 and 3.5.2): a request may repeat
//! what is there, and set what is not; a change is refused.

use super::merge::attribute_at;
use super::pair::{Pair, checked};
use crate::fault::{Cause, Fault};
use crate::rewrite::lens::{Lens, insert};
use crate::rewrite::program::label;
use crate::rewrite::resolve::{Resolved, leaves, resolve};
use crate::rewrite::translate::Message;
use crate::scim::equal::{TextCase, equal_values};
use crate::scim::schema::{Attribute, Mutability, Operation};
use crate::scim::{Object, Value};

/// A place that one of the sides lets nobody change.
#[derive(Debug, PartialEq)]
pub struct Fixed {
    /// In the client's words.
    pub client: Vec<String>,
    pub upstream: Vec<String>,
}

/// The places of a pair that can be set and not changed.
pub fn fixed(client: &Lens, upstream: &Lens) -> Vec<Fixed> {
    let mut places = Vec::new();
    for (spot, _, resolved) in leaves(&client.lift) {
        let Resolved::To(near) = resolved else { continue };
        let Resolved::To(far) = resolve(&upstream.lower, &near.spot) else { continue };
        let whole = |names: &[String], array: Option<usize>| -> Vec<String> {
            names.get(..array.unwrap_or(names.len())).unwrap_or_default().to_vec()
        };
        let (from, to) = (whole(&spot.names, spot.array), whole(&far.spot.names, far.spot.array));
        let immutable = |attributes: &[Attribute], names: &[String]| {
            (1..=names.len()).any(|depth| {
                let above = names.get(..depth).unwrap_or_default();
                let found = attribute_at(attributes, above);
                found.is_some_and(|found| found.mutability == Mutability::Immutable)
            })
        };
        let found = immutable(&client.vendor.attributes, &from)
            || immutable(&upstream.vendor.attributes, &to);
        let place = Fixed { client: from, upstream: to };
        if found && !far.read_only && !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

impl Pair {
    /// Holds a request against what the client is shown of the old resource: what is immutable is set
    /// where it is not there.
    ///
    /// # Errors
    /// `Mutability` for a change.
    pub(super) fn fix(
        &self,
        user: &Object<'_>,
        view: &Object<'_>,
        after: &mut Object<'_>,
    ) -> Result<(), Fault> {
        if self.fixed.is_empty() {
            return Ok(());
        }
        let (new, old) = (self.as_created(user)?, self.as_created(view)?);
        for Fixed { client, upstream } in &self.fixed {
            let Some(said) = at(&new, upstream) else { continue };
            let attribute = attribute_at(&self.upstream.vendor.attributes, upstream);
            match at(&old, upstream) {
                None if at(after, upstream).is_none() => self.set(after, upstream, said),
                Some(there) if !equal_values(there, said, attribute, TextCase::Schema) => {
                    return Err(immutable(&label(client)));
                }
                None | Some(_) => {}
            }
        }
        Ok(())
    }

    /// A replacement without the old resource says what is immutable, for the upstream to compare.
    pub(super) fn say_fixed(&self, user: &Object<'_>, body: &mut Object<'_>) -> Result<(), Fault> {
        if self.fixed.is_empty() {
            return Ok(());
        }
        let new = self.as_created(user)?;
        for Fixed { upstream, .. } in &self.fixed {
            if let (Some(said), None) = (at(&new, upstream), at(body, upstream)) {
                self.set(body, upstream, said);
            }
        }
        Ok(())
    }

    /// A resource in the upstream's words as a create would say it, which holds what is immutable.
    fn as_created(&self, user: &Object<'_>) -> Result<Object<'static>, Fault> {
        let message = Message::Request(Operation::Create);
        let lifted = checked(self.client.lift(user, message))?;
        Ok(checked(self.upstream.lower(&lifted.object, message))?.object.into_owned())
    }

    fn set(&self, object: &mut Object<'_>, names: &[String], value: &Value<'_>) {
        set(object, &self.upstream.vendor.attributes, names, value);
    }
}

fn set(object: &mut Object<'_>, schema: &[Attribute], names: &[String], value: &Value<'_>) {
    match names {
        [] => {}
        [name] => insert(object, schema, name, value.clone().into_owned()),
        [name, below @ ..] => {
            if object.get(name).is_none_or(Value::is_cleared) {
                insert(object, schema, name, Value::Object(Object::new()));
            }
            let attribute = schema.iter().find(|a| a.name.eq_ignore_ascii_case(name));
            let subs = attribute.map_or(&[][..], |attribute| attribute.attributes.as_slice());
            if let Some(Value::Object(inner)) = object.get_mut(name) {
                set(inner, subs, below, value);
            }
        }
    }
}

/// What is said at a path of names.
pub fn at<'v, 'a>(object: &'v Object<'a>, names: &[String]) -> Option<&'v Value<'a>> {
    let (first, rest) = names.split_first()?;
    let value = rest.iter().try_fold(object.get(first)?, |at, name| at.as_object()?.get(name))?;
    (!value.is_cleared()).then_some(value)
}

fn immutable(path: &str) -> Fault {
    Fault::new(
        Cause::Mutability,
        format!(
            "The attribute {path} is immutable: it has a value, which cannot be changed. Send it as \
             it is, or leave it out."
        ),
    )
}
