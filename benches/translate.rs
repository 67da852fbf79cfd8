//! The whole translation of a document (parse, lift, lower, print) beside `serde_json::Value`'s parse
//! and print of the same bytes, taken in turn in one run: what counts is the ratio.

#![expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]
#![expect(clippy::expect_used, reason = "a benchmark whose material is broken cannot go on")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};
use scim_gateway::dialect::Dialects;
use scim_gateway::gateway::message::{Head, read_request, write_request};
use scim_gateway::gateway::pair::{Losses, Pair};
use scim_gateway::gateway::route::Policies;
use scim_gateway::gateway::{Gateway, Route, RouteSpec};
use scim_gateway::scim::Value;
use scim_gateway::scim::http::{Request, Response};
use scim_gateway::scim::projection::Projection;
use scim_gateway::scim::schema::Operation;
use serde_json::{Value as Json, json};

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Samples of each side; the median counts.
const SAMPLES: usize = 21;
/// How long one sample takes at least.
const SAMPLE: Duration = Duration::from_millis(4);

fn main() {
    let dialects = Dialects::embedded().expect("the embedded dialects");
    println!("{:<34} {:>9} {:>12} {:>12} {:>6}", "", "bytes", "translate", "Value", "ratio");
    for client in dialects.names() {
        for upstream in dialects.names() {
            let route = route(&dialects, client, upstream);
            let request = request(&dialects, &route);
            let title = format!("user {client} -> {upstream}");
            compare(&title, &request.body, || user(&route, &request));
            let answer = answer(&dialects, &route);
            let title = format!("list of 1000 {client} <- {upstream}");
            compare(&title, &answer.body, || list(&route, &answer));
        }
    }
}

/// Times both sides in turn and prints their medians.
fn compare(title: &str, bytes: &[u8], mut translate: impl FnMut() -> usize) {
    let mut value = || {
        let value: Json = serde_json::from_slice(bytes).expect("JSON");
        serde_json::to_vec(&value).map(|printed| printed.len()).expect("prints")
    };
    let rounds = rounds(&mut value);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..SAMPLES {
        ours.push(sample(rounds, &mut translate));
        theirs.push(sample(rounds, &mut value));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    let length = bytes.len();
    println!("{title:<34} {length:>9} {ours:>12.1?} {theirs:>12.1?} {ratio:>6.2}");
}

fn rounds(work: &mut impl FnMut() -> usize) -> u32 {
    let mut rounds = 1;
    while sample(rounds, work) * rounds < SAMPLE {
        rounds *= 2;
    }
    rounds
}

/// The time of one round.
fn sample(rounds: u32, work: &mut impl FnMut() -> usize) -> Duration {
    let begin = Instant::now();
    for _ in 0..rounds {
        black_box(work());
    }
    begin.elapsed() / rounds
}

fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort_unstable();
    samples.get(samples.len() / 2).copied().unwrap_or_default()
}

/// A client's create, from its bytes to the upstream's.
fn user(route: &Route, request: &Request) -> usize {
    let pair = pair(route);
    let body = route.document(request).expect("a document");
    let object = read_request(&pair.client_resource, Operation::Create, None, body);
    let user = pair.intake(object.expect("a user"), Operation::Create).expect("taken");
    let lowered = pair.create(&user).expect("lowered");
    route.call_with(pair, Operation::Create, None, &lowered.object).body.len()
}

/// An upstream's list, from its bytes to the client's.
fn list(route: &Route, answer: &Response) -> usize {
    let pair = pair(route);
    let page = route.page(pair, answer).expect("a page");
    let mut losses = Losses::default();
    let shown = page
        .resources
        .iter()
        .map(|s| route.shown(pair, Operation::List, s, &Projection::Default, &mut losses));
    route.answer_list(&Head::index(page.resources.len(), 1), shown).body.len()
}

fn pair(route: &Route) -> &Pair {
    route.users.as_deref().expect("users")
}

