//! As much of a filter as the upstream can be asked (docs/semantics.md 6.5): what is declared, and what is
//! proven to find all that satisfies it.
//!
//! It decides nothing but what is asked: what an answer shows is judged by the client's own filter.

use super::pushed::Pushed;
use super::reach::{Reach, is_total};
use super::terms::{
    common, conjunction, declared, disjunction, equality, fits, has_letters, images, nothing,
    one_or, terms, undeclared, unlike,
};
use crate::dialect::FilterForms;
use crate::gateway::pair::{Pair, is_common, same};
use crate::rewrite::literal::literal_is;
use crate::rewrite::rule::{SetTarget, SetValue};
use crate::scim::Path;
use crate::scim::filter::{Filter, Literal, Operator, below};
use crate::scim::schema::{Attribute, Kind, Uniqueness, attribute_at};

impl Pair {
    /// As much of the truth as the upstream can be asked.
    pub fn pushed(&self, truth: &Filter) -> Pushed {
        let forms = &self.upstream_resource.filter;
        if forms.attributes.is_empty() {
            return nothing("the upstream takes no filter");
        }
        let pushed = self.push(truth, forms, false);
        match &pushed {
            Pushed::Exact(filter) | Pushed::Superset(filter, _) | Pushed::Subset(filter, _)
                if terms(filter) > forms.max_terms =>
            {
                nothing("the upstream takes fewer comparisons than this needs")
            }
            _ => pushed,
        }
    }

    /// The filter, or with `negated` its opposite.
    fn push(&self, truth: &Filter, forms: &FilterForms, negated: bool) -> Pushed {
        match truth {
            Filter::Compare { path, operator, literal } => {
                self.push_compare(path, (*operator, literal), &[], forms, negated)
            }
            Filter::Present(path) => self.push_present(path, &[], forms, negated),
            Filter::Element { path, filter } if !negated => self.push_element(path, filter, forms),
            Filter::Element { .. } => {
                nothing("what holds of no element cannot be asked of this upstream")
            }
            Filter::Not(inner) => self.push(inner, forms, !negated),
            // De Morgan: a negation stands at a comparison alone, where absent values are seen to.
            Filter::And(terms) | Filter::Or(terms) => {
                let all = terms.iter().map(|term| self.push(term, forms, negated)).collect();
                match matches!(truth, Filter::And(_)) != negated {
                    true => conjunction(all, forms.and),
                    false => disjunction(all, forms.or),
                }
            }
        }
    }

