//! What a replacement keeps though it does not say it (docs/semantics.md 4.2): what the client's PUT leaves as it
//! is, what the upstream's resources always have, and what the upstream cannot remove.

use std::borrow::Cow;

use crate::rewrite::lens::insert;
use crate::rewrite::program::LossCause;
use crate::rewrite::translate::Loss;
use crate::scim::schema::{Attribute, Kind};
use crate::scim::{Object, Value};

/// An attribute that the client left out keeps what the view shows; so do sub-attributes of singular
/// complex attributes.
pub fn keep_omitted<'a>(user: &mut Object<'a>, view: &Object<'a>) {
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

/// What the upstream's resources always have stays: a replacement that clears it says the same as one
/// that leaves it out (RFC 7643 section 2.5). The name of one that had to be kept.
pub fn keep_permanent<'a>(
    before: &Object<'a>,
    after: &mut Object<'a>,
    schema: &[Attribute],
) -> Option<String> {
    let mut kept = None;
    for attribute in schema.iter().filter(|attribute| keeps(attribute)) {
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

/// Whether the attribute is always there, or a part of it; not in the elements of a multi-valued one.
fn keeps(attribute: &Attribute) -> bool {
    !attribute.multi_valued && (attribute.is_permanent() || attribute.attributes.iter().any(keeps))
}

/// What the upstream has no known way to remove stays, and its removal is lost.
pub fn keep_unclearable<'a>(
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
                losses.push(Loss::new(place, LossCause::NoPlace));
            }
            (Some(Value::Object(new)), Value::Object(old)) if singular => {
                keep_unclearable(old, new, below, &format!("{above}{name}."), losses);
            }
            (Some(_), _) => {}
        }
    }
}
