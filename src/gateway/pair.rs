//! A client dialect and an upstream dialect, compiled against each other for one resource type.
//!
//! Every document of an exchange goes through here: the client's request to the upstream's words,
//! the upstream's answer to the client's, and put between the two. Pure: bytes are elsewhere.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::demand;
use super::route::{Omitted, Policies};
use super::table::Table;
use crate::dialect::Dialect;
use crate::dialect::model::{Put, Quirk, Resource};
use crate::fault::{Cause, Fault};
use crate::rewrite::lens::{Lens, insert, strip_cleared};
use crate::rewrite::put::put;
use crate::rewrite::rule::Rules;
use crate::rewrite::translate::{Loss, Message, Problem, Translation};
use crate::scim::coerce::{Leniency, coerce};
use crate::scim::schema::{Attribute, Mutability, Operation, Schema, Unknown, is_urn};
use crate::scim::{Object, Value};

/// One resource type on one pair of dialects, shared by all routes that have the pair.
#[derive(Debug)]
pub struct Pair {
    pub client: Lens,
    pub upstream: Lens,
    pub client_resource: Resource,
    pub upstream_resource: Resource,
    pub leniency: Leniency,
    /// PATCH `replace` on a value path that matches nothing creates the element.
    pub create_missing: bool,
    pub table: Table,
}

/// What a pair is made of.
#[derive(Clone, Debug)]
pub struct PairSpec {
    pub canonical: Schema,
    pub client: Arc<Dialect>,
    pub client_vars: BTreeMap<String, String>,
    pub client_extends: Vec<Attribute>,
    pub upstream: Arc<Dialect>,
    pub upstream_vars: BTreeMap<String, String>,
    pub overlays: Vec<Rules>,
}

/// A request in the upstream's words, not yet framed.
#[derive(Debug)]
pub struct Lowered {
    pub object: Object<'static>,
    pub losses: Losses,
    /// The client creates the resource inactive, and the upstream takes no `active` on create.
    pub deactivate: bool,
}

/// A resource in the client's words.
#[derive(Debug)]
pub struct Shown<'a> {
    pub object: Object<'a>,
    pub losses: Losses,
}

/// What put comes to.
#[derive(Debug)]
pub struct Merged {
    /// What the upstream has, without what it alone may write.
    pub before: Object<'static>,
    pub after: Object<'static>,
    pub losses: Losses,
    pub changed: bool,
}

/// Losses by the dialect in whose words their places are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Places of the sender's dialect that canonical cannot hold.
    pub lifting: Vec<Loss>,
    /// Canonical places that the receiver's dialect cannot hold.
    pub lowering: Vec<Loss>,
}

impl PairSpec {
    /// Whether the two come to the same pair.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.client, &other.client)
            && Arc::ptr_eq(&self.upstream, &other.upstream)
            && self.client_vars == other.client_vars
            && self.client_extends == other.client_extends
            && self.upstream_vars == other.upstream_vars
            && self.overlays == other.overlays
    }
}

