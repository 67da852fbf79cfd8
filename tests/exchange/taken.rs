//! What an upstream did of what it answered that it did, and what a creation that meets somebody gets.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use scim_gateway::exchange::Outcome;
use scim_gateway::fault::Cause;
use scim_gateway::gateway::route::{CreateConflict, Etag};
use scim_gateway::scim::schema::{Operation, Operations};
use serde_json::{Value as Json, json};

use crate::harness::{body, spec};
use crate::scripted::{Line, answer};
use crate::told::shaped;
use crate::versions::cause;

async fn send(line: &Line, method: &str, below: &str, body: &Json) -> Outcome {
    send_with(line, method, below, &[], body).await
}

async fn send_with(
    line: &Line,
    method: &str,
    below: &str,
    headers: &[(&str, &str)],
    body: &Json,
) -> Outcome {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let headers = [&[("content-type", "application/json")], headers].concat();
    line.send(method, below, &headers, text.as_bytes()).await
}

fn lost(outcome: &Outcome) -> String {
    let header = outcome.response.headers.get("scim-gateway-loss");
    header.map(|places| places.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// A group as a server shows it that decorates members and has an order of its own.
fn decorated(name: &str, members: &[&str]) -> String {
    let mut members: Vec<Json> = members
        .iter()
        .map(|id| {
            json!({"value": id, "type": "User", "display": format!("Person {id}"),
            "$ref": format!("https://upstream.example/Users/{id}")})
        })
        .collect();
    members.reverse();
    json!({"id": "g", "displayName": name, "members": members}).to_string()
}

// A PUT of a group as it was read is done, however the server shows its members.
#[tokio::test]
async fn a_group_that_is_put_as_it_was_read_is_no_failure() {
    let plain = json!([{"value": "U1"}, {"value": "u2"}]);
    for members in [plain.clone(), json!([{"value": "U1", "display": "Old"}, {"value": "u2"}])] {
        for shown in [&["U1", "u2"], &["u2", "U1"]] {
            let line = Line::new("scim", "scim", move |_, request| match request.method {
                Method::GET => answer(200, &[], &decorated("Ops", shown)),
                _ => answer(200, &[], &decorated("Operations", shown)),
            });
            let put = json!({"displayName": "Operations", "members": members});
            let outcome = send(&line, "PUT", "/Groups/g", &put).await;
            assert_eq!(outcome.response.status, 200, "{:?}", outcome.record.fault);
            assert_eq!(lost(&outcome), "");
            let patch = json!({"Operations":
                [{"op": "replace", "path": "displayName", "value": "Operations"}]});
            let outcome = send(&line, "PATCH", "/Groups/g", &patch).await;
            assert_eq!((outcome.response.status.as_u16(), lost(&outcome)), (200, String::new()));
            let patch =
                json!({"Operations": [{"op": "replace", "path": "members", "value": plain}]});
            let outcome = send(&line, "PATCH", "/Groups/g", &patch).await;
            assert_eq!((outcome.response.status.as_u16(), lost(&outcome)), (200, String::new()));
        }
    }
}

// And one who was taken away and is still there is one.
#[tokio::test]
async fn a_member_who_is_not_taken_away_or_none_of_whom_is_taken_is_a_failure() {
    for (asked, shown, status) in [
        (&["u1"][..], &["u1", "u2"][..], 502),
        (&["u1", "u3"], &["u1", "u2", "u3"], 502),
        (&["u1", "u2", "u3"], &["u1", "u2"], 502),
        (&[], &["u1", "u2"], 502),
        (&["u1", "u3"], &["u1", "u3"], 200),
        (&["u1", "u2", "u3", "u4"], &["u1", "u2", "u3"], 200),
    ] {
        let line = Line::new("scim", "scim", move |number, _| match number {
            0 => answer(200, &[], &decorated("Ops", &["u1", "u2"])),
            _ => answer(200, &[], &decorated("Ops", shown)),
        });
        let members: Vec<Json> = asked.iter().map(|id| json!({"value": id})).collect();
        let put = json!({"displayName": "Ops", "members": members});
        let outcome = send(&line, "PUT", "/Groups/g", &put).await;
        assert_eq!(outcome.response.status, status, "{asked:?} {shown:?}");
        let partly = status == 200 && asked.len() != shown.len();
        assert_eq!(lost(&outcome).contains("members"), partly, "{asked:?} {shown:?}");
    }
}

// Other arrays, normalised, decorated and in another order.
#[tokio::test]
async fn elements_are_compared_by_what_was_asked_of_them() {
    let user = |phones: Json| {
        json!({"id": "7", "userName": "a@a.example", "phoneNumbers": phones}).to_string()
    };
    let shown = json!([
        {"value": "+1 555 02", "type": "home", "primary": false, "display": "x"},
        {"value": "+15550100", "type": "work", "primary": true}
    ]);
    let asked = json!([{"value": "+1 (555) 0100", "type": "work", "primary": true},
        {"value": "+1-555-02", "type": "home"}]);
    for (shown, is_lost) in [
        (shown.clone(), false),
        (json!([shown[1]]), true),
        (json!([shown[0], {"value": "+15550100", "type": "mobile"}]), true),
    ] {
        let line = Line::new("scim", "scim", move |_, request| match request.method {
            Method::GET => answer(200, &[], &user(json!([]))),
            _ => answer(200, &[], &user(shown.clone())),
        });
        let put = json!({"userName": "a@a.example", "phoneNumbers": asked});
        let outcome = send(&line, "PUT", "/Users/7", &put).await;
        assert_eq!(outcome.response.status, 200, "{:?}", outcome.record.fault);
        assert_eq!(lost(&outcome).contains("phoneNumbers"), is_lost);
    }
}

// One look at the members for however many operations.
#[tokio::test]
async fn many_removals_are_judged_by_one_look_at_the_members() {
    let ids: Vec<String> = (0..900).map(|n| format!("u{n}")).collect();
    let left: Vec<&str> = ids.iter().skip(899).map(String::as_str).collect();
    let shown = decorated("Ops", &left);
    let line = Line::new("scim", "scim", move |_, _| answer(200, &[], &shown));
    let remove =
        |id: &String| json!({"op": "remove", "path": format!("members[value eq \"{id}\"]")});
    let gone: Vec<Json> = ids.iter().take(899).map(remove).collect();
    let outcome = send(&line, "PATCH", "/Groups/g", &json!({"Operations": gone})).await;
    assert_eq!(outcome.response.status, 200, "{:?}", outcome.record.fault);
    let all: Vec<Json> = ids.iter().map(remove).collect();
    let outcome = send(&line, "PATCH", "/Groups/g", &json!({"Operations": all})).await;
    assert_eq!(outcome.response.status, 502);
}

// What a create did not take is a loss by name.
#[tokio::test]
async fn what_a_create_did_not_take_is_named() {
    let sent = json!({"userName": "a@a.example", "title": "Boss", "displayName": "Ann",
        "phoneNumbers": [{"value": "+1", "type": "work"}]});
    let made = r#"{"id":"7","userName":"a@a.example","displayName":"Other Name"}"#;
    let line = Line::new("scim", "scim", move |_, _| answer(201, &[], made));
    let outcome = send(&line, "POST", "/Users", &sent).await;
    assert_eq!(outcome.response.status, 201, "{:?}", outcome.record.fault);
    let lost = lost(&outcome);
    for place in ["title", "phoneNumbers", "displayName"] {
        assert!(lost.contains(place), "{place}: {lost}");
    }
    assert!(outcome.record.losses.iter().any(|loss| loss.cause == "not_taken"));
}

// What decides on access is an error that says that it was created, and where.
#[tokio::test]
async fn a_group_that_was_created_without_its_members_is_told_loudly() {
    let sent = json!({"displayName": "Ops", "members": [{"value": "u1"}, {"value": "u2"}]});
    for (members, status) in [(json!([]), 502), (json!([{"value": "u1"}]), 201)] {
        let made = json!({"id": "g", "displayName": "Ops", "members": members}).to_string();
        let line = Line::new("scim", "scim", move |_, request| match request.method {
            Method::POST => answer(201, &[], &made),
            _ => answer(200, &[], &made),
        });
        let outcome = send(&line, "POST", "/Groups", &sent).await;
        assert_eq!(outcome.response.status, status, "{:?}", outcome.record.fault);
        let place = outcome.response.headers["location"].to_str().unwrap();
        assert!(place.ends_with("/Groups/g"), "{place}");
        if status == 502 {
            assert_eq!(cause(&outcome), Some(Cause::PartlyDone));
            let detail = body(&outcome)["detail"].to_string();
            assert!(detail.contains("was created") && detail.contains("members"), "{detail}");
        } else {
            assert!(lost(&outcome).contains("members"));
        }
    }
    // Who is created active in spite of it is deactivated.
    let sent = json!({"userName": "a@a.example", "active": false});
    for works in [true, false] {
        let line = Line::new("scim", "scim", move |number, _| {
            let active = number == 0 || !works;
            let made = json!({"id": "7", "userName": "a@a.example", "active": active});
            answer(if number == 0 { 201 } else { 200 }, &[], &made.to_string())
        });
        let outcome = send(&line, "POST", "/Users", &sent).await;
        assert_eq!(outcome.response.status, if works { 201 } else { 502 }, "{works}");
        assert_eq!(line.calls().len(), 2);
        let told = body(&outcome);
        assert!(if works { told["active"] == false } else { told.to_string().contains("ACTIVE") });
    }
}

fn page(found: &Json) -> String {
    json!({"totalResults": 1, "startIndex": 1, "itemsPerPage": 1, "Resources": [found]}).to_string()
}

/// An upstream that has one resource and takes writes of it.
fn taken(how: CreateConflict, found: Json, after: Json) -> Line {
    let mut spec = spec("scim", "scim");
    spec.policies.safety.create_conflict = how;
    let writes = AtomicUsize::new(0);
    Line::with(spec, move |_, request| match request.method {
        Method::POST => answer(409, &[], r#"{"scimType":"uniqueness"}"#),
        Method::GET if request.query.is_some() => answer(200, &[], &page(&found)),
        Method::GET if writes.load(Ordering::SeqCst) == 0 => answer(200, &[], &found.to_string()),
        Method::GET => answer(200, &[], &after.to_string()),
        _ => {
            writes.fetch_add(1, Ordering::SeqCst);
            answer(200, &[], &after.to_string())
        }
    })
}

// Never told as created with another state or other members than asked for.
#[tokio::test]
async fn only_what_is_as_asked_is_adopted() {
    let user = |active: Json| {
        let mut user = json!({"id": "1", "userName": "Ann@corp.example", "title": "Clerk"});
        user.as_object_mut()
            .unwrap()
            .extend((!active.is_null()).then(|| ("active".into(), active)));
        user
    };
    let asked = |active: Json| {
        let mut user = user(active);
        user["userName"] = json!("ann@corp.example");
        user["title"] = json!("Boss");
        user
    };
    for (sent, found, status) in [
        (json!(true), json!(false), 409),
        (json!(null), json!(false), 409),
        (json!(false), json!(true), 409),
        (json!(false), json!(null), 409),
        (json!(true), json!(true), 201),
        (json!(false), json!(false), 201),
        (json!(true), json!(null), 201),
    ] {
        let line = taken(CreateConflict::Adopt, user(found.clone()), user(found.clone()));
        let outcome = send(&line, "POST", "/Users", &asked(sent.clone())).await;
        assert_eq!(outcome.response.status, status, "{sent} {found}");
        assert_eq!(outcome.record.adopted, status == 201);
        assert!(
            line.calls()
                .iter()
                .all(|call| call.method != Method::PUT && call.method != Method::PATCH)
        );
    }
    let group = |members: Json| {
        let mut group = json!({"id": "g", "displayName": "Ops"});
        group
            .as_object_mut()
            .unwrap()
            .extend((!members.is_null()).then(|| ("members".into(), members)));
        group
    };
    let (one, two) = (json!([{"value": "u1"}]), json!([{"value": "u1"}, {"value": "u7"}]));
    for (sent, found, status) in [
        (one.clone(), json!([{"value": "u7"}]), 409),
        (one.clone(), two.clone(), 409),
        (two, one.clone(), 409),
        (json!([]), one.clone(), 409),
        (one.clone(), json!(null), 409),
        (one.clone(), json!([{"value": "u1", "display": "Ann", "$ref": "x"}]), 201),
        (json!(null), one, 201),
    ] {
        let line = taken(CreateConflict::Adopt, group(found.clone()), group(found.clone()));
        let outcome = send(&line, "POST", "/Groups", &group(sent.clone())).await;
        assert_eq!(outcome.response.status, status, "{sent} {found}");
    }
}

// "update" writes what the client sent, and keeps what it did not send.
#[tokio::test]
async fn what_is_there_is_updated_with_what_was_sent() {
    let found = json!({"id": "1", "userName": "ann@corp.example", "active": false, "title": "Clerk",
        "displayName": "Ann"});
    let mut after = found.clone();
    after["active"] = json!(true);
    after["title"] = json!("Boss");
    let sent = json!({"userName": "ann@corp.example", "active": true, "title": "Boss"});
    let line = taken(CreateConflict::Update, found.clone(), after);
    let outcome = send(&line, "POST", "/Users", &sent).await;
    assert_eq!(outcome.response.status, 201, "{:?}", outcome.record.fault);
    assert!(outcome.record.adopted);
    assert_eq!(
        (&body(&outcome)["active"], &body(&outcome)["title"]),
        (&json!(true), &json!("Boss"))
    );
    let calls = line.calls();
    let write =
        calls.iter().find(|call| [Method::PUT, Method::PATCH].contains(&call.method)).unwrap();
    let text = String::from_utf8_lossy(&write.body).into_owned();
    assert!(text.contains("Boss"), "{text}");
    // Kept: in a PUT it is said again, in a PATCH it is not taken away.
    assert!(text.contains("displayName") || write.method == Method::PATCH, "{text}");
    assert!(!text.contains("remove"), "{text}");
    // Nobody is activated by who does not say so.
    let silent = json!({"userName": "ann@corp.example", "title": "Boss"});
    let line = taken(CreateConflict::Update, found.clone(), found.clone());
    assert_eq!(send(&line, "POST", "/Users", &silent).await.response.status, 409);
    assert!(
        line.calls().iter().all(|call| call.method != Method::PUT && call.method != Method::PATCH)
    );
    // Nor told as such where it was not done.
    let line = taken(CreateConflict::Update, found.clone(), found);
    assert!(send(&line, "POST", "/Users", &sent).await.response.status.as_u16() >= 400);
    let group = json!({"id": "g", "displayName": "Ops", "members": [{"value": "u7"}]});
    let mut after = group.clone();
    after["members"] = json!([{"value": "u1"}]);
    let sent = json!({"displayName": "Ops", "members": [{"value": "u1"}]});
    let line = taken(CreateConflict::Update, group, after);
    let outcome = send(&line, "POST", "/Groups", &sent).await;
    assert_eq!(outcome.response.status, 201, "{:?}", outcome.record.fault);
    assert_eq!(body(&outcome)["members"][0]["value"], "u1");
}

// An update of what is there goes through the guards of every update.
#[tokio::test]
async fn an_update_of_what_is_there_is_guarded_as_any_other() {
    use scim_gateway::gateway::route::{Act, RemovalLimits};
    let found = json!({"id": "1", "userName": "ann@corp.example", "active": true});
    let sent = json!({"userName": "ann@corp.example", "active": false});
    let mut spec = spec("scim", "scim");
    spec.policies.safety.create_conflict = CreateConflict::Update;
    spec.policies.safety.removals =
        RemovalLimits { act: Act::Trip, count: 1, ..RemovalLimits::default() };
    let line = Line::with(spec, move |_, request| match request.method {
        Method::POST => answer(409, &[], r#"{"scimType":"uniqueness"}"#),
        Method::GET if request.query.is_some() => answer(200, &[], &page(&found)),
        Method::GET => answer(200, &[], &found.to_string().replace("\"1\"", "\"2\"")),
        _ => answer(200, &[], &found.to_string().replace("true", "false")),
    });
    let outcome = send(&line, "POST", "/Users", &sent).await;
    assert_eq!(outcome.response.status, 201, "{:?}", outcome.record.fault);
    assert_eq!(outcome.record.removals, ["deactivation"], "it is counted as one");
}

/// A server that names versions and never looks at If-Match.
fn deaf(spec: scim_gateway::gateway::RouteSpec) -> Line {
    let version = Arc::new(AtomicUsize::new(1));
    Line::with(spec, move |_, request| {
        if request.method == Method::DELETE {
            return answer(204, &[], "");
        }
        if request.method != Method::GET {
            version.fetch_add(1, Ordering::SeqCst);
        }
        let now = version.load(Ordering::SeqCst);
        let tag = format!("W/\"{now}\"");
        let user = json!({"id": "7", "userName": "a@a.example", "displayName": format!("{now}")});
        answer(200, &[("etag", &tag)], &user.to_string())
    })
}

// A stale version is refused, whatever the upstream does with it.
#[tokio::test]
async fn a_stale_version_is_refused_whether_or_not_the_upstream_looks() {
    let patch = json!({"Operations": [{"op": "replace", "path": "displayName", "value": "2"}]});
    let put = json!({"userName": "a@a.example", "displayName": "2"});
    let writes = [("PATCH", &patch), ("PUT", &put), ("DELETE", &Json::Null)];
    for make in [Etag::Pass, Etag::Make] {
        for etag in [true, false] {
            for (method, sent) in writes {
                let mut spec = shaped(|resource| resource.etag = etag);
                spec.policies.etag = make;
                let line = deaf(spec);
                let stale = [("if-match", "W/\"0\"")];
                let outcome = send_with(&line, method, "/Users/7", &stale, sent).await;
                let kept = etag || make == Etag::Make;
                assert_eq!(
                    outcome.response.status,
                    if kept { 412 } else { 501 },
                    "{method} {etag}"
                );
                assert!(line.calls().iter().all(|call| call.method == Method::GET), "{method}");
                if !kept {
                    continue;
                }
                let read = send(&line, "GET", "/Users/7", &Json::Null).await;
                let now = read.response.headers["etag"].to_str().unwrap().to_owned();
                let outcome =
                    send_with(&line, method, "/Users/7", &[("if-match", &now)], sent).await;
                assert!(
                    outcome.response.status.is_success(),
                    "{method} {:?}",
                    outcome.record.fault
                );
            }
        }
    }
    // What a dialect says that the upstream compares is left to it.
    let only = Operations::of(&[Operation::Delete]);
    let line = deaf(shaped(|resource| resource.if_match = only));
    let stale = [("if-match", "W/\"0\"")];
    assert_eq!(
        send_with(&line, "DELETE", "/Users/7", &stale, &Json::Null).await.response.status,
        204
    );
    assert_eq!(line.calls().len(), 1);
    assert_eq!(send_with(&line, "PATCH", "/Users/7", &stale, &patch).await.response.status, 412);
}

// What is handed out as an id is taken back as one.
#[tokio::test]
async fn an_id_that_is_handed_out_is_taken_back() {
    for (id, encoded) in [
        ("CORP\\ann", "CORP%5Cann"),
        ("a/b", "a%2Fb"),
        ("cn=Ann Lee,ou=X/Y", "cn%3DAnn%20Lee%2Cou%3DX%2FY"),
        ("100%", "100%25"),
        ("a%2Fb", "a%252Fb"),
        ("ann@corp.example", "ann%40corp.example"),
        ("…", "%E2%80%A6"),
        ("a..b", "a..b"),
    ] {
        let line = Line::new("scim", "scim", move |_, request| {
            let user = json!({"id": id, "userName": "a@a.example", "displayName": "B"});
            match (&request.method, request.path.rsplit('/').next().unwrap()) {
                (&Method::POST, "Users") => answer(201, &[], &user.to_string()),
                (&Method::GET, "Users") => answer(200, &[], &page(&user)),
                (&Method::DELETE, _) => answer(204, &[], ""),
                (&Method::GET, "g") => answer(
                    200,
                    &[],
                    &json!({"id": "g", "displayName": "G", "members":
                        [{"value": id, "type": "User", "$ref": "x"}]})
                    .to_string(),
                ),
                _ => answer(200, &[], &user.to_string()),
            }
        });
        let user = json!({"userName": "a@a.example", "displayName": "B"});
        let made = send(&line, "POST", "/Users", &user).await;
        assert_eq!(made.response.status, 201, "{id} {:?}", made.record.fault);
        assert_eq!(body(&made)["id"], id);
        let path = format!("/Users/{encoded}");
        let place = made.response.headers["location"].to_str().unwrap();
        assert!(place.ends_with(&path), "{place}");
        let patch = json!({"Operations": [{"op": "replace", "path": "displayName", "value": "B"}]});
        for (method, sent) in
            [("GET", &Json::Null), ("PUT", &user), ("PATCH", &patch), ("DELETE", &Json::Null)]
        {
            let outcome = send(&line, method, &path, sent).await;
            assert!(
                outcome.response.status.is_success(),
                "{method} {id} {:?}",
                outcome.record.fault
            );
            let called = line.calls().last().unwrap().path.clone();
            assert!(called.ends_with(&path), "{method} {called}");
        }
        let bulk = json!({"Operations": [{"method": "DELETE", "path": path},
            {"method": "POST", "path": "/Users", "bulkId": "q", "data": user},
            {"method": "DELETE", "path": "/Users/bulkId:q"}]});
        let outcome = send(&line, "POST", "/Bulk", &bulk).await;
        for at in [0, 2] {
            assert_eq!(body(&outcome)["Operations"][at]["status"], "204", "{id}");
        }
        assert!(line.calls().last().unwrap().path.ends_with(&path));
        let listed = send(&line, "GET", "/Users", &Json::Null).await;
        let place = body(&listed)["Resources"][0]["meta"]["location"].to_string();
        assert!(place.contains(&path), "{place}");
        let read = body(&send(&line, "GET", "/Groups/g", &Json::Null).await);
        assert!(read["members"][0]["$ref"].to_string().contains(&path), "{read}");
    }
}

// What cannot be asked for is not handed out.
#[tokio::test]
async fn an_id_that_nobody_could_ask_for_is_not_handed_out() {
    let long = "i".repeat(600);
    for id in [".", "..", "a/../b", "..\\x", "a\u{7}b", ".search", "%2e%2e", &long] {
        let id = id.to_owned();
        let user = json!({"id": id, "userName": "a@a.example", "displayName": "B"});
        let line = Line::new("scim", "scim", move |_, request| match &request.method {
            &Method::POST => answer(201, &[], &user.to_string()),
            _ if request.path.ends_with("Users") => answer(200, &[], &page(&user)),
            _ => answer(
                200,
                &[],
                &json!({"id": "g", "displayName": "G", "members":
                [{"value": user["id"], "type": "User", "$ref": "x"}]})
                .to_string(),
            ),
        });
        let user = json!({"userName": "a@a.example", "displayName": "B"});
        let made = send(&line, "POST", "/Users", &user).await;
        assert_eq!(made.response.status, 502, "{id}");
        assert!(body(&made)["detail"].to_string().contains("was created"), "{id}");
        assert_eq!(send(&line, "GET", "/Users", &Json::Null).await.response.status, 502, "{id}");
        let read = body(&send(&line, "GET", "/Groups/g", &Json::Null).await);
        assert_eq!(read["members"][0].get("$ref"), None, "{id} {read}");
        let calls = line.calls().len();
        let path = format!("/Users/{}", scim_gateway::scim::endpoint::segment(&id));
        let outcome = send(&line, "DELETE", &path, &Json::Null).await;
        assert!([400, 404, 405].contains(&outcome.response.status.as_u16()), "{id}");
        assert_eq!(line.calls().len(), calls, "{id}: nothing was sent");
    }
}
