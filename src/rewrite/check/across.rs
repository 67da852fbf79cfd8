//! Rules that want the same leaf, in one layer and across layers: what no order may decide.

use crate::diagnostic::Diagnostic;
use crate::rewrite::layers::Layers;
use crate::rewrite::place::Place;
use crate::rewrite::rule::{Map, Rules};

use super::conflict::{at, clash, within};
use super::finding::At;

/// The conflicts within one layer: a dialect's rules, or the rules of all overlays of a route.
pub fn conflicts(layer: &[Rules]) -> Vec<Diagnostic> {
    let maps: Vec<_> = layer.iter().flat_map(|rules| rules.maps.iter().cloned()).collect();
    let fills: Vec<_> = layer.iter().flat_map(|rules| rules.fills.iter().cloned()).collect();
    let sets: Vec<_> = layer.iter().flat_map(|rules| rules.sets.iter().cloned()).collect();
    within(&maps, &fills, &sets)
}

/// What overlays map and a map of the dialect's, which they do not replace, maps too. Of `set` and
/// `fill` the overlay's speak first, which is no conflict.
pub fn across(dialect: &Rules, overlays: &[Rules]) -> Vec<Diagnostic> {
    let over = || overlays.iter().flat_map(|rules| &rules.maps);
    let laid = Layers::new(dialect, overlays).maps;
    let stays = |map: &&Map| laid.contains(map) && !over().any(|own| own == *map);
    let below: Vec<&Map> = dialect.maps.iter().filter(stays).collect();
    let mut found = Vec::new();
    for map in over() {
        let mut ends = |place: fn(&Map) -> &Place, key: &'static str| {
            let here: (&Place, At<'_>) = (place(map), at(&map.origin, key));
            let others = below.iter().map(|map| (place(map), at(&map.origin, key)));
            let hint = "the overlay's rule takes the dialect's place where both name the same one; \
                        else narrow it until no element can meet both";
            found.extend(clash(here, others).map(|diagnostic| diagnostic.with_hint(hint)));
        };
        ends(|map| &map.canonical, "canonical");
        ends(|map| &map.vendor, "vendor");
    }
    found
}
