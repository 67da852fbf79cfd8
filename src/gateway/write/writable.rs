//! What of a stored resource a write says: no value that only the vendor writes, and none that says
//! "no value". What is of another type than the schema's stays as it came.

use crate::scim::in_order::InOrder;
use crate::scim::schema::{Attribute, Kind, Mutability, is_urn};
use crate::scim::{Object, Value};

/// Leaves only what a client of that schema may write.
pub fn writable(object: &mut Object<'_>, attributes: &[Attribute]) {
    let mut known = InOrder::new(attributes);
    object.retain(|name, value| {
        let Some(attribute) = known.find(name) else { return true };
        if attribute.mutability == Mutability::ReadOnly {
            return false;
        }
        match value {
            Value::Object(inner) => {
                let had = !inner.is_empty();
                writable(inner, &attribute.attributes);
                !(had && inner.is_empty())
            }
            Value::Array(elements) if attribute.multi_valued => {
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

/// Leaves out what says "no value" where the schema knows what is there: `null`, empty arrays, and
/// objects and elements left with nothing; at the top also extensions without a member. Free values
/// and unreadable ones are data.
pub fn trim(object: &mut Object<'_>, attributes: &[Attribute]) {
    if !object.holds_cleared() {
        return;
    }
    let mut known = InOrder::new(attributes);
    object.retain(|name, value| {
        let bare = is_urn(name) && value.as_object().is_some_and(Object::is_empty);
        known.find(name).is_some() || !(value.is_cleared() || bare)
    });
    trim_known(object, attributes);
}

fn trim_known(object: &mut Object<'_>, attributes: &[Attribute]) {
    let mut known = InOrder::new(attributes);
    object.retain(|name, value| {
        let Some(attribute) = known.find(name) else { return true };
        if value.is_cleared() {
            return false;
        }
        match value {
            Value::Object(_) if attribute.kind == Kind::Complex => !is_emptied(value, attribute),
            Value::Array(elements) if attribute.kind == Kind::Complex && attribute.multi_valued => {
                elements.retain_mut(|element| !is_emptied(element, attribute));
                !elements.is_empty()
            }
            _ => true,
        }
    });
}

/// Whether nothing is left of an object that had something.
fn is_emptied(value: &mut Value<'_>, attribute: &Attribute) -> bool {
    let Value::Object(object) = value else { return false };
    let had = !object.is_empty() || attribute.extension;
    trim_known(object, &attribute.attributes);
    had && object.is_empty()
}
