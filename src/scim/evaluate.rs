//! Whether a resource satisfies a filter (RFC 7644 section 3.4.2.2).
//!
//! Of several values one that satisfies a comparison is enough. An absent value satisfies `ne` only.
//! An attribute that an answer hides is not absent: what depends on it is not known.
//! It reads the resource and the schema, and knows nothing of who asked.

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::Timestamp;

use super::filter::{Filter, Literal, Operator, Path};
use super::schema::{Attribute, Found, Kind, Schema};
use super::value::{Object, Value};

/// Whether the resource satisfies the filter. Text compares as the schema's caseExact says, and
/// without regard to case where the schema says nothing.
pub fn matches(filter: &Filter, resource: &Object<'_>, schema: &Schema) -> bool {
    known(filter, resource, schema, &[]) == Some(true)
}

/// The same of a resource that may have more than it shows: `None` where it depends on an attribute
/// that is hidden, by its member names, and not there.
pub fn known(
    filter: &Filter,
    resource: &Object<'_>,
    schema: &Schema,
    hidden: &[Vec<String>],
) -> Option<bool> {
    evaluate(filter, Subject::Resource(resource, schema), hidden)
}

/// Whether an element of a multi-valued attribute satisfies a value filter, whose paths are relative
/// to the element. A simple element is its own `value`.
pub fn matches_element(
    filter: &Filter,
    element: &Value<'_>,
    attribute: Option<&Attribute>,
) -> bool {
    evaluate(filter, Subject::Element(element, attribute), &[]) == Some(true)
}

/// What a filter is asked of.
#[derive(Clone, Copy)]
enum Subject<'r> {
    Resource(&'r Object<'r>, &'r Schema),
    Element(&'r Value<'r>, Option<&'r Attribute>),
}

impl<'r> Subject<'r> {
    /// The values at a path; elements of multi-valued attributes one by one.
    fn values(self, path: &Path) -> Vec<&'r Value<'r>> {
        let names: Vec<&str> = path.members().collect();
        let mut found = Vec::new();
        match self {
            Self::Resource(object, _) | Self::Element(Value::Object(object), _) => {
                descend(object, &names, &mut found);
            }
            Self::Element(simple, _) if names == ["value"] => found.push(simple),
            Self::Element(..) => {}
        }
        found
    }

    fn attribute(self, path: &Path) -> Option<&'r Attribute> {
        match self {
            Self::Resource(_, schema) => match schema.find(path.members()) {
                Found::Attribute(attribute) => Some(attribute),
                _ => None,
            },
            Self::Element(_, attribute) => {
                path.members().try_fold(attribute?, |attribute, name| match attribute.kind {
                    Kind::Complex => attribute.attribute(name),
                    _ => Some(attribute),
                })
            }
        }
    }

    fn kinship(self, path: &Path) -> Kinship {
        match (self.attribute(path), self) {
            (Some(attribute), _) => Kinship::of(attribute),
            (None, Self::Resource(..)) => Kinship::common(path),
            (None, Self::Element(..)) => Kinship::UNKNOWN,
        }
    }
}

fn evaluate(filter: &Filter, subject: Subject<'_>, hidden: &[Vec<String>]) -> Option<bool> {
    match filter {
        Filter::And(terms) => all(terms, subject, hidden, true),
        Filter::Or(terms) => all(terms, subject, hidden, false),
        Filter::Not(inner) => evaluate(inner, subject, hidden).map(|holds| !holds),
        Filter::Element { path, .. } | Filter::Present(path) | Filter::Compare { path, .. }
            if hides(hidden, path) && !subject.values(path).into_iter().any(is_present) =>
        {
            None
        }
        Filter::Element { path, filter } => {
            let attribute = subject.attribute(path);
            let mut elements = subject.values(path).into_iter();
            Some(elements.any(|element| matches_element(filter, element, attribute)))
        }
        Filter::Present(path) => Some(subject.values(path).into_iter().any(is_present)),
        Filter::Compare { path, operator, literal } => {
            Some(compare(&subject.values(path), *operator, literal, subject.kinship(path)))
        }
    }
}

/// `and`, or `or`: one term that is known may decide, whatever the others are.
fn all(terms: &[Filter], subject: Subject<'_>, hidden: &[Vec<String>], and: bool) -> Option<bool> {
    let mut sure = true;
    for term in terms {
        match evaluate(term, subject, hidden) {
            Some(holds) if holds != and => return Some(holds),
            Some(_) => {}
            None => sure = false,
        }
    }
    sure.then_some(and)
}

/// Whether the path leads to or below something hidden.
fn hides(hidden: &[Vec<String>], path: &Path) -> bool {
    hidden.iter().any(|names| {
        let mut members = path.members();
        names.iter().all(|name| members.next().is_some_and(|at| at.eq_ignore_ascii_case(name)))
    })
}

/// What a comparison needs to know of an attribute.
#[derive(Clone, Copy)]
struct Kinship {
    case_exact: bool,
    instant: bool,
}

impl Kinship {
    const UNKNOWN: Self = Self { case_exact: false, instant: false };

    /// A complex attribute is compared by its `value`.
    fn of(attribute: &Attribute) -> Self {
        let leaf = attribute.attribute("value").unwrap_or(attribute);
        Self { case_exact: leaf.is_case_exact(), instant: leaf.kind == Kind::DateTime }
    }

