//! How a change is told to the upstream: as PUT, or as one PATCH of the difference.

use super::merge::{Merged, writable};
use super::pair::{Losses, Pair, checked};
use super::patch::print;
use crate::dialect::model::{Clear, Put};
use crate::fault::{Cause, Fault};
use crate::rewrite::lens::insert;
use crate::rewrite::translate::Message;
use crate::scim::patch::{Op, OpKind};
use crate::scim::path::Path;
use crate::scim::schema::{Attribute, Kind, Operation, is_urn};
use crate::scim::{Object, Value};

impl Pair {
    /// The write that makes `before` into `after`: the operation and the body's attributes. What the
    /// client asked for is asked for: a PATCH of the difference says no more than the client did.
    ///
    /// # Errors
    /// `NotImplemented` where the upstream cannot be told.
    pub fn written(
        &self,
        merged: &Merged,
        asked: Operation,
    ) -> Result<(Operation, Object<'static>), Fault> {
        let operations = self.upstream_resource.operations;
        let puts = operations.has(Operation::Replace);
        let patches =
            asked == Operation::Patch || !puts || self.upstream_resource.put == Put::Merge;
        if patches && let Some(body) = self.difference(&merged.before, &merged.after) {
            return Ok((Operation::Patch, body));
        }
        if !puts {
            return Err(unsayable("The upstream can neither replace nor patch this resource."));
        }
        Ok((Operation::Replace, self.with_clears(merged)?))
    }

    /// The difference as one PATCH in the upstream's forms, if it can be said in them.
    pub fn difference(&self, before: &Object<'_>, after: &Object<'_>) -> Option<Object<'static>> {
        if !self.upstream_resource.operations.has(Operation::Patch) {
            return None;
        }
        let mut ops = Vec::new();
        differ(before, after, &self.upstream.vendor.attributes, &[], &mut ops);
        print(&ops, self.upstream_resource.patch.as_ref()?)
    }

    /// The replacement, with what was cleared said as this upstream wants it said.
    fn with_clears(&self, merged: &Merged) -> Result<Object<'static>, Fault> {
        let mut body = merged.after.clone();
        let schema = &self.upstream.vendor.attributes;
        for (name, old) in merged.before.iter().filter(|(name, _)| !merged.after.contains(name)) {
            let said = match self.upstream_resource.clear {
                Clear::Omit => continue,
                Clear::Null => Some(Value::Null),
                Clear::Empty => empty_like(old),
                Clear::No => None,
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

    /// The write that deactivates a resource just created.
    ///
    /// # Errors
    /// `NotImplemented` where the upstream cannot be told.
    pub fn deactivation(&self, stored: &Object<'_>) -> Result<(Operation, Object<'static>), Fault> {
        let mut canonical = Object::new();
        canonical.push("active", Value::Bool(false));
        let lowered = self.upstream.lower(&canonical, Message::Request(Operation::Patch));
        let mut before = stored.borrowed();
        writable(&mut before, &self.upstream.vendor.attributes);
        let mut after = before.clone();
        for (name, value) in lowered.object.iter() {
            let value = value.clone().into_owned();
            insert(&mut after, &self.upstream.vendor.attributes, name, value);
        }
        let (before, after) = (before.into_owned(), after.into_owned());
        let merged = Merged { before, after, losses: Losses::default(), changed: true };
        self.written(&merged, Operation::Patch)
    }

    /// What a replacement would lose, before the old resource is read.
    ///
    /// # Errors
    /// `InvalidValue` for values that a rule refuses.
    pub fn replace_losses(&self, user: &Object<'_>) -> Result<Losses, Fault> {
        let message = Message::Request(Operation::Replace);
        let lifted = checked(self.client.lift(user, message))?;
        let lowered = checked(self.upstream.lower(&lifted.object, message))?;
        super::demand::check_formats(&lowered.object, &self.upstream.vendor)?;
        Ok(Losses { lifting: lifted.losses, lowering: lowered.losses })
    }
}

/// Operations that lead from one resource to the other, in the schema's words.
fn differ(
    before: &Object<'_>,
    after: &Object<'_>,
    schema: &[Attribute],
    above: &[String],
    ops: &mut Vec<Op<'static>>,
) {
    let find = |name: &str| schema.iter().find(|a| a.name.eq_ignore_ascii_case(name));
    for (name, value) in after.iter() {
        let old = before.get(name);
        if old == Some(value) {
            continue;
        }
        let names = [above, &[name.to_owned()]].concat();
        let attribute = find(name);
        let singular = attribute.is_some_and(|a| a.kind == Kind::Complex && !a.multi_valued);
        if let (true, Value::Object(inner)) = (singular, value) {
            let none = Object::new();
            let old = old.and_then(Value::as_object).unwrap_or(&none);
            let below = attribute.map_or(&[][..], |a| a.attributes.as_slice());
            differ(old, inner, below, &names, ops);
        } else {
            ops.push(op(OpKind::Replace, &names, Some(value.clone().into_owned())));
        }
    }
    for (name, old) in before.iter().filter(|(name, _)| !after.contains(name)) {
        let names = [above, &[name.to_owned()]].concat();
        let attribute = find(name);
        let singular = attribute.is_some_and(|a| a.kind == Kind::Complex && !a.multi_valued);
        if let (true, Value::Object(inner)) = (singular, old) {
            let below = attribute.map_or(&[][..], |a| a.attributes.as_slice());
            differ(inner, &Object::new(), below, &names, ops);
        } else {
            ops.push(op(OpKind::Remove, &names, None));
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
