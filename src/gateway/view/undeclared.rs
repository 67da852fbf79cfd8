//! Keys that an upstream has and that `/Schemas` does not list: what a client with models of its own
//! cannot read. Where the client's dialect or the route hides them, no answer holds them, and put keeps
//! them, as it keeps whatever else a client cannot see.

use std::borrow::Cow;

use crate::gateway::pair::{Pair, is_common};
use crate::rewrite::align::{Aligned, ElementIdentity};
use crate::rewrite::program::{LossCause, label};
use crate::rewrite::translate::{Loss, shown_key};
use crate::scim::schema::{Attribute, Kind};
use crate::scim::{Object, Value};

impl Pair {
    /// Whether a client's view may lack what the upstream has.
    pub(in crate::gateway) fn has_undeclared(&self) -> bool {
        fn open(attributes: &[Attribute]) -> bool {
            attributes.iter().any(|attribute| attribute.open || open(&attribute.attributes))
        }
        let schema = &self.client.vendor;
        self.hides_undeclared && (schema.open_extensions || open(&schema.attributes))
    }

    /// Whether resources may have something there that no answer shows.
    pub(super) fn hides(&self, names: &[String]) -> bool {
        self.hides_undeclared
            && !is_common(names)
            && !is_listed(&self.listed.attributes, names)
            && self.feeds.reach(names)
    }

    /// Takes what the route's `/Schemas` does not list out of an answer in the client's words; what was
    /// taken out, by its names.
    pub(super) fn hide_undeclared(&self, answer: &mut Object<'_>) -> Vec<Loss> {
        let mut losses = Vec::new();
        hide(answer, &self.listed.attributes, &[], &mut losses);
        losses.sort();
        losses.dedup();
        losses
    }

    /// A replacement by a client that cannot see them does not clear them.
    pub(in crate::gateway) fn keep_undeclared<'a>(&self, user: &mut Object<'a>, view: &Object<'a>) {
        keep(user, view, &self.listed.attributes, (&[], &self.client_identity));
    }
}

/// Whether the names lead to what is listed; what a value without parts has below it is not asked.
fn is_listed(attributes: &[Attribute], names: &[String]) -> bool {
    let Some((first, rest)) = names.split_first() else { return true };
    listed(attributes, first).is_some_and(|attribute| {
        attribute.kind != Kind::Complex || is_listed(&attribute.attributes, rest)
    })
}

fn listed<'s>(attributes: &'s [Attribute], name: &str) -> Option<&'s Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

fn hide(
    object: &mut Object<'_>,
    attributes: &[Attribute],
    above: &[String],
    losses: &mut Vec<Loss>,
) {
    object.retain(|name, value| {
        let Some(attribute) = listed(attributes, name) else {
            let place =
                if above.is_empty() { "*".into() } else { format!("{}.*", label(above)).into() };
            let key = above.is_empty().then(|| shown_key(name));
            losses.push(Loss { place, cause: LossCause::NoPlace, key });
            return false;
        };
        if attribute.kind != Kind::Complex {
            return true;
        }
        let above = [above, std::slice::from_ref(&attribute.name)].concat();
        match value {
            Value::Object(inner) => {
                let had = !inner.is_empty();
                hide(inner, &attribute.attributes, &above, losses);
                !(had && inner.is_empty())
            }
            Value::Array(elements) => {
                let had = !elements.is_empty();
                elements.retain_mut(|element| {
                    let Value::Object(inner) = element else { return true };
                    let had = !inner.is_empty();
                    hide(inner, &attribute.attributes, &above, losses);
                    !(had && inner.is_empty())
                });
                !(had && elements.is_empty())
            }
            _ => true,
        }
    });
}

fn keep<'a>(
    user: &mut Object<'a>,
    view: &Object<'a>,
    attributes: &[Attribute],
    (above, identity): (&[String], &ElementIdentity),
) {
    for (name, shown) in view.iter() {
        let Some(attribute) = listed(attributes, name) else {
            if !user.contains(name) {
                user.push(Cow::Owned(name.to_owned()), shown.clone());
            }
            continue;
        };
        if attribute.kind != Kind::Complex {
            continue;
        }
        let path = [above, std::slice::from_ref(&attribute.name)].concat();
        let (inner, below) = (&attribute.attributes, (path.as_slice(), identity));
        match (user.get_mut(name), shown) {
            (Some(Value::Object(said)), Value::Object(shown)) => {
                keep(said, shown, inner, below);
            }
            (None, Value::Object(shown)) => {
                let mut kept = Object::new();
                keep(&mut kept, shown, inner, below);
                if !kept.is_empty() {
                    user.push(Cow::Owned(name.to_owned()), Value::Object(kept));
                }
            }
            (Some(Value::Array(said)), Value::Array(shown)) => {
                let meant = identity.key(&label(&path), attribute).meant(said, shown);
                for (said, meant) in said.iter_mut().zip(meant) {
                    let Aligned::Same(at) = meant else { continue };
                    let shown = shown.get(at).and_then(Value::as_object);
                    if let (Some(said), Some(shown)) = (said.as_object_mut(), shown) {
                        keep(said, shown, inner, below);
                    }
                }
            }
            _ => {}
        }
    }
}
