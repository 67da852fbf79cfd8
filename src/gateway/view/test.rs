//! One test of a filter, asked of the client's own view: what no answer can show is absent from every
//! resource.

use super::fold::{Truth, constant, joined, negated};
use crate::fault::{Cause, Fault};
use crate::gateway::pair::{Pair, is_common};
use crate::scim::evaluate::{matches, matches_element};
use crate::scim::filter::{Filter, Literal, below};
use crate::scim::schema::{Attribute, Kind, attribute_at};
use crate::scim::{Number, Object, Path, Value};

impl Pair {
    /// What one test comes to, of what only the client's own view shows.
    ///
    /// # Errors
    /// `InvalidFilter` for a literal that is nothing of the attribute's type.
    pub(super) fn test(&self, filter: &Filter) -> Result<Truth, Fault> {
        let schema = &self.client.vendor;
        match filter {
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
            other => Ok(Truth::Test(meant(other, attribute_at(&schema.attributes, names(other)))?)),
        }
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
                let known = attribute_at(&self.client.vendor.attributes, &whole);
                if !self.feeds.reach(&whole) && known.is_some_and(|leaf| leaf.kind != Kind::Any) {
                    let empty = Value::Object(Object::new());
                    let array: Vec<String> = array.members().map(str::to_owned).collect();
                    let attribute = attribute_at(&self.client.vendor.attributes, &array);
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
