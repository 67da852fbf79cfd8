//! A client's filter as canonical truth: what every resource of the answer satisfies (design 6f.1, 6f.2).

use super::derived::ordered;
use super::pair::Pair;
use super::write::path;
use crate::fault::{Cause, Fault};
use crate::rewrite::carry::same_literal;
use crate::rewrite::program::Carrier;
use crate::rewrite::resolve::{Resolved, Spot, resolve};
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::path::Path;
use crate::scim::schema::{Attribute, Schema};

/// What a resource must satisfy, in canonical words.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    Always,
    Never,
    Test(Filter),
}

impl Pair {
    /// The client's filter in canonical words; what the pair loses is absent from every resource.
    ///
    /// # Errors
    /// `InvalidFilter` where a value path has no canonical counterpart, and for a comparison that has no
    /// answer.
    pub fn truth(&self, filter: &Filter) -> Result<Truth, Fault> {
        ordered(&self.client.vendor, &[], filter)?;
        if let Some(known) = self.derived(filter)? {
            return Ok(known);
        }
        Ok(match filter {
            Filter::And(terms) => self.all(terms, true)?,
            Filter::Or(terms) => self.all(terms, false)?,
            Filter::Not(inner) => match self.truth(inner)? {
                Truth::Always => Truth::Never,
                Truth::Never => Truth::Always,
                Truth::Test(inner) => Truth::Test(Filter::Not(Box::new(inner))),
            },
            Filter::Compare { path, operator, literal } => self.compare(path, *operator, literal),
            Filter::Present(path) => match self.canonical_path(path) {
                Some((path, _)) => Truth::Test(Filter::Present(path)),
                None => Truth::Never,
            },
            Filter::Element { path, filter } => {
                let known = equalities(filter);
                let Some((target, inner)) = self.element(path, filter, &known) else {
                    return Err(Fault::new(
                        Cause::InvalidFilter,
                        "This value path cannot be translated on this route. Filter by another \
                         attribute.",
                    ));
                };
                match inner {
                    Truth::Never => Truth::Never,
                    Truth::Always => Truth::Test(Filter::Present(target)),
                    Truth::Test(filter) => {
                        Truth::Test(Filter::Element { path: target, filter: Box::new(filter) })
                    }
                }
            }
        })
    }

    fn all(&self, terms: &[Filter], and: bool) -> Result<Truth, Fault> {
        let truths = terms.iter().map(|term| self.truth(term)).collect::<Result<Vec<_>, _>>()?;
        Ok(joined(truths, and))
    }

    fn compare(&self, path: &Path, operator: Operator, literal: &Literal) -> Truth {
        let Some((target, rule)) = self.canonical_path(path) else {
            // What no resource has is null (RFC 7643 section 2.5), and unlike any value.
            let absent = (operator == Operator::Eq) == (*literal == Literal::Null);
            let says = matches!(operator, Operator::Eq | Operator::Ne) && absent;
            return if says { Truth::Always } else { Truth::Never };
        };
        let literal = match rule.as_deref().and_then(|rule| rule.values.as_ref()) {
            None => literal.clone(),
            Some(_) if *literal == Literal::Null => Literal::Null,
            Some(pairs) => match pairs.iter().find(|(from, _)| same_literal(from, literal)) {
                Some((_, to)) => to.clone(),
                None if operator == Operator::Ne => return Truth::Always,
                None => return Truth::Never,
            },
        };
        Truth::Test(Filter::Compare { path: target, operator, literal })
    }

    pub(super) fn canonical_path(
        &self,
        given: &Path,
    ) -> Option<(Path, Option<std::sync::Arc<Carrier>>)> {
        let names: Vec<String> = given.members().map(str::to_owned).collect();
        if is_common(&names) {
            return Some((given.clone(), None));
        }
        match resolve(&self.client.lift, &Spot::new(names.clone())) {
            Resolved::To(near) => Some((path(&near.spot.names), near.rule.clone())),
            // A complex attribute stands for its value; it is where it was.
            Resolved::Branch | Resolved::Depends => {
                at(&self.client.canonical, &names).map(|_| (given.clone(), None))
            }
            Resolved::Implied | Resolved::Lost(_) | Resolved::Unknown => None,
        }
    }

