//! The work of an exchange grows as what is sent: eight times as much takes less than twelve
//! times the steps. Counted (`scim::work`), not clocked; docs/linear.md has the table.

use std::fmt::Write as _;
use std::io::Write as _;

use scim_gateway::dialect::Undeclared;
use scim_gateway::scim::http::Request;
use scim_gateway::scim::work::steps;
use serde_json::{Value as Json, json};

use crate::harness::spec;
use crate::scripted::{Line, answer};

const EXTENSION: &str = "urn:acme:ext:2.0:User";

/// A client dialect before an upstream, and what is sent when something is `n` long.
struct Case {
    name: &'static str,
    client: &'static str,
    upstream: &'static str,
    method: &'static str,
    path: fn(usize) -> String,
    sent: fn(usize) -> Json,
    /// What the upstream has, or lists.
    stored: fn(usize) -> Json,
    /// Where the gateway itself bounds what is sent.
    small: usize,
}

fn nothing(_: usize) -> Json {
    Json::Null
}

fn numbered(n: usize, one: impl Fn(usize) -> Json) -> Vec<Json> {
    (0..n).map(one).collect()
}

fn members(n: usize) -> Vec<Json> {
    numbered(n, |at| json!({"value": format!("m{at}"), "display": format!("Member {at}")}))
}

fn group(n: usize) -> Json {
    json!({"id": "1", "displayName": "g", "members": members(n)})
}

fn reversed(n: usize) -> Json {
    let members: Vec<Json> = members(n).into_iter().rev().collect();
    json!({"displayName": "g", "members": members})
}

fn addresses(n: usize) -> Json {
    let street = |at: usize| json!({"type": "work", "streetAddress": format!("{at} Road"), "primary": false});
    json!({"id": "1", "userName": "ann", "addresses": numbered(n, street)})
}

/// The same in reverse order, each with a key that no schema lists.
fn noted(n: usize) -> Json {
    let mut user = addresses(n);
    let all = user["addresses"].as_array_mut().unwrap();
    all.reverse();
    all.iter_mut().for_each(|one| one["x-note"] = json!("hidden"));
    user
}

fn nobody(_: usize) -> Json {
    json!({"id": "1", "userName": "ann", "title": "New"})
}

fn emails(n: usize) -> Json {
    let email = |at: usize| json!({"value": format!("u{at}@corp.example"), "type": if at.is_multiple_of(2) { "work" } else { "home" }});
    json!({"id": "1", "userName": "ann", "emails": numbered(n, email)})
}

fn emails_changed(n: usize) -> Json {
    let mut user = emails(n);
    user["emails"].as_array_mut().unwrap().rotate_left(n / 2);
    user["emails"][0]["value"] = json!("new@corp.example");
    user
}

fn free_keys(n: usize) -> Json {
    let keys: serde_json::Map<_, _> = (0..n).map(|at| (format!("key{at}"), json!(at))).collect();
    json!({"id": "1", "userName": "ann", EXTENSION: keys})
}

fn extensions(n: usize) -> Json {
    let mut user = json!({"id": "1", "userName": "ann"});
    for at in 0..n {
        user[format!("urn:acme:ext{at}:2.0:User")] = json!({"a": at});
    }
    user
}

fn people(n: usize) -> Json {
    let user = |at: usize| json!({"id": at.to_string(), "userName": format!("u{at}"), "name": {"familyName": format!("F{}", at * 7919 % 1000)}, "active": true});
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": n, "startIndex": 1, "itemsPerPage": n, "Resources": numbered(n, user)})
}

fn patch(operations: Vec<Json>) -> Json {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
}

