//! Rules that want the same leaf (docs/semantics.md 1.4): the order of rules never decides.

use crate::diagnostic::Diagnostic;
use crate::rewrite::code::{CONFLICT, DUPLICATE};
use crate::rewrite::literal::same_literal;
use crate::rewrite::place::{Element, Place};
use crate::rewrite::relation::{Relation, relation};
use crate::rewrite::rule::{Fill, Map, RuleOrigin, Set, SetTarget, When};

use super::finding::At;

/// The conflicts within one layer. At most one a rule and side: the first one found.
pub(super) fn within(maps: &[Map], fills: &[Fill], sets: &[Set]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (map, before) in with_before(maps) {
        let twice = |other: &&Map| {
            clashes(&other.canonical, &map.canonical) == Some(Relation::Equal)
                && clashes(&other.vendor, &map.vendor) == Some(Relation::Equal)
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
        found.extend(clash((&map.canonical, at(&map.origin, "canonical")), canonicals));
        let vendors = before.iter().map(|map| (&map.vendor, at(&map.origin, "vendor")));
        found.extend(clash((&map.vendor, at(&map.origin, "vendor")), vendors));
    }
    for (fill, before) in with_before(fills) {
        let rivals = before.iter().filter(|other| {
            let conditions = (fill.when.as_ref(), other.when.as_ref());
            meet(conditions) && !(conditions.0.is_some() ^ conditions.1.is_some())
        });
        let others = rivals.map(|fill| (&fill.vendor, at(&fill.origin, "vendor")));
        found.extend(clash((&fill.vendor, at(&fill.origin, "vendor")), others));
    }
    for (set, before) in with_before(sets) {
        let here = (target(set), at(&set.origin, key(set)));
        let rivals = before.iter().filter(|other| rival(set, other));
        found.extend(clash(
            here,
            rivals.map(|other| (target(other), at(&other.origin, key(other)))),
        ));
    }
    found
}

/// Each rule with those before it.
fn with_before<T>(rules: &[T]) -> impl Iterator<Item = (&T, &[T])> {
    rules.iter().enumerate().map(|(at, rule)| (rule, rules.get(..at).unwrap_or_default()))
}

fn target(set: &Set) -> &Place {
    let (SetTarget::Vendor(place) | SetTarget::Canonical(place)) = &set.target;
    place
}

fn key(set: &Set) -> &'static str {
    match set.target {
        SetTarget::Vendor(_) => "vendor",
        SetTarget::Canonical(_) => "canonical",
    }
}

/// Whether both apply to the same messages, and neither is what holds where the other does not.
fn rival(set: &Set, other: &Set) -> bool {
    let conditions = (set.when.as_ref(), other.when.as_ref());
    if set.render != other.render || key(set) != key(other) || !meet(conditions) {
        return false;
    }
    // One without a condition is the default beside one that has one, unless it overwrites that.
    match conditions {
        (None, Some(_)) => set.always && !other.always,
        (Some(_), None) => other.always && !set.always,
        _ => true,
    }
}

/// Whether both conditions can hold of one resource: not where they name one place that has one value,
/// with different values.
fn meet(conditions: (Option<&When>, Option<&When>)) -> bool {
    let (Some(one), Some(other)) = conditions else { return true };
    let singular = one.canonical.element == Element::Whole;
    let same = relation(&one.canonical, &other.canonical) == Relation::Equal;
    !(singular && same) || same_literal(&one.equals, &other.equals)
}

pub(super) fn at<'r>(origin: &'r RuleOrigin, key: &'static str) -> At<'r> {
    At { origin, key }
}

/// Also where the elements overlap and the sub-attributes are apart: one element would be told to two
/// places, and come back as two.
pub(super) fn clashes(one: &Place, other: &Place) -> Option<Relation> {
    let chosen = |place: &Place| Place { rest: Vec::new(), ..place.clone() };
    let relation = match relation(&chosen(one), &chosen(other)) {
        Relation::Overlap => Relation::Overlap,
        _ => relation(one, other),
    };
    matches!(relation, Relation::Equal | Relation::Overlap).then_some(relation)
}

pub(super) fn clash<'r>(
    (place, here): (&Place, At<'_>),
    mut before: impl Iterator<Item = (&'r Place, At<'r>)>,
) -> Option<Diagnostic> {
    let (relation, (first, there)) =
        before.find_map(|other| clashes(other.0, place).map(|relation| (relation, other)))?;
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