    fn push_compare(
        &self,
        given: &Path,
        test: (Operator, &Literal),
        known: &[(String, Literal)],
        forms: &FilterForms,
        negated: bool,
    ) -> Pushed {
        let names: Vec<String> = given.members().map(str::to_owned).collect();
        if is_common(&names) {
            return common(given, test, forms, negated);
        }
        let reach = match self.reach(&names, known) {
            Ok(reach) => reach,
            Err(why) => return Pushed::Nothing(why),
        };
        let (operator, literal) = test;
        if let Some(why) = self.unaskable(&reach, operator, literal, negated) {
            return Pushed::Nothing(why);
        }
        // Unlike a value is not like it: the two are asked in one way.
        let (operator, negated) = match operator {
            Operator::Ne => (Operator::Eq, !negated),
            operator => (operator, negated),
        };
        let target = &reach.path;
        let Some(declared) = declared(forms, target) else {
            return Pushed::Nothing(format!("the upstream declares no filter on {target}"));
        };
        let literals = match images(&reach, literal) {
            Some(_) if operator != Operator::Eq => {
                return Pushed::Nothing(format!("a rule changes the values of {target}"));
            }
            Some(images) if images.is_empty() => {
                return Pushed::Nothing(format!("a rule makes no such value of {target}"));
            }
            Some(images) => images,
            None => vec![literal.clone()],
        };
        let tabled = reach.lift.iter().chain(&reach.lower).any(|rule| rule.values.is_some());
        if literals.iter().any(|literal| !fits(literal, reach.attribute.kind)) {
            return Pushed::Nothing(format!("{target} is of another type than the value"));
        }
        let text = literals.iter().any(has_letters);
        let exact_here = reach.case_exact && !tabled;
        let narrowed = reach.narrowed || reach.case_exact && tabled;
        let exact_there = declared.case_exact.unwrap_or(reach.attribute.is_case_exact());
        let tests = literals.into_iter().map(|literal| Filter::Compare {
            path: target.clone(),
            operator,
            literal,
        });
        let tests: Vec<Filter> = tests.collect();
        if negated {
            if exact_here != exact_there && text {
                return Pushed::Nothing(format!(
                    "{target} is compared there with other regard to case"
                ));
            }
            return unlike(&reach, tests, operator, declared, forms);
        }
        if !declared.operators.contains(&operator) {
            return Pushed::Nothing(undeclared(operator, target, declared));
        }
        if tests.len() > 1 && !forms.or {
            return Pushed::Nothing(format!(
                "{target} may hold several values for this, and the upstream takes no or"
            ));
        }
        let Some(filter) = one_or(tests, Filter::Or) else {
            return nothing("there is nothing to ask");
        };
        match (exact_here, exact_there) {
            (false, true) if text && operator == Operator::Eq && !narrowed => {
                let why = format!(
                    "the upstream tells upper from lower case in {target}: a hit is one, and a miss is none"
                );
                Pushed::Subset(filter, why)
            }
            (false, true) if text => {
                Pushed::Nothing(format!("the upstream tells upper from lower case in {target}"))
            }
            (true, false) if text => Pushed::Superset(
                filter,
                format!("the upstream does not tell upper from lower case in {target}"),
            ),
            _ if narrowed => {
                Pushed::Superset(filter, format!("{target} holds more values than are shown of it"))
            }
            _ => Pushed::Exact(filter),
        }
    }

    /// Why a comparison cannot be said of the upstream's place, whatever it declares.
    fn unaskable(
        &self,
        reach: &Reach,
        operator: Operator,
        literal: &Literal,
        negated: bool,
    ) -> Option<String> {
        let target = &reach.path;
        let convert = reach.lift.iter().chain(&reach.lower).any(|rule| rule.convert.is_some());
        let ordered = matches!(operator, Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le);
        let text = !matches!(reach.attribute.kind, Kind::DateTime | Kind::Integer | Kind::Decimal);
        let unlike = negated || operator == Operator::Ne;
        match literal {
            _ if convert => Some(format!("a rule changes the values of {target}")),
            Literal::Null => Some("what servers find by null differs".to_owned()),
            Literal::String(text) if text.is_empty() => {
                Some("what servers find by an empty text differs".to_owned())
            }
            // Of several values, `ne` is for some servers "one is unlike it" and for others "none is".
            _ if unlike && (reach.several || reach.narrowed) => Some(format!(
                "{target} may have several values, of which servers ask this differently"
            )),
            _ if ordered && text => {
                Some(format!("the order of texts in {target} is the upstream's own"))
            }
            _ => None,
        }
    }

