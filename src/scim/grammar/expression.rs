//! Filters by precedence: `not` before `and` before `or` (RFC 7644 section 3.4.2.2).
//!
//! Recursion happens only through brackets, whose depth the cursor bounds.

use super::cursor::Cursor;
use super::known::{Known, SyntaxError};
use super::name;
use crate::scim::filter::{Filter, Operator, Path};

/// Where an expression stands: value filters hold neither URNs nor value filters.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Resource,
    Element,
}

pub(super) fn filter(cursor: &mut Cursor<'_>, known: &Known<'_>) -> Result<Filter, SyntaxError> {
    any(cursor, known, Place::Resource)
}

/// A PATCH path.
pub(super) fn patch_path(cursor: &mut Cursor<'_>, known: &Known<'_>) -> Result<Path, SyntaxError> {
    let mut path = name::lone_path(cursor, known)?;
    cursor.blanks();
    if cursor.at('[') {
        path.filter = Some(Box::new(element(cursor, known, &path)?));
        if cursor.take('.') {
            path.sub = name::names(cursor)?;
        }
    }
    Ok(path)
}

fn any(cursor: &mut Cursor<'_>, known: &Known<'_>, place: Place) -> Result<Filter, SyntaxError> {
    let mut terms = vec![all(cursor, known, place)?];
    while operator_word(cursor, "or") {
        terms.push(all(cursor, known, place)?);
    }
    Ok(single(terms).unwrap_or_else(Filter::Or))
}

fn all(cursor: &mut Cursor<'_>, known: &Known<'_>, place: Place) -> Result<Filter, SyntaxError> {
    let mut terms = vec![term(cursor, known, place)?];
    while operator_word(cursor, "and") {
        terms.push(term(cursor, known, place)?);
    }
    Ok(single(terms).unwrap_or_else(Filter::And))
}

/// The only term, or all of them.
fn single(mut terms: Vec<Filter>) -> Result<Filter, Vec<Filter>> {
    match terms.pop() {
        Some(only) if terms.is_empty() => Ok(only),
        Some(last) => {
            terms.push(last);
            Err(terms)
        }
        None => Err(terms),
    }
}

fn operator_word(cursor: &mut Cursor<'_>, word: &str) -> bool {
    cursor.blanks();
    cursor.keyword(word)
}

fn term(cursor: &mut Cursor<'_>, known: &Known<'_>, place: Place) -> Result<Filter, SyntaxError> {
    cursor.blanks();
    if cursor.not() {
        return Ok(Filter::Not(Box::new(group(cursor, known, place)?)));
    }
    if cursor.at('(') {
        return group(cursor, known, place);
    }
    cursor.term()?;
    attribute_expression(cursor, known, place)
}

fn group(cursor: &mut Cursor<'_>, known: &Known<'_>, place: Place) -> Result<Filter, SyntaxError> {
    cursor.take('(');
    cursor.open()?;
    let inner = any(cursor, known, place)?;
    cursor.close(')')?;
    Ok(inner)
}

fn attribute_expression(
    cursor: &mut Cursor<'_>,
    known: &Known<'_>,
    place: Place,
) -> Result<Filter, SyntaxError> {
    let start = cursor.position();
    let path = name::attribute_path(cursor, known)?;
    if place == Place::Element && path.urn.is_some() {
        return Err(SyntaxError { at: start, message: "a URN cannot stand in a value filter" });
    }
    cursor.blanks();
    if !cursor.at('[') {
        return comparison(cursor, known, path);
    }
    if place == Place::Element {
        return cursor.fail("a value filter cannot stand in a value filter");
    }
    let filter = element(cursor, known, &path)?;
    if !cursor.take('.') {
        return Ok(Filter::Element { path, filter: Box::new(filter) });
    }
    let mut names = name::names(cursor)?.into_iter();
    let inner = Path { attribute: names.next(), sub: names.collect(), ..Path::default() };
    let compared = comparison(cursor, known, inner)?;
    Ok(Filter::Element { path, filter: Box::new(both(filter, compared)) })
}

/// `emails[F].value eq "x"` is said of one element: `emails[F and value eq "x"]`.
fn both(filter: Filter, compared: Filter) -> Filter {
    match filter {
        Filter::And(mut terms) => {
            terms.push(compared);
            Filter::And(terms)
        }
        other => Filter::And(vec![other, compared]),
    }
}

/// `[filter]` after a path.
fn element(cursor: &mut Cursor<'_>, known: &Known<'_>, path: &Path) -> Result<Filter, SyntaxError> {
    if path.attribute.is_none() || !path.sub.is_empty() {
        return cursor.fail("a value filter stands after an attribute, not after a sub-attribute");
    }
    cursor.take('[');
    cursor.open()?;
    let filter = any(cursor, known, Place::Element)?;
    cursor.close(']')?;
    Ok(filter)
}

fn comparison(
    cursor: &mut Cursor<'_>,
    known: &Known<'_>,
    path: Path,
) -> Result<Filter, SyntaxError> {
    cursor.blanks();
    if cursor.keyword("pr") {
        return Ok(Filter::Present(path));
    }
    let Some(operator) = Operator::named(cursor.peek_word()) else {
        return cursor.fail("an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr) is needed here");
    };
    cursor.word();
    cursor.blanks();
    let literal = cursor.literal(known.lenient)?;
    Ok(Filter::Compare { path, operator, literal })
}
