//! The literals of rules and filters against each other and against values: the one equality, with the one
//! folding of case, by which rules are checked and elements chosen.

use crate::scim::Value;
use crate::scim::filter::Literal;

/// Whether two literals are one value; text without case.
pub fn same_literal(a: &Literal, b: &Literal) -> bool {
    match (a, b) {
        (Literal::String(a), Literal::String(b)) => same_text(a, b),
        _ => a == b,
    }
}

/// Whether a value is what a literal says; text without case, and absent `primary` is false (docs/semantics.md 1.2).
pub fn literal_is(literal: &Literal, value: &Value<'_>) -> bool {
    match (literal, value) {
        (Literal::Null, Value::Null) => true,
        (Literal::Bool(wanted), Value::Bool(flag)) => wanted == flag,
        (Literal::Number(wanted), Value::Number(number)) => wanted == number,
        (Literal::String(wanted), Value::String(text)) => same_text(wanted, text),
        _ => false,
    }
}

/// Whether the known equalities hold that one, too.
pub fn implies(known: &[(String, Literal)], (name, literal): &(String, Literal)) -> bool {
    known.iter().any(|(k, v)| k.eq_ignore_ascii_case(name) && same_literal(v, literal))
}

/// A literal as a value of a document.
pub fn literal_value(literal: &Literal) -> Value<'_> {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Number(number) => Value::Number(number.borrowed()),
        Literal::String(text) => Value::text(text),
    }
}

/// A literal as JSON text.
pub fn literal_text(literal: &Literal) -> String {
    String::from_utf8_lossy(&literal_value(literal).to_json()).into_owned()
}

/// Equality of text without case.
fn same_text(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
        || !(a.is_ascii() && b.is_ascii()) && a.to_lowercase() == b.to_lowercase()
}
