//! put between two dialects (design 6c): the client's replacement over what the upstream has.

use std::borrow::Cow;

use super::demand;
use super::informative::{Told, informative};
use super::pair::{Losses, Lowered, Pair, checked};
use super::patch::permanent;
use super::route::{Omitted, Policies};
use crate::dialect::model::{Clear, Put};
use crate::fault::Fault;
use crate::rewrite::lens::{insert, strip_cleared};
use crate::rewrite::program::LossCause;
use crate::rewrite::put::put;
use crate::rewrite::translate::{Loss, Message};
use crate::scim::equal::{Case, equal};
use crate::scim::schema::{Attribute, Kind, Mutability, Operation, is_urn};
use crate::scim::{Object, Value};

/// What put comes to.
#[derive(Debug)]
pub struct Merged {
    /// What the upstream has, without what it alone may write.
    pub before: Object<'static>,
    pub after: Object<'static>,
    pub losses: Losses,
    pub changed: bool,
}

/// Why put reads first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// The upstream has places that the client cannot see.
    Hidden,
    /// Elements are aligned with those stored, picked, or share a place.
    Aligned,
    /// The upstream may have extensions that no schema lists.
    Extensions,
    /// What the client omits is kept.
    Omitted,
}

impl Pair {
    /// Whether put can do without the old resource (design 6c.8): the client's words reach all that
    /// the upstream stores, and this request says all that is kept when omitted.
    pub fn needs_read(&self, user: &Object<'_>, policies: &Policies) -> bool {
        if self.reads(policies).is_some() {
            return true;
        }
        let lifted = self.client.lift(user, Message::Request(Operation::Replace));
        self.table.sticky.iter().any(|name| !lifted.object.contains(name))
            || self.table.rows.iter().any(|row| row.permanent && !says(user, &row.names))
    }

    /// Why put needs the old resource whatever the request says, if it does.
    pub fn reads(&self, policies: &Policies) -> Option<Reads> {
        if !self.table.hidden.is_empty() {
            Some(Reads::Hidden)
        } else if self.table.aligns {
            Some(Reads::Aligned)
        } else if self.client.vendor.open_extensions {
            Some(Reads::Extensions)
        } else {
            (self.omission(policies) == Omitted::Keep).then_some(Reads::Omitted)
        }
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
        if !explicit {
            self.keep_unmanaged(&mut user, &view);
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
        let kept = keep_permanent(stored, &mut after, &self.upstream.vendor.attributes);
        if let (true, Some(kept)) = (explicit, &kept) {
            return Err(permanent(kept));
        }
        let made = self.upstream.complete(&mut after, &wanted.object, Operation::Replace);
        strip_cleared(&mut after);
        writable(&mut after, &self.upstream.vendor.attributes);
        let mut before = stored.borrowed();
        strip_cleared(&mut before);
        writable(&mut before, &self.upstream.vendor.attributes);
        demand::say_empty(&mut after, &self.upstream.vendor, Operation::Replace);
        demand::check(&after, &self.upstream.vendor, Operation::Replace)?;
        let near = Told { object: &view, losses: seen.losses };
        let far = Told { object: &seen.object, losses: shown.losses };
        let lifting = informative(Told { object: &user, losses: wanted.losses }, &near);
        let lowering = informative(Told { object: &wanted.object, losses: new.losses }, &far);
        let mut losses = Losses { lifting, lowering };
        losses.lowering.extend(made);
        if self.upstream_resource.clear == Clear::No {
            let schema = &self.upstream.vendor.attributes;
            keep_unclearable(&before, &mut after, schema, "", &mut losses.lowering);
        }
        let changed = !equal(&before, &after, &self.upstream.vendor, Case::Exact);
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

    /// An extension that the client neither knows nor says is hidden from it.
    fn keep_unmanaged<'a>(&self, user: &mut Object<'a>, view: &Object<'static>) {
        let known = |name: &str| {
            let listed = self.client.vendor.attribute(name).is_some();
            listed && !self.unmanaged.iter().any(|urn| urn.eq_ignore_ascii_case(name))
        };
        for (name, shown) in view.iter() {
            if is_urn(name) && !known(name) && !user.contains(name) {
                user.push(Cow::Owned(name.to_owned()), shown.clone());
            }
        }
    }

    /// What leaving an attribute out of a replacement means on a route.
    pub fn omission(&self, policies: &Policies) -> Omitted {
        policies.omitted.unwrap_or(match self.client_resource.put {
            Put::Replace => Omitted::Clear,
            Put::Merge => Omitted::Keep,
        })
    }
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

/// What the upstream's resources always have stays: a replacement that clears it says the same as one
/// that leaves it out (RFC 7643 section 2.5). The name of one that had to be kept.
fn keep_permanent<'a>(
    before: &Object<'a>,
    after: &mut Object<'a>,
    schema: &[Attribute],
) -> Option<String> {
    let mut kept = None;
    for attribute in schema.iter().filter(|attribute| !attribute.multi_valued) {
        let name = attribute.name.as_str();
        let Some(old) = before.get(name).filter(|old| !old.is_cleared()) else { continue };
        if attribute.is_permanent() && after.get(name).is_none_or(Value::is_cleared) {
            after.retain(|there, _| there != name);
            insert(after, schema, name, old.clone());
            kept = Some(attribute.name.clone());
        } else if let Value::Object(old) = old {
            let mut inner = match after.get(name) {
                Some(Value::Object(inner)) => inner.clone(),
                _ => Object::new(),
            };
            if let Some(below) = keep_permanent(old, &mut inner, &attribute.attributes) {
                after.retain(|there, _| there != name);
                insert(after, schema, name, Value::Object(inner));
                kept = Some(below);
            }
        }
    }
    kept
}

/// What the upstream has no known way to remove stays, and its removal is lost.
fn keep_unclearable<'a>(
    before: &Object<'a>,
    after: &mut Object<'a>,
    schema: &[Attribute],
    above: &str,
    losses: &mut Vec<Loss>,
) {
    for (name, old) in before.iter() {
        let attribute = schema.iter().find(|a| a.name.eq_ignore_ascii_case(name));
        let below = attribute.map_or(&[][..], |a| a.attributes.as_slice());
        let singular = attribute.is_some_and(|a| a.kind == Kind::Complex && !a.multi_valued);
        match (after.get_mut(name), old) {
            (None, _) => {
                insert(after, schema, name, old.clone());
                let place = format!("{above}{name}").into();
                losses.push(Loss { place, cause: LossCause::NoPlace });
            }
            (Some(Value::Object(new)), Value::Object(old)) if singular => {
                keep_unclearable(old, new, below, &format!("{above}{name}."), losses);
            }
            (Some(_), _) => {}
        }
    }
}

/// Whether there is a value at a path of names.
fn says(object: &Object<'_>, names: &[String]) -> bool {
    let Some((first, rest)) = names.split_first() else { return false };
    let value = rest.iter().try_fold(object.get(first), |at, name| {
        at.map(|at| at.as_object().and_then(|object| object.get(name)))
    });
    value.flatten().is_some_and(|value| !value.is_cleared())
}

/// The attribute at a path of names.
pub fn attribute_at<'s>(attributes: &'s [Attribute], names: &[String]) -> Option<&'s Attribute> {
    let find = |attributes: &'s [Attribute], name: &str| {
        attributes.iter().find(|a| a.name.eq_ignore_ascii_case(name))
    };
    let (first, rest) = names.split_first()?;
    rest.iter().try_fold(find(attributes, first)?, |at, name| find(&at.attributes, name))
}
