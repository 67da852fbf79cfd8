//! What is known of a resource that was written, where the upstream's answer says less than was asked.

use super::taken::is_told;
use crate::gateway::pair::{Pair, value_at};
use crate::scim::in_order::InOrder;
use crate::scim::patch::OpKind;
use crate::scim::schema::{Attribute, Mutability, Operation, Returned, attribute_at};
use crate::scim::{Object, Value};

impl Pair {
    /// Whether an answer to a write leaves out what was written, or what every resource has: then it has
    /// to be read. All is in the upstream's words.
    pub fn is_thin(
        &self,
        operation: Operation,
        body: &Object<'static>,
        shown: &Object<'_>,
    ) -> bool {
        let schema = &self.upstream.vendor.attributes;
        let every = [Operation::Create, Operation::Replace];
        let always = |a: &&Attribute| every.iter().all(|of| a.required.has(*of)) && is_told(a);
        let mut always = schema.iter().filter(always);
        if always.any(|attribute| !shown.contains(&attribute.name)) {
            return true;
        }
        if operation != Operation::Patch {
            return lacks(schema, body, shown);
        }
        self.said_by(body).iter().any(|(names, op)| {
            let attribute = attribute_at(schema, names);
            op.kind != OpKind::Remove
                && op.path.filter.is_none()
                && attribute.is_some_and(is_told)
                && op.value.as_ref().is_some_and(is_worth_saying)
                && value_at(shown, names).is_none()
        })
    }

    /// The resource as far as it is known without being read: what its answer shows, and for the rest what
    /// was written. What no answer of the upstream's would show is not shown now.
    pub fn known_of(&self, written: &Object<'_>, shown: &Object<'_>) -> Object<'static> {
        let mut known = shown.clone().into_owned();
        let schema = &self.upstream.vendor.attributes;
        for (name, value) in written.iter().filter(|(name, _)| !shown.contains(name)) {
            let attribute = attribute_at(schema, &[name.to_owned()]);
            if attribute.is_none_or(is_shown) && !value.is_cleared() {
                known.push(name.to_owned(), without_secrets(value, attribute));
            }
        }
        self.receive(known).into_owned().read
    }

    /// Whether the upstream shows the resource as active; none where it says nothing of it.
    pub fn shown_active(&self, stored: &Object<'_>) -> Option<bool> {
        self.lift(stored).object.get("active").and_then(Value::as_bool)
    }
}

/// Whether an attribute that was written is nowhere in the answer. A vendor may leave out what is false.
fn lacks(schema: &[Attribute], written: &Object<'_>, shown: &Object<'_>) -> bool {
    let mut known = InOrder::new(schema);
    written.iter().filter(|(_, value)| is_worth_saying(value)).any(|(name, value)| {
        let Some(attribute) = known.find(name) else { return false };
        if !is_told(attribute) {
            return false;
        }
        match (value, shown.get(name)) {
            (_, None) => true,
            (Value::Object(within), Some(Value::Object(shown))) => {
                lacks(&attribute.attributes, within, shown)
            }
            (_, Some(_)) => false,
        }
    })
}

/// Whether it is there in an answer that shows it: what clears is not, an empty text among it.
fn is_worth_saying(value: &Value<'_>) -> bool {
    let no_text = value.as_str().is_some_and(str::is_empty);
    let empty = no_text || value.as_object().is_some_and(Object::is_empty);
    !value.is_cleared() && !empty && *value != Value::Bool(false)
}

fn is_shown(attribute: &Attribute) -> bool {
    attribute.mutability != Mutability::WriteOnly && attribute.returned != Returned::Never
}

fn without_secrets(value: &Value<'_>, attribute: Option<&Attribute>) -> Value<'static> {
    let below = attribute.map_or(&[][..], |attribute| &attribute.attributes);
    let shown =
        |name: &str| below.iter().find(|a| a.name.eq_ignore_ascii_case(name)).is_none_or(is_shown);
    let mut value = value.clone().into_owned();
    match &mut value {
        Value::Object(object) => object.retain(|name, _| shown(name)),
        Value::Array(elements) => {
            for object in elements.iter_mut().filter_map(Value::as_object_mut) {
                object.retain(|name, _| shown(name));
            }
        }
        _ => {}
    }
    value
}
