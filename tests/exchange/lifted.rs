//! Safety is decided on the canonical request: a dialect whose words are all others is judged as `scim` is.

use std::sync::{Arc, LazyLock, Mutex};

use http::Method;
use scim_gateway::diagnostic::Source;
use scim_gateway::dialect::Dialect;
use scim_gateway::exchange::Outcome;
use scim_gateway::fault::Cause;
use scim_gateway::gateway::RouteSpec;
use scim_gateway::gateway::route::{Act, Irreversible, RemovalLimits, Replace};
use scim_gateway::scim::schema::{Operation, Operations};
use serde_json::{Value as Json, json};

use crate::harness::{Bench, body, dialect, spec};
use crate::scripted::{Line, answer};

const SCHEMA: &str = r#"version = 1
[user]
urn = "urn:ietf:params:scim:schemas:core:2.0:User"
resource = "User"
unknown = "refuse"
[[user.attribute]]
name = "login"
required = ["create", "replace"]
[[user.attribute]]
name = "displayName"
[[user.attribute]]
name = "enabled"
canonicalValues = ["Y", "N", "X"]
[group]
urn = "urn:ietf:params:scim:schemas:core:2.0:Group"
resource = "Group"
unknown = "refuse"
[[group.attribute]]
name = "title"
required = ["create", "replace"]
[[group.attribute]]
name = "people"
type = "complex"
multiValued = true
sub = [{ name = "ref", caseExact = true }, { name = "label" }]
"#;

const DIALECT: &str = r#"version = 1
title = "Mini"
base = "/api"
media_type = "application/json"
authorization = "Bearer {token}"
[errors]
code_at = ["code"]
detail_at = ["message"]
codes = [{ code = "TAKEN", status = 409, scim_type = "uniqueness" }]
answer = { code = "{code}", message = "{detail}" }
answer_codes = [[0, "", "FAILED"]]
"#;

/// How users are asked for, and groups alike.
const FORM: &str = r#"
[TYPE]
path = "PATH"
operations = ["create", "get", "replace", "patch", "delete", "list"]
put = "replace"
clear = "omit"
schemas_in_request = "none"
schemas_in_answer = "none"
[TYPE.patch]
pathless = true
paths = ["*"]
value_paths = true
complex_values = true
array_values = true
remove = true
max_operations = 100
[TYPE.list]
paging = "index"
default_count = 50
max_count = 50
"#;

const USER: &str = r#"version = 1
[[map]]
canonical = "$.userName"
vendor = "$.login"
[[map]]
canonical = "$.active"
vendor = "$.enabled"
values = [[true, "Y"], [false, "N"], [false, "X"]]
loss = "why it is inactive"
"#;

const GROUP: &str = r#"version = 1
[[map]]
canonical = "$.displayName"
vendor = "$.title"
[[map]]
canonical = "$.members[*].value"
vendor = "$.people[*].ref"
[[map]]
canonical = "$.members[*].display"
vendor = "$.people[*].label"
"#;

static MINI: LazyLock<Arc<Dialect>> = LazyLock::new(|| {
    let form = |kind: &str, path: &str| FORM.replace("TYPE", kind).replace("PATH", path);
    let surface = [DIALECT.to_owned(), form("user", "Users"), form("group", "Groups")].concat();
    let [schema, user, group] = [SCHEMA, USER, GROUP].map(str::to_owned);
    let files = [("schema", schema), ("dialect", surface), ("user", user), ("group", group)];
    dialect("mini", &files)
});

fn mini(client: bool, mut spec: RouteSpec) -> RouteSpec {
    *if client { &mut spec.client } else { &mut spec.upstream } = Arc::clone(&MINI);
    spec
}

fn bench(change: impl FnOnce(&mut RouteSpec)) -> Bench {
    Bench::with("scim", "scim", |spec, _| {
        *spec = mini(true, spec.clone());
        change(spec);
    })
}

