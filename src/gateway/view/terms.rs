//! The pieces that a pushed filter is made of: what can be said of one place, and joined.

use super::pushed::Pushed;
use super::reach::{Reach, is_total};
use crate::dialect::{FilterAttribute, FilterForms};
use crate::rewrite::literal::same_literal;
use crate::rewrite::program::Carrier;
use crate::rewrite::rule::Otherwise;
use crate::scim::Path;
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::schema::Kind;

/// `id` and `meta`: every server has them, and no rule changes them.
pub fn common(
    given: &Path,
    (operator, literal): (Operator, &Literal),
    forms: &FilterForms,
    negated: bool,
) -> Pushed {
    let is = |name: &str| given.attribute.as_deref().is_some_and(|a| a.eq_ignore_ascii_case(name));
    let sub = |name: &&str| given.sub.first().is_some_and(|sub| sub.eq_ignore_ascii_case(name));
    let instant = is("meta") && ["created", "lastModified"].iter().any(sub);
    let ordered = matches!(operator, Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le);
    if !is("id") && !instant || is("id") && ordered || !matches!(literal, Literal::String(_)) {
        return Pushed::Nothing(format!("servers differ in what they find by {given} so"));
    }
    let Some(declared) = declared(forms, given) else {
        return Pushed::Nothing(format!("the upstream declares no filter on {given}"));
    };
    if negated || operator == Operator::Ne {
        return Pushed::Nothing(format!("what is unlike something in {given} is found here"));
    }
    if !declared.operators.contains(&operator) {
        return Pushed::Nothing(undeclared(operator, given, declared));
    }
    let (path, literal) = (given.clone(), literal.clone());
    Pushed::Exact(Filter::Compare { path, operator, literal })
}

/// The opposite of comparisons of one leaf, none of which may hold. A server that keeps absent values as
/// NULL leaves them out, unless it is asked for them.
pub fn unlike(
    reach: &Reach,
    tests: Vec<Filter>,
    operator: Operator,
    declared: &FilterAttribute,
    forms: &FilterForms,
) -> Pushed {
    let target = &reach.path;
    let plain = operator == Operator::Eq && declared.operators.contains(&Operator::Ne);
    let whole = operator == Operator::Eq && declared.operators.contains(&Operator::Eq);
    let opposite = |test: Filter| match test {
        Filter::Compare { path, literal, .. } if plain => {
            Some(Filter::Compare { path, operator: Operator::Ne, literal })
        }
        test if forms.not && (whole || declared.operators.contains(&operator)) => {
            Some(Filter::Not(Box::new(test)))
        }
        _ => None,
    };
    let Some(tests) = tests.into_iter().map(opposite).collect::<Option<Vec<_>>>() else {
        return Pushed::Nothing(format!(
            "the upstream declares nothing that says unlike of {target}"
        ));
    };
    if tests.len() > 1 && !forms.and {
        return nothing("the upstream takes no and");
    }
    let Some(filter) = one_or(tests, Filter::And) else {
        return nothing("there is nothing to ask");
    };
    let total = reach.lower.as_ref().is_none_or(|rule| is_total(rule));
    if reach.permanent && total {
        return Pushed::Exact(filter);
    }
    // A value that a rule does not carry is as good as absent.
    let total = total && reach.lift.as_ref().is_none_or(|rule| is_total(rule));
    if !(total && forms.or && forms.not && declared.present) {
        return Pushed::Nothing(format!("servers may leave out who has no {target}"));
    }
    let absent = Filter::Not(Box::new(Filter::Present(target.clone())));
    Pushed::Exact(Filter::Or(vec![filter, absent]))
}

/// The upstream's values that the client sees as the literal; `None` where no table is on the way.
pub fn images(reach: &Reach, literal: &Literal) -> Option<Vec<Literal>> {
    let through = |rule: &Carrier, literal: &Literal| {
        let pairs = rule.values.as_deref().unwrap_or_default();
        let first = |from: &Literal| {
            pairs.iter().find(|(known, _)| same_literal(known, from)).map(|(_, to)| to)
        };
        let mut images: Vec<Literal> = Vec::new();
        for (from, to) in pairs {
            // Of a repeated value the first pair is meant.
            let meant = first(from).is_some_and(|first| same_literal(first, to));
            if meant && same_literal(to, literal) && !images.contains(from) {
                images.push(from.clone());
            }
        }
        // What the table does not know stays as it is.
        if rule.otherwise == Otherwise::Keep && first(literal).is_none() {
            images.push(literal.clone());
        }
        images
    };
    let tables: Vec<&Carrier> = [&reach.lower, &reach.lift]
        .into_iter()
        .filter_map(|rule| rule.as_deref().filter(|rule| rule.values.is_some()))
        .collect();
    if tables.is_empty() {
        return None;
    }
    let start = vec![literal.clone()];
    Some(tables.into_iter().fold(start, |literals, rule| {
        literals.iter().flat_map(|literal| through(rule, literal)).collect()
    }))
}

