//! Bulk messages (RFC 7644 section 3.7): reading, bulkIds, writing. No operation is run here.

use std::collections::{HashMap, HashSet};

use http::{Method, StatusCode};

use super::headers::respond;
use crate::dialect::Dialect;
use crate::fault::{Cause, Fault};
use crate::scim::endpoint::segment;
use crate::scim::http::Response;
use crate::scim::message::BULK_RESPONSE;
use crate::scim::names::twice;
use crate::scim::{Object, Value};

/// The most operations of one request, as ServiceProviderConfig says.
pub const MAX_OPERATIONS: usize = 1_000;

/// The longest body, in bytes, as ServiceProviderConfig says.
pub const MAX_PAYLOAD: usize = 1 << 20;

/// How a bulkId is named elsewhere in the request.
const REFERENCE: &str = "bulkId:";

#[derive(Debug)]
pub struct Bulk<'a> {
    pub operations: Vec<BulkOperation<'a>>,
    pub fail_on_errors: Option<usize>,
}

#[derive(Debug)]
pub struct BulkOperation<'a> {
    pub method: Method,
    /// Below the client's base, such as `/Users/1`.
    pub path: String,
    pub bulk_id: Option<String>,
    pub version: Option<String>,
    pub data: Option<Value<'a>>,
}

/// Reads a bulk request.
///
/// # Errors
/// `BodyTooLarge` beyond the bounds; `BadBody` and `InvalidValue` for a request that is none.
pub fn read_bulk<'a>(body: &Value<'a>, length: usize) -> Result<Bulk<'a>, Fault> {
    let bad = |detail: &str| Fault::new(Cause::BadBody, detail);
    let object = body.as_object().ok_or_else(|| bad("A bulk request must be a JSON object."))?;
    if twice(object, |_| true).is_some() {
        return Err(bad(TWICE));
    }
    let operations = object
        .get("Operations")
        .and_then(Value::as_array)
        .ok_or_else(|| bad("A bulk request needs an array named Operations."))?;
    if operations.len() > MAX_OPERATIONS || length > MAX_PAYLOAD {
        return Err(Fault::new(
            Cause::BodyTooLarge,
            format!(
                "A bulk request holds at most {MAX_OPERATIONS} operations and {MAX_PAYLOAD} bytes. \
                 Send several."
            ),
        ));
    }
    let fail_on_errors = match object.get("failOnErrors") {
        None | Some(Value::Null) => None,
        Some(Value::Number(number)) => number.as_u64().and_then(|n| usize::try_from(n).ok()),
        Some(_) => return Err(bad("failOnErrors must be a number.")),
    };
    let operations: Vec<_> = operations.iter().map(operation).collect::<Result<_, _>>()?;
    let mut ids = HashSet::new();
    for id in operations.iter().filter_map(|operation| operation.bulk_id.as_deref()) {
        if !ids.insert(id) {
            return Err(Fault::new(Cause::InvalidValue, "Every bulkId may be given once only."));
        }
    }
    Ok(Bulk { operations, fail_on_errors: fail_on_errors.filter(|most| *most > 0) })
}

const TWICE: &str = "A member is there twice (case does not tell names apart). Send it once.";

fn operation<'a>(value: &Value<'a>) -> Result<BulkOperation<'a>, Fault> {
    let bad = |detail: &str| Fault::new(Cause::InvalidValue, detail);
    let object = value.as_object().ok_or_else(|| bad("Every operation must be a JSON object."))?;
    if twice(object, |_| true).is_some() {
        return Err(bad(TWICE));
    }
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let method = match text("method").map(str::to_ascii_uppercase).as_deref() {
        Some("POST") => Method::POST,
        Some("PUT") => Method::PUT,
        Some("PATCH") => Method::PATCH,
        Some("DELETE") => Method::DELETE,
        _ => return Err(bad("An operation's method must be POST, PUT, PATCH or DELETE.")),
    };
    let path = text("path").filter(|path| path.starts_with('/') && !path.contains(['?', '#']));
    let path = path.ok_or_else(|| bad("An operation's path must be one such as /Users/1."))?;
    let bulk_id = text("bulkId").filter(|id| !id.is_empty()).map(str::to_owned);
    if method == Method::POST && bulk_id.is_none() {
        return Err(bad("An operation with POST needs a bulkId (RFC 7644 section 3.7)."));
    }
    if path.to_ascii_lowercase().starts_with("/bulk") {
        return Err(bad("A bulk request must not hold another: send that by itself."));
    }
    Ok(BulkOperation {
        method,
        path: path.to_owned(),
        bulk_id,
        version: text("version").map(str::to_owned),
        data: object.get("data").cloned(),
    })
}

