//! Puts translated values together: members in the target schema's order, elements by what they
//! come from (design 6a.9).

use std::borrow::Cow;

use super::program::Dest;
use crate::scim::filter::Literal;
use crate::scim::{Object, Value};

/// An object under construction.
#[derive(Debug, Default)]
pub struct Builder<'a> {
    slots: Vec<Slot<'a>>,
}

#[derive(Debug)]
struct Slot<'a> {
    position: u16,
    name: Cow<'a, str>,
    built: Built<'a>,
}

#[derive(Debug)]
enum Built<'a> {
    Value(Value<'a>),
    Object(Builder<'a>),
    Elements(Vec<Element<'a>>),
}

#[derive(Debug)]
struct Element<'a> {
    key: Key,
    fields: &'a [(String, Literal)],
    builder: Builder<'a>,
}

/// What makes two values part of one element of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// They come from one element: (the source attribute, the element's index).
    Source(usize, usize),
    /// They are written under one predicate: its order. The predicate's text decides ties.
    Made(usize),
}

impl<'a> Builder<'a> {
    /// Writes a value at a destination; `below` is a name further down: an extension at the top.
    pub fn write(&mut self, dest: &'a Dest, key: Key, below: Option<&'a str>, value: Value<'a>) {
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
    pub fn write_key(&mut self, dest: &'a Dest, key: Key, name: &'a str, value: Value<'a>) {
        let parent = dest.steps.len().saturating_sub(1);
        self.at(dest, parent, key).set(u16::MAX, Cow::Borrowed(name), value);
    }

    /// Writes the object that holds the destination, unless something lies in it already.
    pub fn write_parent(&mut self, dest: &'a Dest, key: Key, value: Value<'a>) {
        let parent = dest.steps.len().saturating_sub(2);
        if let Some(step) = dest.steps.get(parent) {
            let builder = self.at(dest, parent, key);
            builder.set(step.position, Cow::Borrowed(&step.name), value);
        }
    }

    /// The object that so many steps of a destination lead to; made where it is not there.
    fn at(&mut self, dest: &'a Dest, steps: usize, key: Key) -> &mut Self {
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
                if let Built::Object(inner) = &slot.built
                    && inner.slots.is_empty()
                {
                    slot.built = Built::Elements(Vec::new());
                }
                return;
            }
            builder = slot.object();
        }
    }

    fn set(&mut self, position: u16, name: Cow<'a, str>, value: Value<'a>) {
        let slot = self.slot_of(position, name);
        // A cleared object says less than what was already written below it.
        let empty = matches!(&slot.built, Built::Object(inner) if inner.slots.is_empty());
        if empty || matches!(slot.built, Built::Value(_)) {
            slot.built = Built::Value(value);
        }
    }

    fn slot(&mut self, position: u16, name: &'a str) -> &mut Slot<'a> {
        self.slot_of(position, Cow::Borrowed(name))
    }

    fn slot_of(&mut self, position: u16, name: Cow<'a, str>) -> &mut Slot<'a> {
        let at = self.slots.iter().position(|slot| {
            slot.position == position
                && (position != u16::MAX || slot.name.eq_ignore_ascii_case(&name))
        });
        let at = at.unwrap_or_else(|| {
            let at = self.slots.partition_point(|slot| slot.position <= position);
            let built = Built::Object(Builder::default());
            self.slots.insert(at, Slot { position, name, built });
            at
        });
        #[expect(clippy::indexing_slicing, reason = "the position was found or made just above")]
        &mut self.slots[at]
    }

    pub fn finish(self) -> Object<'a> {
        let member = |slot: Slot<'a>| {
            let value = match slot.built {
                Built::Value(value) => value,
                Built::Object(builder) => Value::Object(builder.finish()),
                Built::Elements(elements) => Value::Array(finish_elements(elements)),
            };
            (slot.name, value)
        };
        self.slots.into_iter().map(member).collect()
    }
}

impl<'a> Slot<'a> {
    fn object(&mut self) -> &mut Builder<'a> {
        if !matches!(self.built, Built::Object(_)) {
            self.built = Built::Object(Builder::default());
        }
        match &mut self.built {
            Built::Object(builder) => builder,
            #[expect(clippy::unreachable, reason = "set to an object just above")]
            _ => unreachable!(),
        }
    }

    fn element(&mut self, key: Key, fields: &'a [(String, Literal)]) -> &mut Builder<'a> {
        if !matches!(self.built, Built::Elements(_)) {
            self.built = Built::Elements(Vec::new());
        }
        let Built::Elements(elements) = &mut self.built else {
            #[expect(clippy::unreachable, reason = "set to elements just above")]
            {
                unreachable!()
            }
        };
        let made = matches!(key, Key::Made(_));
        let same =
            |element: &Element<'a>| element.key == key && (!made || element.fields == fields);
        let at = elements.iter().position(same).unwrap_or_else(|| {
            elements.push(Element { key, fields, builder: Builder::default() });
            elements.len().saturating_sub(1)
        });
        #[expect(clippy::indexing_slicing, reason = "the position was found or made just above")]
        &mut elements[at].builder
    }
}

fn finish_elements(mut elements: Vec<Element<'_>>) -> Vec<Value<'_>> {
    elements.sort_by(|a, b| {
        let text = |element: &Element<'_>| match element.key {
            Key::Made(_) => format!("{:?}", element.fields),
            Key::Source(..) => String::new(),
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

pub fn literal_value(literal: &Literal) -> Value<'_> {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Number(number) => Value::Number(number.clone()),
        Literal::String(text) => Value::text(text),
    }
}
