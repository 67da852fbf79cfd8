//! Which of the upstream's places feed which of the client's, in answers: what a filter may be known
//! to miss, what a pushed one may rely on, and what a projection has to ask for.
//!
//! It is coarse on purpose: a feed that may be there is there.

use crate::rewrite::lens::Lens;
use crate::rewrite::place::Place;
use crate::rewrite::resolve::{LeafTarget, Resolved, Spot, leaves};
use crate::rewrite::rule::SetTarget;
use crate::scim::schema::is_urn;

/// Every way from a place of the upstream's to one of the client's.
#[derive(Debug, Default)]
pub struct Feeds {
    pub rows: Vec<Feed>,
}

/// One way, as member names; `*` stands for a free key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// `None` where a rule alone makes the value (`set` on canonical).
    pub upstream: Option<Vec<String>>,
    pub client: Vec<String>,
}

impl Feeds {
    pub fn new(client: &Lens, upstream: &Lens) -> Self {
        let mut lifted: Vec<(Option<Vec<String>>, Vec<String>)> = Vec::new();
        for (spot, target) in carried(&upstream.lift) {
            lifted.extend(made(&target).map(|names| (Some(spot.names.clone()), names)));
        }
        for set in &upstream.layers.sets {
            let SetTarget::Canonical(place) = &set.target else { continue };
            lifted.push((None, names(place)));
            // Whether it speaks depends on another place.
            let Some(when) = &set.when else { continue };
            let on = names(&when.canonical);
            let sources = lifted.iter().filter(|(_, to)| overlap(to, &on));
            let sources: Vec<_> = sources.map(|(from, _)| (from.clone(), names(place))).collect();
            lifted.extend(sources);
        }
        let lowered = carried(&client.lower);
        let mut rows = Vec::new();
        for (from, at) in lifted {
            for (spot, target) in lowered.iter().filter(|(spot, _)| overlap(&spot.names, &at)) {
                let to = made(target).map(|to| named(to, &spot.names, &at));
                rows.extend(to.map(|to| Feed { upstream: from.clone(), client: to }));
            }
        }
        Self { rows }
    }

    /// The ways to a place of the client's, or to what is above or below it.
    pub fn to<'f>(&'f self, client: &'f [String]) -> impl Iterator<Item = &'f Feed> {
        self.rows.iter().filter(move |row| overlap(&row.client, client))
    }

    /// Whether any answer may show a value there.
    pub fn reach(&self, client: &[String]) -> bool {
        self.to(client).next().is_some()
    }
}

/// Every leaf of a direction that goes somewhere.
fn carried(program: &crate::rewrite::program::Program) -> Vec<(Spot, Box<LeafTarget>)> {
    let to = |resolved| match resolved {
        Resolved::To(target) => Some(target),
        _ => None,
    };
    leaves(program).into_iter().filter_map(|(spot, _, at)| Some((spot, to(at)?))).collect()
}

/// The target of a free key, for the names that the key has.
fn named(mut to: Vec<String>, free: &[String], at: &[String]) -> Vec<String> {
    let star = |names: &[String]| names.last().is_some_and(|name| name == "*");
    if star(free)
        && star(&to)
        && let Some(names) = at.get(free.len().saturating_sub(1)..)
        && !names.is_empty()
    {
        to.pop();
        to.extend(names.iter().cloned());
    }
    to
}

/// The target, and what its element is given besides.
fn made(target: &LeafTarget) -> impl Iterator<Item = Vec<String>> {
    let Spot { names, array, known } = &target.spot;
    let above = names.get(..array.unwrap_or_default()).unwrap_or_default();
    let given = known.iter().map(|(name, _)| [above, std::slice::from_ref(name)].concat());
    let given: Vec<_> = given.filter(|_| array.is_some()).collect();
    std::iter::once(names.clone()).chain(given)
}

fn names(place: &Place) -> Vec<String> {
    place.members.iter().chain(&place.rest).cloned().collect()
}

/// Whether one place is the other, or above it; `*` is any name, and at the top any extension.
pub fn overlap(a: &[String], b: &[String]) -> bool {
    a.iter().zip(b).enumerate().all(|(depth, (a, b))| {
        let free = |any: &str, name: &str| any == "*" && (depth > 0 || name == "*" || is_urn(name));
        a.eq_ignore_ascii_case(b) || free(a, b) || free(b, a)
    })
}

/// Whether two places are one.
pub fn same(a: &[String], b: &[String]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.eq_ignore_ascii_case(b))
}
