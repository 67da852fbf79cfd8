//! The rules of a dialect with a route's overlays laid over them (design 6a.7).

use super::place::Place;
use super::rule::{Fill, Map, Origin, Rules, Set};

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
    pub by: Origin,
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
        // Overlays speak first; within a layer the order decides nothing (6a.7, 6a.8).
        let mut own: (Vec<Set>, Vec<Fill>) = (dialect.sets.clone(), dialect.fills.clone());
        layers.sets = overlays.iter().flat_map(|rules| rules.sets.iter().cloned()).collect();
        layers.fills = overlays.iter().flat_map(|rules| rules.fills.iter().cloned()).collect();
        for sets in [&mut layers.sets, &mut own.0] {
            sets.sort_by_key(|set| format!("{:?} {:?} {:?}", set.target, set.when, set.value));
        }
        for fills in [&mut layers.fills, &mut own.1] {
            fills.sort_by_key(|fill| format!("{:?} {:?}", fill.vendor, fill.when));
        }
        layers.sets.extend(own.0);
        layers.fills.extend(own.1);
        layers.maps.sort_by_key(|map| format!("{:?}{:?}", map.canonical, map.vendor));
        layers
    }
}

fn replaced_by<'m>(map: &Map, over: &[&'m Map]) -> Option<&'m Map> {
    over.iter()
        .find(|o| same(&o.canonical, &map.canonical) || same(&o.vendor, &map.vendor))
        .copied()
}

fn shadows(map: &Map, by: &Map) -> Vec<Shadow> {
    let mut shadows = Vec::new();
    if !same(&by.canonical, &map.canonical) {
        let place = map.canonical.clone();
        shadows.push(Shadow { side: End::Canonical, place, by: by.origin.clone() });
    }
    if !same(&by.vendor, &map.vendor) {
        let place = map.vendor.clone();
        shadows.push(Shadow { side: End::Vendor, place, by: by.origin.clone() });
    }
    shadows
}

/// Whether two places are the same one, names compared without case.
pub fn same(a: &Place, b: &Place) -> bool {
    let names = |place: &Place| -> Vec<String> {
        place.members.iter().chain(&place.rest).map(|name| name.to_ascii_lowercase()).collect()
    };
    names(a) == names(b) && a.members.len() == b.members.len() && a.element == b.element
}
