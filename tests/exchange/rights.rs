//! Credentials that may not do everything: what is refused, in whose words, and that nothing is sent.

use std::time::Duration;

use http::{HeaderMap, Method};
use scim_gateway::exchange::{Outcome, Record, run_into};
use scim_gateway::gateway::pair::Kind;
use scim_gateway::gateway::route::{CreateConflict, Right, Rights};
use scim_gateway::scim::http::Request;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, body, users_of};

fn only(operations: &[Right], kinds: &[Kind]) -> Rights {
    Rights { operations: operations.to_vec(), kinds: kinds.to_vec() }
}

async fn ask(
    bench: &Bench,
    rights: &Rights,
    method: Method,
    below: &str,
    body: Option<&Json>,
) -> Outcome {
    let (path, query) = match below.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (below, None),
    };
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    let path = format!("{}{path}", bench.route.client_base);
    let body = body.map(Json::to_string).unwrap_or_default().into();
    let request = Request { method, path, query, headers, body };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    let (mut record, route, shared) = (Record::default(), &bench.route, &bench.shared);
    let response =
        run_into(&mut record, rights, route, request, &bench.sandbox, shared, deadline).await;
    Outcome { response, record }
}

fn named(name: &str) -> Json {
    json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "displayName": name})
}

/// Each kind of request: the right that it needs, method, path and body.
fn requests(users: &str, id: &str) -> Vec<(Right, Method, String, Option<Json>)> {
    let patch = json!({"Operations": [{"op": "replace", "path": "displayName", "value": "x"}]});
    let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]});
    vec![
        (Right::Read, Method::GET, format!("/{users}"), None),
        (Right::Read, Method::GET, format!("/{users}/{id}"), None),
        (Right::Read, Method::POST, format!("/{users}/.search"), Some(search)),
        (Right::Create, Method::POST, format!("/{users}"), Some(named("other@corp.example"))),
        (Right::Modify, Method::PATCH, format!("/{users}/{id}"), Some(patch)),
        (Right::Replace, Method::PUT, format!("/{users}/{id}"), Some(named("ann@corp.example"))),
        (Right::Delete, Method::DELETE, format!("/{users}/{id}"), None),
    ]
}

// Every credential could delete everything.
#[tokio::test]
async fn every_operation_needs_its_own_right_and_nothing_is_sent_without() {
    for client in ["scim", "omni", "descope"] {
        for right in Right::ALL {
            // What a PUT that is let through may clear.
            let bench = Bench::with(client, "scim", |_, options| options.hidden = json!({}));
            let id = bench.store(&named("ann@corp.example").to_string());
            let rights = only(&[right], &Kind::ALL);
            for (needed, method, below, sent) in requests(users_of(client), &id) {
                let outcome = ask(&bench, &rights, method.clone(), &below, sent.as_ref()).await;
                let refused = outcome.response.status == 403;
                assert_eq!(
                    refused,
                    needed != right,
                    "{client} {right:?} {method} {below}: {outcome:?}"
                );
                if refused {
                    assert!(outcome.record.calls.is_empty(), "{client} {right:?} {method} {below}");
                    assert_eq!(
                        outcome.record.fault.map(|fault| fault.cause.label()),
                        Some("forbidden")
                    );
                }
            }
            let discovery = ask(&bench, &rights, Method::GET, "/ServiceProviderConfig", None).await;
            assert_ne!(discovery.response.status, 403, "{client} {right:?}");
        }
    }
}

#[tokio::test]
async fn the_refusal_is_in_the_clients_words() {
    let none = only(&[], &Kind::ALL);
    let bench = Bench::new("scim", "omni");
    let answer = body(&ask(&bench, &none, Method::DELETE, "/Users/1", None).await);
    assert_eq!(answer["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error", "{answer}");
    assert_eq!(answer["status"], "403");
    assert!(
        answer["detail"].as_str().unwrap().contains("may not delete resources of the type User")
    );
    let bench = Bench::new("descope", "scim");
    let expected = body(&bench.send(Method::GET, "/Users/none", None).await);
    let answer = body(&ask(&bench, &none, Method::DELETE, "/Users/1", None).await);
    let names = |answer: &Json| answer.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&answer), names(&expected), "{answer}");
}

