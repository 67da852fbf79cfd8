//! A client's attributes, taken in: in its schema's form, and checked against it.

use super::demand;
use crate::fault::Fault;
use crate::gateway::pair::{Alike, Pair, once, quoted, refuse};
use crate::scim::coerce::{coerce, spelt};
use crate::scim::in_order::InOrder;
use crate::scim::schema::{Operation, Unknown, is_urn};
use crate::scim::{Object, Value};

impl Pair {
    /// A client's attributes in its schema's form, checked against it.
    ///
    /// # Errors
    /// `InvalidValue` for wrong types and missing required attributes, all of them; `BadBody` for
    /// attributes that the client's own dialect refuses.
    pub fn intake<'a>(
        &self,
        object: Object<'a>,
        operation: Operation,
    ) -> Result<Object<'a>, Fault> {
        self.intake_over(object, operation, &[])
    }

    /// The same over a resource that lacked something before, which is no mistake of this request's:
    /// `lacked` are the sentences of [`demand::missing`].
    ///
    /// # Errors
    /// As [`intake`](Self::intake).
    pub(super) fn intake_over<'a>(
        &self,
        object: Object<'a>,
        operation: Operation,
        lacked: &[String],
    ) -> Result<Object<'a>, Fault> {
        let schema = &self.client.vendor;
        let mut mistakes = Vec::new();
        let mut taken = Object::with_capacity(object.len());
        let mut known = InOrder::new(&schema.attributes);
        for (name, value) in self.unfolded(object, &mut mistakes) {
            let Some(attribute) = known.find(&name) else {
                let open = schema.open_extensions && is_urn(&name);
                if self.is_foreign(&name) {
                    mistakes.push(format!("{} is the URN of another schema.", quoted(&name)));
                } else if schema.unknown == Unknown::Refuse && !open {
                    mistakes.push(format!("The attribute {} is not known.", quoted(&name)));
                } else {
                    taken.push(name, value);
                }
                continue;
            };
            match coerce(value, attribute, self.leniency) {
                Ok(value) => taken.push(spelt(name, &attribute.name), value),
                Err(mismatch) => mistakes.push(mismatch.to_string()),
            }
        }
        let missing = demand::missing(&taken, &schema.attributes, operation).into_iter();
        mistakes.extend(missing.filter(|mistake| !lacked.contains(mistake)));
        refuse(mistakes)?;
        once(&schema.attributes, &mut taken, Alike::Agreeing);
        Ok(taken)
    }
}

impl Pair {
    /// A client's attributes that stand below the URN of their own core schema, where they belong.
    pub(super) fn unfolded<'a>(
        &self,
        mut object: Object<'a>,
        mistakes: &mut Vec<String>,
    ) -> Object<'a> {
        let core = &self.client.vendor.urn;
        let Some(Value::Object(_)) = object.get(core) else { return object };
        let inner = object.remove(core).unwrap_or_default();
        let common = ["schemas", "id", "meta"];
        for (name, value) in inner.as_object().into_iter().flat_map(Object::iter) {
            if common.iter().any(|common| common.eq_ignore_ascii_case(name)) {
                continue;
            }
            if object.contains(name) {
                mistakes.push(format!("The attribute {} is there twice.", quoted(name)));
            } else {
                object.push(name.to_owned(), value.clone());
            }
        }
        object
    }
}
