//! Anything may come from both sides: there is always an answer, never a panic, nothing unbounded,
//! and nothing goes upstream of a request that is refused.

use std::sync::LazyLock;
use std::time::Duration;

use proptest::prelude::*;
use scim_gateway::exchange::Outcome;
use scim_gateway::fault::{Fault, Side};
use scim_gateway::scim::http::Request;
use serde_json::{Value as Json, json};

use crate::scripted::{Line, answer};

const DIALECTS: [&str; 4] = ["scim", "omni", "pingone", "descope"];
const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];
const PLACES: [&str; 10] = [
    "/Users",
    "/Users/7",
    "/Users/.search",
    "/Groups",
    "/Schemas",
    "/ResourceTypes/User",
    "/ServiceProviderConfig",
    "/Bulk",
    "/Me",
    "",
];

/// Every status that the gateway may answer.
const KNOWN: [u16; 22] = [
    200, 201, 204, 304, 400, 401, 403, 404, 405, 409, 412, 413, 414, 415, 422, 423, 429, 500, 501,
    502, 503, 504,
];

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap());

fn exchange(line: &Line, method: &str, below: &str, body: &[u8]) -> Outcome {
    RUNTIME.block_on(line.send(method, below, &[], body))
}

fn holds(line: &Line, outcome: &Outcome, what: &str) {
    let status = outcome.response.status.as_u16();
    assert!(KNOWN.contains(&status), "{status}: {what}");
    assert_ne!(status, 500, "{what}");
    let fault = outcome.record.fault.as_ref();
    assert_eq!(fault.is_some(), status >= 400, "{what}");
    assert!(line.calls().len() <= 60, "{} calls: {what}", line.calls().len());
    // What the upstream itself refused was sent: its 412 is passed on as what it is.
    let theirs = |fault: &Fault| {
        fault.cause.label().starts_with("upstream")
            || fault.log.as_deref().is_some_and(|log| log.starts_with("upstream answered"))
    };
    let refused = fault.is_some_and(|fault| fault.cause.side() == Side::Client && !theirs(fault));
    // These are known only of what is stored.
    let stored = ["no_target", "too_many", "precondition_failed", "mutability", "invalid_value"];
    let late = fault.is_some_and(|fault| stored.contains(&fault.cause.label()));
    let reads =
        |call: &Request| call.method == http::Method::GET || call.path.ends_with("/.search");
    let wrote = line.calls().iter().any(|call| !reads(call));
    assert!(!refused || (!wrote && (late || line.calls().is_empty())), "sent, and refused: {what}");
    if status >= 400 || (status < 300 && !outcome.response.body.is_empty()) {
        let body: Result<Json, _> = serde_json::from_slice(&outcome.response.body);
        assert!(body.is_ok_and(|body| body.is_object()), "{what}");
    }
}

fn stored() -> Json {
    json!({"id": "7", "userName": "a@a.example", "displayName": "A", "active": true,
        "name": {"givenName": "G"}, "emails": [{"value": "a@a.example", "type": "work", "primary": true}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "D"}})
}