/// Whether a leaf's values can be like the literal at all: of another type, some servers find nothing,
/// some everything, and some refuse the filter.
pub fn fits(literal: &Literal, kind: Kind) -> bool {
    match kind {
        Kind::Boolean => matches!(literal, Literal::Bool(_)),
        Kind::Integer | Kind::Decimal => matches!(literal, Literal::Number(_)),
        Kind::String | Kind::DateTime | Kind::Binary | Kind::Reference => {
            matches!(literal, Literal::String(_))
        }
        Kind::Complex | Kind::Any => *literal != Literal::Null,
    }
}

pub fn has_letters(literal: &Literal) -> bool {
    matches!(literal, Literal::String(text) if text.chars().any(char::is_alphabetic))
}

pub fn equality(term: &Filter) -> Option<(String, Literal)> {
    match term {
        Filter::Compare { path, operator: Operator::Eq, literal } if path.sub.is_empty() => {
            Some((path.attribute.clone()?, literal.clone()))
        }
        _ => None,
    }
}

/// What cannot be asked is left out of a conjunction, which then finds more.
pub fn conjunction(all: Vec<Pushed>, connective: bool) -> Pushed {
    let Gathered { mut tests, mut why, .. } = Gathered::of(all);
    if !connective && tests.len() > 1 {
        tests.truncate(1);
        why = why.or(Some("the upstream takes no and".to_owned()));
    }
    match (one_or(tests, Filter::And), why) {
        (Some(filter), None) => Pushed::Exact(filter),
        (Some(filter), Some(why)) => Pushed::Superset(filter, why),
        (None, why) => Pushed::Nothing(why.unwrap_or_default()),
    }
}

/// Of a disjunction all can be asked, or nothing.
pub fn disjunction(all: Vec<Pushed>, connective: bool) -> Pushed {
    if !connective {
        return nothing("the upstream takes no or");
    }
    let Gathered { tests, why, left_out } = Gathered::of(all);
    if let Some(why) = left_out {
        return Pushed::Nothing(why);
    }
    match (one_or(tests, Filter::Or), why) {
        (Some(filter), None) => Pushed::Exact(filter),
        (Some(filter), Some(why)) => Pushed::Superset(filter, why),
        (None, _) => nothing("there is nothing to ask"),
    }
}

/// What of several terms can be asked.
struct Gathered {
    tests: Vec<Filter>,
    /// Why they are not just what is meant: of the first that finds more or cannot be asked.
    why: Option<String>,
    /// Of the first that cannot be asked.
    left_out: Option<String>,
}

impl Gathered {
    fn of(all: Vec<Pushed>) -> Self {
        let (mut tests, mut why, mut left_out) = (Vec::new(), None, None);
        for pushed in all {
            match pushed {
                Pushed::Exact(test) => tests.push(test),
                Pushed::Superset(test, reason) => {
                    tests.push(test);
                    why = why.or(Some(reason));
                }
                Pushed::Subset(_, reason) | Pushed::Nothing(reason) => {
                    left_out = left_out.or(Some(reason.clone()));
                    why = why.or(Some(reason));
                }
            }
        }
        Self { tests, why, left_out }
    }
}

pub fn one_or(mut tests: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Option<Filter> {
    match (tests.len(), tests.pop()?) {
        (1, only) => Some(only),
        (_, last) => {
            tests.push(last);
            Some(many(tests))
        }
    }
}

pub fn declared<'f>(forms: &'f FilterForms, target: &Path) -> Option<&'f FilterAttribute> {
    let text = target.to_string();
    let named = forms.attributes.iter().find(|a| a.path.eq_ignore_ascii_case(&text));
    named.or_else(|| forms.attributes.iter().find(|a| a.path == "*"))
}

pub fn undeclared(operator: Operator, target: &Path, declared: &FilterAttribute) -> String {
    let known: Vec<&str> = declared.operators.iter().map(|operator| operator.name()).collect();
    let only =
        if known.is_empty() { String::new() } else { format!(", only {}", known.join(", ")) };
    format!("the upstream does not declare {} on {target}{only}", operator.name())
}

pub fn nothing(why: &str) -> Pushed {
    Pushed::Nothing(why.to_owned())
}

pub fn terms(filter: &Filter) -> usize {
    match filter {
        Filter::Compare { .. } | Filter::Present(_) => 1,
        Filter::Element { filter, .. } | Filter::Not(filter) => terms(filter),
        Filter::And(all) | Filter::Or(all) => all.iter().map(terms).sum(),
    }
}
