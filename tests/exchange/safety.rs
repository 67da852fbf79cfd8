//! What keeps the directory safe: deletions, the breaker on mass removal, paused routes, adoption.

use http::Method;
use scim_gateway::exchange::Outcome;
use scim_gateway::fault::Cause;
use scim_gateway::gateway::route::{
    Act, CreateConflict, Delete, Irreversible, RemovalLimits, Safety,
};
use serde_json::{Value as Json, json};

use crate::harness::{Bench, body, spec};
use crate::scripted::{Line, answer};

const UPSTREAMS: [&str; 4] = ["scim", "omni", "pingone", "descope"];

fn person(name: &str) -> Json {
    let address = format!("{name}@corp.example");
    json!({
        "userName": address, "displayName": name, "name": {"givenName": name, "familyName": "Doe"},
        "emails": [{"value": address, "type": "work", "primary": true}]
    })
}

async fn users(bench: &Bench, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        let made =
            bench.send(Method::POST, "/Users", Some(&person(&format!("user{number}")))).await;
        assert_eq!(made.response.status, 201, "{:?}", made.record.fault);
        ids.push(format!("/Users/{}", body(&made)["id"].as_str().unwrap()));
    }
    ids
}

fn guarded(upstream: &str, safety: Safety) -> Bench {
    Bench::with("scim", upstream, |spec, _| spec.policies.safety = safety)
}

fn deleting(upstream: &str, delete: Delete) -> Bench {
    guarded(upstream, Safety { delete, ..Safety::default() })
}

fn limited(upstream: &str, act: Act, count: usize) -> Bench {
    let removals = RemovalLimits { act, count, share: 100, ..RemovalLimits::default() };
    guarded(upstream, Safety { removals, ..Safety::default() })
}

fn inactive() -> Json {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "active", "value": false}]})
}

fn cause(outcome: &Outcome) -> Option<Cause> {
    outcome.record.fault.as_ref().map(|fault| fault.cause)
}

#[tokio::test]
async fn a_route_that_refuses_deletions_makes_no_call() {
    let mut spec = spec("scim", "scim");
    spec.policies.safety.delete = Delete::Refuse;
    let line = Line::with(spec, |_, _| answer(204, &[], ""));
    for path in ["/Users/7", "/Groups/7"] {
        let outcome = line.send("DELETE", path, &[], b"").await;
        assert_eq!(outcome.response.status, 403);
        assert_eq!(cause(&outcome), Some(Cause::Forbidden));
    }
    assert!(line.calls().is_empty());
}

#[tokio::test]
async fn a_deletion_deactivates_where_the_route_says_so() {
    for upstream in UPSTREAMS {
        let bench = deleting(upstream, Delete::Deactivate);
        let user = users(&bench, 1).await.remove(0);
        for round in 0..2 {
            let gone = bench.send(Method::DELETE, &user, None).await;
            assert_eq!(gone.response.status, 204, "{upstream} {:?}", gone.record.fault);
            let writes =
                gone.record.calls.iter().filter(|call| call.operation.name() != "get").count();
            assert_eq!(writes, 1 - round, "{upstream}: what is inactive is not written again");
            let removals: &[&str] = if round == 0 { &["deactivation"] } else { &[] };
            assert_eq!(gone.record.removals, removals, "{upstream}");
        }
        let read = bench.send(Method::GET, &user, None).await;
        assert_eq!(body(&read)["active"], false, "{upstream}");
        assert_eq!(body(&read)["userName"], "user0@corp.example", "{upstream}");
        let missing = bench.send(Method::DELETE, "/Users/no-such-user", None).await;
        assert!(missing.response.status.is_client_error(), "{upstream}");
    }
}

#[tokio::test]
async fn groups_are_not_deleted_where_users_are_deactivated() {
    let bench = deleting("scim", Delete::Deactivate);
    let made = bench.send(Method::POST, "/Groups", Some(&json!({"displayName": "A"}))).await;
    let group = format!("/Groups/{}", body(&made)["id"].as_str().unwrap());
    let refused = bench.send(Method::DELETE, &group, None).await;
    assert_eq!(refused.response.status, 403);
    assert_eq!(bench.send(Method::GET, &group, None).await.response.status, 200);
}

#[tokio::test]
async fn a_deletion_that_deactivates_obeys_what_is_said_of_deactivations() {
    let safety = Safety { delete: Delete::Deactivate, ..Safety::default() };
    let bench = Bench::with("scim", "scim", |spec, _| {
        spec.policies.safety = safety;
        spec.policies.irreversible = Irreversible::Refuse;
    });
    let user = users(&bench, 1).await.remove(0);
    let refused = bench.send(Method::DELETE, &user, None).await;
    assert_eq!(cause(&refused), Some(Cause::Forbidden));
    let read = bench.send(Method::GET, &user, None).await;
    assert_ne!(body(&read)["active"], false);
}

