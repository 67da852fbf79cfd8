//! Puts translated values together: members in the target schema's order, elements by what they
//! come from (docs/semantics.md 1.7).

use std::borrow::Cow;
use std::collections::HashMap;

use super::literal::literal_value;
use super::program::Dest;
use crate::scim::filter::Literal;
use crate::scim::{Object, Value};

/// An object under construction.
#[derive(Debug, Default)]
pub struct Builder<'a> {
    /// Attributes that the schema lists, by their position.
    listed: Vec<(u16, Slot<'a>)>,
    /// Other keys, as they came; their names are data, and case tells them apart.
    free: Vec<Slot<'a>>,
    /// Where a free key lies, once there are more than [`FEW`].
    index: Option<HashMap<Cow<'a, str>, usize>>,
}

/// So many are searched one by one; what there are more of is found by hashing.
const FEW: usize = 16;

#[derive(Debug)]
struct Slot<'a> {
    name: Cow<'a, str>,
    built: Built<'a>,
}

#[derive(Debug)]
enum Built<'a> {
    /// An object of which nothing is written yet.
    Empty,
    Value(Value<'a>),
    Object(Box<Builder<'a>>),
    Elements(Box<Elements<'a>>),
}

/// The elements of a multi-valued attribute under construction.
#[derive(Debug, Default)]
struct Elements<'a> {
    list: Vec<Element<'a>>,
    /// Where the elements that follow one of the source lie, once there are more than [`FEW`].
    index: Option<HashMap<ElementKey, usize>>,
    /// Where the others lie: as many as the rules have predicates.
    made: Vec<usize>,
}

#[derive(Debug)]
struct Element<'a> {
    key: ElementKey,
    fields: &'a [(String, Literal)],
    builder: Builder<'a>,
}

/// What makes two values part of one element of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ElementKey {
    /// They come from one element: (the number of the source attribute, the element's index).
    Source(usize, usize),
    /// They are written under one predicate: its order. The predicate's text decides ties.
    Made(usize),
}

impl<'a> Builder<'a> {
    /// With room for so many attributes.
    pub fn with_capacity(attributes: usize) -> Self {
        Self { listed: Vec::with_capacity(attributes), ..Self::default() }
    }

    /// Writes a value at a destination; `below` is a name further down: an extension at the top.
    pub fn write(
        &mut self,
        dest: &'a Dest,
        key: ElementKey,
        below: Option<&'a str>,
        value: Value<'a>,
    ) {
        match (below, dest.steps.split_last()) {
            (None, Some((last, above))) => {
                let builder = self.at(dest, above.len(), key);
                builder.set(last.position, Cow::Borrowed(&last.name), value);
            }
            (Some(name), _) => {
                self.at(dest, dest.steps.len(), key).set(u16::MAX, Cow::Borrowed(name), value);
            }
            (None, None) => {}
        }
    }

    /// Writes a free key: the destination's last step stands for any name.
    pub fn write_key(&mut self, dest: &'a Dest, key: ElementKey, name: &'a str, value: Value<'a>) {
        let parent = dest.steps.len().saturating_sub(1);
        self.at(dest, parent, key).set(u16::MAX, Cow::Borrowed(name), value);
    }

    /// Writes the object that holds the destination, unless something lies in it already.
    pub fn write_parent(&mut self, dest: &'a Dest, key: ElementKey, value: Value<'a>) {
        let parent = dest.steps.len().saturating_sub(2);
        if let Some(step) = dest.steps.get(parent) {
            let builder = self.at(dest, parent, key);
            builder.set(step.position, Cow::Borrowed(&step.name), value);
        }
    }

    /// The object that so many steps of a destination lead to; made where it is not there.
    fn at(&mut self, dest: &'a Dest, steps: usize, key: ElementKey) -> &mut Self {
        let mut builder = self;
        for (depth, step) in dest.steps.iter().take(steps).enumerate() {
            let slot = builder.slot(step.position, &step.name);
            builder = if dest.array == Some(depth) {
                slot.element(key, &dest.fields)
            } else {
                slot.object()
            };
        }
        builder
    }

