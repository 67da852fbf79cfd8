//! Reading a body: JSON text to a [`Value`] that borrows from it, through `serde_json`'s deserializer.
//!
//! What could be read in two ways is refused here, before anything decides on it: members that
//! differ only by case, text after the document, numbers that would silently change.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::value::{Object, Value};

/// What a body may hold at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Objects and arrays inside each other; the outermost is 1. More than 120 count as 120.
    pub max_depth: usize,
}

/// Why a body is not a document. Holds member names (at most 64 characters), never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("The body is empty; a JSON document is needed.")]
    Empty,
    #[error("The body is not UTF-8 at line {line}, column {column}.")]
    NotUtf8 { line: usize, column: usize },
    #[error("The body is not JSON: it breaks JSON's grammar at line {line}, column {column}.")]
    Syntax { line: usize, column: usize },
    #[error("The body ends inside the JSON document, at line {line}, column {column}.")]
    CutOff { line: usize, column: usize },
    #[error("Text follows the end of the JSON document, at line {line}, column {column}.")]
    Trailing { line: usize, column: usize },
    #[error(
        "Objects and arrays are nested more than {limit} deep at line {line}, column {column}."
    )]
    TooDeep { limit: usize, line: usize, column: usize },
    #[error(
        "The member \"{name}\" is there twice in one object (case does not tell names apart), at line {line}, column {column}."
    )]
    Duplicate { name: String, line: usize, column: usize },
    #[error(
        "The number before line {line}, column {column} is too large to be carried exactly; send it as a string."
    )]
    Number { line: usize, column: usize },
}

/// Reads a whole body as one JSON document.
///
/// # Errors
/// See [`ParseError`]; positions are one-based, columns in bytes.
pub fn parse<'a>(body: &'a [u8], limits: &Limits) -> Result<Value<'a>, ParseError> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let (line, column) = position(body, error.valid_up_to());
        ParseError::NotUtf8 { line, column }
    })?;
    if text.trim_ascii().is_empty() {
        return Err(ParseError::Empty);
    }
    let limit = limits.max_depth.min(DEEPEST);
    let refused = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Seed { left: limit, refused: &refused }
        .deserialize(&mut reader)
        .map_err(|error| explain(&error, refused.take(), limit))?;
    reader
        .end()
        .map_err(|error| ParseError::Trailing { line: error.line(), column: error.column() })?;
    Ok(value)
}

/// A little less than `serde_json`'s own bound, so that ours is always the one that is met.
const DEEPEST: usize = 120;

/// Objects with more members are checked for duplicates by hashing, so that the work stays linear.
const FEW: usize = 16;

/// The mistakes that are ours to find; `serde_json` then only adds the position.
enum Refused {
    TooDeep,
    Duplicate(String),
    Number,
}

fn explain(error: &serde_json::Error, refused: Option<Refused>, limit: usize) -> ParseError {
    let (line, column) = (error.line(), error.column());
    match refused {
        Some(Refused::TooDeep) => ParseError::TooDeep { limit, line, column },
        Some(Refused::Duplicate(name)) => ParseError::Duplicate { name, line, column },
        Some(Refused::Number) => ParseError::Number { line, column },
        None if error.is_eof() => ParseError::CutOff { line, column },
        None if error.to_string().starts_with("number out of range") => {
            ParseError::Number { line, column }
        }
        None => ParseError::Syntax { line, column },
    }
}

fn position(body: &[u8], at: usize) -> (usize, usize) {
    let before = body.get(..at).unwrap_or(body);
    let line = before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count().saturating_add(1);
    (line, column)
}

/// A name as it may stand in a message: at most `most` characters, and without control characters.
pub(crate) fn shown(name: &str, most: usize) -> String {
    name.chars()
        .take(most)
        .flat_map(|c| {
            let escaped = c.is_control().then(|| c.escape_default());
            let plain = escaped.is_none().then_some(c);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

/// Reads one value; `left` is how many more levels may open.
#[derive(Clone, Copy)]
struct Seed<'c> {
    left: usize,
    refused: &'c Cell<Option<Refused>>,
}

impl<'c> Seed<'c> {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.left.checked_sub(1) {
            Some(left) => Ok(Self { left, ..self }),
            None => Err(self.refuse(Refused::TooDeep)),
        }
    }

    fn refuse<E: serde::de::Error>(self, why: Refused) -> E {
        self.refused.set(Some(why));
        E::custom("refused")
    }
}

impl<'a> DeserializeSeed<'a> for Seed<'_> {
    type Value = Value<'a>;

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<Value<'a>, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Seed<'_> {
    type Value = Value<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value<'a>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'a>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value<'a>, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value<'a>, E> {
        Ok(Value::Number(value.into()))
    }

    /// `serde_json` comes here with integers that fit neither `i64` nor `u64`, rounded.
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value<'a>, E> {
        let rounded =
            value.fract() == 0.0 && (value <= i64::MIN as f64 || value >= u64::MAX as f64);
        match Number::from_f64(value) {
            Some(number) if !rounded => Ok(Value::Number(number)),
            _ => Err(self.refuse(Refused::Number)),
        }
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Value<'a>, E> {
        Ok(Value::String(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'a>, E> {
        Ok(Value::String(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut elements: A) -> Result<Value<'a>, A::Error> {
        let inner = self.inner()?;
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(inner)? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<Value<'a>, A::Error> {
        let inner = self.inner()?;
        let mut object = Object::new();
        let mut many: HashSet<String> = HashSet::new();
        while let Some(name) = members.next_key_seed(Name)? {
            if is_duplicate(&object, &name, &mut many) {
                return Err(self.refuse(Refused::Duplicate(shown(&name, 64))));
            }
            let value = members.next_value_seed(inner)?;
            object.push(name, value);
        }
        Ok(Value::Object(object))
    }
}

fn is_duplicate(object: &Object<'_>, name: &str, many: &mut HashSet<String>) -> bool {
    if object.len() < FEW {
        return object.contains(name);
    }
    if many.is_empty() {
        many.extend(object.iter().map(|(name, _)| name.to_ascii_lowercase()));
    }
    !many.insert(name.to_ascii_lowercase())
}

/// Reads a member's name.
struct Name;

impl<'a> DeserializeSeed<'a> for Name {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<Cow<'a, str>, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Name {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_borrowed_str<E>(self, name: &'a str) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}
