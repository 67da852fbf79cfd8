//! References are a set: a member that a server stores twice, or a client says twice, is one.

use std::collections::HashMap;

use crate::scim::equal::{TextCase, form};
use crate::scim::schema::Attribute;
use crate::scim::{Object, Value};

/// Which elements of one `value` are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alike {
    /// Those that say nothing against each other: what one says more, the one that stays says, too.
    Agreeing,
    /// All: the first stays as it is.
    All,
}

/// Leaves each reference of the multi-valued attributes that hold some once, where it first stands.
pub fn once(attributes: &[Attribute], object: &mut Object<'_>, alike: Alike) {
    let names_some = |attribute: &&Attribute| attribute.multi_valued && attribute.names_resources();
    for attribute in attributes.iter().filter(|a| a.extension || names_some(a)) {
        match object.get_mut(&attribute.name) {
            Some(Value::Object(inner)) if attribute.extension => {
                once(&attribute.attributes, inner, alike);
            }
            Some(Value::Array(elements)) if names_some(&attribute) => distinct(elements, alike),
            _ => {}
        }
    }
}

/// A view's: what agrees is one, and of what does not, the first is shown.
pub fn shown_once(attributes: &[Attribute], object: &mut Object<'_>) {
    once(attributes, object, Alike::Agreeing);
    once(attributes, object, Alike::All);
}

/// Elements without a `value` are left alone.
pub fn distinct(elements: &mut Vec<Value<'_>>, alike: Alike) {
    let mut first: HashMap<String, usize> = HashMap::with_capacity(elements.len());
    let mut kept: Vec<Value<'_>> = Vec::with_capacity(elements.len());
    for element in elements.drain(..) {
        let value = element.as_object().and_then(|element| element.get("value"));
        let Some(key) = value.map(|value| form(value, None, TextCase::Exact)) else {
            kept.push(element);
            continue;
        };
        let known = first.get(&key).copied().and_then(|at| kept.get_mut(at));
        match (known, element) {
            (None, element) => {
                first.insert(key, kept.len());
                kept.push(element);
            }
            (Some(_), _) if alike == Alike::All => {}
            (Some(Value::Object(known)), Value::Object(again)) => {
                let agrees = again
                    .iter()
                    .all(|(name, said)| known.get(name).is_none_or(|known| known == said));
                if agrees {
                    again.into_iter().for_each(|(name, said)| known.insert(name, said));
                } else {
                    kept.push(Value::Object(again));
                }
            }
            (Some(_), element) => kept.push(element),
        }
    }
    *elements = kept;
}
