//! An upstream's error, recognised by its shape.

use serde_json::Value;

use super::classify::{Refusal, scim_type};
use super::retry::retry_after;
use super::scrub::scrub;
use crate::dialect::{Dialect, ErrorCode};
use crate::fault::Fault;
use crate::scim::http::Response;
use crate::scim::message;
use crate::scim::schema::Operation;

/// The longest error body that is looked into, in bytes.
const LONGEST_BODY: usize = 64 * 1024;

/// The most values that one path of `code_at` or `detail_at` finds.
const MOST_FOUND: usize = 64;

/// Reads an upstream's answer that is no success into a fault.
///
/// The dialect's codes come first, then RFC 7644's scimType, then the status; only a code that
/// means no more than 400 yields to a status that says more. Only text at the
/// dialect's `detail_at` reaches the client.
pub fn read_error(dialect: &Dialect, operation: Operation, response: &Response) -> Fault {
    fault(dialect, operation, response, parse(&response.body).as_ref())
}

/// The error that stands in an answer of a status of success, if its body is one beyond doubt. The
/// caller has seen that it is no resource.
pub fn disguised(dialect: &Dialect, operation: Operation, response: &Response) -> Option<Fault> {
    let body = parse(&response.body)?;
    let signs = Signs::of(dialect, &body);
    let sure =
        signs.named || signs.known || signs.coded && signs.worded || status_in(&body).is_some();
    sure.then(|| fault(dialect, operation, response, Some(&body)))
}

/// Whether an answer's body is an error of the dialect, or a SCIM Error: then the upstream itself
/// speaks, and not what stands before it.
pub fn speaks(dialect: &Dialect, response: &Response) -> bool {
    parse(&response.body).is_some_and(|body| Signs::of(dialect, &body).any())
}

/// What shows that a body is an error.
struct Signs {
    /// Its `schemas` name RFC 7644's Error.
    named: bool,
    /// It holds a code that the dialect lists.
    known: bool,
    /// It holds some code, and some text.
    coded: bool,
    worded: bool,
}

impl Signs {
    fn of(dialect: &Dialect, body: &Value) -> Self {
        let errors = &dialect.errors;
        let code = |value: &Value| {
            value.is_number() || value.as_str().is_some_and(|text| !text.is_empty())
        };
        let text = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
        Self {
            named: is_scim_error(body),
            known: known_code(dialect, body).is_some(),
            coded: found(body, &errors.code_at).any(code),
            worded: found(body, &errors.detail_at).any(text),
        }
    }

    fn any(&self) -> bool {
        self.named || self.known || self.coded || self.worded
    }
}

fn fault(
    dialect: &Dialect,
    operation: Operation,
    response: &Response,
    body: Option<&Value>,
) -> Fault {
    let http = response.status.as_u16();
    let status = body.map_or(http, |body| meant(http, body));
    let code = body.and_then(|body| known_code(dialect, body));
    // Vendors have catch-all codes that mean no more than 400; a 412 or 503 with one stays what it is.
    let vague = matches!(status, 400 | 422) || response.status.is_success();
    let code = code.filter(|code| code.status != 400 || vague);
    let refusal = Refusal {
        operation,
        status: match code {
            // Who is not let in at all is not told more by a code of what is forbidden.
            Some(code) if status == 401 && code.status == 403 => status,
            Some(code) => code.status,
            None => status,
        },
        scim_type: match code {
            Some(code) => code.scim_type.as_deref().and_then(scim_type),
            None => body.and_then(own_scim_type),
        },
        code: code.map(|code| code.code.as_str()),
        spoken: body.is_some_and(|body| Signs::of(dialect, body).any()),
        text: body.and_then(|body| detail(dialect, body)),
    };
    let mut fault = refusal.fault();
    if matches!(fault.status().as_u16(), 429 | 503) {
        fault.retry_after = retry_after(&response.headers);
    }
    let shape = shape(body, &response.body);
    fault.with_log(format!("upstream answered {http} to {} with {shape}", operation.name()))
}

