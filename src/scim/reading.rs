//! An upstream's resource, read in the spirit of its schema (RFC 7643 section 2.3), leaf by leaf.
//!
//! Four things are told apart: a value that is *there*, one that is *cleared* (`null`, `[]`), one that
//! is *absent*, and one that is *unreadable*: of a type that the schema does not have and that stands
//! for no value of it. The unreadable is left out of what was read and stays in what came, so that
//! whoever writes the resource back can say it verbatim. It does not know who reads, or what for.

use std::borrow::Cow;

use super::coerce::spelt;
use super::in_order::InOrder;
use super::number::Number;
use super::schema::{Attribute, Kind, Schema};
use super::value::{Object, Value};

/// A resource as it came and as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading<'a> {
    /// In the schema's types and spelling, without what is unreadable.
    pub read: Object<'a>,
    /// As it came, where something of it is of another type than the schema's.
    pub raw: Option<Object<'a>>,
    /// The paths of what is unreadable, in the schema's spelling; each once.
    pub unreadable: Vec<String>,
}

/// Both forms of a stored resource, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Old<'o> {
    pub read: &'o Object<'o>,
    /// As it came, where that is not what was read.
    pub raw: Option<&'o Object<'o>>,
}

impl<'a> Reading<'a> {
    /// Reads the attributes of a resource, without `schemas`, `id` and `meta`.
    pub fn of(object: Object<'a>, schema: &Schema) -> Self {
        if members_fit(&object, &schema.attributes) {
            return Self { read: object, raw: None, unreadable: Vec::new() };
        }
        let mut reader = Reader::default();
        let read = reader.members(&object, &schema.attributes, None);
        let raw = reader.differs.then_some(object);
        let mut unreadable = reader.unreadable;
        unreadable.sort_unstable();
        unreadable.dedup();
        Self { read, raw, unreadable }
    }

    pub fn into_owned(self) -> Reading<'static> {
        Reading {
            read: self.read.into_owned(),
            raw: self.raw.map(Object::into_owned),
            unreadable: self.unreadable,
        }
    }

    pub fn as_old(&self) -> Old<'_> {
        Old { read: &self.read, raw: self.raw.as_ref() }
    }
}

impl<'o> Old<'o> {
    /// As it came.
    pub fn came(self) -> &'o Object<'o> {
        self.raw.unwrap_or(self.read)
    }
}

/// A resource that is known to be of its schema's types.
impl<'o, 'a> From<&'o Object<'a>> for Old<'o> {
    fn from(read: &'o Object<'a>) -> Self {
        Self { read, raw: None }
    }
}

/// An attribute's value as it is read; `None` where it is unreadable.
pub fn read<'a>(value: &Value<'a>, attribute: &Attribute) -> Option<Value<'a>> {
    Reader::default().whole(value, &At { above: None, attribute })
}

/// One element of a multi-valued attribute as it is read; `None` where nothing of it can be.
pub fn read_element<'a>(value: &Value<'a>, attribute: &Attribute) -> Option<Value<'a>> {
    Reader::default().single(value, &At { above: None, attribute })
}

/// Whether an attribute's value holds something unreadable, however deep.
pub fn is_partly_unreadable(value: &Value<'_>, attribute: &Attribute) -> bool {
    let mut reader = Reader::default();
    reader.whole(value, &At { above: None, attribute });
    !reader.unreadable.is_empty()
}

#[derive(Default)]
struct Reader {
    unreadable: Vec<String>,
    /// Whether anything came in another type than the schema's.
    differs: bool,
}

/// Where the reader is: its path is only made where something is unreadable.
struct At<'p> {
    above: Option<&'p At<'p>>,
    attribute: &'p Attribute,
}

