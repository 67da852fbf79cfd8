//! What becomes of one value on the way, and which elements go: value tables, conversions,
//! predicates, pick.

use super::literal::{literal_is, literal_text, literal_value};
use super::program::{Arm, Carrier, ElementsPlan, Limit, LossCause, Towards};
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

/// Whether an element has all of a predicate's values.
pub fn satisfies(element: &Value<'_>, terms: &[(String, Literal)]) -> bool {
    terms.iter().all(|(name, literal)| says(element, name, literal))
}

fn says(element: &Value<'_>, name: &str, literal: &Literal) -> bool {
    let Value::Object(object) = element else { return false };
    match object.get(name) {
        Some(value) => literal_is(literal, value),
        None => name.eq_ignore_ascii_case("primary") && *literal == Literal::Bool(false),
    }
}

/// Which way an element goes, and whether it is among those that the target has room for.
#[derive(Clone, Copy)]
pub struct ElementWay<'a> {
    pub arm: &'a Arm,
    pub chosen: bool,
}

/// The ways of an attribute's elements. Where a target has less room than there are elements of an
/// arm, those stay that its pick ranks first, and among equals those that come first.
pub fn ways<'a>(plan: &'a ElementsPlan, elements: &[Value<'_>]) -> Vec<ElementWay<'a>> {
    let rest = plan.arms.len();
    let arm = |element| plan.arms.iter().position(|arm| satisfies(element, &arm.terms));
    let arms: Vec<usize> = elements.iter().map(|element| arm(element).unwrap_or(rest)).collect();
    let arm_at = |at: usize| plan.arms.get(at).unwrap_or(&plan.rest);
    let mut ways: Vec<ElementWay<'a>> =
        arms.iter().map(|at| ElementWay { arm: arm_at(*at), chosen: true }).collect();
    for number in 0..=rest {
        let Some(limit) = &arm_at(number).limit else { continue };
        let peers = elements.iter().zip(&arms).enumerate().filter(|(_, (_, arm))| **arm == number);
        let mut ranks: Vec<(usize, usize)> =
            peers.map(|(at, (element, _))| (rank(limit, element), at)).collect();
        if ranks.len() <= limit.most {
            continue;
        }
        let (_, _, after) = match limit.most.checked_sub(1) {
            Some(last) => ranks.select_nth_unstable(last),
            None => continue,
        };
        for (_, at) in after {
            if let Some(way) = ways.get_mut(*at) {
                way.chosen = false;
            }
        }
    }
    ways
}

fn rank(limit: &Limit, element: &Value<'_>) -> usize {
    let picked = |pick: &Pick| match pick {
        Pick::First => true,
        Pick::Where(name, literal) => says(element, name, literal),
    };
    limit.pick.iter().position(picked).unwrap_or(usize::MAX)
}
