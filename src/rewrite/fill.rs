//! `fill` in the elements of a multi-valued attribute: what the vendor demands of each, made of what that
//! element is.
//!
//! An element that is there as it was stays as it is: the vendor has it.

use std::collections::HashSet;

use super::carry::satisfies;
use super::lens::{Lens, holds, insert, place_values, render};
use super::place::{Element, Place};
use super::program::{LossCause, label};
use super::rule::Fill;
use super::translate::{Loss, Message};
use crate::scim::equal::{TextCase, form};
use crate::scim::schema::{Attribute, Operation, attribute_at};
use crate::scim::{Object, Value};

impl Lens {
    /// Writes into each element what the vendor demands of it for the operation and `canonical`, which is
    /// what the request comes from, can give. `before` is what the vendor has.
    pub fn complete_elements(
        &self,
        request: &mut Object<'_>,
        canonical: &Object<'_>,
        operation: Operation,
        before: Option<&Object<'_>>,
    ) -> Vec<Loss> {
        let mut losses = Vec::new();
        for fill in self.layers.fills.iter().filter(|fill| fill.vendor.element != Element::Whole) {
            if !self.wants(&fill.vendor, operation) || !holds(fill.when.as_ref(), canonical) {
                continue;
            }
            let path = fill.vendor.members.as_slice();
            let there = before.and_then(|before| array(before, path)).unwrap_or_default();
            let there: HashSet<String> = there.iter().map(text).collect();
            let Some(elements) = array_mut(request, path) else { continue };
            let mut filled = false;
            for element in elements.iter_mut().filter(|element| !there.contains(&text(element))) {
                filled |= self.fill(fill, element, canonical);
            }
            if filled {
                let place = label(&fill.vendor.path()).into();
                losses.push(Loss { place, cause: LossCause::Rule, key: None });
            }
        }
        losses
    }

    /// Whether a rule has something to say in the elements of the vendor's attribute.
    pub fn fills_elements(&self, path: &[String]) -> bool {
        self.layers.fills.iter().any(|fill| {
            fill.vendor.element != Element::Whole
                && fill.vendor.members.len() == path.len()
                && fill.vendor.members.iter().zip(path).all(|(a, b)| a.eq_ignore_ascii_case(b))
        })
    }

    fn fill(&self, fill: &Fill, element: &mut Value<'_>, canonical: &Object<'_>) -> bool {
        let terms: &[_] = match &fill.vendor.element {
            Element::Where(terms) => terms,
            Element::Whole | Element::Each => &[],
        };
        if element.as_object().is_none()
            || !satisfies(element, terms)
            || says(element, &fill.vendor.rest)
        {
            return false;
        }
        // What this element alone comes to: the others' values are not its own.
        let alone = around(&fill.vendor.members, element);
        let own = self.lift(&alone, Message::Response).object;
        let first = |place: &Place| {
            let array = Place { element: Element::Whole, rest: Vec::new(), ..place.clone() };
            let is_own = place.element != Element::Whole && !place_values(&own, &array).is_empty();
            let values = place_values(if is_own { &own } else { canonical }, place);
            let text = values.into_iter().find_map(Value::as_str)?;
            (!text.trim().is_empty()).then(|| text.to_owned())
        };
        let Some(text) = fill.from.iter().find_map(|text| render(text, first)) else {
            return false;
        };
        let array = Place { element: Element::Whole, rest: Vec::new(), ..fill.vendor.clone() };
        let below =
            attribute_at(&self.vendor.attributes, array.names()).map_or(&[][..], |a| &a.attributes);
        put_at(element, below, &fill.vendor.rest, text);
        true
    }
}

fn text(element: &Value<'_>) -> String {
    form(element, None, TextCase::Exact)
}

fn array<'v, 'a>(object: &'v Object<'a>, path: &[String]) -> Option<&'v [Value<'a>]> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(object.get(first)?, |at, name| at.as_object()?.get(name))?.as_array()
}

fn array_mut<'v, 'a>(
    object: &'v mut Object<'a>,
    path: &[String],
) -> Option<&'v mut Vec<Value<'a>>> {
    let (first, rest) = path.split_first()?;
    let first = object.get_mut(first)?;
    match rest.iter().try_fold(first, |at, name| at.as_object_mut()?.get_mut(name))? {
        Value::Array(elements) => Some(elements),
        _ => None,
    }
}

/// A resource that holds nothing but this element.
fn around(path: &[String], element: &Value<'_>) -> Object<'static> {
    let mut value = Value::Array(vec![element.clone().into_owned()]);
    let mut object = Object::new();
    for name in path.iter().rev() {
        object = Object::with_capacity(1);
        object.push(name.clone(), value);
        value = Value::Object(object.clone());
    }
    object
}

fn says(element: &Value<'_>, rest: &[String]) -> bool {
    let found = rest.iter().try_fold(element, |at, name| at.as_object()?.get(name));
    found.is_some_and(|found| !found.is_cleared())
}

fn put_at(element: &mut Value<'_>, schema: &[Attribute], rest: &[String], text: String) {
    let (Some((first, rest)), Some(object)) = (rest.split_first(), element.as_object_mut()) else {
        return;
    };
    if rest.is_empty() {
        insert(object, schema, first, Value::String(text.into()));
        return;
    }
    if object.get(first).and_then(Value::as_object).is_none() {
        insert(object, schema, first, Value::Object(Object::new()));
    }
    let below = schema.iter().find(|sub| sub.name.eq_ignore_ascii_case(first));
    let below = below.map_or(&[][..], |sub| sub.attributes.as_slice());
    if let Some(inner) = object.get_mut(first) {
        put_at(inner, below, rest, text);
    }
}
