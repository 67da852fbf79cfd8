//! The plain server's lists: filter, sort, window, projection (RFC 7644 sections 3.4.2 and 3.9).

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::schema::{ENTERPRISE, GROUP, MEDIA, Type, USER};
use super::view::view;
use crate::sandbox::call::{Call, Window};
use crate::sandbox::filter;
use crate::sandbox::reply::{self, RefusalKind, VendorRefusal};
use crate::sandbox::shape::{self, FieldShape, Fields};
use crate::sandbox::store::Desk;
use crate::scim::grammar::{Known, parse_path};
use crate::scim::http::Response;

const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

const PARAMETERS: [&str; 8] = [
    "filter",
    "startIndex",
    "count",
    "attributes",
    "excludedAttributes",
    "sortBy",
    "sortOrder",
    "cursor",
];

const SEARCH: Fields = &[
    ("schemas", FieldShape::Names(&[SEARCH_REQUEST])),
    ("filter", FieldShape::Text),
    ("startIndex", FieldShape::Any),
    ("count", FieldShape::Any),
    ("attributes", FieldShape::Names(&[])),
    ("excludedAttributes", FieldShape::Names(&[])),
    ("sortBy", FieldShape::Text),
    ("sortOrder", FieldShape::Text),
    ("cursor", FieldShape::Text),
];

/// What is never left out of an answer (RFC 7643 section 3.1).
const ALWAYS: [&str; 2] = ["id", "schemas"];

/// What a list asks for, out of a query or of a SearchRequest.
struct Asked {
    filter: Option<String>,
    sort_by: Option<String>,
    descending: bool,
    window: Window,
    cursor: Option<String>,
    projection: Projection,
}

struct Projection {
    only: Vec<String>,
    without: Vec<String>,
}

pub fn list(desk: &Desk, call: &Call<'_>, kind: Type) -> Result<Response, VendorRefusal> {
    call.only(&PARAMETERS)?;
    let asked = Asked {
        filter: call.parameter("filter").map(str::to_owned),
        sort_by: call.parameter("sortBy").map(str::to_owned),
        descending: call.parameter("sortOrder") == Some("descending"),
        window: call.window(desk.options.page)?,
        cursor: cursor(desk, call.parameter("cursor"), call.parameter("startIndex").is_some())?,
        projection: Projection::of(call),
    };
    run(desk, kind, &asked)
}

