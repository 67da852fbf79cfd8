//! As much of a filter as the upstream declares that it can answer (design 6f.3, 6f.4).

use super::pair::Pair;
use super::truth::at;
use super::write::path;
use crate::dialect::model::{FilterAttribute, FilterForms};
use crate::rewrite::carry::{literal_is, same_literal};
use crate::rewrite::program::Carrier;
use crate::rewrite::resolve::{Resolved, Spot, Target, resolve};
use crate::rewrite::rule::{SetTarget, SetValue};
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::path::Path;
use crate::scim::schema::{Attribute, Kind, Uniqueness};

/// How much of the truth the upstream's answer to a filter tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Pushed {
    /// Just the resources that satisfy it.
    Exact(Filter),
    /// All that satisfy it, and perhaps more.
    Superset(Filter),
    /// Nothing can be asked.
    Nothing,
}

impl Pair {
    /// As much of the truth as the upstream declares that it can answer.
    pub fn pushed(&self, truth: &Filter) -> Pushed {
        let forms = &self.upstream_resource.filter;
        let pushed = self.push(truth, forms);
        let terms = match &pushed {
            Pushed::Exact(filter) | Pushed::Superset(filter) => terms(filter),
            Pushed::Nothing => 0,
        };
        if terms > forms.max_terms { Pushed::Nothing } else { pushed }
    }

    fn push(&self, truth: &Filter, forms: &FilterForms) -> Pushed {
        match truth {
            Filter::Compare { path, operator, literal } => {
                self.push_compare(path, *operator, literal, forms)
            }
            Filter::Present(path) => self.push_present(path, forms),
            Filter::Element { path, filter } => self.push_element(path, filter, forms),
            Filter::And(terms) => {
                let all: Vec<Pushed> = terms.iter().map(|term| self.push(term, forms)).collect();
                conjunction(all, forms.and)
            }
            Filter::Or(terms) if forms.or => {
                let all: Vec<Pushed> = terms.iter().map(|term| self.push(term, forms)).collect();
                disjunction(all)
            }
            Filter::Not(inner) if forms.not => match self.push(inner, forms) {
                Pushed::Exact(inner) => Pushed::Exact(Filter::Not(Box::new(inner))),
                Pushed::Superset(_) | Pushed::Nothing => Pushed::Nothing,
            },
            Filter::Or(_) | Filter::Not(_) => Pushed::Nothing,
        }
    }

    /// The upstream's leaf whose lifted value is the canonical leaf's, and nothing else's.
    pub(super) fn far(&self, given: &Path) -> Option<Target> {
        let names: Vec<String> = given.members().map(str::to_owned).collect();
        let Resolved::To(far) = resolve(&self.upstream.lower, &Spot::new(names.clone())) else {
            return None;
        };
        let Resolved::To(back) = resolve(&self.upstream.lift, &far.spot) else { return None };
        let same = back.spot.names.len() == names.len()
            && back.spot.names.iter().zip(&names).all(|(a, b)| a.eq_ignore_ascii_case(b));
        (same && far.spot.known.is_empty()).then_some(*far)
    }

    /// The path of a complex attribute's `value`.
    fn valued(&self, given: &Path) -> Option<Path> {
        let names: Vec<String> = given.members().map(str::to_owned).collect();
        let attribute = at(&self.upstream.canonical, &names)?;
        attribute.attribute("value")?;
        Some(Path { sub: [given.sub.clone(), vec!["value".to_owned()]].concat(), ..given.clone() })
    }

