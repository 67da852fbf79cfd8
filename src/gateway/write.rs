//! How a change is told to the upstream: as PUT, or as one PATCH of the difference.

use super::demand;
use super::merge::{Merged, attribute_at};
use super::pair::{Losses, Pair, checked};
use super::taken::is_told;
use super::writable::{trim, writable};
use crate::dialect::{Clear, Put, Resource};
use crate::fault::{Cause, Fault};
use crate::rewrite::lens::insert;
use crate::rewrite::program::label;
use crate::rewrite::translate::{Message, Translation};
use crate::scim::Path;
use crate::scim::patch::{Op, OpKind};
use crate::scim::reading::{Old, is_partly_unreadable, read};
use crate::scim::schema::{Attribute, Kind, Operation, Uniqueness, is_urn};
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
        let is_whole = |object: &Object<'_>| {
            demand::elements_are_whole(object, &self.upstream.vendor, Operation::Replace)
        };
        let whole = is_whole(&merged.after);
        let unsaid = self.unsaid(&merged.after);
        let unlike_a_put =
            !puts || merges || asked == Operation::Patch || !whole || unsaid.is_some();
        if let Some(bodies) = self.difference(&merged.before, &merged.after)
            && (bodies.len() == 1 || unlike_a_put)
        {
            return Ok(bodies.into_iter().map(|body| (Operation::Patch, body)).collect());
        }
        if !puts {
            return Err(unsayable("The upstream can neither replace nor patch this resource."));
        }
        let mut body = self.with_clears(merged)?;
        if !whole {
            // A replacement says the old elements, too.
            let canonical = self.upstream.lift(&merged.after, Message::Response).object;
            let replaces = Operation::Replace;
            drop(self.upstream.complete_elements(&mut body, &canonical, replaces, None));
        }
        if !whole && !is_whole(&body) {
            return Err(unsayable(
                "The upstream wants more of each element than the request says, and cannot be \
                 told in another way.",
            ));
        }
        if let Some(place) = unsaid {
            return Err(unsayable(&format!(
                "The upstream's answers leave out {}, which a replacement would wipe, and the \
                 change cannot be told as a PATCH. Say the attribute as well, or change it at the \
                 upstream.",
                label(place)
            )));
        }
        self.named(&merged.before, &body)?;
        Ok(vec![(Operation::Replace, body)])
    }

    /// Whether what was read has the name that every resource has: without it, it was not read as what it is,
    /// and a replacement would wipe it. Other attributes that the upstream demands old resources may lack.
    fn named(&self, before: &Object<'_>, body: &Object<'_>) -> Result<(), Fault> {
        let demanded = |attribute: &&Attribute| {
            attribute.required.has(Operation::Replace)
                && attribute.uniqueness != Uniqueness::None
                && is_told(attribute)
        };
        let absent = |name: &str| !before.contains(name) && !body.contains(name);
        let mut demanded = self.upstream.vendor.attributes.iter().filter(demanded);
        let Some(lacking) = demanded.find(|attribute| absent(&attribute.name)) else {
            return Ok(());
        };
        let detail = format!(
            "The upstream demands {} of a replacement, and its answer to the read before it has none, so \
             that nothing was sent: the operator has to check the upstream's `dialect` (names, `envelope`), \
             or the resource at the upstream.",
            lacking.name
        );
        Err(Fault::new(Cause::UpstreamUnexpected, detail))
    }

    /// The difference as PATCH in the upstream's forms, if it can be said in them.
    pub fn difference(
        &self,
        before: &Object<'_>,
        after: &Object<'_>,
    ) -> Option<Vec<Object<'static>>> {
        let mut ops = Vec::new();
        self.differ(before, after, &[], &mut ops)?;
        self.printed(&ops)
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
    pub(super) fn unsets_by_leaving_out(&self) -> bool {
        let Resource { clear, put, .. } = &self.upstream_resource;
        *clear == Clear::Omit && *put == Put::Replace
    }

    /// The replacement, with what was cleared said as this upstream wants it said.
    fn with_clears(&self, merged: &Merged) -> Result<Object<'static>, Fault> {
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

    /// Whether an update can make a resource inactive.
    pub fn can_deactivate(&self) -> bool {
        let mut canonical = Object::new();
        canonical.push("active", Value::Bool(false));
        let updates = [Operation::Patch, Operation::Replace].into_iter();
        let mut updates = updates.filter(|update| self.upstream_resource.operations.has(*update));
        updates.any(|update| {
            !self.upstream.lower(&canonical, Message::Request(update)).object.is_empty()
        })
    }

    /// What a stored resource becomes when it is deactivated.
    ///
    /// # Errors
    /// `NotImplemented` where the upstream has no place for it.
    pub fn deactivated<'o>(&self, stored: impl Into<Old<'o>>) -> Result<Merged, Fault> {
        let mut canonical = Object::new();
        canonical.push("active", Value::Bool(false));
        let lowered = self.upstream.lower(&canonical, Message::Request(Operation::Patch));
        if lowered.object.is_empty() {
            return Err(unsayable("The upstream's accounts cannot be deactivated."));
        }
        let mut before = stored.into().came().borrowed();
        trim(&mut before, &self.upstream.vendor.attributes);
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

    /// What a lifted replacement would lose whatever the old resource is: what is said of a place that the
    /// vendor alone writes may be what it shows there, which [`merge`](Self::merge) sees.
    ///
    /// # Errors
    /// `InvalidValue` for values that a rule refuses.
    pub fn replace_losses(&self, lifted: Translation<'_>) -> Result<Losses, Fault> {
        let message = Message::Request(Operation::Replace);
        let lifted = checked(lifted)?;
        let mut lowered = checked(self.upstream.lower(&lifted.object, message))?;
        demand::check_formats(&lowered.object, &self.upstream.vendor)?;
        lowered.losses.retain(|loss| !self.table.told_only.contains(&*loss.place));
        Ok(Losses { lifting: lifted.losses, lowering: lowered.losses })
    }

    /// Operations that lead from one resource to the other, in the upstream's words. `None` where one
    /// would have to say what nobody can read, or what no answer shows.
    fn differ(
        &self,
        before: &Object<'_>,
        after: &Object<'_>,
        above: &[String],
        ops: &mut Vec<Op<'static>>,
    ) -> Option<()> {
        let none = Object::new();
        let gone = before.iter().filter(|(name, _)| !after.contains(name));
        let gone = gone.map(|(name, old)| (name, Some(old), None));
        let said = after.iter().map(|(name, new)| (name, before.get(name), Some(new)));
        for (name, old, new) in said.chain(gone) {
            if old == new {
                continue;
            }
            let names = [above, &[name.to_owned()]].concat();
            let attribute = attribute_at(&self.upstream.vendor.attributes, &names);
            // An extension that the schema does not list is an object all the same, and its bare URN
            // could be read as a path with an attribute.
            let complex = (above.is_empty() && is_urn(name))
                || attribute.is_some_and(|a| a.kind == Kind::Complex);
            let many = attribute.is_some_and(|a| a.multi_valued);
            let object = |value: Option<&Value<'_>>| match value {
                None => Some(none.clone()),
                Some(Value::Object(object)) => Some(object.clone().into_owned()),
                Some(_) => None,
            };
            if complex
                && !many
                && let (Some(old), Some(new)) = (object(old), object(new))
            {
                self.differ(&old, &new, &names, ops)?;
            } else if let Some(members) = self.members_differ(&names, attribute, old, new) {
                ops.extend(members);
            } else {
                let unreadable = |value: Option<&Value<'_>>| {
                    attribute.zip(value).is_some_and(|(a, v)| is_partly_unreadable(v, a))
                };
                if unreadable(old) || unreadable(new) {
                    return None;
                }
                if let (true, Some(_), Some(new)) = (many, old, new)
                    && self.is_unsaid_in(&names, new)
                {
                    return None;
                }
                match new {
                    Some(new) if !new.is_cleared() => {
                        let new = self.filled(&names, new.clone().into_owned());
                        ops.push(op(OpKind::Replace, &names, Some(new)));
                    }
                    _ if many => ops.push(self.removal(&names)),
                    _ => ops.push(op(OpKind::Remove, &names, None)),
                }
            }
        }
        Some(())
    }

    /// The elements that come and go, in the schema's types.
    fn members_differ(
        &self,
        names: &[String],
        attribute: Option<&Attribute>,
        old: Option<&Value<'_>>,
        new: Option<&Value<'_>>,
    ) -> Option<Vec<Op<'static>>> {
        let (old, new) = (old?, new?);
        match attribute {
            Some(attribute) => {
                self.membership(names, &read(old, attribute)?, &read(new, attribute)?)
            }
            None => self.membership(names, old, new),
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
