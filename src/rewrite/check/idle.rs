//! Maps that carry nothing: seen in what they compile to, so that nothing is accepted which the
//! program then loses.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::rewrite::code::CARRIES_NOTHING;
use crate::rewrite::layers::Layers;
use crate::rewrite::lens::Lens;
use crate::rewrite::program::Program;
use crate::rewrite::resolve::{LeafTarget, Resolved, leaves};
use crate::rewrite::rule::{Map, Rules};
use crate::scim::schema::{Attribute, Mutability, Operation, Returned, Schema};

/// The maps of `rules` that carry no leaf both ways, or none that any message may hold on both sides.
pub fn idle(rules: &Rules, below: &Rules, canonical: &Schema, vendor: &Schema) -> Vec<Diagnostic> {
    if rules.maps.is_empty() {
        return Vec::new();
    }
    let lens = Lens::of(
        Layers::new(below, std::slice::from_ref(rules)),
        canonical,
        vendor,
        BTreeMap::new(),
    );
    let carries = |map: &Map| {
        let (lift, lower) = (of(&lens.lift, map), of(&lens.lower, map));
        !lift.is_empty()
            && !lower.is_empty()
            && (lift.iter().any(|(own, far)| is_shown(own) && is_shown(&far.attribute))
                || lower.iter().any(|(own, far)| {
                    own.mutability != Mutability::ReadOnly
                        && [Operation::Create, Operation::Replace, Operation::Patch]
                            .into_iter()
                            .any(|operation| far.takes(operation))
                }))
    };
    rules.maps.iter().filter(|map| !carries(map)).map(mistake).collect()
}

/// The leaves that a map carries in one direction.
fn of(program: &Program, map: &Map) -> Vec<(std::sync::Arc<Attribute>, Box<LeafTarget>)> {
    let carried = leaves(program).into_iter().filter_map(|(_, own, resolved)| match resolved {
        Resolved::To(far) => Some((own, far)),
        _ => None,
    });
    carried
        .filter(|(_, far)| far.rule.as_ref().is_some_and(|rule| rule.origin == map.origin))
        .collect()
}

/// Whether answers hold it.
fn is_shown(attribute: &Attribute) -> bool {
    attribute.mutability != Mutability::WriteOnly && attribute.returned != Returned::Never
}

fn mistake(map: &Map) -> Diagnostic {
    let label = format!("nothing of `{}` and `{}` goes over both ways", map.canonical, map.vendor);
    let diagnostic = Diagnostic::error(CARRIES_NOTHING, "this map carries nothing");
    let hint = "name places that have attributes in common which a request or an answer may hold on \
                both sides, and that no longer rule owns; or remove the map";
    diagnostic.at(&map.origin.file, map.origin.span.clone(), label).with_hint(hint)
}