    fn push_compare(
        &self,
        given: &Path,
        operator: Operator,
        literal: &Literal,
        forms: &FilterForms,
    ) -> Pushed {
        // A complex attribute stands for its `value` (RFC 7644 section 3.4.2.2).
        let valued = self.valued(given);
        let Some(far) = self.far(valued.as_ref().unwrap_or(given)) else { return Pushed::Nothing };
        let mut target = path(&far.spot.names);
        if valued.is_some() && target.sub.last().is_some_and(|sub| sub == "value") {
            target.sub.pop();
        }
        let Some(declared) = declared(forms, &target) else { return Pushed::Nothing };
        // Of several values, `ne` is for some servers "one is unlike it" and for others "none is like it".
        let vague = operator == Operator::Ne && self.has_several(given);
        if vague
            || !declared.operators.contains(&operator)
            || far.rule.as_ref().is_some_and(|rule| rule.convert.is_some())
        {
            return Pushed::Nothing;
        }
        let literals = match pre_images(far.rule.as_deref(), literal) {
            None => vec![literal.clone()],
            Some(images) if operator == Operator::Eq && !images.is_empty() => images,
            Some(_) => return Pushed::Nothing,
        };
        let misfit = literals.iter().any(|literal| !fits(literal, far.attribute.kind));
        if misfit || (literals.len() > 1 && !forms.or) {
            return Pushed::Nothing;
        }
        let mut tests: Vec<Filter> = literals
            .into_iter()
            .map(|literal| Filter::Compare { path: target.clone(), operator, literal })
            .collect();
        let filter = match (tests.len(), tests.pop()) {
            (1, Some(only)) => only,
            (_, Some(last)) => {
                tests.push(last);
                Filter::Or(tests)
            }
            (_, None) => return Pushed::Nothing,
        };
        let names: Vec<String> =
            valued.as_ref().unwrap_or(given).members().map(str::to_owned).collect();
        let exact_here = at(&self.upstream.canonical, &names).is_some_and(Attribute::is_case_exact);
        let exact_there = declared.case_exact.unwrap_or(far.attribute.is_case_exact());
        let text =
            matches!(literal, Literal::String(text) if text.chars().any(char::is_alphabetic));
        match (exact_here, exact_there) {
            (false, true) if text => Pushed::Nothing,
            (true, false) if text && operator == Operator::Ne => Pushed::Nothing,
            (true, false) if text => Pushed::Superset(filter),
            _ => Pushed::Exact(filter),
        }
    }

    /// Whether the leaf can have several values.
    fn has_several(&self, given: &Path) -> bool {
        let names: Vec<String> = given.members().map(str::to_owned).collect();
        (1..=names.len()).any(|depth| {
            let above = names.get(..depth).unwrap_or_default();
            at(&self.upstream.canonical, above)
                .is_none_or(|a| a.multi_valued || a.kind == Kind::Any)
        })
    }

    fn push_present(&self, given: &Path, forms: &FilterForms) -> Pushed {
        let Some(far) = self.far(given) else { return Pushed::Nothing };
        let target = path(&far.spot.names);
        match declared(forms, &target) {
            Some(declared) if declared.present => Pushed::Exact(Filter::Present(target)),
            _ => Pushed::Nothing,
        }
    }

    /// A value path: terms that every answer's elements satisfy are left out; one term that is left
    /// is a plain comparison, several are asked one by one, which may find too much.
    fn push_element(&self, array: &Path, filter: &Filter, forms: &FilterForms) -> Pushed {
        let inner: &[Filter] = match filter {
            Filter::And(terms) => terms,
            other => std::slice::from_ref(other),
        };
        let left: Vec<&Filter> =
            inner.iter().filter(|term| !self.holds_always(array, term)).collect();
        let all: Vec<Pushed> = left
            .iter()
            .map(|term| match term {
                Filter::Compare { path: sub, operator, literal } => {
                    self.push_compare(&under(array, sub), *operator, literal, forms)
                }
                Filter::Present(sub) => self.push_present(&under(array, sub), forms),
                _ => Pushed::Nothing,
            })
            .collect();
        match conjunction(all, forms.and) {
            Pushed::Exact(filter) if left.len() > 1 => Pushed::Superset(filter),
            pushed => pushed,
        }
    }

    /// Whether the dialect's answers say this of every element (`set` on canonical).
    fn holds_always(&self, array: &Path, term: &Filter) -> bool {
        let Filter::Compare { path: sub, operator: Operator::Eq, literal } = term else {
            return false;
        };
        let names: Vec<String> = under(array, sub).members().map(str::to_owned).collect();
        let absent =
            !matches!(resolve(&self.upstream.lower, &Spot::new(names.clone())), Resolved::To(_));
        absent
            && self.upstream.layers.sets.iter().any(|set| {
                let (SetTarget::Canonical(place), SetValue::Constant(value)) =
                    (&set.target, &set.value)
                else {
                    return false;
                };
                let place: Vec<&String> = place.members.iter().chain(&place.rest).collect();
                let same = place.len() == names.len()
                    && place.iter().zip(&names).all(|(a, b)| a.eq_ignore_ascii_case(b));
                let value = crate::scim::Value::from(value.clone());
                same && literal_is(literal, &value)
            })
    }

