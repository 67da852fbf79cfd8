//! A change as one PATCH of the difference, where the upstream can be told so.

use super::op::op;
use crate::gateway::pair::Pair;
use crate::scim::patch::{Op, OpKind};
use crate::scim::reading::{is_partly_unreadable, read};
use crate::scim::schema::{Attribute, Kind, attribute_at, is_urn};
use crate::scim::{Object, Value};

impl Pair {
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