#[tokio::test]
async fn every_kind_of_removal_trips_the_breaker_and_nothing_else_is_held_back() {
    for upstream in ["scim", "omni", "descope"] {
        let bench = limited(upstream, Act::Trip, 2);
        let ids = users(&bench, 4).await;
        let member = ids[3].trim_start_matches("/Users/");
        let group = json!({"displayName": "Staff", "members": [{"value": member}]});
        let made = bench.send(Method::POST, "/Groups", Some(&group)).await;
        let group = format!("/Groups/{}", body(&made)["id"].as_str().unwrap());

        let deleted = bench.send(Method::DELETE, &ids[0], None).await;
        assert_eq!(deleted.response.status, 204, "{upstream}");
        assert_eq!(deleted.record.removals, ["deletion"]);
        for _ in 0..2 {
            let disabled = bench.send(Method::PATCH, &ids[1], Some(&inactive())).await;
            assert_eq!(disabled.response.status, 200, "{upstream}: one resource counts once");
        }
        let empty = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "remove", "path": "members"}]});
        let replaced = json!({"displayName": "Staff", "members": []});
        let mut disabled = person("user2");
        disabled["active"] = json!(false);
        let held: [(Method, &str, Option<&Json>); 5] = [
            (Method::PATCH, &group, Some(&empty)),
            (Method::PUT, &group, Some(&replaced)),
            (Method::PATCH, &ids[2], Some(&inactive())),
            (Method::PUT, &ids[2], Some(&disabled)),
            (Method::DELETE, &ids[2], None),
        ];
        for (number, (method, path, sent)) in held.into_iter().enumerate() {
            let writes = |o: &Outcome| {
                o.record.calls.iter().filter(|call| call.operation.name() != "get").count()
            };
            let refused = bench.send(method.clone(), path, sent).await;
            assert_eq!(refused.response.status, 503, "{upstream} {method} {path}");
            assert_eq!(cause(&refused), Some(Cause::Tripped));
            assert_eq!(refused.response.headers["retry-after"], "300");
            assert_eq!(writes(&refused), 0, "{upstream} {method}");
            let alarm = (number == 0).then_some("tripped");
            assert_eq!(refused.record.alarm, alarm, "{upstream} {method}");
        }
        // Everything else goes on.
        let new = bench.send(Method::POST, "/Users", Some(&person("new"))).await;
        assert_eq!(new.response.status, 201, "{upstream}");
        let read = bench.send(Method::GET, &group, None).await;
        assert_eq!(body(&read)["members"].as_array().map(Vec::len), Some(1), "{upstream}");
        // An operator has looked.
        bench.shared.safeguards.of(&bench.route.spec.name).rearm();
        let deleted = bench.send(Method::DELETE, &ids[2], None).await;
        assert_eq!(deleted.response.status, 204, "{upstream}");
    }
}

#[tokio::test]
async fn what_takes_nothing_away_does_not_count() {
    let bench = limited("scim", Act::Trip, 1);
    let ids = users(&bench, 1).await;
    let made = bench.send(Method::POST, "/Groups", Some(&json!({"displayName": "A"}))).await;
    let group = format!("/Groups/{}", body(&made)["id"].as_str().unwrap());
    // A group without members is replaced by one without members.
    let put = bench.send(Method::PUT, &group, Some(&json!({"displayName": "B"}))).await;
    assert_eq!(put.response.status, 200, "{:?}", put.record.fault);
    // The upstream knows no such user.
    for id in ["x", "y", "z"] {
        let missing = bench.send(Method::DELETE, &format!("/Users/{id}"), None).await;
        assert_eq!(missing.response.status, 404);
    }
    let deleted = bench.send(Method::DELETE, &ids[0], None).await;
    assert_eq!(deleted.response.status, 204);
}

#[tokio::test]
async fn beyond_the_limits_the_default_warns_once_and_goes_on() {
    let bench = limited("scim", Act::Warn, 1);
    let mut alarms = Vec::new();
    for id in users(&bench, 3).await {
        let gone = bench.send(Method::DELETE, &id, None).await;
        assert_eq!(gone.response.status, 204);
        alarms.push(gone.record.alarm);
    }
    assert_eq!(alarms, [None, Some("warned"), None]);
    assert_eq!(RemovalLimits::default().act, Act::Warn);
}