    /// Says that a multi-valued attribute was cleared, unless it has elements.
    pub fn clear(&mut self, dest: &'a Dest) {
        let mut builder = self;
        for (depth, step) in dest.steps.iter().enumerate() {
            let slot = builder.slot(step.position, &step.name);
            if dest.array == Some(depth) {
                if slot.is_empty() {
                    slot.built = Built::Elements(Box::default());
                }
                return;
            }
            builder = slot.object();
        }
    }

    fn set(&mut self, position: u16, name: Cow<'a, str>, value: Value<'a>) {
        let slot = self.slot_of(position, name);
        // A cleared object says less than what was already written below it.
        if slot.is_empty() || matches!(slot.built, Built::Value(_)) {
            slot.built = Built::Value(value);
        }
    }

    fn slot(&mut self, position: u16, name: &'a str) -> &mut Slot<'a> {
        self.slot_of(position, Cow::Borrowed(name))
    }

    fn slot_of(&mut self, position: u16, name: Cow<'a, str>) -> &mut Slot<'a> {
        if position == u16::MAX {
            return self.free_slot(name);
        }
        let last = self.listed.len().saturating_sub(1);
        let at = match self.listed.last() {
            // Most come in the schema's order.
            Some((there, _)) if *there == position => last,
            Some((there, _)) if *there > position => self.place(position, name),
            _ => {
                self.listed.push((position, Slot::new(name)));
                self.listed.len() - 1
            }
        };
        #[expect(clippy::indexing_slicing, reason = "the position was found or made just above")]
        &mut self.listed[at].1
    }

    /// Where the attribute of that position lies among those behind it; made where it is not there.
    fn place(&mut self, position: u16, name: Cow<'a, str>) -> usize {
        match self.listed.binary_search_by_key(&position, |(position, _)| *position) {
            Ok(at) => at,
            Err(at) => {
                self.listed.insert(at, (position, Slot::new(name)));
                at
            }
        }
    }

    fn free_slot(&mut self, name: Cow<'a, str>) -> &mut Slot<'a> {
        if self.free.len() > FEW && self.index.is_none() {
            let names = self.free.iter().enumerate();
            self.index = Some(names.map(|(at, slot)| (slot.name.clone(), at)).collect());
        }
        let found = match &self.index {
            Some(index) => index.get(&name).copied(),
            None => self.free.iter().position(|slot| slot.name == name),
        };
        let at = found.unwrap_or_else(|| {
            let at = self.free.len();
            if let Some(index) = &mut self.index {
                index.insert(name.clone(), at);
            }
            self.free.push(Slot::new(name));
            at
        });
        #[expect(clippy::indexing_slicing, reason = "the position was found or made just above")]
        &mut self.free[at]
    }

    pub fn finish(self) -> Object<'a> {
        let mut object = Object::with_capacity(self.listed.len().saturating_add(self.free.len()));
        let listed = self.listed.into_iter().map(|(_, slot)| slot);
        listed
            .chain(self.free)
            .map(Slot::finish)
            .for_each(|(name, value)| object.push(name, value));
        object
    }
}

impl<'a> Slot<'a> {
    fn new(name: Cow<'a, str>) -> Self {
        Self { name, built: Built::Empty }
    }

    /// Whether nothing was written below it.
    fn is_empty(&self) -> bool {
        match &self.built {
            Built::Empty => true,
            Built::Object(inner) => inner.listed.is_empty() && inner.free.is_empty(),
            Built::Value(_) | Built::Elements(_) => false,
        }
    }

    fn finish(self) -> (Cow<'a, str>, Value<'a>) {
        let value = match self.built {
            Built::Empty => Value::Object(Object::new()),
            Built::Value(value) => value,
            Built::Object(builder) => Value::Object(builder.finish()),
            Built::Elements(elements) => Value::Array(finish_elements(elements.list)),
        };
        (self.name, value)
    }

    fn object(&mut self) -> &mut Builder<'a> {
        if !matches!(self.built, Built::Object(_)) {
            self.built = Built::Object(Box::default());
        }
        match &mut self.built {
            Built::Object(builder) => builder,
            #[expect(clippy::unreachable, reason = "set to an object just above")]
            _ => unreachable!(),
        }
    }

    fn element(&mut self, key: ElementKey, fields: &'a [(String, Literal)]) -> &mut Builder<'a> {
        if !matches!(self.built, Built::Elements(_)) {
            self.built = Built::Elements(Box::default());
        }
        match &mut self.built {
            Built::Elements(elements) => elements.at(key, fields),
            #[expect(clippy::unreachable, reason = "set to elements just above")]
            _ => unreachable!(),
        }
    }
}

impl<'a> Elements<'a> {
    /// The element of that key, made where it is not there.
    fn at(&mut self, key: ElementKey, fields: &'a [(String, Literal)]) -> &mut Builder<'a> {
        // Values come element by element, so that it is nearly always the last one.
        let last = self.list.len().saturating_sub(1);
        let at = match self.list.last() {
            Some(element) if element.is(key, fields) => last,
            _ => self.find(key, fields).unwrap_or_else(|| self.make(key, fields)),
        };
        #[expect(clippy::indexing_slicing, reason = "the position was found or made just above")]
        &mut self.list[at].builder
    }

    fn find(&self, key: ElementKey, fields: &[(String, Literal)]) -> Option<usize> {
        let is = |element: &Element<'_>| element.is(key, fields);
        match key {
            ElementKey::Made(_) => {
                self.made.iter().copied().find(|at| self.list.get(*at).is_some_and(is))
            }
            ElementKey::Source(..) => match &self.index {
                Some(index) => index.get(&key).copied(),
                None => self.list.iter().position(is),
            },
        }
    }

    fn make(&mut self, key: ElementKey, fields: &'a [(String, Literal)]) -> usize {
        let at = self.list.len();
        self.list.push(Element { key, fields, builder: Builder::default() });
        if matches!(key, ElementKey::Made(_)) {
            self.made.push(at);
        }
        match &mut self.index {
            Some(index) => drop(index.insert(key, at)),
            None if at >= FEW => {
                let keys = self.list.iter().enumerate();
                self.index = Some(keys.map(|(at, element)| (element.key, at)).collect());
            }
            None => {}
        }
        at
    }
}

impl Element<'_> {
    fn is(&self, key: ElementKey, fields: &[(String, Literal)]) -> bool {
        self.key == key && (matches!(key, ElementKey::Source(..)) || self.fields == fields)
    }
}

fn finish_elements(mut elements: Vec<Element<'_>>) -> Vec<Value<'_>> {
    elements.sort_by(|a, b| {
        let text = |element: &Element<'_>| match element.key {
            ElementKey::Made(_) => format!("{:?}", element.fields),
            ElementKey::Source(..) => String::new(),
        };
        a.key.cmp(&b.key).then_with(|| text(a).cmp(&text(b)))
    });
    let mut values = Vec::with_capacity(elements.len());
    let mut primary = false;
    for Element { fields, builder, .. } in elements {
        let mut object = builder.finish();
        if object.iter().all(|(_, value)| value.is_cleared()) {
            continue;
        }
        for (name, literal) in fields {
            if !object.contains(name) {
                object.push(Cow::Borrowed(name.as_str()), literal_value(literal));
            }
        }
        // RFC 7643 section 2.4: "primary" is true at most once.
        if object.get("primary").and_then(Value::as_bool) == Some(true) {
            if primary {
                object.remove("primary");
            }
            primary = true;
        }
        values.push(Value::Object(object));
    }
    values
}