fn patch() -> Json {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [
        {"op": "replace", "path": "emails[type eq \"work\"].value", "value": "b@a.example"},
        {"op": "add", "value": {"displayName": "B", "name.familyName": "F"}},
        {"op": "remove", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"}]})
}

/// Any JSON, with names that mean something here and there.
fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        "[ -~]{0,12}".prop_map(Json::from),
        "\\PC{0,6}".prop_map(Json::from),
        prop::sample::select(vec![
            "",
            "a@a.example",
            "replace",
            "userName",
            "True",
            "emails[type eq \"work\"]"
        ])
        .prop_map(Json::from),
    ];
    let name = prop_oneof![
        prop::sample::select(vec![
            "userName",
            "displayName",
            "active",
            "name",
            "givenName",
            "emails",
            "value",
            "type",
            "primary",
            "id",
            "schemas",
            "meta",
            "user",
            "Operations",
            "op",
            "path",
            "filter",
            "Resources",
            "totalResults",
            "population",
            "attributes",
            "groups",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            "urn:omni:params:1.0:UserAttribute",
            "urn:x:y",
            "status",
            "detail",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,5}",
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::vec((name.clone(), inner), 0..6)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

/// A right document with one place, chosen by a number, put to another value or taken away.
fn mutated(mut document: Json, at: usize, value: Option<Json>) -> Json {
    fn count(value: &Json) -> usize {
        1 + match value {
            Json::Array(elements) => elements.iter().map(count).sum(),
            Json::Object(members) => members.values().map(count).sum(),
            _ => 0,
        }
    }
    fn put(value: &mut Json, left: &mut usize, new: &Option<Json>) {
        if *left == 0 {
            *value = new.clone().unwrap_or_default();
        }
        *left = left.wrapping_sub(1);
        match value {
            Json::Array(elements) => elements.iter_mut().for_each(|v| put(v, left, new)),
            Json::Object(members) => members.values_mut().for_each(|v| put(v, left, new)),
            _ => {}
        }
    }
    let mut left = at % count(&document);
    put(&mut document, &mut left, &value);
    document
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let mutant = (any::<bool>(), any::<usize>(), prop::option::of(any_json())).prop_map(
        |(patches, at, value)| mutated(if patches { patch() } else { stored() }, at, value),
    );
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..60),
        3 => any_json().prop_map(|json| json.to_string().into_bytes()),
        4 => mutant.prop_map(|json| json.to_string().into_bytes()),
    ]
}

fn pair() -> impl Strategy<Value = (&'static str, &'static str)> {
    (prop::sample::select(&DIALECTS[..]), prop::sample::select(&DIALECTS[..]))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_request_is_answered(
        (client, upstream) in pair(),
        method in prop::sample::select(&METHODS[..]),
        place in prop::sample::select(&PLACES[..]),
        query in prop_oneof![
            Just(String::new()),
            "\\?(filter|count|startIndex|attributes|sortBy|%[0-9]{2})=[ -~]{0,20}",
            "\\?filter=[a-z]{1,8}(%20|\\.)(eq|pr|co|and|or|not)(%20)?[\"(\\[]?[a-z]{0,4}[\")\\]]?",
        ],
        sent in body(),
    ) {
        let line = Line::new(client, upstream, |_, request| {
            let listed = json!({"totalResults": 1, "Resources": [stored()]});
            let body = if request.query.is_some() { listed } else { stored() };
            answer(200, &[], &body.to_string())
        });
        let below = format!("{place}{query}");
        let outcome = exchange(&line, method, &below, &sent);
        let what = format!("{client} -> {upstream} {method} {below} {}", String::from_utf8_lossy(&sent));
        holds(&line, &outcome, &what);
    }

    #[test]
    fn any_answer_is_borne(
        (client, upstream) in pair(),
        call in prop::sample::select(vec![
            ("GET", "/Users"), ("GET", "/Users/7"), ("POST", "/Users"), ("PUT", "/Users/7"),
            ("PATCH", "/Users/7"), ("DELETE", "/Users/7"),
            ("GET", "/Users?filter=userName%20eq%20%22a%40a.example%22"),
        ]),
        status in prop_oneof![3 => Just(200_u16), 1 => 200_u16..600],
        said in body(),
    ) {
        let given = said.clone();
        let line = Line::new(client, upstream, move |_, _| {
            let mut response = answer(status, &[], "")?;
            response.body = given.clone().into();
            Ok(response)
        });
        let (method, below) = call;
        let sent = match method {
            "POST" | "PUT" => stored().to_string(),
            "PATCH" => patch().to_string(),
            _ => String::new(),
        };
        let outcome = exchange(&line, method, below, sent.as_bytes());
        let what = format!("{client} -> {upstream} {method} {below}: {status} {}", String::from_utf8_lossy(&said));
        holds(&line, &outcome, &what);
    }
}

/// What this thread has computed: however busy the machine is, the same work takes the same of it.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

#[test]
fn what_is_much_is_answered_soon() {
    let op = json!({"op": "add", "path": "emails", "value": [{"value": "a@a.example"}]});
    let many = json!({"Operations": vec![op; 10_000]}).to_string();
    let emails: Vec<Json> = (0..900).map(|n| json!({"value": format!("{n}@a.example")})).collect();
    let ops: Vec<Json> = (0..900)
        .map(|n| json!({"op": "remove", "path": format!("emails[value eq \"{n}@a.example\"]")}))
        .collect();
    let removals = json!({"Operations": ops}).to_string();
    let wide: serde_json::Map<String, Json> =
        (0..20_000).map(|n| (format!("k{n}"), json!(n))).collect();
    let nested = |open: &str, close: &str, depth: usize| {
        let filter =
            format!("{}userName%20eq%20%22a%22{}", open.repeat(depth), close.repeat(depth));
        format!("/Users?filter={filter}")
    };
    let wide_filter = vec!["userName%20eq%20%22a%22"; 400].join("%20or%20");
    let cases = [
        ("PATCH", "/Users/7".to_owned(), many),
        ("PATCH", "/Users/7".to_owned(), removals),
        ("POST", "/Users".to_owned(), Json::Object(wide).to_string()),
        (
            "PUT",
            "/Users/7".to_owned(),
            json!({"userName": "a@a.example", "emails": emails}).to_string(),
        ),
        ("GET", nested("(", ")", 64), String::new()),
        ("GET", nested("not%20(", ")", 64), String::new()),
        ("GET", nested("(", ")", 5_000), String::new()),
        ("GET", format!("/Users?filter={wide_filter}"), String::new()),
        (
            "GET",
            "/Users?startIndex=18446744073709551615&count=18446744073709551615".to_owned(),
            String::new(),
        ),
        ("GET", "/Users?startIndex=9223372036854775807".to_owned(), String::new()),
        ("GET", "/Users?startIndex=-99999999999999999999&count=-1".to_owned(), String::new()),
        ("GET", "/Users?count=0".to_owned(), String::new()),
    ];
    let full = {
        let mut user = stored();
        user["emails"] = (0..900).map(|n| json!({"value": format!("{n}@a.example")})).collect();
        user.to_string()
    };
    let page = json!({"totalResults": 1, "Resources": [stored()]}).to_string();
    for (client, upstream) in
        [("scim", "scim"), ("scim", "pingone"), ("scim", "omni"), ("omni", "descope")]
    {
        for (method, below, sent) in &cases {
            let (full, page) = (full.clone(), page.clone());
            let line = Line::new(client, upstream, move |_, request| {
                answer(200, &[], if request.query.is_some() { &page } else { &full })
            });
            let began = cpu_time();
            let outcome = exchange(&line, method, below, sent.as_bytes());
            let took = cpu_time().saturating_sub(began);
            let what = format!("{client} -> {upstream} {method} {}", &below[..below.len().min(80)]);
            assert!(took < Duration::from_secs(8), "{what}: {took:?}");
            holds(&line, &outcome, &what);
        }
    }
}