    /// Whether at most one resource satisfies the truth: `eq` on a leaf that the upstream keeps unique.
    pub fn is_unique(&self, truth: &Filter) -> bool {
        let Filter::Compare { path: given, operator: Operator::Eq, .. } = truth else {
            return false;
        };
        let names: Vec<String> = given.members().map(str::to_owned).collect();
        if names.len() == 1 && names.first().is_some_and(|name| name.eq_ignore_ascii_case("id")) {
            return true;
        }
        self.far(given).is_some_and(|far| far.attribute.uniqueness != Uniqueness::None)
    }
}

/// Whether a leaf's values can be like the literal at all: of `null`, and of another type, some servers
/// find nothing, some everything, and some refuse the filter.
fn fits(literal: &Literal, kind: Kind) -> bool {
    match kind {
        Kind::Boolean => matches!(literal, Literal::Bool(_)),
        Kind::Integer | Kind::Decimal => matches!(literal, Literal::Number(_)),
        Kind::String | Kind::DateTime | Kind::Binary | Kind::Reference => {
            matches!(literal, Literal::String(_))
        }
        Kind::Complex | Kind::Any => *literal != Literal::Null,
    }
}

/// What cannot be asked is left out of a conjunction, which then finds more.
fn conjunction(all: Vec<Pushed>, connective: bool) -> Pushed {
    let whole = all.len();
    let (mut tests, mut exact) = asked(all);
    if !connective {
        tests.truncate(1);
    }
    exact &= tests.len() == whole;
    one_or(tests, exact, Filter::And)
}

/// Of a disjunction all can be asked, or nothing.
fn disjunction(all: Vec<Pushed>) -> Pushed {
    let whole = all.len();
    let (tests, exact) = asked(all);
    if tests.len() == whole { one_or(tests, exact, Filter::Or) } else { Pushed::Nothing }
}

/// What can be asked, and whether each is exact.
fn asked(all: Vec<Pushed>) -> (Vec<Filter>, bool) {
    let exact = !all.iter().any(|pushed| matches!(pushed, Pushed::Superset(_)));
    let tests = all.into_iter().filter_map(|pushed| match pushed {
        Pushed::Exact(test) | Pushed::Superset(test) => Some(test),
        Pushed::Nothing => None,
    });
    (tests.collect(), exact)
}

fn one_or(mut tests: Vec<Filter>, exact: bool, many: fn(Vec<Filter>) -> Filter) -> Pushed {
    let filter = match (tests.len(), tests.pop()) {
        (_, None) => return Pushed::Nothing,
        (1, Some(only)) => only,
        (_, Some(last)) => {
            tests.push(last);
            many(tests)
        }
    };
    if exact { Pushed::Exact(filter) } else { Pushed::Superset(filter) }
}

/// The vendor's values of which a canonical value is the image; `None` without a table.
fn pre_images(rule: Option<&Carrier>, literal: &Literal) -> Option<Vec<Literal>> {
    let pairs = rule?.values.as_ref()?;
    let images = pairs.iter().filter(|(from, _)| same_literal(from, literal));
    Some(images.map(|(_, to)| to.clone()).collect())
}

pub(super) fn declared<'f>(forms: &'f FilterForms, target: &Path) -> Option<&'f FilterAttribute> {
    let text = target.to_string();
    let named = forms.attributes.iter().find(|a| a.path.eq_ignore_ascii_case(&text));
    named.or_else(|| forms.attributes.iter().find(|a| a.path == "*"))
}

fn under(array: &Path, sub: &Path) -> Path {
    let names: Vec<String> = array.members().chain(sub.members()).map(str::to_owned).collect();
    path(&names)
}

fn terms(filter: &Filter) -> usize {
    match filter {
        Filter::Compare { .. } | Filter::Present(_) => 1,
        Filter::Element { filter, .. } | Filter::Not(filter) => terms(filter),
        Filter::And(all) | Filter::Or(all) => all.iter().map(terms).sum(),
    }
}
