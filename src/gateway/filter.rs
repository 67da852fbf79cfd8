//! A client's filter as canonical truth, and as much of it as the upstream can be asked (design 6f).

use super::pair::Pair;
use super::write::path;
use crate::dialect::model::{FilterAttribute, FilterForms};
use crate::fault::{Cause, Fault};
use crate::rewrite::program::Carrier;
use crate::rewrite::resolve::{Resolved, Spot, Target, resolve};
use crate::rewrite::rule::{SetTarget, SetValue};
use crate::rewrite::translate::{literal_is, same_literal};
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::path::Path;
use crate::scim::schema::{Attribute, Schema, Uniqueness};

/// What a resource must satisfy, in canonical words.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    Always,
    Never,
    Test(Filter),
}

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
    /// The client's filter in canonical words; what the pair loses is absent from every resource.
    ///
    /// # Errors
    /// `InvalidFilter` where a value path has no canonical counterpart.
    pub fn truth(&self, filter: &Filter) -> Result<Truth, Fault> {
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
            return if operator == Operator::Ne { Truth::Always } else { Truth::Never };
        };
        let literal = match rule.as_deref().and_then(|rule| rule.values.as_ref()) {
            None => literal.clone(),
            Some(pairs) => match pairs.iter().find(|(from, _)| same_literal(from, literal)) {
                Some((_, to)) => to.clone(),
                None if operator == Operator::Ne => return Truth::Always,
                None => return Truth::Never,
            },
        };
        Truth::Test(Filter::Compare { path: target, operator, literal })
    }

    fn canonical_path(&self, given: &Path) -> Option<(Path, Option<std::sync::Arc<Carrier>>)> {
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
    fn far(&self, given: &Path) -> Option<Target> {
        let names: Vec<String> = given.members().map(str::to_owned).collect();
        let Resolved::To(far) = resolve(&self.upstream.lower, &Spot::new(names.clone())) else {
            return None;
        };
        let Resolved::To(back) = resolve(&self.upstream.lift, &far.spot) else { return None };
        let same = back.spot.names.len() == names.len()
            && back.spot.names.iter().zip(&names).all(|(a, b)| a.eq_ignore_ascii_case(b));
        (same && far.spot.known.is_empty()).then_some(*far)
    }

    fn push_compare(
        &self,
        given: &Path,
        operator: Operator,
        literal: &Literal,
        forms: &FilterForms,
    ) -> Pushed {
        let Some(far) = self.far(given) else { return Pushed::Nothing };
        let target = path(&far.spot.names);
        let Some(declared) = declared(forms, &target) else { return Pushed::Nothing };
        if !declared.operators.contains(&operator)
            || far.rule.as_ref().is_some_and(|rule| rule.convert.is_some())
        {
            return Pushed::Nothing;
        }
        let literals = match pre_images(far.rule.as_deref(), literal) {
            None => vec![literal.clone()],
            Some(images) if operator == Operator::Eq && !images.is_empty() => images,
            Some(_) => return Pushed::Nothing,
        };
        if literals.len() > 1 && !forms.or {
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
        let names: Vec<String> = given.members().map(str::to_owned).collect();
        let exact_here = at(&self.upstream.canonical, &names).is_some_and(|a| a.case_exact);
        let exact_there = declared.case_exact.unwrap_or(far.attribute.case_exact);
        let text =
            matches!(literal, Literal::String(text) if text.chars().any(char::is_alphabetic));
        match (exact_here, exact_there) {
            (false, true) if text => Pushed::Nothing,
            (true, false) if text && operator == Operator::Ne => Pushed::Nothing,
            (true, false) if text => Pushed::Superset(filter),
            _ => Pushed::Exact(filter),
        }
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

/// Folds constants; `and` or `or`.
fn joined(truths: Vec<Truth>, and: bool) -> Truth {
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

/// What cannot be asked is left out of a conjunction, which then finds more.
fn conjunction(all: Vec<Pushed>, connective: bool) -> Pushed {
    let whole = all.len();
    let mut exact = true;
    let mut tests = Vec::new();
    for pushed in all {
        match pushed {
            Pushed::Exact(test) => tests.push(test),
            Pushed::Superset(test) => {
                exact = false;
                tests.push(test);
            }
            Pushed::Nothing => {}
        }
    }
    if !connective {
        tests.truncate(1);
    }
    exact &= tests.len() == whole;
    let filter = match (tests.len(), tests.pop()) {
        (_, None) => return Pushed::Nothing,
        (1, Some(only)) => only,
        (_, Some(last)) => {
            tests.push(last);
            Filter::And(tests)
        }
    };
    if exact { Pushed::Exact(filter) } else { Pushed::Superset(filter) }
}

fn disjunction(all: Vec<Pushed>) -> Pushed {
    let mut exact = true;
    let mut tests = Vec::new();
    for pushed in all {
        match pushed {
            Pushed::Exact(test) => tests.push(test),
            Pushed::Superset(test) => {
                exact = false;
                tests.push(test);
            }
            Pushed::Nothing => return Pushed::Nothing,
        }
    }
    let filter = Filter::Or(tests);
    if exact { Pushed::Exact(filter) } else { Pushed::Superset(filter) }
}

/// The vendor's values of which a canonical value is the image; `None` without a table.
fn pre_images(rule: Option<&Carrier>, literal: &Literal) -> Option<Vec<Literal>> {
    let pairs = rule?.values.as_ref()?;
    let images = pairs.iter().filter(|(from, _)| same_literal(from, literal));
    Some(images.map(|(_, to)| to.clone()).collect())
}

fn declared<'f>(forms: &'f FilterForms, target: &Path) -> Option<&'f FilterAttribute> {
    let text = target.to_string();
    let named = forms.attributes.iter().find(|a| a.path.eq_ignore_ascii_case(&text));
    named.or_else(|| forms.attributes.iter().find(|a| a.path == "*"))
}

/// `id` and `meta` are the same everywhere (RFC 7643 section 3.1).
fn is_common(names: &[String]) -> bool {
    let common =
        |name: &String| ["id", "meta", "schemas"].iter().any(|c| c.eq_ignore_ascii_case(name));
    names.first().is_some_and(common)
}

fn at<'s>(schema: &'s Schema, names: &[String]) -> Option<&'s Attribute> {
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
