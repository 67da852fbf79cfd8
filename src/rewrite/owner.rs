//! Who owns a leaf (docs/semantics.md 1.3): the explicit rule with the longest place that holds it.

use super::layers::{End, Layers};
use super::literal::implies;
use super::place::{Element, Place};
use crate::scim::filter::Literal;

/// The owner of a leaf on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Index in [`Layers::maps`].
    Map(usize),
    /// Index in [`Layers::shadows`].
    Shadow(usize),
    /// The leaf is a value of the predicate itself: it says which element is meant, and is written
    /// with it. Index in [`Layers::maps`].
    Term(usize),
}

/// A leaf and what is known of the element that it lies in.
#[derive(Clone, Copy, Debug)]
pub struct OwnedLeaf<'l> {
    pub names: &'l [String],
    /// Equalities that hold for the element, sorted by name.
    pub known: &'l [(String, Literal)],
}

pub fn owner(layers: &Layers, end: End, leaf: OwnedLeaf<'_>) -> Option<Owner> {
    let maps = layers.maps.iter().enumerate().map(|(at, map)| {
        let place = match end {
            End::Canonical => &map.canonical,
            End::Vendor => &map.vendor,
        };
        (place, Owner::Map(at))
    });
    let shadows = layers.shadows.iter().enumerate();
    let shadows = shadows
        .filter(|(_, shadow)| shadow.side == end)
        .map(|(at, shadow)| (&shadow.place, Owner::Shadow(at)));
    let terms = layers.maps.iter().enumerate().filter_map(|(at, map)| {
        let place = match end {
            End::Canonical => &map.canonical,
            End::Vendor => &map.vendor,
        };
        is_term(place, leaf).then_some((place, Owner::Term(at)))
    });
    // Of equally long places: what chooses the element, then a rule, then a replaced rule's place.
    let owners = shadows.chain(maps).filter(|(place, _)| holds(place, leaf));
    owners.chain(terms).max_by_key(|(place, _)| length(place)).map(|(_, owner)| owner)
}

/// Whether the leaf is one of the values by which the place's predicate finds its element.
pub fn is_term(place: &Place, leaf: OwnedLeaf<'_>) -> bool {
    let Element::Where(terms) = &place.element else { return false };
    let Some((last, above)) = leaf.names.split_last() else { return false };
    above.len() == place.members.len()
        && above.iter().zip(&place.members).all(|(a, b)| a.eq_ignore_ascii_case(b))
        && terms.iter().any(|(name, _)| name.eq_ignore_ascii_case(last))
        && terms.iter().all(|term| implies(leaf.known, term))
}

/// Whether every value at the leaf lies in the place.
fn holds(place: &Place, leaf: OwnedLeaf<'_>) -> bool {
    let names = place.names();
    let depth = place.members.len() + place.rest.len();
    if depth > leaf.names.len() {
        return false;
    }
    if !names.zip(leaf.names).all(|(a, b)| a.eq_ignore_ascii_case(b)) {
        return false;
    }
    match &place.element {
        Element::Whole | Element::Each => true,
        Element::Where(terms) => terms.iter().all(|term| implies(leaf.known, term)),
    }
}

/// With a predicate is longer than without.
fn length(place: &Place) -> (usize, usize) {
    let terms = match &place.element {
        Element::Where(terms) => terms.len(),
        Element::Whole | Element::Each => 0,
    };
    (place.members.len() + place.rest.len(), terms)
}