fn limits(act: Act, count: usize, member_count: usize) -> RemovalLimits {
    RemovalLimits { act, count, share: 100, member_count, member_share: 100, ..<_>::default() }
}

fn patch(ops: Json) -> Json {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": ops})
}

fn cause(outcome: &Outcome) -> Option<Cause> {
    outcome.record.fault.as_ref().map(|fault| fault.cause)
}

/// Every way in which a client of the dialect makes a user inactive.
fn deactivations() -> Vec<(Method, Json)> {
    let mut all = Vec::new();
    for word in ["N", "X", "n"] {
        all.push((Method::PUT, json!({"login": "ann", "enabled": word})));
        for ops in [
            json!([{"op": "replace", "path": "enabled", "value": word}]),
            json!([{"op": "add", "path": "Enabled", "value": word}]),
            json!([{"op": "replace", "value": {"enabled": word, "displayName": "B"}}]),
            json!([{"op": "replace", "path": "displayName", "value": "B"},
                {"op": "replace", "path": "enabled", "value": word}]),
        ] {
            all.push((Method::PATCH, patch(ops)));
        }
    }
    all
}

fn group(bench: &Bench, count: usize) -> (String, Vec<String>) {
    let people: Vec<String> = (0..count)
        .map(|number| bench.sandbox.seed(json!({"userName": format!("u{number}")})))
        .collect();
    let members: Vec<Json> = people.iter().map(|id| json!({"value": id})).collect();
    let id = bench.sandbox.seed_group(json!({"displayName": "All", "members": members}));
    (format!("/Groups/{id}"), people)
}

#[tokio::test]
async fn deactivations_are_refused_in_every_word_for_them() {
    for (method, sent) in deactivations() {
        let bench = bench(|spec| spec.policies.irreversible = Irreversible::Refuse);
        let id = bench.sandbox.seed(json!({"userName": "ann", "active": true}));
        let refused = bench.send(method.clone(), &format!("/Users/{id}"), Some(&sent)).await;
        assert_eq!(refused.response.status, 403, "{method} {sent} {:?}", refused.record.fault);
        assert!(refused.record.calls.is_empty(), "{method} {sent}: before any call");
        assert_eq!(bench.sandbox.users()[0]["active"], true, "{method} {sent}");
        let other = json!({"login": "ann", "enabled": "Y", "displayName": "C"});
        let put = bench.send(Method::PUT, &format!("/Users/{id}"), Some(&other)).await;
        assert_eq!(put.response.status, 200, "{:?}", put.record.fault);
    }
}

#[tokio::test]
async fn deactivations_are_counted_in_every_word_for_them() {
    for act in [Act::Trip, Act::Warn] {
        for (method, sent) in deactivations() {
            let bench = bench(|spec| spec.policies.safety.removals = limits(act, 1, 9));
            let users = ["a", "b"]
                .map(|name| bench.sandbox.seed(json!({"userName": name, "active": true})));
            let mut statuses = Vec::new();
            for id in users {
                let mut sent = sent.clone();
                if sent.get("login").is_some() {
                    sent["login"] = json!(id);
                }
                let done = bench.send(method.clone(), &format!("/Users/{id}"), Some(&sent)).await;
                statuses.push(done.response.status.as_u16());
                if done.response.status == 200 {
                    assert_eq!(done.record.removals, ["deactivation"], "{method} {sent}");
                    let places = &done.record.writes[0].places;
                    assert!(places.contains(&"active".to_owned()), "{places:?}");
                    assert!(!places.contains(&"enabled".to_owned()), "{places:?}");
                } else {
                    assert_eq!(cause(&done), Some(Cause::Tripped));
                }
            }
            let wanted: [u16; 2] = if act == Act::Trip { [200, 503] } else { [200, 200] };
            assert_eq!(statuses, wanted, "{act:?} {method} {sent}");
        }
    }
}