impl Pair {
    /// Compiles one resource type; `None` where one of the dialects has no such type.
    pub fn new(spec: &PairSpec, resource: &str) -> Option<Self> {
        let of = |dialect: &Dialect| {
            dialect.resources.iter().find(|r| r.schema.resource == resource).cloned()
        };
        let (mut client_resource, upstream_resource) = (of(&spec.client)?, of(&spec.upstream)?);
        let upstream = Lens::new(
            &spec.canonical,
            &upstream_resource.schema,
            &upstream_resource.rules,
            &spec.overlays,
            spec.upstream_vars.clone(),
        );
        for attribute in &spec.client_extends {
            extend(&mut client_resource.schema, attribute);
        }
        if client_resource.schema.open_extensions {
            // A client that takes any extension manages those that the upstream has.
            for extension in upstream.canonical.extensions() {
                extend(&mut client_resource.schema, extension);
            }
        }
        let client = Lens::new(
            &spec.canonical,
            &client_resource.schema,
            &client_resource.rules,
            &[],
            spec.client_vars.clone(),
        );
        let quirk = |quirk| spec.client.quirks.contains(&quirk);
        let leniency = Leniency {
            string_booleans: quirk(Quirk::StringBooleans),
            object_as_array: quirk(Quirk::ObjectAsArray),
            value_as_complex: quirk(Quirk::ValueAsComplex),
        };
        let create_missing = quirk(Quirk::CreateOnMissingValuePath);
        let table = Table::new(&client, &upstream);
        Some(Self {
            client,
            upstream,
            client_resource,
            upstream_resource,
            leniency,
            create_missing,
            table,
        })
    }

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
        let schema = &self.client.vendor;
        let mut mistakes = Vec::new();
        let mut taken = Object::with_capacity(object.len());
        for (name, value) in object {
            let Some(attribute) = schema.attribute(&name) else {
                let open = schema.open_extensions && is_urn(&name);
                if schema.unknown == Unknown::Refuse && !open {
                    mistakes.push(format!("The attribute {} is not known.", quoted(&name)));
                } else {
                    taken.push(name, value);
                }
                continue;
            };
            match coerce(value, attribute, self.leniency) {
                Ok(value) => taken.push(Cow::Owned(attribute.name.clone()), value),
                Err(mismatch) => mistakes.push(mismatch.to_string()),
            }
        }
        mistakes.extend(demand::missing(&taken, &schema.attributes, operation));
        refuse(mistakes)?;
        Ok(taken)
    }

    /// The client's attributes as a create in the upstream's words.
    ///
    /// # Errors
    /// `InvalidValue` for values that a rule or the upstream's schema refuses.
    pub fn create(&self, user: &Object<'_>) -> Result<Lowered, Fault> {
        let message = Message::Request(Operation::Create);
        let lifted = checked(self.client.lift(user, message))?;
        let mut lowered = checked(self.upstream.lower(&lifted.object, message))?;
        let made = self.upstream.complete(&mut lowered.object, &lifted.object, Operation::Create);
        strip_cleared(&mut lowered.object);
        let deactivate = lifted.object.get("active").and_then(Value::as_bool) == Some(false)
            && lowered.losses.iter().any(|loss| &*loss.place == "active")
            && self.upstream.vendor.attribute("active").is_some();
        if deactivate {
            lowered.losses.retain(|loss| &*loss.place != "active");
        }
        lowered.losses.extend(made);
        demand::check(&lowered.object, &self.upstream.vendor, Operation::Create)?;
        Ok(Lowered {
            object: lowered.object.into_owned(),
            losses: Losses { lifting: lifted.losses, lowering: lowered.losses },
            deactivate,
        })
    }

    /// An upstream's attributes in its schema's form; what is of the wrong type is left out.
    pub fn receive<'a>(&self, object: Object<'a>) -> (Object<'a>, Vec<Loss>) {
        let schema = &self.upstream.vendor;
        let mut losses = Vec::new();
        let mut taken = Object::with_capacity(object.len());
        for (name, value) in object {
            let Some(attribute) = schema.attribute(&name) else {
                taken.push(name, value);
                continue;
            };
            match coerce(value, attribute, Leniency::default()) {
                Ok(value) => taken.push(Cow::Owned(attribute.name.clone()), value),
                Err(_) => losses.push(Loss {
                    place: attribute.name.as_str().into(),
                    cause: crate::rewrite::program::LossCause::Converted,
                }),
            }
        }
        (taken, losses)
    }

    /// An upstream's attributes as canonical: what filters are asked of.
    pub fn lift<'a>(&'a self, stored: &'a Object<'a>) -> Translation<'a> {
        self.upstream.lift(stored, Message::Response)
    }

    /// Canonical attributes as the client sees them.
    pub fn show<'a>(&'a self, canonical: &'a Object<'a>) -> Translation<'a> {
        let mut shown = self.client.lower(canonical, Message::Response);
        strip_cleared(&mut shown.object);
        self.client.render(&mut shown.object);
        shown
    }

    /// The upstream's resource as the client sees it, in the client's words.
    pub fn view(&self, stored: &Object<'_>) -> Shown<'static> {
        let lifted = self.lift(stored);
        let shown = self.show(&lifted.object);
        Shown {
            object: shown.object.into_owned(),
            losses: Losses { lifting: lifted.losses, lowering: shown.losses },
        }
    }

    /// Whether put can do without the old resource (design 6c.8): the client's words reach all that
    /// the upstream stores, and this request says all that is kept when omitted.
    pub fn needs_read(&self, user: &Object<'_>, policies: &Policies) -> bool {
        if self.table.aligns || !self.table.hidden.is_empty() {
            return true;
        }
        if self.omission(policies) == Omitted::Keep {
            return true;
        }
        let lifted = self.client.lift(user, Message::Request(Operation::Replace));
        self.table.sticky.iter().any(|name| !lifted.object.contains(name))
    }

    /// put (design 6c): the client's replacement over the resource that the upstream has.
    ///
    /// # Errors
    /// `InvalidValue` for values that a rule or the upstream's schema refuses.
    pub fn merge(
        &self,
        user: &Object<'_>,
        stored: &Object<'_>,
        policies: &Policies,
        explicit: bool,
    ) -> Result<Merged, Fault> {
        let message = Message::Request(Operation::Replace);
        let view = self.view(stored).object;
        let mut user = user.borrowed();
        if !explicit && self.omission(policies) == Omitted::Keep {
            keep_omitted(&mut user, &view);
        }
        let mut wanted = checked(self.client.lift(&user, message))?;
        let seen = self.client.lift(&view, message);
        if !explicit {
            for name in &self.table.sticky {
                if let (false, Some(old)) = (wanted.object.contains(name), seen.object.get(name)) {
                    let old = old.clone();
                    insert(&mut wanted.object, &self.client.canonical.attributes, name, old);
                }
            }
        }
        let new = checked(self.upstream.lower(&wanted.object, message))?;
        let shown = self.upstream.lower(&seen.object, message);
        let stored_owned = stored.borrowed();
        let mut after = put(&stored_owned, &new.object, &shown.object, &self.upstream.vendor);
        let made = self.upstream.complete(&mut after, &wanted.object, Operation::Replace);
        strip_cleared(&mut after);
        writable(&mut after, &self.upstream.vendor.attributes);
        let mut before = stored.borrowed();
        strip_cleared(&mut before);
        writable(&mut before, &self.upstream.vendor.attributes);
        demand::check(&after, &self.upstream.vendor, Operation::Replace)?;
        let case = crate::scim::equal::Case::Exact;
        let changed = !crate::scim::equal::equal(&before, &after, &self.upstream.vendor, case);
        let mut losses = Losses { lifting: wanted.losses, lowering: new.losses };
        losses.lowering.extend(made);
        // What was lost before and is said again unchanged is no news, but it is still not held.
        Ok(Merged { before: before.into_owned(), after: after.into_owned(), losses, changed })
    }

    /// A replacement with the RFC's bare meaning: nothing is kept (`replace = "reset"`, and where
    /// [`needs_read`](Self::needs_read) says that there is nothing to keep).
    ///
    /// # Errors
    /// As [`merge`](Self::merge).
    pub fn replace(&self, user: &Object<'_>) -> Result<Lowered, Fault> {
        let message = Message::Request(Operation::Replace);
        let lifted = checked(self.client.lift(user, message))?;
        let mut lowered = checked(self.upstream.lower(&lifted.object, message))?;
        let made = self.upstream.complete(&mut lowered.object, &lifted.object, Operation::Replace);
        strip_cleared(&mut lowered.object);
        lowered.losses.extend(made);
        demand::check(&lowered.object, &self.upstream.vendor, Operation::Replace)?;
        Ok(Lowered {
            object: lowered.object.into_owned(),
            losses: Losses { lifting: lifted.losses, lowering: lowered.losses },
            deactivate: false,
        })
    }

    fn omission(&self, policies: &Policies) -> Omitted {
        policies.omitted.unwrap_or(match self.client_resource.put {
            Put::Replace => Omitted::Clear,
            Put::Merge => Omitted::Keep,
        })
    }
}