fn answered(case: &Case, n: usize, request: &Request) -> (u16, Json) {
    let stored = (case.stored)(n);
    let listed = stored.get("Resources").is_some();
    match request.method.as_str() {
        "POST" if request.path.ends_with(".search") => (200, stored),
        "POST" => {
            let mut made: Json = serde_json::from_slice(&request.body).unwrap_or(Json::Null);
            made["id"] = json!("1");
            (201, made)
        }
        // One of a list says no more than its list does.
        "GET" if listed && !request.path.ends_with("/Users") => {
            let id = request.path.rsplit('/').next().unwrap_or_default();
            let mut all = stored["Resources"].as_array().unwrap().iter();
            all.find(|one| one["id"] == id).map_or((404, json!({})), |one| (200, one.clone()))
        }
        "GET" if listed => {
            let query = request.query.as_deref().unwrap_or_default();
            let start = query.split('&').find_map(|pair| pair.strip_prefix("startIndex="));
            let start: usize = start.and_then(|start| start.parse().ok()).unwrap_or(1);
            let count = query.split('&').find_map(|pair| pair.strip_prefix("count="));
            let count: usize = count.and_then(|count| count.parse().ok()).unwrap_or(100);
            let all = stored["Resources"].as_array().unwrap();
            let page: Vec<Json> = all.iter().skip(start - 1).take(count).cloned().collect();
            let list = json!({"totalResults": n, "startIndex": start, "itemsPerPage": page.len(), "Resources": page});
            (200, list)
        }
        "PUT" => {
            let mut put: Json = serde_json::from_slice(&request.body).unwrap_or(Json::Null);
            put["id"] = json!("1");
            (200, put)
        }
        // Whoever takes members away is shown others, and none of those.
        "PATCH" => {
            let shown: Vec<Json> = numbered(n, |at| json!({"value": format!("left{at}")}));
            let stored = json!({"id": "1", "displayName": "g", "members": shown});
            (
                200,
                if request.path.contains("Groups") {
                    stored
                } else {
                    json!({"id": "1", "userName": "ann"})
                },
            )
        }
        _ => (200, stored),
    }
}

/// The steps of the exchange, and its status.
fn work(case: &'static Case, n: usize) -> (u64, u16) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (upstream, hiding) = match case.upstream.split_once(',') {
        Some((upstream, _)) => (upstream, true),
        None => (case.upstream, false),
    };
    let mut spec = spec(case.client, upstream);
    spec.policies.undeclared = hiding.then_some(Undeclared::Hide);
    spec.policies.max_elements = 100_000;
    spec.policies.scan_limit = 100_000;
    let line = Line::with(spec, move |_, request| {
        let (status, body) = answered(case, n, request);
        answer(status, &[("content-type", "application/json")], &body.to_string())
    });
    let sent = (case.sent)(n);
    let body = if sent.is_null() { String::new() } else { sent.to_string() };
    let path = (case.path)(n);
    let headers: &[(&str, &str)] =
        if sent.is_null() { &[] } else { &[("content-type", "application/json")] };
    let before = steps();
    let outcome = runtime.block_on(line.send(case.method, &path, headers, body.as_bytes()));
    (steps() - before, outcome.response.status.as_u16())
}

const fn case(
    name: &'static str,
    (client, upstream): (&'static str, &'static str),
    method: &'static str,
    path: fn(usize) -> String,
    sent: fn(usize) -> Json,
    stored: fn(usize) -> Json,
) -> Case {
    Case { name, client, upstream, method, path, sent, stored, small: 500 }
}

const SCIM: (&str, &str) = ("scim", "scim");
const PICKED: (&str, &str) = ("scim", "pingone");
/// A client that is not shown what `/Schemas` does not list.
const HIDING: (&str, &str) = ("scim", "scim, hiding");
const OMNI: (&str, &str) = ("omni", "scim");

