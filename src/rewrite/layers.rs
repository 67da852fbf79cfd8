//! The rules of a dialect with a route's overlays laid over them (docs/semantics.md 1.5).

use super::place::{Element, Place};
use super::relation::is_same;
use super::rule::{Fill, Map, RuleOrigin, Rules, Set, SetTarget, SetValue};

/// All rules of one resource type that hold on a route.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// Overlay rules and the dialect's own that no overlay replaces.
    pub maps: Vec<Map>,
    /// Places whose rule an overlay replaced: owned, and carried nowhere.
    pub shadows: Vec<Shadow>,
    pub fills: Vec<Fill>,
    pub sets: Vec<Set>,
}

/// The end of a replaced rule that the overlay's rule does not own.
#[derive(Clone, Debug)]
pub struct Shadow {
    pub side: End,
    pub place: Place,
    /// The overlay's rule that took its place.
    pub by: RuleOrigin,
}

/// The two ends of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    Canonical,
    Vendor,
}

impl Layers {
    /// Lays the overlays, as one set, over the dialect's rules.
    pub fn new(dialect: &Rules, overlays: &[Rules]) -> Self {
        let mut layers = Self::default();
        let over: Vec<&Map> = overlays.iter().flat_map(|rules| &rules.maps).collect();
        for map in &dialect.maps {
            match replaced_by(map, &over) {
                None => layers.maps.push(map.clone()),
                Some(by) => layers.shadows.extend(shadows(map, by)),
            }
        }
        layers.maps.extend(over.into_iter().cloned());
        // Overlays speak first (docs/semantics.md 1.5). The order of a file decides nothing (1.7): what a place's form
        // does not decide either is a mistake that `check` reports, and sorted by text here so that
        // it is the same on every run.
        let mut own: (Vec<Set>, Vec<Fill>) = (dialect.sets.clone(), dialect.fills.clone());
        layers.sets = overlays.iter().flat_map(|rules| rules.sets.iter().cloned()).collect();
        layers.fills = overlays.iter().flat_map(|rules| rules.fills.iter().cloned()).collect();
        own.0.retain(|set| !(set.always && layers.sets.iter().any(|over| replaces(over, set))));
        for sets in [&mut layers.sets, &mut own.0] {
            sets.sort_by_cached_key(|set| {
                let (SetTarget::Vendor(place) | SetTarget::Canonical(place)) = &set.target;
                let text = format!("{:?} {:?} {:?}", set.target, set.when, set.value);
                (rank(place, set.when.is_some()), text)
            });
        }
        for fills in [&mut layers.fills, &mut own.1] {
            fills.sort_by_cached_key(|fill| {
                let text = format!("{:?} {:?}", fill.vendor, fill.when);
                (rank(&fill.vendor, fill.when.is_some()), text)
            });
        }
        layers.sets = in_turn(layers.sets, own.0);
        layers.fills.extend(own.1);
        layers.maps.sort_by_key(|map| format!("{:?}{:?}", map.canonical, map.vendor));
        layers
    }
}

/// Whether a set is sure to say what another one, of the layer below, would say of the same place.
fn replaces(over: &Set, set: &Set) -> bool {
    let rests = matches!(over.value, SetValue::Variable { optional: true, .. });
    over.render == set.render
        && over.when.is_none()
        && !rests
        && match (&over.target, &set.target) {
            (SetTarget::Vendor(a), SetTarget::Vendor(b))
            | (SetTarget::Canonical(a), SetTarget::Canonical(b)) => is_same(a, b),
            _ => false,
        }
}

/// Of rules that write where nothing is, the first speaks: what is said of fewer elements and under a
/// condition is said before what holds otherwise, and an object as a whole before its members.
fn rank(place: &Place, conditional: bool) -> (usize, usize, bool) {
    let terms = match &place.element {
        Element::Where(terms) => terms.len(),
        Element::Whole | Element::Each => 0,
    };
    (place.members.len() + place.rest.len(), usize::MAX - terms, !conditional)
}

/// Rules that write where nothing is, then those that also take the place of a value: of these the
/// last one speaks, so the order turns round, and an overlay's comes after the dialect's.
fn in_turn(overlays: Vec<Set>, own: Vec<Set>) -> Vec<Set> {
    let always = |sets: &[Set]| -> Vec<Set> {
        let mut sets: Vec<Set> = sets.iter().filter(|set| set.always).cloned().collect();
        let depth = |set: &Set| {
            let (SetTarget::Vendor(place) | SetTarget::Canonical(place)) = &set.target;
            place.members.len() + place.rest.len()
        };
        sets.reverse();
        // Still an object as a whole before its members.
        sets.sort_by_key(depth);
        sets
    };
    let last = [always(&own), always(&overlays)].concat();
    let first = overlays.into_iter().chain(own).filter(|set| !set.always);
    first.chain(last).collect()
}

fn replaced_by<'m>(map: &Map, over: &[&'m Map]) -> Option<&'m Map> {
    over.iter()
        .find(|o| is_same(&o.canonical, &map.canonical) || is_same(&o.vendor, &map.vendor))
        .copied()
}

fn shadows(map: &Map, by: &Map) -> Vec<Shadow> {
    let mut shadows = Vec::new();
    if !is_same(&by.canonical, &map.canonical) {
        let place = map.canonical.clone();
        shadows.push(Shadow { side: End::Canonical, place, by: by.origin.clone() });
    }
    if !is_same(&by.vendor, &map.vendor) {
        let place = map.vendor.clone();
        shadows.push(Shadow { side: End::Vendor, place, by: by.origin.clone() });
    }
    shadows
}
