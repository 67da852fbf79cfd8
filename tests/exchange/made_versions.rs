//! Versions that the gateway makes where the upstream has none (`etag = "make"`): of what the upstream
//! says, under the rules in force, compared here.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use scim_gateway::exchange::Outcome;
use scim_gateway::fault::Cause;
use scim_gateway::gateway::RouteSpec;
use scim_gateway::gateway::route::{Etag, Policies};
use serde_json::{Value as Json, json};

use crate::harness::{Bench, body, spec};
use crate::scripted::{Line, answer};
use crate::versions::{PATCH, PLAIN, cause, if_match};

fn making(upstream: &str, rules: &str) -> RouteSpec {
    let policies = Policies { etag: Etag::Make, ..Policies::default() };
    RouteSpec { policies, rules: rules.to_owned(), ..spec("scim", upstream) }
}

fn tag(outcome: &Outcome) -> String {
    outcome.response.headers["etag"].to_str().unwrap().to_owned()
}

fn stored() -> Json {
    json!({"id": "7", "userName": "a@a.example", "displayName": "A", "active": true,
        "urn:omni:params:1.0:UserAttribute": {"region": "emea", "team": "core"},
        "groups": [{"value": "kQ2vZ9aB", "display": "One"}, {"value": "kQ2vZ9aC", "display": "Two"}],
        "meta": {"created": "2024-12-03T23:13:14Z", "lastModified": "2024-12-03T23:13:14Z"}})
}

/// The version of a resource that the upstream answers with that text.
async fn version_of(text: &str, rules: &str) -> String {
    let text = text.to_owned();
    let line = Line::with(making("omni", rules), move |_, _| answer(200, &[], &text));
    let outcome = line.send("GET", "/Users/7", &[], b"").await;
    assert_eq!(outcome.response.status, 200, "{:?}", outcome.record.fault);
    assert_eq!(body(&outcome)["meta"]["version"], tag(&outcome).as_str());
    tag(&outcome)
}

#[tokio::test]
async fn it_is_weak_and_says_what_is_stored_and_by_which_rules() {
    let first = version_of(&stored().to_string(), "ab12").await;
    assert!(first.starts_with("W/\"") && first.ends_with(".ab12\""), "{first}");
    assert_eq!(version_of(&stored().to_string(), "ab12").await, first);
    let other_rules = version_of(&stored().to_string(), "cd34").await;
    assert_eq!(other_rules, first.replace(".ab12", ".cd34"));
    let changes: [(&str, Json); 4] = [
        ("/displayName", json!("B")),
        ("/urn:omni:params:1.0:UserAttribute/team", json!("edge")),
        ("/groups/1/value", json!("kQ2vZ9aD")),
        ("/meta/lastModified", json!("2025-12-03T23:13:14Z")),
    ];
    for (place, value) in changes {
        let mut changed = stored();
        *changed.pointer_mut(place).unwrap() = value;
        assert_ne!(version_of(&changed.to_string(), "ab12").await, first, "{place}");
    }
}

#[tokio::test]
async fn neither_order_nor_where_it_is_found_is_part_of_it() {
    let first = version_of(&stored().to_string(), "ab12").await;
    let turned = r#"{"meta":{"location":"https://elsewhere.example/x","lastModified":"2024-12-03T23:13:14Z",
        "created":"2024-12-03T23:13:14Z","version":"17"},
        "groups":[{"display":"Two","$ref":"https://elsewhere.example/g","value":"kQ2vZ9aC"},
        {"value":"kQ2vZ9aB","display":"One"}],"title":null,
        "urn:omni:params:1.0:UserAttribute":{"team":"core","region":"emea"},
        "schemas":[],"active":true,"displayName":"A","userName":"a@a.example","id":"7"}"#;
    assert_eq!(version_of(turned, "ab12").await, first);
    let mut elsewhere = making("omni", "ab12");
    elsewhere.public_url = "https://moved.example".to_owned();
    let line = Line::with(elsewhere, |_, _| answer(200, &[], &stored().to_string()));
    assert_eq!(tag(&line.send("GET", "/Users/7", &[], b"").await), first);
}

/// What one member says cannot be said by another's name or text.
#[tokio::test]
async fn values_cannot_pass_for_structure() {
    let with = |attributes: Json| {
        let mut resource = stored();
        resource["urn:omni:params:1.0:UserAttribute"] = attributes;
        resource.to_string()
    };
    let one = version_of(&with(json!({"a": "b\",\"c\":\"d"})), "ab12").await;
    let two = version_of(&with(json!({"a": "b", "c": "d"})), "ab12").await;
    assert_ne!(one, two);
    let list = version_of(&with(json!({"a": ["b", "c"]})), "ab12").await;
    assert_ne!(list, version_of(&with(json!({"a": ["b,c"]})), "ab12").await);
}

/// What an upstream without versions answers: the resource, renamed by each write.
fn keeping() -> Line {
    let writes = Arc::new(AtomicUsize::new(0));
    Line::with(making("omni", "ab12"), move |_, request| {
        if request.method == Method::DELETE {
            return answer(204, &[], "");
        }
        if request.method != Method::GET {
            writes.fetch_add(1, Ordering::SeqCst);
        }
        let mut resource = stored();
        resource["displayName"] = json!(format!("{}", writes.load(Ordering::SeqCst)));
        answer(200, &[], &resource.to_string())
    })
}

