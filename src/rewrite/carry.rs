//! What becomes of one value on the way, and which elements go: value tables, conversions,
//! predicates, pick.

use super::build::literal_value;
use super::owner::literal_eq;
use super::program::{Arm, Carrier, LossCause, Towards};
use super::rule::{Conversion, Otherwise, Pick};
use crate::scim::Value;
use crate::scim::filter::Literal;

/// What came of a value.
pub enum Carried<'a> {
    Value(Value<'a>),
    Dropped(LossCause),
    Refused(String),
}

/// What a rule makes of a value.
pub fn carried<'a>(rule: Option<&'a Carrier>, value: &'a Value<'a>) -> Carried<'a> {
    let Some(rule) = rule else { return Carried::Value(value.borrowed()) };
    if value.is_cleared() {
        return Carried::Value(value.borrowed());
    }
    if let Some(pairs) = &rule.values {
        let hit = pairs.iter().find(|(from, _)| literal_is(from, value));
        return match (hit, rule.otherwise) {
            (Some((_, to)), _) => Carried::Value(literal_value(to)),
            (None, Otherwise::Keep) => Carried::Value(value.borrowed()),
            (None, Otherwise::Drop) => Carried::Dropped(LossCause::Rule),
            (None, Otherwise::Refuse) => {
                let known: Vec<String> = pairs.iter().map(|(from, _)| literal_text(from)).collect();
                Carried::Refused(format!("has a value outside {}", known.join(", ")))
            }
        };
    }
    match rule.convert {
        None => Carried::Value(value.borrowed()),
        Some((Conversion::BooleanText, Towards::Vendor)) => match value {
            Value::Bool(flag) => Carried::Value(Value::text(if *flag { "true" } else { "false" })),
            _ => Carried::Refused("must be a boolean".to_owned()),
        },
        Some((Conversion::BooleanText, Towards::Canonical)) => match value.as_str() {
            Some(text) if text.eq_ignore_ascii_case("true") => Carried::Value(Value::Bool(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Carried::Value(Value::Bool(false)),
            _ => Carried::Refused("must be \"true\" or \"false\"".to_owned()),
        },
    }
}

/// A literal as JSON text.
pub fn literal_text(literal: &Literal) -> String {
    String::from_utf8_lossy(&literal_value(literal).to_json()).into_owned()
}

/// Whether a value is what a literal says; text without case, and absent `primary` is false (6a.1).
pub fn literal_is(literal: &Literal, value: &Value<'_>) -> bool {
    let other = match value {
        Value::Null => Literal::Null,
        Value::Bool(flag) => Literal::Bool(*flag),
        Value::Number(number) => Literal::Number(number.clone()),
        Value::String(text) => Literal::String(text.to_string()),
        Value::Array(_) | Value::Object(_) => return false,
    };
    literal_eq(literal, &other, false)
}

/// Whether two literals are one value; text without case.
pub fn same_literal(a: &Literal, b: &Literal) -> bool {
    literal_eq(a, b, false)
}

/// Whether an element has all of a predicate's values.
pub fn satisfies(element: &Value<'_>, terms: &[(String, Literal)]) -> bool {
    let Value::Object(object) = element else { return terms.is_empty() };
    terms.iter().all(|(name, literal)| match object.get(name) {
        Some(value) => literal_is(literal, value),
        None => name.eq_ignore_ascii_case("primary") && *literal == Literal::Bool(false),
    })
}

/// Whether an element is among those that the target has room for.
pub fn chosen(arm: &Arm, index: usize, elements: &[Value<'_>], arms: &[&Arm]) -> bool {
    let Some(limit) = &arm.limit else { return true };
    let peers =
        || (0..elements.len()).filter(|at| arms.get(*at).is_some_and(|a| std::ptr::eq(*a, arm)));
    let rank = |at: usize| {
        let element = elements.get(at);
        limit.pick.iter().position(|pick| match pick {
            Pick::First => true,
            Pick::Where(name, literal) => {
                let term = [(name.clone(), literal.clone())];
                element.is_some_and(|element| satisfies(element, &term))
            }
        })
    };
    let order = |at: usize| (rank(at).unwrap_or(usize::MAX), at);
    peers().filter(|at| order(*at) < order(index)).count() < limit.most
}
