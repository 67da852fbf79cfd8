//! The plain server's lists: filter, sort, window, projection (RFC 7644 sections 3.4.2 and 3.9).

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value};

use super::call::Call;
use super::reply::{self, Refusal};
use super::scim::{Type, view};
use super::scim_schema::{GROUP, USER};
use super::store::Desk;
use crate::scim::http::Response;

/// What is never left out of an answer (RFC 7643 section 3.1).
const ALWAYS: [&str; 2] = ["id", "schemas"];

pub fn list(desk: &Desk, call: &Call<'_>, kind: Type) -> Result<Response, Refusal> {
    call.only(&["startIndex", "count", "attributes", "excludedAttributes"])?;
    let store = match kind {
        Type::User => &desk.users,
        Type::Group => &desk.groups,
    };
    let all: Vec<Value> = store.iter().map(|entry| view(desk, entry, kind)).collect();
    let window = call.window(desk.options.page)?;
    let total = all.len();
    let page = window.of(all).into_iter().map(|resource| project(resource, call)).collect();
    Ok(reply::scim(StatusCode::OK, &reply::list(total, window.start, page)))
}

/// The answer with the attributes that the query asks for.
pub fn projected(mut answer: Response, resource: Value, call: &Call<'_>) -> Response {
    answer.body = Bytes::from(project(resource, call).to_string());
    answer
}

fn project(resource: Value, call: &Call<'_>) -> Value {
    let Value::Object(body) = resource else { return resource };
    if let Some(only) = call.parameter("attributes") {
        let mut kept = Map::new();
        for name in ALWAYS.into_iter().chain(only.split(',').map(str::trim)) {
            keep(&body, name, &mut kept);
        }
        return Value::Object(kept);
    }
    let mut body = body;
    for name in call.parameter("excludedAttributes").unwrap_or_default().split(',') {
        drop_at(&mut body, name.trim());
    }
    Value::Object(body)
}

/// Copies the attribute of that path.
fn keep(from: &Map<String, Value>, path: &str, to: &mut Map<String, Value>) {
    let Some((name, rest)) = split(from, path) else { return };
    let Some(value) = from.get(&name) else { return };
    let Some(rest) = rest else {
        to.insert(name, value.clone());
        return;
    };
    match value {
        Value::Object(inner) => {
            let below = to.entry(name).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(below) = below {
                keep(inner, rest, below);
            }
        }
        Value::Array(elements) => {
            let mut old = match to.remove(&name) {
                Some(Value::Array(old)) => old,
                _ => vec![Value::Object(Map::new()); elements.len()],
            };
            for (element, below) in elements.iter().zip(&mut old) {
                if let (Value::Object(element), Value::Object(below)) = (element, below) {
                    keep(element, rest, below);
                }
            }
            to.insert(name, Value::Array(old));
        }
        _ => {}
    }
}

fn drop_at(body: &mut Map<String, Value>, path: &str) {
    let Some((name, rest)) = split(body, path) else { return };
    match (body.get_mut(&name), rest) {
        (Some(Value::Object(inner)), Some(rest)) => drop_at(inner, rest),
        (Some(Value::Array(elements)), Some(rest)) => {
            let objects = elements.iter_mut().filter_map(Value::as_object_mut);
            objects.for_each(|element| drop_at(element, rest));
        }
        (Some(_), None) if !ALWAYS.contains(&name.as_str()) => {
            body.remove(&name);
        }
        _ => {}
    }
}

/// The member that a path begins with, in its own spelling, and the path below it.
///
/// A member's name may hold dots (a URN), so the longest name that fits is taken.
fn split<'p>(body: &Map<String, Value>, path: &'p str) -> Option<(String, Option<&'p str>)> {
    let core = [USER, GROUP].into_iter().find_map(|urn| path.strip_prefix(urn)?.strip_prefix(':'));
    let path = core.unwrap_or(path);
    let fits = |name: &&String| {
        path.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
            && path
                .get(name.len()..)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ':']))
    };
    let name = body.keys().filter(fits).max_by_key(|name| name.len())?;
    let rest =
        path.get(name.len()..).and_then(|rest| rest.get(1..)).filter(|rest| !rest.is_empty());
    Some((name.clone(), rest))
}
