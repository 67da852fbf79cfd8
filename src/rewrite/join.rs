//! The predicates of one multi-valued attribute, closed under what an element meets at once: then each
//! element has one longest predicate that it meets, and no order decides where it goes.

use super::literal::{implies, same_literal};
use crate::scim::filter::Literal;

/// The most predicates of one attribute, with what elements meet of several at once.
const MOST_ARMS: usize = 256;

/// Adds to predicates what an element meets that meets several of them, and drops repeated ones.
pub fn join(predicates: &mut Vec<Vec<(String, Literal)>>) {
    let all = std::mem::take(predicates);
    for terms in all {
        let mut fresh: Vec<_> = predicates.iter().filter_map(|known| both(known, &terms)).collect();
        fresh.push(terms);
        for terms in fresh {
            let known =
                predicates.iter().any(|known| is_within(known, &terms) && is_within(&terms, known));
            if !known && predicates.len() < MOST_ARMS {
                predicates.push(terms);
            }
        }
    }
}

/// The terms of both; none where no element meets both.
fn both(one: &[(String, Literal)], other: &[(String, Literal)]) -> Option<Vec<(String, Literal)>> {
    let mut terms = one.to_vec();
    for (name, literal) in other {
        match terms.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, known)) if !same_literal(known, literal) => return None,
            Some(_) => {}
            None => terms.push((name.clone(), literal.clone())),
        }
    }
    terms.sort_by(|a, b| a.0.cmp(&b.0));
    Some(terms)
}

/// Whether each term of the first is one of the second's.
fn is_within(one: &[(String, Literal)], other: &[(String, Literal)]) -> bool {
    one.iter().all(|term| implies(other, term))
}