/// Refuses a translation with values that a rule cannot take: all are named.
pub fn checked(translation: Translation<'_>) -> Result<Translation<'_>, Fault> {
    let name = |problem: &Problem| format!("The attribute {} {}.", problem.place, problem.reason);
    refuse(translation.problems.iter().map(name).collect())?;
    Ok(translation)
}

/// One fault for all mistakes; names and expectations only, never a value.
pub fn refuse(mistakes: Vec<String>) -> Result<(), Fault> {
    const MOST: usize = 10;
    if mistakes.is_empty() {
        return Ok(());
    }
    let more = mistakes.len().saturating_sub(MOST);
    let mut detail = mistakes.into_iter().take(MOST).collect::<Vec<_>>().join(" ");
    if more > 0 {
        detail.push_str(&format!(" And {more} more."));
    }
    Err(Fault::new(Cause::InvalidValue, detail))
}

/// A name that a client sent, fit for a message.
pub fn quoted(name: &str) -> String {
    let short: String = name.chars().take(64).collect();
    format!("\"{}\"", short.escape_debug())
}

/// An attribute that the client left out keeps what the view shows; so do sub-attributes of singular
/// complex attributes.
fn keep_omitted<'a>(user: &mut Object<'a>, view: &Object<'static>) {
    for (name, shown) in view.iter() {
        match user.get_mut(name) {
            None => user.push(Cow::Owned(name.to_owned()), shown.clone()),
            Some(Value::Object(given)) => {
                if let Value::Object(shown) = shown {
                    keep_omitted(given, shown);
                }
            }
            Some(_) => {}
        }
    }
}

/// Leaves only what a client of that schema may write.
pub fn writable(object: &mut Object<'_>, attributes: &[Attribute]) {
    object.retain(|name, value| {
        let Some(attribute) = attributes.iter().find(|a| a.name.eq_ignore_ascii_case(name)) else {
            return true;
        };
        if attribute.mutability == Mutability::ReadOnly {
            return false;
        }
        match value {
            Value::Object(inner) => {
                let had = !inner.is_empty();
                writable(inner, &attribute.attributes);
                !(had && inner.is_empty())
            }
            Value::Array(elements) => {
                for element in elements.iter_mut() {
                    if let Value::Object(inner) = element {
                        writable(inner, &attribute.attributes);
                    }
                }
                true
            }
            _ => true,
        }
    });
}

/// Adds an attribute to a schema, or its sub-attributes to the one of that name.
fn extend(schema: &mut Schema, attribute: &Attribute) {
    match schema.attributes.iter_mut().find(|a| a.name.eq_ignore_ascii_case(&attribute.name)) {
        None => schema.attributes.push(attribute.clone()),
        Some(known) => {
            for sub in &attribute.attributes {
                if known.attribute(&sub.name).is_none() {
                    known.attributes.push(sub.clone());
                }
            }
        }
    }
}
