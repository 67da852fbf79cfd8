//! Keys that an upstream has and that `/Schemas` does not list: what a client with models of its own
//! cannot read. Where the client's dialect or the route hides them, no answer holds them, and put keeps
//! them, as it keeps whatever else a client cannot see.

use std::borrow::Cow;

use super::pair::Pair;
use super::route::Policies;
use crate::dialect::model::Undeclared;
use crate::rewrite::program::{LossCause, label};
use crate::rewrite::translate::{Loss, shown_key};
use crate::scim::schema::{Attribute, Kind};
use crate::scim::{Object, Value};

impl Pair {
    /// Whether answers of the route hold what `/Schemas` lists and nothing else.
    pub fn hides_undeclared(&self, policies: &Policies) -> bool {
        policies.undeclared.unwrap_or(self.undeclared) == Undeclared::Hide
    }

    /// Whether a client's view may lack what the upstream has.
    pub(super) fn has_undeclared(&self, policies: &Policies) -> bool {
        fn open(attributes: &[Attribute]) -> bool {
            attributes.iter().any(|attribute| attribute.open || open(&attribute.attributes))
        }
        let schema = &self.client.vendor;
        self.hides_undeclared(policies) && (schema.open_extensions || open(&schema.attributes))
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
    pub(super) fn keep_undeclared<'a>(&self, user: &mut Object<'a>, view: &Object<'static>) {
        keep(user, view, &self.listed.attributes);
    }
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

fn keep<'a>(user: &mut Object<'a>, view: &Object<'static>, attributes: &[Attribute]) {
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
        match (user.get_mut(name), shown) {
            (Some(Value::Object(said)), Value::Object(shown)) => {
                keep(said, shown, &attribute.attributes);
            }
            (None, Value::Object(shown)) => {
                let mut kept = Object::new();
                keep(&mut kept, shown, &attribute.attributes);
                if !kept.is_empty() {
                    user.push(Cow::Owned(name.to_owned()), Value::Object(kept));
                }
            }
            (Some(Value::Array(said)), Value::Array(shown)) => {
                for said in said.iter_mut().filter_map(Value::as_object_mut) {
                    let value = said.get("value").cloned();
                    let same = |shown: &&Object<'static>| shown.get("value") == value.as_ref();
                    let known = value.is_some();
                    let mut olds = shown.iter().filter_map(Value::as_object);
                    if let Some(shown) = olds.find(same).filter(|_| known) {
                        keep(said, shown, &attribute.attributes);
                    }
                }
            }
            _ => {}
        }
    }
}
