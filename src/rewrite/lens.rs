//! One dialect's resource type against canonical, compiled: lift, lower, and what rules add.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::carry::satisfies;
use super::compile::compile;
use super::effective;
use super::layers::{End, Layers};
use super::literal::literal_is;
use super::place::{Element, Place};
use super::program::{LossCause, Program, label};
use super::rule::{Fill, Part, Rules, Set, SetTarget, SetValue, Text, When};
use super::translate::{Loss, Message, Translation, translate};
use crate::scim::in_order::InOrder;
use crate::scim::schema::{Attribute, Kind, Operation, Schema, attribute_at, is_urn};
use crate::scim::{Object, Value};

/// The compiled rules of one dialect, with a route's overlays and variables.
#[derive(Debug)]
pub struct Lens {
    /// Canonical as this dialect knows it: RFC 7643, the dialect's extensions, what rules name.
    pub canonical: Schema,
    /// The dialect's schema with the free keys that rules name.
    pub vendor: Schema,
    pub lift: Program,
    pub lower: Program,
    pub layers: Layers,
    variables: BTreeMap<String, String>,
}

impl Lens {
    pub fn new(
        canonical: &Schema,
        vendor: &Schema,
        rules: &Rules,
        overlays: &[Rules],
        variables: BTreeMap<String, String>,
    ) -> Self {
        Self::of(Layers::new(rules, overlays), canonical, vendor, variables)
    }

    /// The same of rules that are laid over one another already.
    pub fn of(
        layers: Layers,
        canonical: &Schema,
        vendor: &Schema,
        variables: BTreeMap<String, String>,
    ) -> Self {
        let (canonical, vendor) = effective::schemas(canonical, vendor, &layers);
        let lift = compile(&layers, &vendor, &canonical, End::Vendor);
        let lower = compile(&layers, &canonical, &vendor, End::Canonical);
        Self { canonical, vendor, lift, lower, layers, variables }
    }