impl Reader {
    fn members<'a>(
        &mut self,
        object: &Object<'a>,
        attributes: &[Attribute],
        above: Option<&At<'_>>,
    ) -> Object<'a> {
        let mut read = Object::with_capacity(object.len());
        let mut known = InOrder::new(attributes);
        for (name, value) in object.entries() {
            let Some(attribute) = known.find(name) else {
                read.push(name.clone(), value.clone());
                continue;
            };
            if let Some(value) = self.whole(value, &At { above, attribute }) {
                read.push(spelt(name.clone(), &attribute.name), value);
            }
        }
        read
    }

    fn whole<'a>(&mut self, value: &Value<'a>, at: &At<'_>) -> Option<Value<'a>> {
        if value.is_cleared() || at.attribute.kind == Kind::Any {
            return Some(value.clone());
        }
        match value {
            Value::Array(elements) if at.attribute.multi_valued => {
                let read: Vec<Value<'a>> =
                    elements.iter().filter_map(|element| self.single(element, at)).collect();
                (!read.is_empty()).then_some(Value::Array(read))
            }
            one if at.attribute.multi_valued => {
                self.differs = true;
                self.single(one, at).map(|one| Value::Array(vec![one]))
            }
            one => self.single(one, at),
        }
    }

    fn single<'a>(&mut self, value: &Value<'a>, at: &At<'_>) -> Option<Value<'a>> {
        let kind = at.attribute.kind;
        match (kind, value) {
            (Kind::Complex, Value::Object(object)) => {
                let read = self.members(object, &at.attribute.attributes, Some(at));
                // That of which nothing can be read is not there to be shown.
                let nothing = read.is_empty() && !object.is_empty();
                (!nothing).then_some(Value::Object(read))
            }
            (Kind::Complex, value) => {
                let read = main_value(value, at.attribute);
                self.seen(at, value, read)
            }
            (_, value) => self.seen(at, value, simple(value, kind)),
        }
    }

    fn seen<'a>(
        &mut self,
        at: &At<'_>,
        value: &Value<'a>,
        read: Option<Value<'a>>,
    ) -> Option<Value<'a>> {
        self.differs |= read.as_ref() != Some(value);
        if read.is_none() {
            self.unreadable.push(at.path());
        }
        read
    }
}

impl At<'_> {
    fn path(&self) -> String {
        let name = &self.attribute.name;
        match self.above {
            None => name.clone(),
            Some(above) => {
                let joint = if above.attribute.extension { ':' } else { '.' };
                format!("{}{joint}{name}", above.path())
            }
        }
    }
}

/// Whether an object is read as it came, in the schema's spelling: most answers are.
fn members_fit(object: &Object<'_>, attributes: &[Attribute]) -> bool {
    let mut known = InOrder::new(attributes);
    object.entries().all(|(name, value)| match known.find(name) {
        Some(attribute) => *name == attribute.name && fits(value, attribute),
        None => true,
    })
}

fn fits(value: &Value<'_>, attribute: &Attribute) -> bool {
    match value {
        _ if value.is_cleared() || attribute.kind == Kind::Any => true,
        Value::Array(elements) if attribute.multi_valued => {
            elements.iter().all(|element| fits_single(element, attribute))
        }
        one => !attribute.multi_valued && fits_single(one, attribute),
    }
}

fn fits_single(value: &Value<'_>, attribute: &Attribute) -> bool {
    match (attribute.kind, value) {
        (Kind::Complex, Value::Object(object)) => members_fit(object, &attribute.attributes),
        (Kind::Boolean, Value::Bool(_)) | (Kind::Decimal, Value::Number(_)) => true,
        (Kind::Integer, Value::Number(number)) => number.is_whole(),
        (Kind::Complex | Kind::Boolean | Kind::Integer | Kind::Decimal | Kind::Any, _) => false,
        (_, value) => matches!(value, Value::String(_)),
    }
}

/// A bare value for a complex attribute stands for its `value` (RFC 7643 section 2.4).
fn main_value<'a>(value: &Value<'a>, attribute: &Attribute) -> Option<Value<'a>> {
    let main = attribute.attribute("value")?;
    let read = simple(value, main.kind)?;
    Some(Value::Object([(Cow::Owned(main.name.clone()), read)].into_iter().collect()))
}

