//! What a filter says: the client's own words, asked of the client's own view (design 6f.1, 6f.2).
//!
//! Nothing is translated here. What no answer of the route can show is absent from every resource, and
//! is folded away, so that no call is made for it.

use super::derived::ordered;
use super::pair::Pair;
use crate::fault::{Cause, Fault};
use crate::scim::Path;
use crate::scim::evaluate::{matches, matches_element};
use crate::scim::filter::{Filter, Literal, below};
use crate::scim::schema::{Attribute, Kind, Schema};
use crate::scim::{Number, Object, Value};

/// What a resource must satisfy, in the client's words.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    Always,
    Never,
    Test(Filter),
}

impl Pair {
    /// What is asked of each resource.
    ///
    /// # Errors
    /// `InvalidFilter` for a comparison that has no answer.
    pub fn truth(&self, filter: &Filter) -> Result<Truth, Fault> {
        ordered(&self.client.vendor, &[], filter)?;
        if let Some(known) = self.derived(filter)? {
            return Ok(known);
        }
        let schema = &self.client.vendor;
        match filter {
            Filter::And(terms) => self.all(terms, true),
            Filter::Or(terms) => self.all(terms, false),
            Filter::Not(inner) => Ok(negated(self.truth(inner)?)),
            Filter::Compare { path, .. } | Filter::Present(path) | Filter::Element { path, .. }
                if !self.may_show(path) =>
            {
                Ok(constant(matches(filter, &Object::new(), schema)))
            }
            Filter::Element { path, filter } => Ok(match self.of_element(path, filter)? {
                Truth::Never => Truth::Never,
                Truth::Always => Truth::Test(Filter::Present(path.clone())),
                Truth::Test(inner) => {
                    Truth::Test(Filter::Element { path: path.clone(), filter: Box::new(inner) })
                }
            }),
            other => Ok(Truth::Test(meant(other, at(schema, &names(other)))?)),
        }
    }

    fn all(&self, terms: &[Filter], and: bool) -> Result<Truth, Fault> {
        let truths = terms.iter().map(|term| self.truth(term)).collect::<Result<Vec<_>, _>>()?;
        Ok(joined(truths, and))
    }

    /// The same of a value filter, whose paths are relative to an element.
    fn of_element(&self, array: &Path, filter: &Filter) -> Result<Truth, Fault> {
        let all = |terms: &[Filter], and| {
            let truths = terms.iter().map(|term| self.of_element(array, term));
            Ok(joined(truths.collect::<Result<Vec<_>, Fault>>()?, and))
        };
        match filter {
            Filter::And(terms) => all(terms, true),
            Filter::Or(terms) => all(terms, false),
            Filter::Not(inner) => Ok(negated(self.of_element(array, inner)?)),
            Filter::Compare { path, .. } | Filter::Present(path) | Filter::Element { path, .. } => {
                let whole = below(Some(array), path);
                let whole: Vec<String> = whole.members().map(str::to_owned).collect();
                let known = at(&self.client.vendor, &whole);
                if !self.feeds.reach(&whole) && known.is_some_and(|leaf| leaf.kind != Kind::Any) {
                    let empty = Value::Object(Object::new());
                    let array: Vec<String> = array.members().map(str::to_owned).collect();
                    let attribute = at(&self.client.vendor, &array);
                    return Ok(constant(matches_element(filter, &empty, attribute)));
                }
                Ok(Truth::Test(meant(filter, known)?))
            }
        }
    }

    /// Whether some resource's view may have something there.
    fn may_show(&self, path: &Path) -> bool {
        let names: Vec<String> = path.members().map(str::to_owned).collect();
        is_common(&names) || self.feeds.reach(&names)
    }
}

/// A comparison with its literal as the attribute's type has it: `"True"` is `true` to a boolean.
///
/// # Errors
/// `InvalidFilter` for a text that is nothing of that type: it would be like no value there is.
fn meant(test: &Filter, leaf: Option<&Attribute>) -> Result<Filter, Fault> {
    let (Filter::Compare { path, operator, literal: Literal::String(text) }, Some(leaf)) =
        (test, leaf)
    else {
        return Ok(test.clone());
    };
    let literal = match leaf.kind {
        Kind::Boolean => {
            let known = |flag: &bool| text.eq_ignore_ascii_case(&flag.to_string());
            let flag = [true, false].into_iter().find(known);
            flag.map(Literal::Bool).ok_or_else(|| {
                refused(&format!("{} is true or false, without quotes.", leaf.name))
            })?
        }
        Kind::Integer | Kind::Decimal => {
            let number = Number::read(text).map(Number::into_owned).map(Literal::Number);
            number.ok_or_else(|| {
                refused(&format!("{} is a number: write it without quotes.", leaf.name))
            })?
        }
        _ => return Ok(test.clone()),
    };
    Ok(Filter::Compare { path: path.clone(), operator: *operator, literal })
}

fn refused(detail: &str) -> Fault {
    Fault::new(Cause::InvalidFilter, detail)
}

fn names(test: &Filter) -> Vec<String> {
    match test {
        Filter::Compare { path, .. } | Filter::Present(path) => {
            path.members().map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

pub(super) fn constant(holds: bool) -> Truth {
    if holds { Truth::Always } else { Truth::Never }
}

fn negated(truth: Truth) -> Truth {
    match truth {
        Truth::Always => Truth::Never,
        Truth::Never => Truth::Always,
        Truth::Test(inner) => Truth::Test(Filter::Not(Box::new(inner))),
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
pub(super) fn is_common(names: &[String]) -> bool {
    let common =
        |name: &String| ["id", "meta", "schemas"].iter().any(|c| c.eq_ignore_ascii_case(name));
    names.first().is_some_and(common)
}

pub fn at<'s>(schema: &'s Schema, names: &[String]) -> Option<&'s Attribute> {
    let (first, rest) = names.split_first()?;
    rest.iter().try_fold(schema.attribute(first)?, |at, name| at.attribute(name))
}