    /// Dialect -> canonical. An answer gets what the dialect's answers lack (`set` on canonical).
    pub fn lift<'a>(&'a self, source: &'a Object<'a>, message: Message) -> Translation<'a> {
        let mut translation = translate(&self.lift, source, message);
        if message == Message::Response {
            // Conditions are read from what the upstream said, never from what was written (docs/semantics.md 1.9).
            let object = &translation.object;
            let speaks = |set: &&Set| holds(set.when.as_ref(), object);
            let sets: Vec<&Set> = self.layers.sets.iter().filter(speaks).collect();
            for set in sets {
                if let (SetTarget::Canonical(place), Some(value)) = (&set.target, self.value(set)) {
                    let schema = &self.canonical.attributes;
                    write(&mut translation.object, schema, place, &value, set.always);
                }
            }
        }
        translation
    }

    /// Canonical -> dialect, before put and before what rules make up.
    pub fn lower<'a>(&'a self, canonical: &'a Object<'a>, message: Message) -> Translation<'a> {
        translate(&self.lower, canonical, message)
    }

    /// Writes what the vendor demands and the canonical resource can give (`fill`), then the
    /// operator's constants (`set`): the last steps before a request is checked (docs/semantics.md 2.5).
    pub fn complete<'a>(
        &'a self,
        request: &mut Object<'a>,
        canonical: &Object<'_>,
        operation: Operation,
    ) -> Vec<Loss> {
        self.complete_over(request, canonical, operation, None)
    }

    /// The same of a resource that is laid over `before`, which is what the vendor has.
    ///
    /// `operation` is the client's. Of a resource that was patched by a read and a write, the vendor
    /// demands what it does of a replacement; constants speak where the client creates or replaces, so
    /// that a PATCH says the same whether it is emulated or goes natively. Only one that the vendor
    /// demands takes the place of nothing there, too.
    pub fn complete_over<'a>(
        &'a self,
        request: &mut Object<'a>,
        canonical: &Object<'_>,
        operation: Operation,
        before: Option<&Object<'_>>,
    ) -> Vec<Loss> {
        let first = |place: &Place| {
            let text = place_values(canonical, place).into_iter().find_map(Value::as_str)?;
            (!text.trim().is_empty()).then(|| text.to_owned())
        };
        let mut losses = Vec::new();
        let patches = operation == Operation::Patch;
        let operation = if patches { Operation::Replace } else { operation };
        let whole = |fill: &&Fill| fill.vendor.element == Element::Whole;
        for fill in self.layers.fills.iter().filter(whole) {
            if self.wants(&fill.vendor, operation)
                && place_values(request, &fill.vendor).iter().all(|value| value.is_cleared())
                && holds(fill.when.as_ref(), canonical)
                && let Some(text) = fill.from.iter().find_map(|text| render(text, first))
            {
                let value = Value::String(Cow::Owned(text));
                write(request, &self.vendor.attributes, &fill.vendor, &value, false);
                let place = label(&fill.vendor.path()).into();
                losses.push(Loss::new(place, LossCause::Rule));
            }
        }
        losses.extend(self.complete_elements(request, canonical, operation, before));
        for set in self.layers.sets.iter().filter(|set| !set.render) {
            if let (SetTarget::Vendor(place), Some(value)) = (&set.target, self.value(set))
                && (!patches || self.wants(place, operation))
                && holds(set.when.as_ref(), canonical)
            {
                let always = set.always && !patches;
                write(request, &self.vendor.attributes, place, &value, always);
            }
        }
        losses
    }

    /// Writes what answers in this dialect show (`set` with `render`). A condition is held against
    /// `canonical`, the resource that the answer is made of.
    pub fn render<'a>(&'a self, answer: &mut Object<'a>, canonical: &Object<'_>) {
        for set in self.layers.sets.iter().filter(|set| set.render) {
            if let (SetTarget::Vendor(place), Some(value)) = (&set.target, self.value(set))
                && holds(set.when.as_ref(), canonical)
            {
                write(answer, &self.vendor.attributes, place, &value, set.always);
            }
        }
    }

    pub(super) fn wants(&self, place: &Place, operation: Operation) -> bool {
        attribute_at(&self.vendor.attributes, place.names())
            .is_some_and(|attribute| attribute.required.has(operation))
    }

    /// Whether the rule has something to write: its variable, if it has one, is given.
    pub fn has_value(&self, set: &Set) -> bool {
        self.value(set).is_some()
    }

    fn value(&self, set: &Set) -> Option<Value<'static>> {
        match &set.value {
            SetValue::Constant(value) => Some(value.clone()),
            SetValue::Variable { name, .. } => {
                self.variables.get(name).map(|text| Value::String(Cow::Owned(text.clone())))
            }
        }
    }
}

pub(super) fn holds(when: Option<&When>, canonical: &Object<'_>) -> bool {
    when.is_none_or(|when| {
        let values = place_values(canonical, &when.canonical);
        values.iter().any(|value| literal_is(&when.equals, value))
    })
}

/// The values at a place, cleared ones included.
pub fn place_values<'v>(object: &'v Object<'_>, place: &Place) -> Vec<&'v Value<'v>> {
    let mut at = vec![];
    let Some((first, more)) = place.members.split_first() else { return at };
    at.extend(object.get(first));
    for name in more {
        at = at.into_iter().filter_map(|v| v.as_object()?.get(name)).collect();
    }
    if place.element != Element::Whole {
        let terms: &[_] = if let Element::Where(terms) = &place.element { terms } else { &[] };
        at = at
            .into_iter()
            .filter_map(Value::as_array)
            .flatten()
            .filter(|element| satisfies(element, terms))
            .collect();
    }
    for name in &place.rest {
        at = at.into_iter().filter_map(|v| v.as_object()?.get(name)).collect();
    }
    at
}

/// The text of a source of `fill`, of the `first` text at each of its places; none where one has none.
pub(super) fn render(text: &Text, first: impl Fn(&Place) -> Option<String>) -> Option<String> {
    match text {
        Text::Place(place) => first(place),
        Text::Template(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Literal(text) => Some(text.clone()),
                Part::Place(place) => first(place),
            })
            .collect(),
    }
}