/// What a simple value stands for: text for booleans and numbers, numbers for text, 0 and 1 for
/// booleans.
fn simple<'a>(value: &Value<'a>, kind: Kind) -> Option<Value<'a>> {
    match (kind, value) {
        (Kind::Any, value) => Some(value.clone()),
        (Kind::Complex, _) | (_, Value::Null | Value::Array(_) | Value::Object(_)) => None,
        (Kind::Boolean, value) => boolean(value).map(Value::Bool),
        (Kind::Integer, value) => number(value).filter(Number::is_whole).map(Value::Number),
        (Kind::Decimal, value) => number(value).map(Value::Number),
        (_, text @ Value::String(_)) => Some(text.clone()),
        (Kind::String | Kind::Reference, Value::Number(number)) => {
            Some(Value::String(Cow::Owned(number.to_string())))
        }
        _ => None,
    }
}

fn boolean(value: &Value<'_>) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::Number(number) => match number.as_u64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        _ => {
            let text = value.as_str()?.trim();
            [("true", true), ("false", false), ("1", true), ("0", false)]
                .into_iter()
                .find_map(|(name, value)| text.eq_ignore_ascii_case(name).then_some(value))
        }
    }
}

/// A number, or the text of one. It keeps its text: a whole one may be written as `3.0`.
fn number<'a>(value: &Value<'a>) -> Option<Number<'a>> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => Number::read(text.trim()).map(Number::into_owned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::schema::Unknown;

    /// What is taken as it came is what leaf by leaf comes to the same; and only that.
    #[test]
    fn what_fits_is_what_reading_leaves_as_it_is() {
        let kinds = [
            Kind::String,
            Kind::Boolean,
            Kind::Decimal,
            Kind::Integer,
            Kind::DateTime,
            Kind::Binary,
            Kind::Reference,
            Kind::Complex,
            Kind::Any,
        ];
        let one = [
            json!(null),
            json!(true),
            json!(3),
            json!(3.5),
            json!("3"),
            json!(""),
            json!({}),
            json!({"value": "a"}),
            json!({"VALUE": "a"}),
            json!({"value": 1}),
            json!({"value": null, "other": 1}),
        ];
        let lists = one.iter().map(|value| json!([value])).chain([json!([]), json!([[]])]);
        let several = one.iter().map(|value| json!([{"value": "a"}, value]));
        let values: Vec<_> = one.iter().cloned().chain(lists).chain(several).collect();
        let mut fit = 0;
        for (kind, multi_valued) in kinds.into_iter().flat_map(|kind| [(kind, false), (kind, true)])
        {
            let mut attribute = Attribute::new("a", kind);
            attribute.multi_valued = multi_valued;
            if kind == Kind::Complex {
                attribute.attributes.push(Attribute::new("value", Kind::String));
            }
            let attributes = vec![attribute];
            for (name, value) in
                ["a", "A", "b"].iter().flat_map(|n| values.iter().map(move |v| (n, v)))
            {
                let object =
                    Object::from_iter([(Cow::Borrowed(*name), Value::from(value.clone()))]);
                let mut reader = Reader::default();
                let read = reader.members(&object, &attributes, None);
                let same = read == object && !reader.differs && reader.unreadable.is_empty();
                assert_eq!(
                    members_fit(&object, &attributes),
                    same,
                    "{kind:?} {multi_valued} {name} {value}"
                );
                fit += usize::from(same);
                let schema = Schema {
                    resource: String::new(),
                    urn: String::new(),
                    attributes: attributes.clone(),
                    open_extensions: false,
                    unknown: Unknown::Ignore,
                };
                assert_eq!(Reading::of(object, &schema).read, read, "{kind:?} {name} {value}");
            }
        }
        assert!(fit > 100, "{fit}");
    }
}