    /// The canonical attribute that a value path selects in, and the filter inside it.
    fn element(
        &self,
        array: &Path,
        filter: &Filter,
        known: &[(String, Literal)],
    ) -> Option<(Path, Truth)> {
        let above: Vec<String> = array.members().map(str::to_owned).collect();
        let sub = |inner: &Path| {
            let names: Vec<String> =
                above.iter().cloned().chain(inner.members().map(str::to_owned)).collect();
            let spot = Spot { names, array: Some(above.len()), known: known.to_vec() };
            match resolve(&self.client.lift, &spot) {
                Resolved::To(near) => {
                    let at = near.spot.array?;
                    let (head, rest) = near.spot.names.split_at(at);
                    Some((path(head), rest.to_vec(), near.rule.clone()))
                }
                _ => None,
            }
        };
        match filter {
            Filter::And(terms) | Filter::Or(terms) => {
                let mut target = None;
                let mut truths = Vec::new();
                for term in terms {
                    let (path, truth) = self.element(array, term, known)?;
                    if target.as_ref().is_some_and(|known| *known != path) {
                        return None;
                    }
                    target = Some(path);
                    truths.push(truth);
                }
                Some((target?, joined(truths, matches!(filter, Filter::And(_)))))
            }
            Filter::Not(inner) => {
                let (target, truth) = self.element(array, inner, known)?;
                let truth = match truth {
                    Truth::Always => Truth::Never,
                    Truth::Never => Truth::Always,
                    Truth::Test(inner) => Truth::Test(Filter::Not(Box::new(inner))),
                };
                Some((target, truth))
            }
            Filter::Compare { path: inner, operator, literal } => {
                let (target, rest, rule) = sub(inner)?;
                let relative = path(&rest);
                let literal = match rule.as_deref().and_then(|rule| rule.values.as_ref()) {
                    None => literal.clone(),
                    Some(pairs) => {
                        pairs.iter().find(|(from, _)| same_literal(from, literal))?.1.clone()
                    }
                };
                let test = Filter::Compare { path: relative, operator: *operator, literal };
                Some((target, Truth::Test(test)))
            }
            Filter::Present(inner) => {
                let (target, rest, _) = sub(inner)?;
                Some((target, Truth::Test(Filter::Present(path(&rest)))))
            }
            Filter::Element { .. } => None,
        }
    }
}

/// Folds constants; `and` or `or`.
pub(super) fn joined(truths: Vec<Truth>, and: bool) -> Truth {
    let (zero, one) =
        if and { (Truth::Never, Truth::Always) } else { (Truth::Always, Truth::Never) };
    if truths.contains(&zero) {
        return zero;
    }
    let mut tests: Vec<Filter> = truths
        .into_iter()
        .filter_map(|truth| match truth {
            Truth::Test(test) => Some(test),
            Truth::Always | Truth::Never => None,
        })
        .collect();
    match (tests.len(), tests.pop()) {
        (_, None) => one,
        (1, Some(only)) => Truth::Test(only),
        (_, Some(last)) => {
            tests.push(last);
            Truth::Test(if and { Filter::And(tests) } else { Filter::Or(tests) })
        }
    }
}

/// `id` and `meta` are the same everywhere (RFC 7643 section 3.1).
fn is_common(names: &[String]) -> bool {
    let common =
        |name: &String| ["id", "meta", "schemas"].iter().any(|c| c.eq_ignore_ascii_case(name));
    names.first().is_some_and(common)
}

pub fn at<'s>(schema: &'s Schema, names: &[String]) -> Option<&'s Attribute> {
    let (first, rest) = names.split_first()?;
    rest.iter().try_fold(schema.attribute(first)?, |at, name| at.attribute(name))
}

/// The values that an element must have to satisfy the filter.
fn equalities(filter: &Filter) -> Vec<(String, Literal)> {
    match filter {
        Filter::Compare { path, operator: Operator::Eq, literal } => path
            .attribute
            .iter()
            .filter(|_| path.sub.is_empty())
            .map(|name| (name.clone(), literal.clone()))
            .collect(),
        Filter::And(terms) => terms.iter().flat_map(equalities).collect(),
        _ => Vec::new(),
    }
}
