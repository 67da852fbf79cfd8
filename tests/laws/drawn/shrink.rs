//! A case that breaks a law, made as small as it is broken by.

use super::case::{Case, Given};
use super::draft::Draft;
use super::load::{World, load};
use super::tree::Tree;
use super::written::Law;

/// How often all smaller ones are tried.
const ROUNDS: usize = 30;

pub type Held = for<'c> fn(&Case<'c>) -> Law;

/// The smallest case found and why it breaks the law.
pub fn shrink(draft: &Draft, given: &Given, law: Held) -> (Draft, Given, String) {
    let (mut draft, mut given) = (draft.clone(), given.clone());
    let mut why = "it does not break it again".to_owned();
    for _ in 0..ROUNDS {
        let before = draft.all_rules().count() + draft.attributes.len();
        let needed: Vec<_> = draft.attributes.iter().filter(|attr| attr.required).collect();
        let named = needed.into_iter().map(|attr| attr.name.clone());
        let needed: Vec<_> = named.chain([draft.naming().to_owned()]).collect();
        let candidates: Vec<_> = drafts(&draft).into_iter().chain([draft.clone()]).collect();
        let Some((smaller, world, shuffled)) = first_broken(candidates, &given, law) else { break };
        draft = smaller;
        let broken = |given: &Given| {
            law(&Case { world: &world, shuffled: &shuffled, given: given.clone() }).err()
        };
        why = broken(&given).unwrap_or(why);
        while let Some((smaller, reason)) = documents(&given, &needed)
            .into_iter()
            .find_map(|one| broken(&one).map(|why| (one, why)))
        {
            (given, why) = (smaller, reason);
        }
        if before == draft.all_rules().count() + draft.attributes.len() {
            break;
        }
    }
    (draft, given, why)
}

/// The first of these dialects that breaks the law: all are loaded at once.
fn first_broken(candidates: Vec<Draft>, given: &Given, law: Held) -> Option<(Draft, World, World)> {
    let named = candidates.into_iter().enumerate();
    let named: Vec<_> =
        named.map(|(at, draft)| Draft { name: format!("c{at}"), ..draft }).collect();
    let both = named.iter().flat_map(|draft| [draft.clone(), shuffled(draft)]).collect();
    let (mut worlds, _) = load(both);
    for draft in named {
        let at = |worlds: &[World], name: &str| worlds.iter().position(|w| w.draft.name == name);
        let twin = format!("{}x", draft.name);
        let (Some(_), Some(_)) = (at(&worlds, &draft.name), at(&worlds, &twin)) else { continue };
        let world = worlds.swap_remove(at(&worlds, &draft.name)?);
        let shuffled = worlds.swap_remove(at(&worlds, &twin)?);
        let case = Case { world: &world, shuffled: &shuffled, given: given.clone() };
        if law(&case).is_err() {
            return Some((draft, world, shuffled));
        }
    }
    None
}

/// The same dialect, its rules and overlays in another order.
pub fn shuffled(draft: &Draft) -> Draft {
    let mut other = draft.clone();
    other.name = format!("{}x", draft.name);
    other.rules.reverse();
    other.overlays.reverse();
    other.overlays.iter_mut().for_each(|rules| rules.reverse());
    other
}

fn drafts(draft: &Draft) -> Vec<Draft> {
    let mut found = Vec::new();
    let mut with = |change: &dyn Fn(&mut Draft)| {
        let mut smaller = draft.clone();
        change(&mut smaller);
        found.push(smaller);
    };
    // First whole parts, then one after the other.
    for parts in [2, 4] {
        for part in 0..parts {
            let within = |at: usize, of: usize| at * parts / of.max(1) == part;
            with(&|smaller| {
                let (mut at, of) = (0, smaller.attributes.len());
                smaller.attributes.retain(|attr| {
                    at += 1;
                    attr.unique || !within(at - 1, of)
                });
            });
            with(&|smaller| {
                let (mut at, of) = (0, smaller.rules.len());
                smaller.rules.retain(|rule| {
                    at += 1;
                    rule.is_of_the_login() || !within(at - 1, of)
                });
            });
        }
    }
    if !draft.overlays.is_empty() {
        with(&|smaller| smaller.overlays.clear());
    }
    for at in (0..draft.rules.len()).filter(|at| !draft.rules[*at].is_of_the_login()) {
        with(&|smaller| drop(smaller.rules.remove(at)));
    }
    for at in 0..draft.overlays.len() {
        for rule in 0..draft.overlays[at].len() {
            with(&|smaller| drop(smaller.overlays[at].remove(rule)));
        }
    }
    for at in (0..draft.attributes.len()).filter(|at| !draft.attributes[*at].unique) {
        with(&|smaller| drop(smaller.attributes.remove(at)));
    }
    let size = |draft: &Draft| draft.all_rules().count() + draft.attributes.len();
    found.retain(|smaller| size(smaller) < size(draft));
    for smaller in &mut found {
        let Draft { filter, attributes, .. } = smaller;
        filter.retain(|(name, _)| name == "*" || attributes.iter().any(|a| a.name == *name));
    }
    found
}

fn documents(given: &Given, needed: &[String]) -> Vec<Given> {
    let mut found = Vec::new();
    #[expect(clippy::type_complexity, reason = "said once, and just here")]
    let all: [(fn(&mut Given) -> &mut Tree, &Tree); 5] = [
        (|given| &mut given.stored[0], &given.stored[0]),
        (|given| &mut given.wrong, &given.wrong),
        (|given| &mut given.said[0], &given.said[0]),
        (|given| &mut given.stored[1], &given.stored[1]),
        (|given| &mut given.stored[2], &given.stored[2]),
    ];
    let mut with = |change: &dyn Fn(&mut Given)| {
        let mut smaller = given.clone();
        change(&mut smaller);
        found.push(smaller);
    };
    for (of, tree) in all {
        for (name, value) in tree.members() {
            if needed.contains(name) {
                continue;
            }
            with(&|smaller| of(smaller).remove(name));
            for (at, element) in value.elements().iter().enumerate() {
                with(&|smaller| {
                    if let Some(Tree::Array(elements)) = of(smaller).get_mut(name) {
                        elements.remove(at);
                    }
                });
                for (sub, _) in element.members() {
                    with(&|smaller| {
                        if let Some(Tree::Array(elements)) = of(smaller).get_mut(name) {
                            elements[at].remove(sub);
                        }
                    });
                }
            }
            for (sub, _) in value.members() {
                with(&|smaller| {
                    if let Some(there) = of(smaller).get_mut(name) {
                        there.remove(sub);
                    }
                });
            }
        }
    }
    if given.asks.len() > 1 {
        (0..given.asks.len()).for_each(|at| with(&|smaller| drop(smaller.asks.remove(at))));
    }
    found
}
