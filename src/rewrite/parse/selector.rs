//! A selector (RFC 9535 JSONPath) -> a place.
//!
//! Only member names, `[*]` and one `[?@.k=='v' && …]` are taken: what has an inverse.

use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, Literal as JsonLiteral, Segment, Selector,
    SingularQuery, SingularQuerySegment,
};
use jsonpath_rust::parser::parse_json_path;

use crate::diagnostic::{Code, Diagnostic, toml::Item};
use crate::rewrite::code::{NOT_JSONPATH, RESERVED, TWO_ELEMENT_STEPS, UNSUPPORTED};
use crate::rewrite::place::{Element, Place};
use crate::scim::filter::Literal;

/// The longest selector, in bytes.
const LONGEST: usize = 2048;

/// What every selector looks like, for editors: a `$`, then names and steps into elements.
pub(super) const SELECTOR: &str = r#"^\s*\$(\s*(\.[^\s0-9.*\[\]'"][^.*\[\]'"]*|\.\*|\[\s*('([^'\\]|\\.)*'|"([^"\\]|\\.)*"|\*|\?[\s\S]*)\s*\]))+\s*$"#;

/// Why a selector is not a place.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectorError {
    code: Code,
    label: String,
    hint: &'static str,
}

/// Reads a selector; reports why it is none.
pub fn place(item: Item<'_>) -> Option<Place> {
    let text = item.string_like(SELECTOR)?;
    match selector(text) {
        Ok(place) => Some(place),
        Err(refusal) => {
            let message = format!("`{text}` is not a selector that a rule may use");
            item.reader().report(refusal.diagnostic(item, message));
            None
        }
    }
}

/// The place that a selector names.
///
/// # Errors
/// The selector is not RFC 9535 JSONPath, or uses more of it than rules have.
pub fn selector(text: &str) -> Result<Place, SelectorError> {
    let syntax = |label: &str| SelectorError {
        code: NOT_JSONPATH,
        label: label.to_owned(),
        hint: "such as `$.name.givenName`, `$.emails[*].value`, `$.emails[?@.type=='work'].value`; \
               names with other characters than letters, digits and `_` are written `['$ref']`",
    };
    if text.len() > LONGEST {
        return Err(syntax("longer than 2048 bytes"));
    }
    let query = parse_json_path(text).map_err(|_| syntax("not RFC 9535 JSONPath"))?;
    let mut place = Place { members: vec![], element: Element::Whole, rest: vec![] };
    for segment in query.segments {
        add(&mut place, segment)?;
    }
    finished(place)
}

impl SelectorError {
    fn diagnostic(self, item: Item<'_>, message: String) -> Diagnostic {
        item.mistake(self.code, message, self.label).with_hint(self.hint)
    }
}

fn add(place: &mut Place, segment: Segment) -> Result<(), SelectorError> {
    let selector = match segment {
        Segment::Selector(selector) => selector,
        Segment::Descendant(_) => return Err(unsupported("`..` searches at every depth")),
        Segment::Selectors(_) => return Err(unsupported("several selectors in one `[…]`")),
    };
    let element = match selector {
        Selector::Name(name) => {
            let names = match place.element {
                Element::Whole => &mut place.members,
                _ => &mut place.rest,
            };
            names.push(name);
            return Ok(());
        }
        Selector::Wildcard => Element::Each,
        Selector::Filter(filter) => Element::Where(predicate(filter)?),
        Selector::Index(_) => return Err(unsupported("elements have no fixed position in SCIM")),
        Selector::Slice(..) => return Err(unsupported("a slice of the elements")),
    };
    if place.element != Element::Whole {
        return Err(SelectorError {
            code: TWO_ELEMENT_STEPS,
            label: "a second step into elements".to_owned(),
            hint: "SCIM has no multi-valued attribute below another (RFC 7643 section 2.3.8)",
        });
    }
    place.element = element;
    Ok(())
}

fn finished(mut place: Place) -> Result<Place, SelectorError> {
    let Some(first) = place.members.first() else {
        return Err(unsupported("begins without a member's name"));
    };
    if ["schemas", "meta", "id"].iter().any(|name| first.eq_ignore_ascii_case(name)) {
        return Err(SelectorError {
            code: RESERVED,
            label: format!("`{first}` is derived, never mapped"),
            hint: "`schemas`, `meta` and `id` are the gateway's own; remove the rule",
        });
    }
    if place.rest.is_empty() && place.element == Element::Each {
        place.element = Element::Whole;
    }
    Ok(place)
}

fn predicate(filter: Filter) -> Result<Vec<(String, Literal)>, SelectorError> {
    let mut terms = Vec::new();
    conjunction(filter, &mut terms)?;
    terms.sort_by(|(a, _), (b, _)| a.cmp(b));
    let twice =
        terms.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if a.eq_ignore_ascii_case(b)));
    if twice {
        return Err(unsupported("the predicate compares one name twice"));
    }
    Ok(terms)
}

fn conjunction(filter: Filter, terms: &mut Vec<(String, Literal)>) -> Result<(), SelectorError> {
    match filter {
        Filter::And(filters) => filters.into_iter().try_for_each(|f| conjunction(f, terms)),
        Filter::Or(_) => Err(unsupported("`||` in the predicate")),
        Filter::Atom(FilterAtom::Filter { expr, not: false }) => conjunction(*expr, terms),
        Filter::Atom(FilterAtom::Comparison(comparison)) => {
            terms.push(equality(*comparison)?);
            Ok(())
        }
        Filter::Atom(FilterAtom::Filter { .. } | FilterAtom::Test { not: true, .. }) => {
            Err(unsupported("`!` in the predicate"))
        }
        Filter::Atom(FilterAtom::Test { .. }) => {
            Err(unsupported("a test of the predicate that is not `==`"))
        }
    }
}

fn equality(comparison: Comparison) -> Result<(String, Literal), SelectorError> {
    let Comparison::Eq(left, right) = comparison else {
        return Err(unsupported("a comparison other than `==`"));
    };
    let Comparable::SingularQuery(SingularQuery::Current(path)) = left else {
        return Err(unsupported("the left of `==` is not a name of the element, such as `@.type`"));
    };
    let [SingularQuerySegment::Name(name)] = path.as_slice() else {
        return Err(unsupported("the left of `==` is not one name of the element"));
    };
    let Comparable::Literal(literal) = right else {
        return Err(unsupported("the right of `==` is not a literal"));
    };
    let literal = match literal {
        JsonLiteral::String(text) => Literal::String(text),
        JsonLiteral::Bool(value) => Literal::Bool(value),
        JsonLiteral::Int(number) => Literal::Number(number.into()),
        JsonLiteral::Float(number) => serde_json::Number::from_f64(number)
            .map(|number| Literal::Number(number.into()))
            .ok_or_else(|| unsupported("a number that JSON cannot say"))?,
        JsonLiteral::Null => return Err(unsupported("`null` in the predicate")),
    };
    Ok((name.clone(), literal))
}

fn unsupported(label: &str) -> SelectorError {
    SelectorError {
        code: UNSUPPORTED,
        label: label.to_owned(),
        hint: "a rule goes both ways: member names, `[*]`, and one `[?@.k=='v' && …]`",
    }
}