#[tokio::test]
async fn a_type_of_resources_that_is_not_the_callers_is_refused_by_every_way() {
    let bench = Bench::new("scim", "scim");
    let id = bench.store(&named("ann@corp.example").to_string());
    let groups = only(&Right::ALL, &[Kind::Group]);
    for (_, method, below, sent) in requests("Users", &id) {
        let outcome = ask(&bench, &groups, method.clone(), &below, sent.as_ref()).await;
        assert_eq!(outcome.response.status, 403, "{method} {below}");
    }
    for (_, method, _, sent) in requests("Users", &id) {
        if method != Method::POST {
            let outcome = ask(&bench, &groups, method.clone(), "/Me", sent.as_ref()).await;
            assert_eq!(outcome.response.status, 403, "{method} /Me");
        }
    }
    let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]});
    let all = ask(&bench, &groups, Method::POST, "/.search", Some(&search)).await;
    assert_eq!(all.response.status, 403);
    let both = only(&[Right::Read], &Kind::ALL);
    let all = ask(&bench, &both, Method::POST, "/.search", Some(&search)).await;
    assert_eq!(all.response.status, 200);
    let group = json!({"displayName": "Sales"});
    let made = ask(&bench, &groups, Method::POST, "/Groups", Some(&group)).await;
    assert_eq!(made.response.status, 201, "{made:?}");
    assert_eq!(bench.sandbox.users().len(), 1);
}

#[tokio::test]
async fn a_bulk_request_needs_its_own_right_and_each_operation_in_it_another() {
    let bench = Bench::new("scim", "scim");
    let id = bench.store(&named("ann@corp.example").to_string());
    let bulk = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [
            {"method": "POST", "path": "/Users", "bulkId": "u", "data": named("bo@corp.example")},
            {"method": "DELETE", "path": format!("/Users/{id}")},
            {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {"displayName": "Sales"}},
            {"method": "PATCH", "path": "/Users/bulkId:u",
             "data": {"Operations": [{"op": "replace", "path": "displayName", "value": "x"}]}},
        ],
    });
    let alone = only(&[Right::Create, Right::Delete, Right::Modify], &Kind::ALL);
    let refused = ask(&bench, &alone, Method::POST, "/Bulk", Some(&bulk)).await;
    assert_eq!(refused.response.status, 403);
    assert!(refused.record.calls.is_empty());
    let rights = only(&[Right::Bulk, Right::Create], &[Kind::User]);
    let outcome = ask(&bench, &rights, Method::POST, "/Bulk", Some(&bulk)).await;
    let answer = body(&outcome);
    let of = |at: usize| &answer["Operations"][at];
    let statuses: Vec<_> = (0..4).map(|at| of(at)["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["201", "403", "403", "403"], "{answer}");
    assert_eq!(of(1)["response"]["status"], "403", "{answer}");
    let written: Vec<_> = outcome.record.writes.iter().map(|write| write.status).collect();
    assert_eq!(written, [201, 403, 403, 403]);
    assert_eq!((bench.sandbox.users().len(), bench.sandbox.groups().len()), (2, 0));
}

#[tokio::test]
async fn who_may_only_create_adopts_and_updates_nothing_that_is_there() {
    for (how, rights, status) in [
        (CreateConflict::Adopt, only(&[Right::Create], &Kind::ALL), 409),
        (CreateConflict::Adopt, only(&[Right::Create, Right::Read], &Kind::ALL), 201),
        (CreateConflict::Update, only(&[Right::Create, Right::Read], &Kind::ALL), 409),
        (CreateConflict::Update, only(&[Right::Create, Right::Replace], &Kind::ALL), 409),
        (
            CreateConflict::Update,
            only(&[Right::Create, Right::Read, Right::Replace], &Kind::ALL),
            201,
        ),
    ] {
        let bench =
            Bench::with("scim", "scim", |spec, _| spec.policies.safety.create_conflict = how);
        bench.store(&named("ann@corp.example").to_string());
        let sent = json!({"userName": "ann@corp.example", "displayName": "other"});
        let outcome = ask(&bench, &rights, Method::POST, "/Users", Some(&sent)).await;
        assert_eq!(outcome.response.status, status, "{how:?} {rights:?}: {outcome:?}");
        let shown = bench.sandbox.users()[0]["displayName"].clone();
        let updates = how == CreateConflict::Update && status == 201;
        assert_eq!(shown, if updates { "other" } else { "ann@corp.example" }, "{how:?} {rights:?}");
    }
}