fn route(dialects: &Dialects, client: &str, upstream: &str) -> Arc<Route> {
    let dialect = |name: &str| Arc::clone(dialects.named(name).expect("a dialect"));
    let vars = |name: &str| -> BTreeMap<String, String> {
        let base = dialect(name).base.clone();
        let variables = dialect(name).variables.clone();
        let used = |variable: &String| base.contains(&format!("{{{variable}}}"));
        let names = variables.into_iter().map(|(variable, _)| variable).filter(used);
        names.map(|variable| (variable, "e".to_owned())).collect()
    };
    let spec = RouteSpec {
        name: "/bench".to_owned(),
        host: None,
        prefix: "/bench".to_owned(),
        client: dialect(client),
        client_vars: vars(client),
        client_extends: Vec::new(),
        upstream: dialect(upstream),
        upstream_vars: vars(upstream),
        upstream_name: upstream.to_owned(),
        overlays: Vec::new(),
        group_overlays: Vec::new(),
        public_url: "https://gateway.example".to_owned(),
        rules: String::new(),
        policies: Policies::default(),
    };
    let gateway = Gateway::new(vec![spec], dialects);
    gateway.routes().first().map(Arc::clone).expect("one route")
}

/// A user in a dialect's own words, about 1.15 KB where the dialect has room for it.
fn words(dialects: &Dialects, dialect: &str) -> Json {
    let plain = route(dialects, "scim", dialect);
    let pair = pair(&plain);
    let canonical = Value::from(person());
    let object = read_request(&pair.client_resource, Operation::Create, None, canonical);
    let user = pair.intake(object.expect("a user"), Operation::Create).expect("taken");
    let lowered = pair.create(&user).expect("lowered").object;
    let body = write_request(&pair.upstream_resource, Operation::Create, None, &lowered);
    serde_json::from_slice(&body).expect("JSON")
}

fn request(dialects: &Dialects, route: &Route) -> Request {
    let mut request = Request::new(Method::POST, "/");
    request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
    request.body = words(dialects, &route.spec.client.name).to_string().into();
    request
}

fn answer(dialects: &Dialects, route: &Route) -> Response {
    let user = words(dialects, &route.spec.upstream.name);
    let users: Vec<Json> = (0..1_000)
        .map(|number| {
            let mut user = user.clone();
            if let Some(members) = user.as_object_mut() {
                members.insert("id".to_owned(), json!(format!("user-{number:04}")));
            }
            user
        })
        .collect();
    let list = json!({"totalResults": users.len(), "startIndex": 1, "Resources": users});
    let mut response = Response::new(StatusCode::OK);
    response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
    response.body = list.to_string().into();
    response
}

fn person() -> Json {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "externalId": "00u1a2b3c4d5e6f7g8h9",
        "userName": "barbara.jensen@example.com",
        "name": {
            "formatted": "Ms. Barbara J Jensen, III", "familyName": "Jensen",
            "givenName": "Barbara", "middleName": "Jane"
        },
        "displayName": "Babs Jensen",
        "nickName": "Babs",
        "title": "Tour Guide",
        "userType": "Employee",
        "preferredLanguage": "en-US",
        "locale": "en-US",
        "timezone": "America/Los_Angeles",
        "active": true,
        "emails": [
            {"value": "barbara.jensen@example.com", "type": "work", "primary": true},
            {"value": "babs@jensen.example", "type": "home"}
        ],
        "phoneNumbers": [{"value": "+1-555-555-5555", "type": "work"}],
        "addresses": [{
            "type": "work", "streetAddress": "100 Universal City Plaza", "locality": "Hollywood",
            "region": "CA", "postalCode": "91608", "country": "US", "primary": true
        }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "employeeNumber": "701984", "costCenter": "4130", "organization": "Universal Studios",
            "division": "Theme Park", "department": "Tour Operations"
        },
        "urn:omni:params:1.0:UserAttribute": {"region": "apac", "department": "Tour Operations"}
    })
}