// A disabled account is not created as an enabled one.
#[tokio::test]
async fn an_inactive_account_is_not_lost_in_any_word_for_it() {
    let line = |waive: bool| {
        let mut spec = mini(true, spec("scim", "scim"));
        let mut dialect = (*spec.upstream).clone();
        for resource in &mut dialect.resources {
            resource.schema.attributes.retain(|attribute| attribute.name != "active");
        }
        spec.upstream = Arc::new(dialect);
        if waive {
            spec.policies.waive = vec!["active".to_owned()];
        }
        Line::with(spec, |_, request| {
            let created = request.method == Method::POST;
            let status = if created { 201 } else { 200 };
            answer(status, &[], r#"{"id":"7","userName":"ann","displayName":"A"}"#)
        })
    };
    let created = json!({"login": "ann", "enabled": "N"});
    let mut asked: Vec<_> =
        deactivations().into_iter().map(|(method, sent)| (method, "/Users/7", sent)).collect();
    asked.push((Method::POST, "/Users", created));
    for (method, path, sent) in asked {
        let refusing = line(false);
        let sent = sent.to_string();
        let refused = refusing.send(method.as_str(), path, &[], sent.as_bytes()).await;
        assert_eq!(refused.response.status, 400, "{method} {sent} {:?}", refused.record.fault);
        assert_eq!(cause(&refused), Some(Cause::LossRefused));
        let writes = refusing.calls().iter().filter(|call| call.method != Method::GET).count();
        assert_eq!(writes, 0, "{method} {sent}");
        let waived = line(true).send(method.as_str(), path, &[], sent.as_bytes()).await;
        assert!(waived.response.status.is_success(), "{method} {sent} {:?}", waived.record.fault);
    }
}

/// An upstream of the dialect with one user that is as `enabled` says.
fn upstream(enabled: &str, change: impl FnOnce(&mut RouteSpec)) -> Line {
    let mut spec = mini(false, spec("scim", "scim"));
    change(&mut spec);
    let user = Mutex::new(json!({"id": "7", "login": "ann", "enabled": enabled}));
    Line::with(spec, move |_, request| {
        let mut user = user.lock().unwrap();
        let said: Json = serde_json::from_slice(&request.body).unwrap_or_default();
        let said = match request.method {
            Method::PATCH => {
                let op = |op: &Json| (op["path"].as_str().unwrap().to_owned(), op["value"].clone());
                said["Operations"].as_array().unwrap().iter().map(op).collect()
            }
            _ => said.as_object().cloned().unwrap_or_default(),
        };
        user.as_object_mut().unwrap().extend(said);
        let status = if request.method == Method::POST { 201 } else { 200 };
        answer(status, &[], &user.to_string())
    })
}

// The upstream's word for it is judged as well, and so is one that an overlay chose.
#[tokio::test]
async fn deactivations_are_judged_whatever_the_upstream_calls_them() {
    let put = json!({"userName": "ann", "active": false});
    let ops = patch(json!([{"op": "replace", "path": "active", "value": false}]));
    for (method, sent) in [("PUT", put), ("PATCH", ops)] {
        let sent = sent.to_string();
        let refusing = upstream("Y", |spec| spec.policies.irreversible = Irreversible::Refuse);
        let refused = refusing.send(method, "/Users/7", &[], sent.as_bytes()).await;
        assert_eq!((refused.response.status.as_u16(), refusing.calls().len()), (403, 0));
        for (enabled, removals) in [("Y", 1), ("N", 0), ("X", 0)] {
            let counting =
                upstream(enabled, |spec| spec.policies.safety.removals = limits(Act::Trip, 1, 1));
            let done = counting.send(method, "/Users/7", &[], sent.as_bytes()).await;
            assert_eq!(done.response.status, 200, "{method} {:?}", done.record.fault);
            assert_eq!(done.record.removals.len(), removals, "{method} {enabled}");
        }
    }
}

// Two calls create an inactive account where the upstream has another word for it.
#[tokio::test]
async fn an_inactive_account_is_made_with_two_calls_in_every_word_for_it() {
    let line = upstream("Y", |spec| {
        let mut dialect = (*spec.upstream).clone();
        for attribute in dialect.resources.iter_mut().flat_map(|r| &mut r.schema.attributes) {
            if attribute.name == "enabled" {
                attribute.accepted = Operations::of(&[Operation::Replace, Operation::Patch]);
            }
        }
        spec.upstream = Arc::new(dialect);
    });
    let sent = json!({"userName": "ann", "active": false}).to_string();
    let made = line.send("POST", "/Users", &[], sent.as_bytes()).await;
    assert_eq!(made.response.status, 201, "{:?}", made.record.fault);
    assert_eq!(body(&made)["active"], false);
    let methods: Vec<_> = line.calls().iter().map(|call| call.method.clone()).collect();
    assert_eq!(methods, [Method::POST, Method::PATCH]);
}

#[tokio::test]
async fn what_is_inactive_already_is_no_removal() {
    for replace in [Replace::Preserve, Replace::Reset] {
        let bench = Bench::with("scim", "scim", |spec, options| {
            options.hidden = json!({});
            spec.policies.safety.removals = limits(Act::Trip, 3, 9);
            spec.policies.replace = replace;
        });
        let off = patch(json!([{"op": "replace", "path": "active", "value": false}]));
        for number in 0..6 {
            let name = format!("u{number}");
            let id = bench.sandbox.seed(json!({"userName": name, "active": false}));
            let at = format!("/Users/{id}");
            let put = json!({"userName": name, "active": false, "title": "T"});
            for (method, sent) in [(Method::PATCH, &off), (Method::PUT, &put)] {
                let done = bench.send(method.clone(), &at, Some(sent)).await;
                assert_eq!(done.response.status, 200, "{method} {:?}", done.record.fault);
                assert!(done.record.removals.is_empty(), "{method}");
            }
        }
        let mut statuses = Vec::new();
        for name in ["a", "b", "c", "d"] {
            let id = bench.sandbox.seed(json!({"userName": name, "active": true}));
            let done = bench.send(Method::PATCH, &format!("/Users/{id}"), Some(&off)).await;
            statuses.push(done.response.status.as_u16());
        }
        assert_eq!(statuses, [200, 200, 200, 503], "{replace:?}");
    }
}

// Where nothing is held back, what was seen inactive is no removal, without a read.
#[tokio::test]
async fn what_was_seen_inactive_is_no_removal() {
    let bench = Bench::new("scim", "scim");
    let off = patch(json!([{"op": "replace", "path": "active", "value": false}]));
    let id = bench.sandbox.seed(json!({"userName": "a", "active": false}));
    let at = format!("/Users/{id}");
    assert_eq!(bench.send(Method::GET, &at, None).await.response.status, 200);
    let done = bench.send(Method::PATCH, &at, Some(&off)).await;
    assert_eq!((done.record.calls.len(), done.record.removals.len()), (1, 0));
}

/// Every way in which a client takes two of three members from a group.
fn thinned(people: &[String]) -> Vec<(Method, Json)> {
    let one = |id: &String| json!({"op": "remove", "path": format!("people[ref eq \"{id}\"]")});
    vec![
        (Method::PUT, json!({"title": "All", "people": [{"ref": people[0]}]})),
        (Method::PATCH, patch(json!([one(&people[1]), one(&people[2])]))),
        (
            Method::PATCH,
            patch(json!([{"op": "replace", "path": "people",
            "value": [{"ref": people[0]}]}])),
        ),
        (
            Method::PATCH,
            patch(json!([{"op": "replace",
            "value": {"people": [{"ref": people[0]}]}}])),
        ),
    ]
}

// Members have another name, and a count of their own.
#[tokio::test]
async fn members_that_go_are_counted_in_every_word_for_them() {
    for at in 0..4 {
        for (act, most, status) in [(Act::Trip, 2, 200), (Act::Trip, 1, 503), (Act::Warn, 1, 200)] {
            let bench = bench(|spec| spec.policies.safety.removals = limits(act, 1, most));
            let (group, people) = group(&bench, 3);
            let (method, sent) = thinned(&people).remove(at);
            let done = bench.send(method.clone(), &group, Some(&sent)).await;
            let fault = &done.record.fault;
            assert_eq!(done.response.status, status, "{act:?} {method} {sent} {fault:?}");
            let gone = if status == 200 { 2 } else { 0 };
            // Who goes when all are replaced in one call is read where the breaker may trip.
            let unread = act == Act::Warn && done.record.calls.len() == 1;
            let told = if unread && at > 1 { 0 } else { gone };
            assert_eq!(done.record.memberships, told, "{act:?} {method} {sent}");
            assert!(done.record.removals.is_empty(), "{method} {sent}");
            let members = bench.sandbox.groups()[0]["members"].as_array().map(Vec::len);
            assert_eq!(members, Some(3 - gone), "{act:?} {method} {sent}");
        }
    }
}

// A reorganisation holds back no deactivation, and the other way round.
#[tokio::test]
async fn a_reorganisation_does_not_trip_what_guards_accounts() {
    let bench = Bench::with("scim", "scim", |spec, _| {
        spec.policies.safety.removals = limits(Act::Trip, 1, 5);
    });
    let (group, people) = group(&bench, 7);
    let mut statuses = Vec::new();
    for id in &people {
        let op = json!({"op": "remove", "path": format!("members[value eq \"{id}\"]")});
        let path = group.trim_start_matches('/');
        let bulk = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "Operations": [{"method": "PATCH", "path": format!("/{path}"), "data": patch(json!([op]))}]});
        let answer = bench.send(Method::POST, "/Bulk", Some(&bulk)).await;
        statuses.push(body(&answer)["Operations"][0]["status"].as_str().unwrap().to_owned());
    }
    assert_eq!(statuses, ["200", "200", "200", "200", "200", "503", "503"]);
    let gone = bench.send(Method::DELETE, &format!("/Users/{}", people[0]), None).await;
    assert_eq!(gone.response.status, 204, "{:?}", gone.record.fault);
    let gone = bench.send(Method::DELETE, &format!("/Users/{}", people[1]), None).await;
    assert_eq!(cause(&gone), Some(Cause::Tripped));
}