/// Writes a constant at a place: in every element for `[*]`, and only where nothing is, unless `always`.
fn write<'a>(
    object: &mut Object<'a>,
    schema: &[Attribute],
    place: &Place,
    value: &Value<'_>,
    always: bool,
) {
    let element = (place.element != Element::Whole).then_some(place.members.len());
    write_below(object, schema, &place.path(), 0, (element, &place.element), value, always);
}

fn write_below<'a>(
    object: &mut Object<'a>,
    schema: &[Attribute],
    names: &[String],
    depth: usize,
    element: (Option<usize>, &Element),
    value: &Value<'_>,
    always: bool,
) {
    let Some(name) = names.get(depth) else { return };
    let attribute = attribute_at(schema, [name]);
    let below = attribute.map_or(&[][..], |attribute| attribute.attributes.as_slice());
    if depth + 1 == names.len() {
        let there = object.get(name).is_some_and(|old| !old.is_cleared() || value.is_cleared());
        if always || !there {
            insert(object, schema, name, value.clone().into_owned());
        }
        return;
    }
    if element.0 == Some(depth + 1) {
        let terms: &[_] = if let Element::Where(terms) = element.1 { terms } else { &[] };
        if let Some(Value::Array(elements)) = object.get_mut(name) {
            for found in elements.iter_mut().filter(|element| satisfies(element, terms)) {
                if let Value::Object(found) = found {
                    write_below(found, below, names, depth + 1, element, value, always);
                }
            }
        }
        return;
    }
    if !matches!(object.get(name), Some(Value::Object(_))) {
        insert(object, schema, name, Value::Object(Object::new()));
    }
    if let Some(Value::Object(inner)) = object.get_mut(name) {
        write_below(inner, below, names, depth + 1, element, value, always);
    }
}

/// Sets a member at its place in the schema's order.
pub fn insert<'a>(object: &mut Object<'a>, schema: &[Attribute], name: &str, value: Value<'a>) {
    if let Some(old) = object.get_mut(name) {
        *old = value;
        return;
    }
    let position = |name: &str| {
        schema.iter().position(|a| a.name.eq_ignore_ascii_case(name)).unwrap_or(usize::MAX)
    };
    let own = position(name);
    let later = |(member, _): (&str, _)| position(member) > own;
    // What no schema lists stands last: of that there may be much.
    let at = if own == usize::MAX { None } else { object.iter().position(later) };
    object.insert_at(at.unwrap_or(object.len()), name.to_owned(), value);
}

/// Removes what says "no value": `null`, empty arrays, extensions without a member, and objects and
/// elements left with nothing. It goes down to free keys and no further: what lies under one is data,
/// whose positions count, and an empty object there is a value.
pub fn strip_cleared(object: &mut Object<'_>, schema: &[Attribute]) {
    if object.holds_cleared() {
        strip(object, schema);
    }
}

fn strip(object: &mut Object<'_>, schema: &[Attribute]) {
    let mut known = InOrder::new(schema);
    object.retain(|name, value| match known.find(name) {
        Some(attribute) => {
            let bare = is_urn(name) && value.as_object().is_some_and(Object::is_empty);
            !(bare || stripped(value, attribute))
        }
        None if is_urn(name) => !stripped_extension(value),
        None => !value.is_cleared(),
    });
}

/// An extension that the schema does not list: its members are free keys.
fn stripped_extension(value: &mut Value<'_>) -> bool {
    let Value::Object(members) = value else { return value.is_cleared() };
    members.retain(|_, value| !value.is_cleared());
    members.is_empty()
}

fn stripped(value: &mut Value<'_>, attribute: &Attribute) -> bool {
    match value {
        _ if attribute.kind == Kind::Any => value.is_cleared(),
        Value::Object(object) => {
            let had = !object.is_empty();
            strip(object, &attribute.attributes);
            had && object.is_empty()
        }
        Value::Array(elements) => {
            elements.retain_mut(|element| !stripped(element, attribute));
            elements.is_empty()
        }
        other => other.is_cleared(),
    }
}
