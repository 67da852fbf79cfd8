//! What may be lost: refused, waived, reported, and what is no loss at all (docs/semantics.md 9).

use std::sync::Arc;

use http::Method;
use scim_gateway::exchange::Outcome;
use scim_gateway::fault::Cause;
use scim_gateway::gateway::RouteSpec;
use scim_gateway::gateway::route::{Irreversible, LossPolicy};
use serde_json::{Value as Json, json};

use crate::harness::spec;
use crate::scripted::{Line, answer};

const STORED: &str = r#"{"id":"7","userName":"a@a.example","displayName":"A","active":true}"#;

fn line(upstream: &str, change: impl FnOnce(&mut RouteSpec)) -> Line {
    let mut spec = spec("scim", upstream);
    change(&mut spec);
    Line::with(spec, |_, request| {
        let created = request.method == Method::POST;
        answer(if created { 201 } else { 200 }, &[], STORED)
    })
}

/// An upstream whose users lack an attribute.
fn lacking(spec: &mut RouteSpec, name: &str) {
    let mut dialect = (*spec.upstream).clone();
    for resource in &mut dialect.resources {
        resource.schema.attributes.retain(|attribute| attribute.name != name);
    }
    spec.upstream = Arc::new(dialect);
}

async fn post(line: &Line, user: Json) -> Outcome {
    line.send("POST", "/Users", &[], user.to_string().as_bytes()).await
}

async fn patch(line: &Line, op: Json) -> Outcome {
    line.send("PATCH", "/Users/7", &[], json!({"Operations": [op]}).to_string().as_bytes()).await
}

fn refused(line: &Line, outcome: &Outcome, place: &str) {
    let fault = outcome.record.fault.as_ref().unwrap_or_else(|| panic!("{place} is let through"));
    assert_eq!((fault.cause, fault.scim_type()), (Cause::LossRefused, Some("invalidValue")));
    assert_eq!(outcome.response.status, 400);
    assert!(fault.detail.contains(place), "{}", fault.detail);
    assert!(line.calls().is_empty(), "decided before the first call");
}

fn header(outcome: &Outcome) -> Option<&str> {
    outcome.response.headers.get("scim-gateway-loss").map(|value| value.to_str().unwrap())
}

/// The places lost in the request.
fn lost(outcome: &Outcome) -> Vec<&str> {
    let losses = outcome.record.losses.iter().filter(|loss| loss.direction == "request");
    losses.map(|loss| loss.place.as_str()).collect()
}

fn titled() -> Json {
    json!({"userName": "a@a.example", "displayName": "A", "title": "Dr"})
}

#[tokio::test]
async fn a_loss_is_reported_counted_or_refused_as_the_route_says() {
    let reports = line("omni", |_| {});
    let outcome = post(&reports, titled()).await;
    assert_eq!((outcome.response.status.as_u16(), header(&outcome)), (201, Some("title")));
    assert_eq!(lost(&outcome), ["title"]);

    let counts = line("omni", |spec| spec.policies.loss = LossPolicy::Count);
    let outcome = post(&counts, titled()).await;
    assert_eq!((outcome.response.status.as_u16(), header(&outcome)), (201, None));
    assert_eq!(lost(&outcome), ["title"]);

    let refuses = line("omni", |spec| spec.policies.loss = LossPolicy::Refuse);
    refused(&refuses, &post(&refuses, titled()).await, "title");
    let plain = json!({"userName": "a@a.example", "displayName": "A"});
    assert_eq!(post(&refuses, plain).await.response.status, 201);
}