static CASES: &[Case] = &[
    case("POST of members", SCIM, "POST", |_| "/Groups".into(), reversed, nothing),
    case("POST of e-mail addresses", SCIM, "POST", |_| "/Users".into(), emails, nothing),
    case(
        "POST of elements of which one is picked",
        PICKED,
        "POST",
        |_| "/Users".into(),
        addresses,
        nothing,
    ),
    case("POST of free keys", SCIM, "POST", |_| "/Users".into(), free_keys, nothing),
    case("POST of extensions", SCIM, "POST", |_| "/Users".into(), extensions, nothing),
    case("GET of members", SCIM, "GET", |_| "/Groups/1".into(), nothing, group),
    case("GET of e-mail addresses, folded", OMNI, "GET", |_| "/users/1".into(), nothing, emails),
    case("GET of free keys", SCIM, "GET", |_| "/Users/1".into(), nothing, free_keys),
    case("GET of extensions", SCIM, "GET", |_| "/Users/1".into(), nothing, extensions),
    case("PUT of members in reverse order", SCIM, "PUT", |_| "/Groups/1".into(), reversed, group),
    case("PUT of e-mail addresses", SCIM, "PUT", |_| "/Users/1".into(), emails_changed, emails),
    case("PUT of addresses", SCIM, "PUT", |_| "/Users/1".into(), addresses, addresses),
    case("PUT of free keys", SCIM, "PUT", |_| "/Users/1".into(), free_keys, free_keys),
    case("PUT of extensions", SCIM, "PUT", |_| "/Users/1".into(), extensions, extensions),
    case("PUT of addresses, hiding", HIDING, "PUT", |_| "/Users/1".into(), addresses, noted),
    case("PUT over hidden keys", HIDING, "PUT", |_| "/Users/1".into(), nobody, free_keys),
    Case {
        small: 100,
        ..case(
            "GET of members with many attributes",
            SCIM,
            "GET",
            |n| {
                let names: Vec<String> = (0..n).map(|at| format!("members.a{at}")).collect();
                format!("/Groups/1?attributes=members.value,{}", names.join(","))
            },
            nothing,
            group,
        )
    },
    case(
        "PATCH that adds members",
        SCIM,
        "PATCH",
        |_| "/Groups/1".into(),
        |n| patch(vec![json!({"op": "add", "path": "members", "value": members(n)})]),
        group,
    ),
    case(
        "PATCH that replaces members",
        SCIM,
        "PATCH",
        |_| "/Groups/1".into(),
        |n| {
            patch(vec![
                json!({"op": "replace", "path": "members", "value": reversed(n)["members"]}),
            ])
        },
        group,
    ),
    case(
        "PATCH that removes members",
        SCIM,
        "PATCH",
        |_| "/Groups/1".into(),
        |n| patch(vec![json!({"op": "remove", "path": "members", "value": members(n)})]),
        group,
    ),
    case(
        "PATCH that is emulated, of e-mail addresses",
        SCIM,
        "PATCH",
        |_| "/Users/1".into(),
        |n| {
            let add = json!({"op": "add", "path": "emails", "value": emails(2 * n)["emails"]});
            patch(vec![
                add,
                json!({"op": "remove", "path": "emails[type eq \"x\" or value co \"u1\"]"}),
            ])
        },
        emails,
    ),
    Case {
        small: 100,
        ..case(
            "PATCH of many operations on members",
            SCIM,
            "PATCH",
            |_| "/Groups/1".into(),
            |n| {
                let one = |at: usize| match at % 2 {
                    0 => {
                        json!({"op": "add", "path": "members", "value": [{"value": format!("n{at}")}]})
                    }
                    _ => json!({"op": "remove", "path": format!("members[value eq \"m{at}\"]")}),
                };
                patch(numbered(n, one))
            },
            group,
        )
    },
    Case {
        small: 100,
        ..case(
            "PATCH of many operations on free keys",
            SCIM,
            "PATCH",
            |_| "/Users/1".into(),
            |n| {
                patch(numbered(
                    n,
                    |at| json!({"op": "add", "path": format!("{EXTENSION}:new{at}"), "value": at}),
                ))
            },
            free_keys,
        )
    },
    case(
        "list, page by page",
        SCIM,
        "GET",
        |_| "/Users?filter=title%20co%20%22x%22".into(),
        nothing,
        people,
    ),
    case("list, all", SCIM, "GET", |n| format!("/Users?count={n}"), nothing, people),
    case(
        "list, sorted",
        SCIM,
        "GET",
        |n| format!("/Users?count={n}&sortBy=name.familyName"),
        nothing,
        people,
    ),
    Case {
        small: 50,
        ..case(
            "search for many attributes",
            SCIM,
            "POST",
            |_| "/Users/.search".into(),
            |n| json!({"attributes": numbered(n, |at| json!(format!("{EXTENSION}:key{at}"))), "count": 10}),
            |_| people(20),
        )
    },
    Case {
        small: 100,
        ..case(
            "bulk of creates that name each other",
            SCIM,
            "POST",
            |_| "/Bulk".into(),
            |n| {
                let one = |at: usize| {
                    json!({"method": "POST", "path": "/Users", "bulkId": format!("b{at}"),
                    "data": {"userName": format!("u{at}"), "manager": {"value": format!("bulkId:b{}", at.saturating_sub(1))}}})
                };
                json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": numbered(n, one)})
            },
            nothing,
        )
    },
];

#[test]
fn work_grows_as_what_is_sent() {
    let mut table =
        String::from("what | n | status | steps(8n) / steps(n)\n--- | --- | --- | ---\n");
    let mut wrong = Vec::new();
    for case in CASES {
        let n = case.small;
        let ((small, status), (large, status_large)) = (work(case, n), work(case, 8 * n));
        let ratio = large as f64 / small as f64;
        let _ = writeln!(table, "{} | {n} | {status} | {ratio:.1}", case.name);
        if ratio >= 12.0 || status != status_large || status >= 400 {
            wrong.push(format!(
                "{}: {small} -> {large} ({ratio:.1}), {status}, {status_large}",
                case.name
            ));
        }
    }
    // Past what catches the output of tests: docs/linear.md is made of it.
    let _ = std::io::stderr().write_all(table.as_bytes());
    assert!(wrong.is_empty(), "{wrong:#?}");
}
