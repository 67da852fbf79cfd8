//! What a list or a search asks for (RFC 7644 sections 3.4.2 and 3.4.3).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::filter::Filter;
use super::filter::Path;
use super::grammar::{Known, parse_attributes, parse_filter};
use super::projection::Projection;
use super::value::Value;

/// A list's or a search's parameters; also those of a single GET, which has a projection only.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub filter: Option<Filter>,
    pub projection: Projection,
    pub sort: Option<Sort>,
    /// One-based.
    pub start_index: usize,
    /// The most resources wanted; `None` where the request does not say.
    pub count: Option<usize>,
    /// Where a page by cursor begins, empty for the first (RFC 9865 section 2); `None` for a page by
    /// index.
    pub cursor: Option<String>,
}

impl Query {
    /// Everything that satisfies a filter.
    pub fn of(filter: Filter) -> Self {
        Self {
            filter: Some(filter),
            projection: Projection::Default,
            sort: None,
            start_index: 1,
            count: None,
            cursor: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Sort {
    pub by: Path,
    pub descending: bool,
}

/// Why a query cannot be read. Holds nothing of its values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct QueryError {
    /// RFC 7644 table 9: `invalidFilter`, `invalidValue` or `invalidSyntax`; RFC 9865 section 2.1:
    /// `invalidCount`.
    pub scim_type: &'static str,
    pub detail: String,
}

/// Reads a query string, without its `?`. Names are taken in any case and unknown ones passed over;
/// `startIndex` below 1 is 1, `count` below 0 is 0 (RFC 7644 section 3.4.2.4).
///
/// # Errors
/// For a parameter that is there twice or cannot be read.
pub fn parse_query(query: Option<&str>, known: &Known<'_>) -> Result<Query, QueryError> {
    read(parameters(query)?, known)
}

/// Reads the `attributes` and `excludedAttributes` of a query string, and passes over all others: what
/// the answer to a write is asked for (RFC 7644 section 3.9).
///
/// # Errors
/// For one that is there twice or cannot be read.
pub fn parse_projection(query: Option<&str>, known: &Known<'_>) -> Result<Projection, QueryError> {
    let [_, attributes, excluded, ..] = parameters(query)?;
    projection(attributes, excluded, known)
}

fn parameters(query: Option<&str>) -> Result<[Option<String>; PARAMETERS.len()], QueryError> {
    let mut given: [Option<String>; PARAMETERS.len()] = Default::default();
    for pair in query.unwrap_or_default().split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Ok(name) = decoded(name) else { continue };
        let Some((known_name, slot)) = slot(&mut given, &name) else { continue };
        let value = decoded(value).map_err(|()| {
            invalid_value(format!("The parameter {known_name} is not percent-encoded UTF-8."))
        })?;
        if slot.replace(value).is_some() {
            return Err(invalid_value(format!("The parameter {known_name} is there twice.")));
        }
    }
    Ok(given)
}

/// Reads the body of a `SearchRequest`. Members that it does not know are passed over.
///
/// # Errors
/// For a member that cannot be read.
pub fn parse_search(body: &Value<'_>, known: &Known<'_>) -> Result<Query, QueryError> {
    let Some(body) = body.as_object() else {
        let detail = "The search request is not a JSON object.".to_owned();
        return Err(QueryError { scim_type: "invalidSyntax", detail });
    };
    let mut given: [Option<String>; PARAMETERS.len()] = Default::default();
    for (name, value) in body.iter() {
        if let Some((known_name, slot)) = slot(&mut given, name) {
            let read = member(value).ok_or_else(|| {
                invalid_value(format!("The member {known_name} has not the right type."))
            })?;
            if std::mem::replace(slot, read).is_some() {
                return Err(invalid_value(format!("The member {known_name} is there twice.")));
            }
        }
    }
    read(given, known)
}

/// A query string from names and values, percent-encoded, without a `?`.
pub fn encode(pairs: &[(&str, &str)]) -> String {
    let encoded = |text| utf8_percent_encode(text, QUERY);
    let pairs = pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// What must be encoded in a query: all but RFC 3986's unreserved characters.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Parameters of a query (RFC 7644 section 3.4.2, RFC 9865 section 2).
pub const PARAMETERS: [&str; 8] = [
    "filter",
    "attributes",
    "excludedAttributes",
    "sortBy",
    "sortOrder",
    "startIndex",
    "count",
    "cursor",
];

impl Query {
    /// What an empty query string says.
    pub fn everything() -> Self {
        Self {
            filter: None,
            projection: Projection::Default,
            sort: None,
            start_index: 1,
            count: None,
            cursor: None,
        }
    }
}

fn read(given: [Option<String>; PARAMETERS.len()], known: &Known<'_>) -> Result<Query, QueryError> {
    let [filter, attributes, excluded, sort_by, sort_order, start_index, count, cursor] = given;
    let filter =
        filter.map(|text| parse_filter(&text, known)).transpose().map_err(|error| QueryError {
            scim_type: "invalidFilter",
            detail: format!("The filter cannot be read: {error}."),
        })?;
    let count = match cursor {
        None => count.map(|text| integer("count", &text)).transpose()?,
        Some(_) => count.map(|text| positive(&text)).transpose()?,
    };
    let start_index = start_index.map(|text| integer("startIndex", &text)).transpose()?;
    if cursor.is_some() && start_index.is_some() {
        return Err(invalid_value(
            "startIndex and cursor cannot stand in one request (RFC 9865); send one of them.",
        ));
    }
    Ok(Query {
        filter,
        projection: projection(attributes, excluded, known)?,
        sort: sort(sort_by, sort_order, known)?,
        start_index: start_index.unwrap_or(1).max(1),
        count,
        cursor,
    })
}

fn projection(
    attributes: Option<String>,
    excluded: Option<String>,
    known: &Known<'_>,
) -> Result<Projection, QueryError> {
    match (attributes, excluded) {
        (Some(_), Some(_)) => Err(invalid_value(
            "attributes and excludedAttributes cannot stand in one request (RFC 7644 section 3.9); send one of them.",
        )),
        (Some(text), None) => Ok(match paths("attributes", &text, known)? {
            paths if paths.is_empty() => Projection::Default,
            paths => Projection::Only(paths),
        }),
        (None, Some(text)) => Ok(Projection::Without(paths("excludedAttributes", &text, known)?)),
        (None, None) => Ok(Projection::Default),
    }
}

fn sort(
    by: Option<String>,
    order: Option<String>,
    known: &Known<'_>,
) -> Result<Option<Sort>, QueryError> {
    let descending = match order.as_deref() {
        None | Some("") => false,
        Some(order) if order.eq_ignore_ascii_case("ascending") => false,
        Some(order) if order.eq_ignore_ascii_case("descending") => true,
        Some(_) => return Err(invalid_value("sortOrder is neither ascending nor descending.")),
    };
    let Some(by) = by else { return Ok(None) };
    let mut paths = paths("sortBy", &by, known)?;
    match (paths.pop(), paths.is_empty()) {
        (Some(by), true) => Ok(Some(Sort { by, descending })),
        (None, _) => Ok(None),
        (Some(_), false) => Err(invalid_value("sortBy names more than one attribute.")),
    }
}

fn paths(name: &str, text: &str, known: &Known<'_>) -> Result<Vec<Path>, QueryError> {
    parse_attributes(text, known)
        .map_err(|error| invalid_value(format!("{name} cannot be read: {error}.")))
}

/// A whole number; one below zero is zero.
fn integer(name: &str, text: &str) -> Result<usize, QueryError> {
    let number: i64 = text
        .trim()
        .parse()
        .map_err(|_| invalid_value(format!("{name} must be a whole number.")))?;
    Ok(usize::try_from(number).unwrap_or(0))
}

/// The count of a page by cursor, which is positive (RFC 9865 section 2).
fn positive(text: &str) -> Result<usize, QueryError> {
    integer("count", text).ok().filter(|count| *count > 0).ok_or_else(|| QueryError {
        scim_type: "invalidCount",
        detail: "With a cursor, count must be a whole number above zero.".to_owned(),
    })
}

fn slot<'g>(
    given: &'g mut [Option<String>; PARAMETERS.len()],
    name: &str,
) -> Option<(&'static str, &'g mut Option<String>)> {
    PARAMETERS.into_iter().zip(given).find(|(known, _)| known.eq_ignore_ascii_case(name))
}

/// A member of a search request as a parameter's text; `Some(None)` where it is `null`.
fn member(value: &Value<'_>) -> Option<Option<String>> {
    match value {
        Value::Null => Some(None),
        Value::String(text) => Some(Some(text.to_string())),
        Value::Number(number) => Some(Some(number.to_string())),
        Value::Array(elements) => {
            let names: Option<Vec<&str>> = elements.iter().map(Value::as_str).collect();
            names.map(|names| Some(names.join(",")))
        }
        Value::Bool(_) | Value::Object(_) => None,
    }
}

fn decoded(text: &str) -> Result<String, ()> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().map(|text| text.into_owned()).map_err(|_| ())
}

fn invalid_value(detail: impl Into<String>) -> QueryError {
    QueryError { scim_type: "invalidValue", detail: detail.into() }
}
