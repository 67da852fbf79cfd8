//! A value as JSON text: numbers as they were written, members in their order.

use super::json::plain;
use super::value::{Object, Value};
use super::work::step;

impl Value<'_> {
    /// The value as JSON text without blanks.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        compact(self, &mut out);
        step(out.len());
        out
    }

    /// The value as JSON text for people: a line for each member and element.
    pub fn to_pretty_json(&self) -> String {
        let mut out = Vec::new();
        pretty(self, 0, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

impl Object<'_> {
    /// The object as JSON text without blanks.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        self.write_json(&mut out);
        out
    }

    /// Appends the object as JSON text without blanks.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        members(self, out);
    }
}

/// Without blanks.
fn compact(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Array(elements) => {
            out.push(b'[');
            for (at, element) in elements.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                compact(element, out);
            }
            out.push(b']');
        }
        Value::Object(object) => members(object, out),
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => out.extend_from_slice(number.as_str().as_bytes()),
        Value::String(string) => text(string, out),
    }
}

/// An object without blanks.
fn members(object: &Object<'_>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, (name, value)) in object.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        text(name, out);
        out.push(b':');
        compact(value, out);
    }
    out.push(b'}');
}

/// A line for each member and element, with two blanks for each level.
fn pretty(value: &Value<'_>, level: usize, out: &mut Vec<u8>) {
    let inner = level.saturating_add(1);
    match value {
        Value::Array(elements) if !elements.is_empty() => {
            out.push(b'[');
            for (at, element) in elements.iter().enumerate() {
                line(at, inner, out);
                pretty(element, inner, out);
            }
            line(0, level, out);
            out.push(b']');
        }
        Value::Object(object) if !object.is_empty() => {
            out.push(b'{');
            for (at, (name, value)) in object.iter().enumerate() {
                line(at, inner, out);
                text(name, out);
                out.extend_from_slice(b": ");
                pretty(value, inner, out);
            }
            line(0, level, out);
            out.push(b'}');
        }
        other => compact(other, out),
    }
}

/// Begins the line of a member or element, after a comma if others are before it.
fn line(at: usize, level: usize, out: &mut Vec<u8>) {
    if at > 0 {
        out.push(b',');
    }
    out.push(b'\n');
    (0..level).for_each(|_| out.extend_from_slice(b"  "));
}

fn text(string: &str, out: &mut Vec<u8>) {
    if plain(string.as_bytes()) == string.len() {
        out.reserve(string.len().saturating_add(2));
        out.push(b'"');
        out.extend_from_slice(string.as_bytes());
        return out.push(b'"');
    }
    // Writing text to memory does not fail.
    let _ = serde_json::to_writer(out, string);
}