/// The status that an error means: HTTP's own, unless that says success, or no more than that something
/// failed, and the SCIM Error in the body says more.
fn meant(http: u16, body: &Value) -> u16 {
    let success = (200..300).contains(&http);
    if !(success || is_scim_error(body) && matches!(http, 400 | 500..)) {
        return http;
    }
    let said = status_in(body).filter(|said| success || *said < 500);
    let implied = || match own_scim_type(body)? {
        "uniqueness" => Some(409),
        "sensitive" => Some(403),
        _ if body.get("status").is_none() || success => Some(400),
        _ => None,
    };
    said.or_else(implied).unwrap_or(http)
}

/// The status of an error that its body says, as a number or as text.
fn status_in(body: &Value) -> Option<u16> {
    let said = match body.get("status")? {
        Value::Number(number) => number.as_u64().and_then(|number| u16::try_from(number).ok()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    said.filter(|said| (400..600).contains(said))
}

fn is_scim_error(body: &Value) -> bool {
    let schemas = body.get("schemas").and_then(Value::as_array);
    schemas.is_some_and(|urns| urns.iter().any(|urn| urn == message::ERROR))
}

/// The body as JSON. serde_json refuses what is nested more than 128 deep.
fn parse(body: &[u8]) -> Option<Value> {
    (body.len() <= LONGEST_BODY).then(|| serde_json::from_slice(body).ok()).flatten()
}

/// The first code that the dialect knows; one that means `uniqueness` goes before all others, since
/// it is what clients decide by.
fn known_code<'d>(dialect: &'d Dialect, body: &Value) -> Option<&'d ErrorCode> {
    let errors = &dialect.errors;
    let known: Vec<&ErrorCode> = found(body, &errors.code_at)
        .filter_map(|code| match code {
            Value::String(code) => Some(code.clone()),
            Value::Number(code) => Some(code.to_string()),
            _ => None,
        })
        .filter_map(|code| errors.codes.iter().find(|known| known.code == code))
        .collect();
    let unique = known.iter().find(|code| code.scim_type.as_deref() == Some("uniqueness"));
    unique.or(known.first()).copied()
}

/// The scimType of a SCIM Error. Some vendors leave `schemas` out.
fn own_scim_type(body: &Value) -> Option<&'static str> {
    body.get("scimType").and_then(Value::as_str).and_then(scim_type)
}

fn detail(dialect: &Dialect, body: &Value) -> Option<String> {
    found(body, &dialect.errors.detail_at)
        .filter_map(Value::as_str)
        .find_map(|text| scrub(Some(dialect), text))
}

/// Every value at these paths, in order; a path's names are joined by `.` and arrays on the way are
/// searched.
fn found<'b>(body: &'b Value, paths: &[String]) -> impl Iterator<Item = &'b Value> {
    paths.iter().flat_map(move |path| {
        let mut found = vec![body];
        for name in path.split('.') {
            let mut next = Vec::new();
            for value in found {
                step(value, name, &mut next);
            }
            found = next;
        }
        found
    })
}

/// Takes one step; the depth of nested arrays is bounded by the parser's.
fn step<'b>(value: &'b Value, name: &str, next: &mut Vec<&'b Value>) {
    match value {
        Value::Array(elements) => {
            for element in elements {
                if next.len() >= MOST_FOUND {
                    return;
                }
                step(element, name, next);
            }
        }
        Value::Object(members) => {
            next.extend(members.get(name).filter(|_| next.len() < MOST_FOUND));
        }
        _ => {}
    }
}

/// What the body looks like, for the log.
fn shape(body: Option<&Value>, raw: &[u8]) -> &'static str {
    let Some(body) = body else {
        return match raw.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None => "no body",
            Some(b'<') => "HTML or XML",
            Some(_) => "text",
        };
    };
    let has = |name| body.get(name).is_some();
    match () {
        () if is_scim_error(body) => "a SCIM Error",
        () if has("detail") && has("status") => "detail and status",
        () if has("error") => "error",
        () if has("message") => "message",
        () => "JSON of no known shape",
    }
}