#[tokio::test]
async fn places_are_refused_by_name_with_all_below_them() {
    let names = |spec: &mut RouteSpec| spec.policies.refuse = vec!["Title".into(), "name".into()];
    for user in [titled(), json!({"userName": "a@a.example", "name": {"middleName": "M"}})] {
        let line = line("omni", names);
        refused(
            &line,
            &post(&line, user.clone()).await,
            user.as_object().unwrap().keys().next_back().unwrap(),
        );
        let outcome = line.send("PUT", "/Users/7", &[], user.to_string().as_bytes()).await;
        refused(&line, &outcome, "");
    }
    let patched = line("omni", names);
    let outcome = patch(&patched, json!({"op": "add", "path": "title", "value": "Dr"})).await;
    refused(&patched, &outcome, "title");
    let other = line("omni", names);
    let user = json!({"userName": "a@a.example", "nickName": "N", "titleX": "x"});
    assert_eq!(post(&other, user).await.response.status, 201);
}

#[tokio::test]
async fn a_disabled_account_is_never_lost() {
    let without = |spec: &mut RouteSpec| lacking(spec, "active");
    let inactive = json!({"userName": "a@a.example", "displayName": "A", "active": false});
    for upstream in ["scim", "omni"] {
        let on = line(upstream, without);
        refused(&on, &post(&on, inactive.clone()).await, "active");
        let outcome = on.send("PUT", "/Users/7", &[], inactive.to_string().as_bytes()).await;
        refused(&on, &outcome, "active");
        for op in [
            json!({"op": "replace", "path": "active", "value": false}),
            json!({"op": "Replace", "path": "Active", "value": "False"}),
            json!({"op": "replace", "value": {"active": false}}),
            json!({"op": "replace", "value": {"active": false, "displayName": "B"}}),
        ] {
            refused(&on, &patch(&on, op).await, "active");
        }
        let active = json!({"op": "replace", "path": "active", "value": true});
        assert_eq!(patch(&on, active).await.response.status, 200, "{upstream}");
        let waived = line(upstream, |spec| {
            lacking(spec, "active");
            spec.policies.waive = vec!["ACTIVE".into()];
        });
        let outcome = post(&waived, inactive.clone()).await;
        assert_eq!(outcome.response.status, 201, "{upstream} {:?}", outcome.record.fault);
        assert!(lost(&outcome).contains(&"active"), "{:?}", outcome.record.losses);
    }
}

#[tokio::test]
async fn the_identifier_is_never_lost() {
    let on = line("scim", |spec| lacking(spec, "userName"));
    refused(&on, &post(&on, titled()).await, "userName");
    let outcome = patch(&on, json!({"op": "replace", "path": "userName", "value": "b"})).await;
    refused(&on, &outcome, "userName");
    let waived = line("scim", |spec| {
        lacking(spec, "userName");
        spec.policies.waive = vec!["userName".into()];
    });
    assert_eq!(post(&waived, titled()).await.response.status, 201);
}

#[tokio::test]
async fn deactivations_are_refused_where_the_route_says_so() {
    let line = line("omni", |spec| spec.policies.irreversible = Irreversible::Refuse);
    let inactive = json!({"userName": "a@a.example", "displayName": "A", "active": false});
    let outcome = post(&line, inactive.clone()).await;
    assert_eq!(outcome.response.status, 403);
    let outcome = patch(&line, json!({"op": "replace", "path": "active", "value": "False"})).await;
    assert_eq!(outcome.response.status, 403);
    let outcome = line.send("PUT", "/Users/7", &[], inactive.to_string().as_bytes()).await;
    assert_eq!(outcome.response.status, 403);
    assert!(line.calls().is_empty());
}

