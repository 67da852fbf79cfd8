//! The shape of a JSON text: its names where they are known, and each value as its type and size.
//!
//! It is read from end to end without a tree, and what is written of it is bounded.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::names::KnownNames;

/// The longest shape, in bytes.
const LONGEST: usize = 4096;
/// Bodies beyond this are told by their size alone.
const READ: usize = 1 << 20;
/// Elements of one array that are told.
const ELEMENTS: usize = 3;
/// `{"userName": string(12), "emails": [{"value": string(20)}]}`; `text(7)` for what is no JSON. A name that is not
/// known is told by its length, `name(7)`: it may be data.
pub(super) fn shape(body: &[u8], names: &KnownNames) -> String {
    if body.is_empty() {
        return "nothing".to_owned();
    }
    let mut shape = Shape { text: String::new(), names };
    let mut json = serde_json::Deserializer::from_slice(body);
    let read =
        body.len() <= READ && (&mut shape).deserialize(&mut json).is_ok() && json.end().is_ok();
    if read { shape.text } else { format!("text({})", body.len()) }
}

struct Shape<'n> {
    text: String,
    names: &'n KnownNames,
}

impl Shape<'_> {
    fn write(&mut self, text: &str) {
        if self.text.len() >= LONGEST {
            return;
        }
        self.text.push_str(text);
        if self.text.len() >= LONGEST {
            self.text.push('…');
        }
    }

    fn name(&mut self, name: &str) {
        match self.names.knows(name) {
            true => self.write(&format!("\"{name}\": ")),
            false => self.write(&format!("name({}): ", name.chars().count())),
        }
    }
}

impl<'de> DeserializeSeed<'de> for &mut Shape<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Shape<'_> {
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
            let before = self.text.len();
            if count > 0 {
                self.write(", ");
            }
            if elements.next_element_seed(&mut *self)?.is_none() {
                self.text.truncate(before);
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
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let names =
            ["schemas", "username", "active", "n", "x", enterprise, "manager", "value", "emails"];
        let names = KnownNames::these(&names);
        let body = r#"{"schemas":["urn:a"],"userName":"änn","active":true,"n":-1.5e3,"x":null,
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"26118915"}},
            "emails":[{"value":"a@b.example"},{},{},{},{}],"ann@corp.example":1,"9f3b1c22-0000":"","ann":{"value":1},"userName":""}"#;
        assert_eq!(
            shape(body.as_bytes(), &names),
            "{\"schemas\": [string(5)], \"userName\": string(3), \"active\": boolean, \"n\": number, \"x\": null, \
             \"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\": {\"manager\": {\"value\": string(8)}}, \
             \"emails\": [{\"value\": string(11)}, {}, {}, and 2 more], name(16): number, name(13): string(0), \
             name(3): {\"value\": number}, \"userName\": string(0)}"
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
            assert_eq!(shape(body.as_bytes(), &names), wanted);
        }
    }

    #[test]
    fn a_shape_is_bounded_whatever_the_body() {
        let names = KnownNames::default();
        let many: Vec<String> =
            (0..50_000).map(|n| format!("\"a{}\":[[[[{n}]]]]", "b".repeat(n % 50))).collect();
        let wide = format!("{{{}}}", many.join(","));
        assert!(shape(wide.as_bytes(), &names).len() < LONGEST + 200);
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(shape(deep.as_bytes(), &names), "text(200000)");
        let large = format!("\"{}\"", "a".repeat(READ));
        assert_eq!(shape(large.as_bytes(), &names), format!("text({})", READ + 2));
    }
}
