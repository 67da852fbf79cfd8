//! What of a PATCH is news to the upstream: some servers keep twice what they are told twice.

use std::collections::HashMap;

use crate::gateway::pair::Pair;
use crate::scim::grammar::parse_path;
use crate::scim::schema::{Attribute, attribute_at};
use crate::scim::{Object, Value};

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