/// The bulkIds that an operation names in its path and its data.
pub fn referred_ids<'o>(operation: &'o BulkOperation<'_>) -> impl Iterator<Item = &'o str> {
    let mut found: Vec<&str> =
        operation.path.split('/').filter_map(|part| part.strip_prefix(REFERENCE)).collect();
    if let Some(data) = &operation.data {
        references(data, &mut found);
    }
    found.into_iter()
}

fn references<'v>(value: &'v Value<'_>, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.extend(text.strip_prefix(REFERENCE)),
        Value::Array(elements) => elements.iter().for_each(|element| references(element, found)),
        Value::Object(object) => object.iter().for_each(|(name, value)| match value {
            Value::String(path) if is_path(name) => found.extend(quoted(path)),
            value => references(value, found),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a member holds a PATCH path, whose value filter may name bulkIds.
fn is_path(name: &str) -> bool {
    name.eq_ignore_ascii_case("path")
}

/// The bulkIds in the quoted strings of a path, such as `members[value eq "bulkId:1"]`.
fn quoted(path: &str) -> impl Iterator<Item = &str> {
    path.split('"').skip(1).step_by(2).filter_map(|text| text.strip_prefix(REFERENCE))
}

/// The path and the body with every bulkId replaced by the id of what it made.
pub fn with_ids(
    operation: &BulkOperation<'_>,
    made: &HashMap<String, String>,
) -> (String, Vec<u8>) {
    let part = |part: &str| {
        let id = part.strip_prefix(REFERENCE).and_then(|id| made.get(id));
        id.map_or_else(|| part.to_owned(), |id| segment(id))
    };
    let path = operation.path.split('/').map(part).collect::<Vec<_>>().join("/");
    let body = operation.data.as_ref().map(|data| replaced(data, made).to_json());
    (path, body.unwrap_or_default())
}

fn replaced(value: &Value<'_>, made: &HashMap<String, String>) -> Value<'static> {
    match value {
        Value::String(text) => {
            let id = text.strip_prefix(REFERENCE).and_then(|id| made.get(id));
            Value::String(id.cloned().unwrap_or_else(|| text.to_string()).into())
        }
        Value::Array(elements) => {
            Value::Array(elements.iter().map(|element| replaced(element, made)).collect())
        }
        Value::Object(object) => {
            let member = |(name, value): (&str, &Value<'_>)| {
                let value = match value {
                    Value::String(path) if is_path(name) => path_of(path, made),
                    value => replaced(value, made),
                };
                (name.to_owned().into(), value)
            };
            Value::Object(object.iter().map(member).collect())
        }
        other => other.clone().into_owned(),
    }
}

fn path_of(path: &str, made: &HashMap<String, String>) -> Value<'static> {
    let with_ids = quoted(path).filter_map(|id| Some((id, made.get(id)?))).fold(
        path.to_owned(),
        |path, (bulk_id, id)| {
            let id = Value::text(id).to_json();
            path.replace(&format!("\"{REFERENCE}{bulk_id}\""), &String::from_utf8_lossy(&id))
        },
    );
    Value::String(with_ids.into())
}

/// The answer to a bulk request.
pub fn write_bulk(client: &Dialect, operations: Vec<Object<'static>>) -> Response {
    let mut body = Object::new();
    body.push("schemas", Value::Array(vec![Value::text(BULK_RESPONSE)]));
    body.push("Operations", Value::Array(operations.into_iter().map(Value::Object).collect()));
    respond(client, StatusCode::OK, None, None, Value::Object(body).to_json())
}