fn changes() -> [(&'static str, String); 4] {
    let put = json!({"userName": "a@a.example", "displayName": "B"}).to_string();
    [
        ("PUT", put),
        ("PATCH", PLAIN.to_owned()),
        ("PATCH", PATCH.to_owned()),
        ("DELETE", String::new()),
    ]
}

#[tokio::test]
async fn the_version_that_was_told_admits_a_change_and_then_no_more() {
    for (method, sent) in changes() {
        if sent == PATCH {
            // Omni derives its e-mail addresses: there is nothing to write.
            continue;
        }
        let line = keeping();
        let told = tag(&line.send("GET", "/Users/7", &[], b"").await);
        let outcome = line.send(method, "/Users/7", &[("if-match", &told)], sent.as_bytes()).await;
        assert!(outcome.response.status.is_success(), "{method} {:?}", outcome.record.fault);
        assert!(outcome.record.emulated, "{method}");
        let calls: Vec<_> = line.calls().iter().map(|call| call.method.clone()).collect();
        assert_eq!((calls.len(), &calls[1]), (3, &Method::GET), "{method} {calls:?}");
        assert_eq!(line.calls().iter().filter_map(if_match).count(), 0, "{method}: never sent up");
        if method == "DELETE" {
            continue;
        }
        // The answer tells the version that is there now, and the old one is gone.
        let now = tag(&line.send("GET", "/Users/7", &[], b"").await);
        assert_eq!((tag(&outcome), now != told), (now.clone(), true), "{method}");
        let stale = line.send(method, "/Users/7", &[("if-match", &told)], sent.as_bytes()).await;
        assert_eq!(cause(&stale), Some(Cause::PreconditionFailed), "{method}");
    }
}

#[tokio::test]
async fn a_version_that_is_not_there_writes_nothing() {
    for (method, sent) in changes() {
        let line = keeping();
        let stale = [("if-match", "W/\"0123.ab12\", \"x\"")];
        let outcome = line.send(method, "/Users/7", &stale, sent.as_bytes()).await;
        assert_eq!(outcome.response.status, 412, "{method} {:?}", outcome.record.fault);
        let calls: Vec<_> = line.calls().iter().map(|call| call.method.clone()).collect();
        assert_eq!(calls, [Method::GET], "{method}");
    }
}

#[tokio::test]
async fn a_made_version_is_compared_as_any_other() {
    let line = keeping();
    let told = tag(&line.send("GET", "/Users/7", &[], b"").await);
    let strong = told.trim_start_matches("W/").to_owned();
    for known in [told.clone(), strong, format!("\"x\", {told}"), "*".to_owned()] {
        let outcome = line.send("GET", "/Users/7", &[("if-none-match", &known)], b"").await;
        assert_eq!(outcome.response.status, 304, "{known}");
        assert_eq!(tag(&outcome), told);
        assert!(outcome.response.body.is_empty());
    }
    let outcome = line.send("GET", "/Users/7", &[("if-none-match", "\"x\"")], b"").await;
    assert_eq!(outcome.response.status, 200);
}

/// Two clients with the same version: one of them is told that the other was faster.
#[tokio::test]
async fn of_two_changes_over_one_version_one_is_made() {
    let line = keeping();
    let told = tag(&line.send("GET", "/Users/7", &[], b"").await);
    let demand = [("if-match", told.as_str())];
    let sent = PLAIN.as_bytes();
    let (one, two) = tokio::join!(
        line.send("PATCH", "/Users/7", &demand, sent),
        line.send("PATCH", "/Users/7", &demand, sent)
    );
    let mut statuses = [one.response.status.as_u16(), two.response.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}

#[tokio::test]
async fn every_upstream_without_versions_gets_them_and_discovery_says_so() {
    for upstream in ["omni", "pingone", "descope"] {
        let bench = Bench::with("scim", upstream, |spec, _| spec.policies.etag = Etag::Make);
        let config = bench.send(Method::GET, "/ServiceProviderConfig", None).await;
        assert_eq!(body(&config)["etag"]["supported"], true, "{upstream}");
        let user = json!({"userName": "a@a.example", "name": {"givenName": "A", "familyName": "B"},
            "emails": [{"value": "a@a.example", "type": "work", "primary": true}]});
        let made = bench.send(Method::POST, "/Users", Some(&user)).await;
        assert_eq!(made.response.status, 201, "{upstream} {:?}", made.record.fault);
        let id = body(&made)["id"].as_str().unwrap().to_owned();
        let read = bench.send(Method::GET, &format!("/Users/{id}"), None).await;
        assert_eq!(tag(&read), tag(&made), "{upstream}: the same resource");
        let list =
            bench.send(Method::GET, "/Users?filter=userName+eq+%22a@a.example%22", None).await;
        // Omni's lists say less of a resource: a version made of that would admit nothing.
        assert_eq!(body(&list)["Resources"][0]["meta"].get("version"), None, "{upstream}");
    }
}

/// What is made is made, whatever versions the upstream's answers name: some change with every read.
#[tokio::test]
async fn an_upstreams_own_versions_are_not_passed_where_they_are_made() {
    let reads = AtomicUsize::new(0);
    let line = Line::with(making("scim", "ab12"), move |_, _| {
        let tag = format!("W/\"{}\"", reads.fetch_add(1, Ordering::SeqCst));
        answer(200, &[("etag", &tag)], &stored().to_string())
    });
    let told = tag(&line.send("GET", "/Users/7", &[], b"").await);
    assert_eq!(tag(&line.send("GET", "/Users/7", &[], b"").await), told);
    let outcome = line.send("PATCH", "/Users/7", &[("if-match", &told)], PLAIN.as_bytes()).await;
    assert!(outcome.response.status.is_success(), "{:?}", outcome.record.fault);
    assert_eq!(line.calls().iter().filter_map(if_match).count(), 0, "never sent up");
}
