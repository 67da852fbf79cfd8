//! How a change is told to the upstream: as PUT, or as one PATCH of the difference.

use super::demand;
use super::merge::{Merged, attribute_at, writable};
use super::pair::{Losses, Pair, checked};
use crate::dialect::model::{Clear, Put};
use crate::fault::{Cause, Fault};
use crate::rewrite::lens::insert;
use crate::rewrite::translate::Message;
use crate::scim::patch::{Op, OpKind};
use crate::scim::path::Path;
use crate::scim::schema::{Kind, Operation, is_urn};
use crate::scim::{Object, Value};

impl Pair {
    /// The writes that make `before` into `after`: operation and body's attributes; several only for
    /// members. One PATCH of the difference goes before a PUT, whatever the client asked for: it says
    /// no more than the client changed, so that it undoes nothing that others write elsewhere.
    ///
    /// # Errors
    /// `NotImplemented` where the upstream cannot be told.
    pub fn written(
        &self,
        merged: &Merged,
        asked: Operation,
    ) -> Result<Vec<(Operation, Object<'static>)>, Fault> {
        let puts = self.upstream_resource.operations.has(Operation::Replace);
        let merges = self.upstream_resource.put == Put::Merge;
        let whole =
            demand::elements_are_whole(&merged.after, &self.upstream.vendor, Operation::Replace);
        let unlike_a_put = !puts || merges || asked == Operation::Patch || !whole;
        if let Some(bodies) = self.difference(&merged.before, &merged.after)
            && (bodies.len() == 1 || unlike_a_put)
        {
            return Ok(bodies.into_iter().map(|body| (Operation::Patch, body)).collect());
        }
        if !puts {
            return Err(unsayable("The upstream can neither replace nor patch this resource."));
        }
        if !whole {
            return Err(unsayable(
                "The upstream wants more of each element than the request says, and cannot be \
                 told in another way.",
            ));
        }
        Ok(vec![(Operation::Replace, self.with_clears(merged)?)])
    }

    /// The difference as PATCH in the upstream's forms, if it can be said in them.
    pub fn difference(
        &self,
        before: &Object<'_>,
        after: &Object<'_>,
    ) -> Option<Vec<Object<'static>>> {
        let mut ops = Vec::new();
        self.differ(before, after, &[], &mut ops);
        self.printed(&ops)
    }

    /// The replacement, with what was cleared said as this upstream wants it said.
    fn with_clears(&self, merged: &Merged) -> Result<Object<'static>, Fault> {
        let mut body = merged.after.clone();
        let schema = &self.upstream.vendor.attributes;
        for (name, old) in merged.before.iter().filter(|(name, _)| !merged.after.contains(name)) {
            let said = match self.upstream_resource.clear {
                // Leaving it out says it; and what cannot be removed was kept by put.
                Clear::Omit | Clear::No => continue,
                Clear::Null => Some(Value::Null),
                Clear::Empty => empty_like(old),
            };
            let said = said.ok_or_else(|| {
                unsayable(&format!(
                    "The upstream has no known way to remove the attribute {name}. Send a value, or \
                     leave the attribute as it is."
                ))
            })?;
            insert(&mut body, schema, name, said);
        }
        Ok(body)
    }

    /// What a stored resource becomes when it is deactivated.
    ///
    /// # Errors
    /// `NotImplemented` where the upstream has no place for it.
    pub fn deactivated(&self, stored: &Object<'_>) -> Result<Merged, Fault> {
        let mut canonical = Object::new();
        canonical.push("active", Value::Bool(false));
        let lowered = self.upstream.lower(&canonical, Message::Request(Operation::Patch));
        if lowered.object.is_empty() {
            return Err(unsayable("The upstream's accounts cannot be deactivated."));
        }
        let mut before = stored.borrowed();
        writable(&mut before, &self.upstream.vendor.attributes);
        let mut after = before.clone();
        for (name, value) in lowered.object.iter() {
            let value = value.clone().into_owned();
            insert(&mut after, &self.upstream.vendor.attributes, name, value);
        }
        let (before, after) = (before.into_owned(), after.into_owned());
        let changed = before != after;
        Ok(Merged { before, after, losses: Losses::default(), changed })
    }

    /// What a replacement would lose whatever the old resource is: what is said of a place that the
    /// vendor alone writes may be what it shows there, which [`merge`](Self::merge) sees.
    ///
    /// # Errors
    /// `InvalidValue` for values that a rule refuses.
    pub fn replace_losses(&self, user: &Object<'_>) -> Result<Losses, Fault> {
        let message = Message::Request(Operation::Replace);
        let lifted = checked(self.client.lift(user, message))?;
        let mut lowered = checked(self.upstream.lower(&lifted.object, message))?;
        demand::check_formats(&lowered.object, &self.upstream.vendor)?;
        lowered.losses.retain(|loss| !self.table.told_only.contains(&*loss.place));
        Ok(Losses { lifting: lifted.losses, lowering: lowered.losses })
    }

    /// Operations that lead from one resource to the other, in the upstream's words.
    fn differ(
        &self,
        before: &Object<'_>,
        after: &Object<'_>,
        above: &[String],
        ops: &mut Vec<Op<'static>>,
    ) {
        let schema = &self.upstream.vendor.attributes;
        let none = Object::new();
        let gone = before.iter().filter(|(name, _)| !after.contains(name));
        let gone = gone.map(|(name, old)| (name, Some(old), None));
        let said = after.iter().map(|(name, new)| (name, before.get(name), Some(new)));
        for (name, old, new) in said.chain(gone) {
            if old == new {
                continue;
            }
            let names = [above, &[name.to_owned()]].concat();
            // An extension that the schema does not list is an object all the same, and its bare URN
            // could be read as a path with an attribute.
            let complex = (above.is_empty() && is_urn(name))
                || attribute_at(schema, &names).is_some_and(|a| a.kind == Kind::Complex);
            let many = attribute_at(schema, &names).is_some_and(|a| a.multi_valued);
            let inner = |value: Option<&'_ Value<'_>>| -> Object<'static> {
                let object = value.and_then(Value::as_object).unwrap_or(&none);
                object.clone().into_owned()
            };
            let members = || self.membership(&names, old?, new?);
            if complex && !many {
                self.differ(&inner(old), &inner(new), &names, ops);
            } else if let Some(members) = members() {
                ops.extend(members);
            } else {
                match new {
                    Some(new) if !new.is_cleared() => {
                        ops.push(op(OpKind::Replace, &names, Some(new.clone().into_owned())));
                    }
                    _ if many => ops.push(self.removal(&names)),
                    _ => ops.push(op(OpKind::Remove, &names, None)),
                }
            }
        }
    }
}

pub fn op(kind: OpKind, names: &[String], value: Option<Value<'static>>) -> Op<'static> {
    Op { kind, path: path(names), value }
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

/// The empty value of the same type; a boolean and a number have none.
fn empty_like(value: &Value<'_>) -> Option<Value<'static>> {
    match value {
        Value::Array(_) => Some(Value::Array(Vec::new())),
        Value::Object(_) => Some(Value::Object(Object::new())),
        Value::String(_) => Some(Value::text("")),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn unsayable(detail: &str) -> Fault {
    Fault::new(Cause::NotImplemented, detail)
}