    /// RFC 7643 section 3.1 for the attributes that are common to all resources.
    fn common(path: &Path) -> Self {
        let Some(attribute) = path.attribute.as_deref().filter(|_| path.urn.is_none()) else {
            return Self::UNKNOWN;
        };
        let is = |name: &str| attribute.eq_ignore_ascii_case(name);
        let when = |sub: &String| {
            ["created", "lastModified"].iter().any(|name| name.eq_ignore_ascii_case(sub))
        };
        Self {
            case_exact: is("id") || is("externalId") || is("meta"),
            instant: is("meta") && path.sub.iter().any(when),
        }
    }
}

fn descend<'r>(object: &'r Object<'_>, names: &[&str], found: &mut Vec<&'r Value<'r>>) {
    let Some((name, rest)) = names.split_first() else { return };
    if let Some(value) = object.get(name) {
        spread(value, rest, found);
    }
}

fn spread<'r>(value: &'r Value<'_>, rest: &[&str], found: &mut Vec<&'r Value<'r>>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| spread(element, rest, found)),
        Value::Object(object) if !rest.is_empty() => descend(object, rest, found),
        value if rest.is_empty() => found.push(value),
        _ => {}
    }
}

/// RFC 7644 table 3: neither empty nor null, and for a complex value, something in it is not.
fn is_present(value: &Value<'_>) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(elements) => elements.iter().any(is_present),
        Value::Object(object) => object.iter().any(|(_, value)| is_present(value)),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn compare(found: &[&Value<'_>], operator: Operator, literal: &Literal, kinship: Kinship) -> bool {
    let present = || found.iter().any(|value| is_present(value));
    match (literal, operator) {
        (Literal::Null, Operator::Eq) => return !present(),
        (Literal::Null, Operator::Ne) => return present(),
        (Literal::Null, _) => return false,
        _ => {}
    }
    let mut values = found.iter().filter_map(|value| simple(value)).peekable();
    if values.peek().is_none() {
        return operator == Operator::Ne;
    }
    values.any(|value| holds(value, operator, literal, kinship))
}

/// The value to compare; none for `null` and for a complex value without `value`.
fn simple<'v>(value: &'v Value<'v>) -> Option<&'v Value<'v>> {
    match value {
        Value::Object(object) => object.get("value").and_then(simple_leaf),
        other => simple_leaf(other),
    }
}

fn simple_leaf<'v>(value: &'v Value<'v>) -> Option<&'v Value<'v>> {
    matches!(value, Value::Bool(_) | Value::Number(_) | Value::String(_)).then_some(value)
}

fn holds(value: &Value<'_>, operator: Operator, literal: &Literal, kinship: Kinship) -> bool {
    match (value, literal) {
        (Value::String(text), Literal::String(wanted)) => texts(text, operator, wanted, kinship),
        (Value::Number(number), Literal::Number(wanted)) => {
            ordered(Some(number.cmp(wanted)), operator)
        }
        (Value::Bool(value), Literal::Bool(wanted)) => flags(*value, operator, *wanted),
        // As clients write it that also send booleans as text.
        (Value::Bool(value), Literal::String(wanted)) => {
            let known =
                |flag: &bool| wanted.eq_ignore_ascii_case(if *flag { "true" } else { "false" });
            let flag = [true, false].into_iter().find(known);
            flag.map_or(operator == Operator::Ne, |flag| flags(*value, operator, flag))
        }
        _ => operator == Operator::Ne,
    }
}

fn flags(value: bool, operator: Operator, wanted: bool) -> bool {
    match operator {
        Operator::Eq => value == wanted,
        Operator::Ne => value != wanted,
        _ => false,
    }
}

fn texts(text: &str, operator: Operator, wanted: &str, kinship: Kinship) -> bool {
    let substring = matches!(operator, Operator::Co | Operator::Sw | Operator::Ew);
    if kinship.instant
        && !substring
        && let (Ok(text), Ok(wanted)) = (text.parse::<Timestamp>(), wanted.parse::<Timestamp>())
    {
        return ordered(Some(text.cmp(&wanted)), operator);
    }
    let (text, wanted) = match kinship.case_exact {
        true => (Cow::Borrowed(text), Cow::Borrowed(wanted)),
        false => (Cow::Owned(text.to_lowercase()), Cow::Owned(wanted.to_lowercase())),
    };
    match operator {
        Operator::Co => text.contains(wanted.as_ref()),
        Operator::Sw => text.starts_with(wanted.as_ref()),
        Operator::Ew => text.ends_with(wanted.as_ref()),
        _ => ordered(Some(text.cmp(&wanted)), operator),
    }
}

/// Whether an order is the one that the operator asks for; `co`, `sw` and `ew` ask for none.
fn ordered(order: Option<Ordering>, operator: Operator) -> bool {
    match operator {
        Operator::Eq => order == Some(Ordering::Equal),
        Operator::Ne => order != Some(Ordering::Equal),
        Operator::Gt => order == Some(Ordering::Greater),
        Operator::Ge => order.is_some_and(Ordering::is_ge),
        Operator::Lt => order == Some(Ordering::Less),
        Operator::Le => order.is_some_and(Ordering::is_le),
        Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}