#[tokio::test]
async fn only_information_counts() {
    let refuses = line("omni", |spec| spec.policies.loss = LossPolicy::Refuse);
    for nothing in [
        json!({"title": null, "nickName": null, "name": null, "addresses": []}),
        json!({"id": "9", "meta": {"created": "2020-01-01T00:00:00Z"}, "groups": [{"value": "1"}]}),
        json!({"schemas": ["urn:made:up"], "active": true}),
        json!({"emails": [{"value": "a@a.example", "primary": true}]}),
    ] {
        let mut user = json!({"userName": "a@a.example", "displayName": "A"});
        user.as_object_mut().unwrap().extend(nothing.as_object().unwrap().clone());
        let outcome = post(&refuses, user.clone()).await;
        assert_eq!(outcome.response.status, 201, "{user} {:?}", outcome.record.fault);
        assert_eq!(lost(&outcome), Vec::<&str>::new(), "{user}");
    }
    for op in [
        json!({"op": "remove", "path": "title"}),
        json!({"op": "replace", "path": "title", "value": null}),
        json!({"op": "replace", "value": {"title": null, "nickName": null}}),
    ] {
        let outcome = patch(&refuses, op.clone()).await;
        assert_eq!(outcome.response.status, 200, "{op} {:?}", outcome.record.fault);
        assert_eq!(lost(&outcome), Vec::<&str>::new(), "{op}");
    }
}

#[tokio::test]
async fn a_patch_that_is_lost_in_part_says_so() {
    let line = line("omni", |_| {});
    let op = json!({"op": "replace", "value": {"displayName": "A", "title": "Dr"}});
    let outcome = patch(&line, op).await;
    assert_eq!((lost(&outcome), header(&outcome)), (vec!["title"], Some("title")));
    let pingone = self::line("pingone", |_| {});
    let op = json!({"op": "replace", "path": "name", "value": {"givenName": "G", "honorificSuffix": "X"}});
    let outcome = patch(&pingone, op).await;
    assert_eq!(outcome.response.status, 200, "{:?}", outcome.record.fault);
}

#[tokio::test]
async fn the_header_names_eight_places_and_counts_the_rest() {
    let line = line("omni", |_| {});
    let user = json!({"userName": "a@a.example", "displayName": "A", "title": "t",
        "nickName": "n", "profileUrl": "https://p.example", "userType": "u", "locale": "l",
        "timezone": "z", "preferredLanguage": "p", "externalId": "e",
        "name": {"givenName": "g", "familyName": "f", "middleName": "m"}});
    let outcome = post(&line, user).await;
    let all = lost(&outcome).len();
    let places: Vec<&str> = header(&outcome).unwrap().split(", ").collect();
    assert_eq!(places.len(), 9, "{places:?}");
    assert_eq!(places[8], format!("+{}", all - 8));
    assert!(places[..8].is_sorted(), "{places:?}");
}

#[tokio::test]
async fn free_keys_are_one_place_whatever_they_are_called() {
    let line = line("pingone", |_| {});
    let many = |prefix: &str| -> serde_json::Map<String, Json> {
        (0..20).map(|n| (format!("{prefix}{n}"), json!("v"))).collect()
    };
    let mut user = json!({"userName": "a@a.example", "emails": [{"value": "a@a.example"}]});
    user.as_object_mut().unwrap().extend(many("secret-key-"));
    user.as_object_mut().unwrap().extend(many("urn:secret-key:2.0:User"));
    let outcome = post(&line, user).await;
    assert_eq!(outcome.response.status, 201, "{:?}", outcome.record.fault);
    bounded(&outcome);
    for op in [
        json!({"op": "replace", "path": "secret-key-1", "value": "v"}),
        json!({"op": "replace", "path": "urn:secret-key:2.0:User:a", "value": "v"}),
        json!({"op": "replace", "value": many("secret-key-")}),
        json!({"op": "add", "path": "name.secret-key-1", "value": "v"}),
    ] {
        let outcome = patch(&line, op.clone()).await;
        assert_eq!(outcome.response.status, 200, "{op} {:?}", outcome.record.fault);
        bounded(&outcome);
    }
}

/// Nothing that a client made up is a label. The header names it, at most eight of them.
fn bounded(outcome: &Outcome) {
    let places = lost(outcome);
    assert!((1..4).contains(&places.len()), "{places:?}");
    assert!(!places.join(" ").contains("secret-key"), "{places:?}");
    let header = header(outcome).unwrap();
    assert!(header.split(", ").count() < 10 && header.len() < 600, "{header:?}");
    assert!(header.split(", ").all(|place| place != "*"), "{header:?}");
}
