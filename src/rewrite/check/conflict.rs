//! Rules of one layer that want the same leaf (design 6a.4): the order of rules never decides.

use crate::diagnostic::Diagnostic;
use crate::rewrite::code::{CONFLICT, DUPLICATE};
use crate::rewrite::place::Place;
use crate::rewrite::rule::{Map, Origin, Rules, Set, SetTarget};
use crate::scim::schema::Schema;

use super::At;
use super::overlap::{Relation, relation};

/// The conflicts within one layer: a dialect's rules, or the rules of all overlays of a route. At
/// most one a rule and side: the first one found.
pub fn conflicts(rules: &Rules, canonical: &Schema, vendor: &Schema) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (map, before) in with_before(&rules.maps) {
        let twice = |other: &&Map| {
            clashes(&other.canonical, &map.canonical, canonical) == Some(Relation::Equal)
                && clashes(&other.vendor, &map.vendor, vendor) == Some(Relation::Equal)
        };
        if let Some(first) = before.iter().find(twice) {
            let message = "the same places are mapped twice";
            let diagnostic = Diagnostic::error(DUPLICATE, message)
                .at(&map.origin.file, map.origin.span.clone(), "again here")
                .at(&first.origin.file, first.origin.span.clone(), "first here");
            found.push(diagnostic.with_hint("remove one of the two"));
            continue;
        }
        let canonicals = before.iter().map(|map| (&map.canonical, at(&map.origin, "canonical")));
        found.extend(clash((&map.canonical, at(&map.origin, "canonical")), canonicals, canonical));
        let vendors = before.iter().map(|map| (&map.vendor, at(&map.origin, "vendor")));
        found.extend(clash((&map.vendor, at(&map.origin, "vendor")), vendors, vendor));
    }
    for (fill, before) in with_before(&rules.fills) {
        let always = before.iter().filter(|other| other.when.is_none() && fill.when.is_none());
        let others = always.map(|fill| (&fill.vendor, at(&fill.origin, "vendor")));
        found.extend(clash((&fill.vendor, at(&fill.origin, "vendor")), others, vendor));
    }
    for (set, before) in with_before(&rules.sets) {
        let (place, schema) = match &set.target {
            SetTarget::Vendor(place) => ((place, at(&set.origin, "vendor")), vendor),
            SetTarget::Canonical(place) => ((place, at(&set.origin, "canonical")), canonical),
        };
        let others = before.iter().filter_map(|other| rival(set, other));
        found.extend(clash(place, others, schema));
    }
    found
}

/// Each rule with those before it in the file.
fn with_before<T>(rules: &[T]) -> impl Iterator<Item = (&T, &[T])> {
    rules.iter().enumerate().map(|(at, rule)| (rule, rules.get(..at).unwrap_or_default()))
}

/// The other's place, where both apply to the same messages.
fn rival<'r>(set: &Set, other: &'r Set) -> Option<(&'r Place, At<'r>)> {
    if set.render != other.render || set.when.is_some() || other.when.is_some() {
        return None;
    }
    match (&set.target, &other.target) {
        (SetTarget::Vendor(_), SetTarget::Vendor(place)) => {
            Some((place, at(&other.origin, "vendor")))
        }
        (SetTarget::Canonical(_), SetTarget::Canonical(place)) => {
            Some((place, at(&other.origin, "canonical")))
        }
        _ => None,
    }
}

fn at<'r>(origin: &'r Origin, key: &'static str) -> At<'r> {
    At { origin, key }
}

fn clashes(one: &Place, other: &Place, schema: &Schema) -> Option<Relation> {
    let relation = relation(one, other, schema);
    matches!(relation, Relation::Equal | Relation::Overlap).then_some(relation)
}

fn clash<'r>(
    (place, here): (&Place, At<'_>),
    mut before: impl Iterator<Item = (&'r Place, At<'r>)>,
    schema: &Schema,
) -> Option<Diagnostic> {
    let (relation, (first, there)) = before
        .find_map(|other| clashes(other.0, place, schema).map(|relation| (relation, other)))?;
    let message = match relation {
        Relation::Equal => "two rules name the same place",
        _ => "two rules name places that overlap, and neither lies within the other",
    };
    let diagnostic = Diagnostic::error(CONFLICT, message)
        .at(&here.origin.file, here.origin.span_of(here.key), format!("`{place}` here"))
        .at(&there.origin.file, there.origin.span_of(there.key), format!("`{first}` here"));
    let hint = "remove one, or narrow both until no element can meet both (the order of rules \
                decides nothing)";
    Some(diagnostic.with_hint(hint))
}