/// `POST .search` (RFC 7644 section 3.4.3).
pub fn search(desk: &Desk, call: &Call<'_>, kind: Type) -> Result<Response, VendorRefusal> {
    if call.method() != Method::POST {
        return Err(VendorRefusal::method());
    }
    call.only(&[])?;
    let body = call.object(MEDIA)?;
    shape::check(&body, SEARCH)?;
    if body.get("schemas") != Some(&json!([SEARCH_REQUEST])) {
        return Err(VendorRefusal::invalid("`schemas` is not SearchRequest"));
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let names = |name: &str| {
        let names = body.get(name).and_then(Value::as_array).into_iter().flatten();
        names.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let number = |name: &str, without: usize| {
        let sent = body.get(name).and_then(Value::as_i64);
        sent.map_or(without, |sent| usize::try_from(sent).unwrap_or(0))
    };
    let page = desk.options.page;
    let window =
        Window { start: number("startIndex", 1).max(1), count: number("count", page).min(page) };
    let asked = Asked {
        filter: text("filter"),
        sort_by: text("sortBy"),
        descending: text("sortOrder").as_deref() == Some("descending"),
        window,
        cursor: cursor(
            desk,
            body.get("cursor").and_then(Value::as_str),
            body.contains_key("startIndex"),
        )?,
        projection: Projection { only: names("attributes"), without: names("excludedAttributes") },
    };
    run(desk, kind, &asked)
}

/// The answer with the attributes that the query asks for.
pub fn projected(mut answer: Response, resource: Value, call: &Call<'_>) -> Response {
    answer.body = Bytes::from(Projection::of(call).of_resource(resource).to_string());
    answer
}

/// Every URN that a path may begin with: the core schema's first, then those in use.
pub fn urns(desk: &Desk, kind: Type) -> Vec<&str> {
    let mut urns = vec![kind.urn(), ENTERPRISE];
    let used = desk.users.iter().flat_map(|user| user.body.keys());
    urns.extend(used.map(String::as_str).filter(|name| name.starts_with("urn:")));
    urns.dedup();
    urns
}

fn run(desk: &Desk, kind: Type, asked: &Asked) -> Result<Response, VendorRefusal> {
    let store = match kind {
        Type::User => &desk.users,
        Type::Group => &desk.groups,
    };
    let urns = urns(desk, kind);
    let filter = asked.filter.as_deref().map(|text| filter::parse(text, &urns)).transpose()?;
    let all = store.iter().map(|entry| view(desk, entry, kind));
    let mut all: Vec<Value> = match filter {
        Some(filter) if !desk.options.ignore_filters => all
            .filter(|one| one.as_object().is_some_and(|one| filter::matches(&filter, one)))
            .collect(),
        _ => all.collect(),
    };
    if let Some(by) = &asked.sort_by {
        sort(&mut all, by, &urns, asked.descending)?;
    }
    let total = all.len();
    let window = match &asked.cursor {
        None => Window { start: asked.window.start, count: asked.window.count },
        Some(cursor) => Window { start: begins(cursor)?, count: asked.window.count },
    };
    let page = window.of(all).into_iter();
    let page: Vec<Value> = page.map(|resource| asked.projection.of_resource(resource)).collect();
    let behind = window.start.saturating_add(page.len());
    let mut body = reply::list(total, window.start, page);
    if let (Some(_), Some(body)) = (&asked.cursor, body.as_object_mut()) {
        body.remove("startIndex");
        if behind <= total {
            body.insert("nextCursor".to_owned(), format!("{NEXT}{behind}").into());
        }
        if window.start > 1 {
            let before = window.start.saturating_sub(window.count).max(1);
            body.insert("previousCursor".to_owned(), format!("{NEXT}{before}").into());
        }
    }
    Ok(reply::scim(StatusCode::OK, &body))
}

/// What every cursor begins with; behind it stands the number of the page's first resource.
const NEXT: &str = "page-from~";

/// The cursor of a list, where lists are paged by cursor; the first page needs none.
fn cursor(desk: &Desk, given: Option<&str>, index: bool) -> Result<Option<String>, VendorRefusal> {
    match (desk.options.scim_cursors, given) {
        (true, _) if index => {
            Err(VendorRefusal::invalid("there is no `startIndex`: page by cursor"))
        }
        (true, given) => Ok(Some(given.unwrap_or_default().to_owned())),
        (false, None) => Ok(None),
        (false, Some(_)) => Err(VendorRefusal::invalid("there are no cursors: page by index")),
    }
}

/// The number of the first resource behind a cursor.
fn begins(cursor: &str) -> Result<usize, VendorRefusal> {
    if cursor.is_empty() {
        return Ok(1);
    }
    let number = cursor.strip_prefix(NEXT).and_then(|number| number.parse().ok());
    number.ok_or_else(|| {
        VendorRefusal::new(RefusalKind::Cursor, "the cursor is none of this server's")
    })
}

/// Without regard to case; a resource without the attribute comes last (RFC 7644 section 3.4.2.3).
fn sort(all: &mut [Value], by: &str, urns: &[&str], descending: bool) -> Result<(), VendorRefusal> {
    let path = parse_path(by, &Known { urns, lenient: false, ..Known::default() })
        .map_err(|_| VendorRefusal::new(RefusalKind::Path, "`sortBy` is no attribute path"))?;
    let key = |resource: &Value| {
        let found = filter::values(&path, resource.as_object()?);
        let first = found.first().and_then(|value| value.get("value").or(Some(value)))?;
        Some(first.as_str().map_or_else(|| first.to_string(), str::to_lowercase))
    };
    all.sort_by(|one, other| match (key(one), key(other)) {
        (Some(one), Some(other)) if descending => other.cmp(&one),
        (Some(one), Some(other)) => one.cmp(&other),
        (one, other) => (one.is_none() != descending).cmp(&(other.is_none() != descending)),
    });
    Ok(())
}

impl Projection {
    fn of(call: &Call<'_>) -> Self {
        let names = |name| {
            let names = call.parameter(name).unwrap_or_default().split(',').map(str::trim);
            names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        Self { only: names("attributes"), without: names("excludedAttributes") }
    }

    fn of_resource(&self, resource: Value) -> Value {
        let Value::Object(mut body) = resource else { return resource };
        if self.only.is_empty() {
            self.without.iter().for_each(|path| drop_at(&mut body, path));
            return Value::Object(body);
        }
        let mut kept = Map::new();
        for path in ALWAYS.into_iter().chain(self.only.iter().map(String::as_str)) {
            keep(&body, path, &mut kept);
        }
        Value::Object(kept)
    }
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