    fn push_present(
        &self,
        given: &Path,
        known: &[(String, Literal)],
        forms: &FilterForms,
        negated: bool,
    ) -> Pushed {
        let names: Vec<String> = given.members().map(str::to_owned).collect();
        if is_common(&names) {
            return nothing("it is known here");
        }
        let reach = match self.reach(&names, known) {
            Ok(reach) => reach,
            Err(why) => return Pushed::Nothing(why),
        };
        let target = reach.path.clone();
        if !declared(forms, &target).is_some_and(|declared| declared.present) {
            return Pushed::Nothing(format!("the upstream does not declare pr on {target}"));
        }
        let total = reach.lift.iter().chain(&reach.lower).all(|rule| is_total(rule));
        let partial = !total || reach.narrowed;
        let filter = Filter::Present(target.clone());
        match (partial, negated) {
            (false, false) => Pushed::Exact(filter),
            (false, true) if forms.not => Pushed::Exact(Filter::Not(Box::new(filter))),
            (true, false) => {
                Pushed::Superset(filter, format!("some of the values of {target} are not shown"))
            }
            (false, true) => nothing("the upstream takes no not"),
            (true, true) => {
                Pushed::Nothing(format!("some of the values of {target} are not shown"))
            }
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
        if left.is_empty() {
            return nothing("the dialect's answers say this of every element");
        }
        let all: Vec<Pushed> = left
            .iter()
            .map(|term| {
                // What else is said of the element tells where the term leads.
                let others = inner.iter().filter(|other| !std::ptr::eq(*other, *term));
                (term, others.filter_map(equality).collect::<Vec<_>>())
            })
            .map(|(term, known)| match term {
                Filter::Compare { path, operator, literal } => {
                    let path = below(Some(array), path);
                    self.push_compare(&path, (*operator, literal), &known, forms, false)
                }
                Filter::Present(path) => {
                    self.push_present(&below(Some(array), path), &known, forms, false)
                }
                _ => nothing("the upstream declares no comparison that says this of one element"),
            })
            .collect();
        match conjunction(all, forms.and) {
            Pushed::Exact(filter) if left.len() > 1 => {
                Pushed::Superset(filter, "it is asked of all elements together".to_owned())
            }
            pushed => pushed,
        }
    }

    /// Whether the dialect's answers say this of every element (`set` on canonical).
    fn holds_always(&self, array: &Path, term: &Filter) -> bool {
        let Filter::Compare { path: sub, operator: Operator::Eq, literal } = term else {
            return false;
        };
        let names: Vec<String> = below(Some(array), sub).members().map(str::to_owned).collect();
        let mut rows = self.feeds.to(&names).peekable();
        rows.peek().is_some()
            && rows.all(|row| row.upstream.is_none())
            && self.upstream.layers.sets.iter().any(|set| {
                let (SetTarget::Canonical(place), SetValue::Constant(value), None) =
                    (&set.target, &set.value, &set.when)
                else {
                    return false;
                };
                let place: Vec<String> = place.members.iter().chain(&place.rest).cloned().collect();
                same(&place, &names) && literal_is(literal, value)
            })
    }

    /// Whether case tells the upstream's values of a question's leaf apart, and not the client's.
    pub fn is_loose(&self, key: &Filter) -> bool {
        let Filter::Compare { path, .. } = key else { return false };
        let names: Vec<String> = path.members().map(str::to_owned).collect();
        let own = attribute_at(&self.client.vendor.attributes, &names);
        let exact = self.reach(&names, &[]).is_ok_and(|reach| reach.attribute.is_case_exact());
        exact && !own.is_some_and(Attribute::is_case_exact)
    }

    /// The terms of which at most one resource satisfies the first: `eq` on a leaf that the upstream keeps
    /// unique.
    pub fn key<'f>(&self, truth: &'f Filter) -> Option<&'f Filter> {
        match truth {
            Filter::And(terms) => terms.iter().find_map(|term| self.key(term)),
            Filter::Compare { path: given, operator: Operator::Eq, literal } => {
                let names: Vec<String> = given.members().map(str::to_owned).collect();
                let id = same(&names, &["id".to_owned()]);
                let unique = || {
                    let reach = self.reach(&names, &[]).ok()?;
                    let whole = !reach.narrowed && !reach.several && *literal != Literal::Null;
                    let plain = images(&reach, literal).is_none();
                    (whole && plain).then_some(reach.attribute.uniqueness != Uniqueness::None)
                };
                (id || unique() == Some(true)).then_some(truth)
            }
            _ => None,
        }
    }
}
