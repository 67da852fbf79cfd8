//! The shape of a JSON text: its names as they come, and each value as its type and size.
//!
//! It is read from end to end without a tree, and what is written of it is bounded.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The longest shape, in bytes.
const LONGEST: usize = 4096;
/// Bodies beyond this are told by their size alone.
const READ: usize = 1 << 20;
/// Elements of one array that are told.
const ELEMENTS: usize = 3;
/// The longest name that is shown.
const NAME: usize = 128;
/// More digits make an id, a number or a date of what could be a name; a version has two.
const DIGITS: usize = 4;

/// `{"userName": string(12), "emails": [{"value": string(20)}]}`; `text(7)` for what is no JSON.
pub(super) fn shape(body: &[u8]) -> String {
    if body.is_empty() {
        return "nothing".to_owned();
    }
    let mut shape = Shape(String::new());
    let mut json = serde_json::Deserializer::from_slice(body);
    let read =
        body.len() <= READ && (&mut shape).deserialize(&mut json).is_ok() && json.end().is_ok();
    if read { shape.0 } else { format!("text({})", body.len()) }
}

/// Whether a text is the name of an attribute, a path of them or a URN, rather than data.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_$.:-".contains(&byte);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let first = text.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_alphabetic() || b"_$".contains(&byte))
        && text.len() <= NAME
        && digits <= DIGITS
        && text.bytes().all(plain)
}

struct Shape(String);

impl Shape {
    fn write(&mut self, text: &str) {
        if self.0.len() >= LONGEST {
            return;
        }
        self.0.push_str(text);
        if self.0.len() >= LONGEST {
            self.0.push('…');
        }
    }

    fn name(&mut self, name: &str) {
        match is_name(name) {
            true => self.write(&format!("\"{name}\": ")),
            false => self.write(&format!("name({}): ", name.chars().count())),
        }
    }
}

impl<'de> DeserializeSeed<'de> for &mut Shape {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Shape {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.write("boolean");
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.write("number");
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.write("number");
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.write("number");
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.write(&format!("string({})", text.chars().count()));
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.write("null");
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        self.write("[");
        let mut count = 0_usize;
        while count < ELEMENTS {
            let before = self.0.len();
            if count > 0 {
                self.write(", ");
            }
            if elements.next_element_seed(&mut *self)?.is_none() {
                self.0.truncate(before);
                break;
            }
            count += 1;
        }
        let mut more = 0_usize;
        while elements.next_element::<IgnoredAny>()?.is_some() {
            more += 1;
        }
        if more > 0 {
            self.write(&format!(", and {more} more"));
        }
        self.write("]");
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        self.write("{");
        let mut first = true;
        while let Some(name) = members.next_key::<String>()? {
            if !first {
                self.write(", ");
            }
            first = false;
            self.name(&name);
            members.next_value_seed(&mut *self)?;
        }
        self.write("}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_has_names_types_and_sizes_and_no_value() {
        let body = r#"{"schemas":["urn:a"],"userName":"änn","active":true,"n":-1.5e3,"x":null,
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"26118915"}},
            "emails":[{"value":"a@b.example"},{},{},{},{}],"ann@corp.example":1,"9f3b1c22-0000":"","userName":""}"#;
        assert_eq!(
            shape(body.as_bytes()),
            "{\"schemas\": [string(5)], \"userName\": string(3), \"active\": boolean, \"n\": number, \"x\": null, \
             \"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\": {\"manager\": {\"value\": string(8)}}, \
             \"emails\": [{\"value\": string(11)}, {}, {}, and 2 more], name(16): number, name(13): string(0), \
             \"userName\": string(0)}"
        );
        for (body, wanted) in [
            ("", "nothing"),
            ("[]", "[]"),
            ("{}", "{}"),
            ("\"a\"", "string(1)"),
            ("no {\"a\":1}", "text(10)"),
            ("{\"secret\":", "text(10)"),
            ("1 2", "text(3)"),
        ] {
            assert_eq!(shape(body.as_bytes()), wanted);
        }
    }

    #[test]
    fn a_shape_is_bounded_whatever_the_body() {
        let many: Vec<String> =
            (0..50_000).map(|n| format!("\"a{}\":[[[[{n}]]]]", "b".repeat(n % 50))).collect();
        let wide = format!("{{{}}}", many.join(","));
        assert!(shape(wide.as_bytes()).len() < LONGEST + 200);
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(shape(deep.as_bytes()), "text(200000)");
        let large = format!("\"{}\"", "a".repeat(READ));
        assert_eq!(shape(large.as_bytes()), format!("text({})", READ + 2));
    }
}
