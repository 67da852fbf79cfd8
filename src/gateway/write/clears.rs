//! A replacement that says what it clears, as the upstream wants it said.

use super::merged::Merged;
use super::refusals::unsayable;
use crate::dialect::{Clear, Put, Resource};
use crate::fault::Fault;
use crate::gateway::pair::Pair;
use crate::rewrite::lens::insert;
use crate::scim::schema::{Attribute, Kind, Operation};
use crate::scim::{Object, Value};

impl Pair {
    /// The replacement, with what was cleared said as this upstream wants it said.
    pub(super) fn with_clears(&self, merged: &Merged) -> Result<Object<'static>, Fault> {
        let mut body = merged.after.clone();
        // What cannot be removed was kept by put.
        if self.upstream_resource.clear != Clear::No && !self.unsets_by_leaving_out() {
            let schema = &self.upstream.vendor.attributes;
            self.say_clears(&merged.before, &mut body, schema, &[])?;
        }
        Ok(body)
    }

    /// The same for the members of singular complex attributes.
    fn say_clears(
        &self,
        before: &Object<'_>,
        body: &mut Object<'static>,
        schema: &[Attribute],
        above: &[String],
    ) -> Result<(), Fault> {
        for (name, old) in before.iter() {
            let attribute = schema.iter().find(|a| a.name.eq_ignore_ascii_case(name));
            let singular = attribute.is_some_and(|a| a.kind == Kind::Complex && !a.multi_valued);
            let names = [above, &[name.to_owned()]].concat();
            match (body.get_mut(name), old) {
                (Some(Value::Object(body)), Value::Object(old)) if singular => {
                    let below = attribute.map_or(&[][..], |a| a.attributes.as_slice());
                    self.say_clears(old, body, below, &names)?;
                }
                (Some(_), _) => {}
                (None, old) => {
                    let said = match self.upstream_resource.clear {
                        Clear::Null => Some(Value::Null),
                        Clear::Empty => empty_like(old),
                        Clear::Omit | Clear::No => None,
                    };
                    let Some(said) = said else {
                        // What holds it is said without it; no empty value says more.
                        if !above.is_empty() {
                            continue;
                        }
                        return Err(unsayable(&format!(
                            "The upstream has no known way to remove the attribute {name}. Send a \
                             value, or leave the attribute as it is."
                        )));
                    };
                    insert(body, schema, name, said);
                }
            }
        }
        Ok(())
    }

    /// Whether nothing that the upstream is told removes a value: its replacements merge, so that leaving
    /// a value out says nothing, and no PATCH says more.
    pub(super) fn keeps_what_is_left_out(&self) -> bool {
        let Resource { clear, operations, patch, .. } = &self.upstream_resource;
        let patches = patch.is_some() && operations.has(Operation::Patch);
        let says = matches!(clear, Clear::Null | Clear::Empty) || self.unsets_by_leaving_out();
        *clear == Clear::No || !(says || patches)
    }

    /// Whether a replacement unsets what it leaves out.
    pub(in crate::gateway) fn unsets_by_leaving_out(&self) -> bool {
        let Resource { clear, put, .. } = &self.upstream_resource;
        *clear == Clear::Omit && *put == Put::Replace
    }
}

/// The empty value of the same type; a boolean and a number have none.
fn empty_like(value: &Value<'_>) -> Option<Value<'static>> {
    match value {
        Value::Array(_) => Some(Value::Array(Vec::new())),
        Value::Object(_) => Some(Value::Object(Object::new())),
        Value::String(_) => Some(Value::text("")),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}
