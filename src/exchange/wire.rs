//! What went over the wire, for whoever writes a dialect: method, path, status, names and sizes.
//!
//! Every value stands there as its type and size: those of attributes, ids, filters, cursors, headers.
//! Names are what says something, and are shown where the upstream's dialect knows them: others may be data.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};

use super::names::{KnownNames, is_name};
use super::shape::shape;
use crate::gateway::Route;
use crate::gateway::pair::Pair;
use crate::scim::filter::{Filter, Literal};
use crate::scim::grammar::{Known, parse_attributes, parse_filter};
use crate::scim::http::{Request, Response};
use crate::scim::query::PARAMETERS;

/// Calls of one exchange that are kept in full: a scan makes many.
pub const CALLS: usize = 32;
/// Routes that are looked at by request, at once.
const ROUTES: usize = 256;

/// One call as it is told.
#[derive(Debug, PartialEq, Eq)]
pub struct Wired {
    /// The request's body.
    pub sent: Option<String>,
    /// The answer's media type and body.
    pub got: Option<String>,
}

/// Whose calls are told in full.
#[derive(Debug, Default)]
pub struct Wire {
    all: AtomicBool,
    /// Whether `until` holds anything.
    some: AtomicBool,
    /// By route.
    until: Mutex<BTreeMap<String, Instant>>,
}

impl Wire {
    /// Of every route, or of those that were asked for.
    pub fn everywhere(&self, on: bool) {
        self.all.store(on, Ordering::Relaxed);
    }

    /// Of one route for a time; zero ends it. Whether there is room for one more.
    pub fn look(&self, route: &str, time: Duration) -> bool {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        until.retain(|_, end| *end > now);
        let room = until.len() < ROUTES || until.contains_key(route);
        if time.is_zero() {
            until.remove(route);
        } else if room {
            until.insert(route.to_owned(), now + time);
        }
        self.some.store(!until.is_empty(), Ordering::Relaxed);
        room
    }

    /// Whether a route's calls are told now.
    pub fn is_on(&self, route: &str) -> bool {
        if self.all.load(Ordering::Relaxed) {
            return true;
        }
        self.some.load(Ordering::Relaxed) && {
            let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
            until.get(route).is_some_and(|end| *end > Instant::now())
        }
    }
}

/// A request without its headers.
#[derive(Debug)]
pub struct Sent {
    pub method: Method,
    pub path: String,
    pub query: Option<String>,
    pub body: Bytes,
}

impl Sent {
    pub fn of(request: &Request) -> Self {
        let Request { method, path, query, headers: _, body } = request;
        let (path, query) = (path.clone(), query.clone());
        Self { method: method.clone(), path, query, body: body.clone() }
    }
}

/// `POST /v2/scim/v2/Users/{id}?filter=…`: as it was sent, below the upstream's own `base`.
pub fn describe_request(route: &Route, base: &str, sent: &Sent) -> String {
    let Sent { method, path, query, body: _ } = sent;
    let path = masked_path(route, path);
    let query = query.as_deref().map(|query| format!("?{}", masked_query(route, query)));
    format!("{method} {base}{path}{}", query.unwrap_or_default())
}

/// What was sent and what came back.
pub fn describe_call(route: &Route, sent: &[u8], answer: Option<&Response>) -> Wired {
    let names = KnownNames::of(route);
    let got = answer.map(|answer| match media_type(&answer.headers) {
        Some(media_type) => format!("{media_type} {}", shape(&answer.body, &names)),
        None => shape(&answer.body, &names),
    });
    Wired { sent: (!sent.is_empty()).then(|| shape(sent, &names)), got }
}

/// The essence of a Content-Type, where it looks like one.
pub fn media_type(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = text.split(';').next()?.trim();
    let (kind, sub) = essence.split_once('/')?;
    let plain = |part: &str| is_name(&part.replace('+', "-"));
    (plain(kind) && plain(sub)).then_some(essence)
}

/// What the dialect says stays; whatever stands behind is an id.
fn masked_path(route: &Route, path: &str) -> String {
    let Some(rest) = path.strip_prefix(&route.upstream_base) else {
        return path.split('/').skip(1).map(|_| "/{…}").collect();
    };
    let mut paths: Vec<_> = route.spec.upstream.resources.iter().map(|r| r.path.as_str()).collect();
    paths.extend(["Me", "Bulk", "Schemas", "ResourceTypes", "ServiceProviderConfig", ".search"]);
    let known = paths.into_iter().filter(|known| {
        let behind = rest.strip_prefix('/').and_then(|rest| rest.strip_prefix(known));
        behind.is_some_and(|behind| behind.is_empty() || behind.starts_with('/'))
    });
    let known = known.max_by_key(|known| known.len());
    let (shown, behind) = match known {
        Some(known) => rest.split_at_checked(known.len() + 1).unwrap_or((rest, "")),
        None => ("", rest),
    };
    let masked = |part: &str| if part == ".search" { "/.search" } else { "/{id}" };
    let behind: String = behind.split('/').skip(1).map(masked).collect();
    format!("{}{shown}{behind}", route.upstream_base)
}

fn masked_query(route: &Route, query: &str) -> String {
    let names = KnownNames::of(route);
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let pairs = pairs.map(|(name, value)| {
        let shown = match name.as_ref() {
            "filter" => masked_filter(route, &names, &value),
            "attributes" | "excludedAttributes" | "sortBy" => masked_paths(route, &names, &value),
            "startIndex" | "count" if is_count(&value) => Some(value.to_string()),
            "sortOrder" if ["ascending", "descending"].contains(&value.as_ref()) => {
                Some(value.to_string())
            }
            _ => None,
        };
        let shown = shown.unwrap_or_else(|| format!("string({})", value.chars().count()));
        let name = match PARAMETERS.contains(&name.as_ref()) {
            true => name.to_string(),
            false => format!("name({})", name.chars().count()),
        };
        format!("{name}={shown}")
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// A number of a page: of few digits, so that it cannot be an id.
fn is_count(text: &str) -> bool {
    (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn urns(route: &Route) -> Vec<&str> {
    route.pairs().flat_map(|pair: &Pair| pair.upstream.vendor.urns()).collect()
}

fn masked_filter(route: &Route, names: &KnownNames, text: &str) -> Option<String> {
    let urns = urns(route);
    let mut filter = parse_filter(text, &Known { urns: &urns, ..Known::default() }).ok()?;
    let named = filter.paths().iter().all(|path| names.know(path));
    blot(&mut filter);
    named.then(|| filter.to_string())
}

fn masked_paths(route: &Route, names: &KnownNames, text: &str) -> Option<String> {
    let urns = urns(route);
    let paths = parse_attributes(text, &Known { urns: &urns, ..Known::default() }).ok()?;
    let known = paths.iter().all(|path| names.know(path));
    known.then(|| paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
}

/// Puts its type and size in the place of each literal.
fn blot(filter: &mut Filter) {
    match filter {
        Filter::Compare { literal, .. } => {
            let word = match literal {
                Literal::Null => return,
                Literal::Bool(_) => "boolean".to_owned(),
                Literal::Number(_) => "number".to_owned(),
                Literal::String(text) => format!("string({})", text.chars().count()),
            };
            *literal = Literal::String(word);
        }
        Filter::Present(_) => {}
        Filter::Element { filter, .. } | Filter::Not(filter) => blot(filter),
        Filter::And(terms) | Filter::Or(terms) => terms.iter_mut().for_each(blot),
    }
}