// A route whose overlay keeps `active` elsewhere.
#[tokio::test]
async fn an_overlay_that_maps_active_elsewhere_changes_no_judgement() {
    let text = "version = 1\ndialect = \"scim\"\nresource = \"User\"\n[[map]]\n\
        canonical = \"$.active\"\nvendor = \"$.userType\"\n\
        values = [[true, \"on\"], [false, \"off\"]]\n";
    let source = Source { name: "overlay.toml".into(), text: text.into() };
    let (overlay, found) = crate::harness::DIALECTS.overlay(&source);
    assert!(found.is_empty(), "{found:?}");
    let bench = |act: Act, irreversible: Irreversible| {
        Bench::with("scim", "scim", |spec, _| {
            spec.overlays.push(overlay.rules.clone());
            spec.policies.irreversible = irreversible;
            spec.policies.safety.removals = limits(act, 1, 1);
        })
    };
    let off = patch(json!([{"op": "replace", "path": "active", "value": false}]));
    let refusing = bench(Act::Off, Irreversible::Refuse);
    let id = refusing.sandbox.seed(json!({"userName": "a", "userType": "on"}));
    let refused = refusing.send(Method::PATCH, &format!("/Users/{id}"), Some(&off)).await;
    assert_eq!(refused.response.status, 403);
    let tripping = bench(Act::Trip, Irreversible::Forward);
    let mut statuses = Vec::new();
    for (name, word) in [("a", "off"), ("b", "on"), ("c", "off"), ("d", "on")] {
        let id = tripping.sandbox.seed(json!({"userName": name, "userType": word}));
        let done = tripping.send(Method::PATCH, &format!("/Users/{id}"), Some(&off)).await;
        statuses.push(done.response.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 200, 503]);
}
