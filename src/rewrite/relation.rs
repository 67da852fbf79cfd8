//! How two places of one side lie to each other (docs/semantics.md 1.4).

use crate::rewrite::literal::same_literal;
use crate::rewrite::place::{Element, Place};
use crate::scim::filter::Literal;

/// How two places lie to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// No leaf is in both.
    Apart,
    Equal,
    /// The first holds all that the second does, and more.
    Holds,
    /// The second holds all that the first does, and more.
    Within,
    /// Some leaves may be in both, and each may have others.
    Overlap,
}

/// How two places of one schema lie to each other. Names and literals are compared without regard to
/// case, as elements are chosen (`satisfies` in `carry.rs`).
pub fn relation(one: &Place, other: &Place) -> Relation {
    match names(&one.members, &other.members) {
        Relation::Equal => {}
        Relation::Holds if one.element == Element::Whole => return Relation::Holds,
        Relation::Within if other.element == Element::Whole => return Relation::Within,
        _ => return Relation::Apart,
    }
    let elements = elements(&one.element, &other.element);
    let whole = one.element == Element::Whole || other.element == Element::Whole;
    if whole { elements } else { elements.and(names(&one.rest, &other.rest)) }
}

/// Whether two places are the same one.
pub fn is_same(one: &Place, other: &Place) -> bool {
    relation(one, other) == Relation::Equal
}

impl Relation {
    /// The relation of pairs whose halves lie to each other like this.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Apart, _) | (_, Self::Apart) => Self::Apart,
            (Self::Equal, same) | (same, Self::Equal) => same,
            (one, other) if one == other => one,
            _ => Self::Overlap,
        }
    }
}

/// How what lies below two paths does.
fn names(one: &[String], other: &[String]) -> Relation {
    if one.iter().zip(other).any(|(a, b)| !a.eq_ignore_ascii_case(b)) {
        return Relation::Apart;
    }
    match one.len().cmp(&other.len()) {
        std::cmp::Ordering::Less => Relation::Holds,
        std::cmp::Ordering::Equal => Relation::Equal,
        std::cmp::Ordering::Greater => Relation::Within,
    }
}

fn elements(one: &Element, other: &Element) -> Relation {
    match (one, other) {
        (Element::Whole, Element::Whole) | (Element::Each, Element::Each) => Relation::Equal,
        (Element::Whole, _) | (Element::Each, Element::Where(_)) => Relation::Holds,
        (_, Element::Whole) | (Element::Where(_), Element::Each) => Relation::Within,
        (Element::Where(one), Element::Where(other)) => terms(one, other),
    }
}

/// More terms choose fewer elements; two values of one name choose none in common.
fn terms(one: &[(String, Literal)], other: &[(String, Literal)]) -> Relation {
    let mut shared = 0;
    for (name, literal) in one {
        let Some((_, theirs)) = other.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)) else {
            continue;
        };
        if !same_literal(literal, theirs) {
            return Relation::Apart;
        }
        shared += 1;
    }
    match (shared == one.len(), shared == other.len()) {
        (true, true) => Relation::Equal,
        (true, false) => Relation::Holds,
        (false, true) => Relation::Within,
        (false, false) => Relation::Overlap,
    }
}