#[tokio::test]
async fn a_share_of_what_was_listed_trips() {
    let removals = RemovalLimits { act: Act::Trip, count: 60_000, share: 1, ..<_>::default() };
    let mut spec = spec("scim", "scim");
    spec.policies.safety.removals = removals;
    let line = Line::with(spec, |_, request| match request.method == Method::GET {
        true => answer(200, &[], r#"{"totalResults":200,"startIndex":1,"Resources":[{"id":"1"}]}"#),
        false => answer(204, &[], ""),
    });
    let listed = line.send("GET", "/Users?count=1", &[], b"").await;
    assert_eq!(listed.response.status, 200, "{:?}", listed.record.fault);
    let mut statuses = Vec::new();
    for id in ["a", "b", "c"] {
        let gone = line.send("DELETE", &format!("/Users/{id}"), &[], b"").await;
        statuses.push(gone.response.status.as_u16());
    }
    assert_eq!(statuses, [204, 204, 503]);
}

#[tokio::test]
async fn a_paused_route_takes_nothing_and_says_when_to_come_again() {
    for client in ["scim", "omni", "descope"] {
        let bench = Bench::new(client, "scim");
        let safeguard = bench.shared.safeguards.of(&bench.route.spec.name);
        safeguard.pause(true);
        let path = if client == "omni" { "/users" } else { "/Users" };
        let held = bench.send(Method::GET, path, None).await;
        assert_eq!(held.response.status, 503, "{client}");
        assert_eq!(held.response.headers["retry-after"], "30");
        assert!(held.record.calls.is_empty());
        assert!(body(&held).is_object(), "{client}: an error in the client's dialect");
        safeguard.pause(false);
        assert_eq!(bench.send(Method::GET, path, None).await.response.status, 200, "{client}");
    }
}

#[tokio::test]
async fn a_creation_adopts_the_one_resource_that_is_there() {
    for upstream in UPSTREAMS {
        let conflict = CreateConflict::Adopt;
        let bench = guarded(upstream, Safety { create_conflict: conflict, ..Safety::default() });
        let mut sent = person("ann");
        let first = bench.send(Method::POST, "/Users", Some(&sent)).await;
        assert_eq!(first.response.status, 201, "{upstream}");
        sent["displayName"] = json!("Another");
        let second = bench.send(Method::POST, "/Users", Some(&sent)).await;
        assert_eq!(second.response.status, 201, "{upstream} {:?}", second.record.fault);
        assert!(second.record.adopted, "{upstream}");
        assert_eq!(body(&second)["id"], body(&first)["id"], "{upstream}");
        assert_eq!(second.response.headers["location"], first.response.headers["location"]);
        let shown = &body(&second)["displayName"];
        assert_eq!(shown, &body(&first)["displayName"], "{upstream}: nothing was written");
    }
}

#[tokio::test]
async fn only_exactly_one_is_adopted_and_only_where_the_route_says_so() {
    let user = |id: &str| json!({"id": id, "userName": "a\"b@corp.example"});
    let page = |users: &[Json]| {
        json!({"totalResults": users.len(), "startIndex": 1, "Resources": users}).to_string()
    };
    let pages = [
        (page(&[]), CreateConflict::Adopt, 409),
        (page(&[user("1"), user("2")]), CreateConflict::Adopt, 409),
        (page(&[user("1")]), CreateConflict::Adopt, 201),
        (page(&[user("1")]), CreateConflict::Pass, 409),
    ];
    for (page, create_conflict, status) in pages {
        let mut spec = spec("scim", "scim");
        spec.policies.safety.create_conflict = create_conflict;
        let line = Line::with(spec, move |_, request| match request.method == Method::POST {
            true => answer(409, &[], "{}"),
            false => answer(200, &[], &page),
        });
        let sent = json!({"userName": "a\"b@corp.example",
            "emails": [{"value": "a@corp.example", "type": "work"}]});
        let outcome = line.send("POST", "/Users", &[], sent.to_string().as_bytes()).await;
        assert_eq!(outcome.response.status, status, "{:?}", outcome.record.fault);
        let posts = line.calls().iter().filter(|call| call.method == Method::POST).count();
        assert_eq!(posts, 1, "the write is sent once");
        assert_eq!(outcome.record.adopted, status == 201);
    }
}

#[tokio::test]
async fn another_failure_than_a_conflict_is_not_looked_up() {
    let mut spec = spec("scim", "scim");
    spec.policies.safety.create_conflict = CreateConflict::Adopt;
    let line = Line::with(spec, |_, _| answer(500, &[], "{}"));
    let sent = person("ann").to_string();
    let outcome = line.send("POST", "/Users", &[], sent.as_bytes()).await;
    assert_eq!(outcome.response.status, 502);
    assert_eq!(line.calls().len(), 1);
}
