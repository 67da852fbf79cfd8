//! References are a set: a member that a server stores twice, or a client says twice, is one.

use std::collections::HashMap;

use super::merge::attribute_at;
use super::pair::Pair;
use crate::scim::equal::{TextCase, form};
use crate::scim::grammar::parse_path;
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

impl Pair {
    /// The PATCH without the references that it adds and the resource shows: some servers keep twice what
    /// they are told twice. `None` where it then says nothing.
    pub fn left_to_say(
        &self,
        patch: &Object<'static>,
        shown: &Object<'_>,
    ) -> Option<Object<'static>> {
        let mut left = patch.clone();
        let Some(Value::Array(operations)) = left.get_mut("Operations") else { return Some(left) };
        // What takes references away may make room for what is added after it.
        let adds = |operation: &Value<'_>| {
            let op = operation.as_object().and_then(|operation| operation.get("op"));
            op.and_then(Value::as_str) == Some("add")
        };
        if operations.iter().all(adds) {
            operations.retain_mut(|operation| self.is_news(operation, shown));
        }
        (!operations.is_empty()).then_some(left)
    }

    /// Whether an addition has something that is not shown; without what is.
    fn is_news(&self, operation: &mut Value<'static>, shown: &Object<'_>) -> bool {
        let Some(operation) = operation.as_object_mut() else { return true };
        let urns = self.upstream.vendor.urns();
        let path = operation.get("path").and_then(Value::as_str);
        let Some(Ok(path)) = path.map(|path| parse_path(path, &self.known(&urns))) else {
            return true;
        };
        let names: Vec<String> = path.members().map(str::to_owned).collect();
        let attribute = attribute_at(&self.upstream.vendor.attributes, &names);
        if path.filter.is_some() || !attribute.is_some_and(Attribute::names_resources) {
            return true;
        }
        let there = names.iter().try_fold(None, |at: Option<&Value<'_>>, name| {
            Some(Some(at.map_or(Some(shown), Value::as_object)?.get(name)?))
        });
        let there = there.flatten().and_then(Value::as_array).unwrap_or_default();
        let there: HashMap<&str, &Object<'_>> = there
            .iter()
            .filter_map(Value::as_object)
            .filter_map(|element| Some((element.get("value")?.as_str()?, element)))
            .collect();
        let Some(Value::Array(added)) = operation.get_mut("value") else { return true };
        added.retain(|new| {
            let new = new.as_object();
            let old = new.and_then(|new| there.get(new.get("value")?.as_str()?));
            let says_more = |(name, said): (&str, &Value<'_>)| {
                old.is_none_or(|old| old.get(name) != Some(said))
            };
            new.is_none_or(|new| new.iter().any(says_more))
        });
        !added.is_empty()
    }
}
