//! Holds a request against what is immutable (RFC 7643 section 7, RFC 7644 sections 3.5.1 and 3.5.2): it
//! may repeat what is there, and set what is not; a change is refused.

use crate::fault::{Cause, Fault};
use crate::gateway::pair::{Fixed, Pair, checked, said_at};
use crate::rewrite::lens::insert;
use crate::rewrite::program::label;
use crate::rewrite::translate::Message;
use crate::scim::equal::{TextCase, equal_values};
use crate::scim::schema::{Attribute, Operation, attribute_at};
use crate::scim::{Object, Value};

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
            let Some(said) = said_at(&new, upstream) else { continue };
            let attribute = attribute_at(&self.upstream.vendor.attributes, upstream);
            match said_at(&old, upstream) {
                None if said_at(after, upstream).is_none() => self.set(after, upstream, said),
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
            if let (Some(said), None) = (said_at(&new, upstream), said_at(body, upstream)) {
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

pub fn immutable(path: &str) -> Fault {
    Fault::new(
        Cause::Mutability,
        format!(
            "The attribute {path} is immutable: it has a value, which cannot be changed. Send it as \
             it is, or leave it out."
        ),
    )
}
