//! What the upstream says in another type than its schema's is read in the spirit of it, or hidden:
//! never absent, and never written over unseen.

use http::Method;
use scim_gateway::gateway::RouteSpec;
use scim_gateway::scim::http::Request;
use serde_json::{Value as Json, json};

use crate::harness::{body, spec};
use crate::scripted::{Line, answer};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A directory that holds one resource, answers it as it is, and takes every write as done.
pub fn holding(spec: RouteSpec, stored: &Json) -> Line {
    let stored = std::sync::Mutex::new(stored.clone());
    Line::with(spec, move |_, request| {
        let mut stored = stored.lock().unwrap();
        match request.method {
            Method::GET => answer(200, &[], &stored.to_string()),
            Method::PUT => {
                let mut said: Json = serde_json::from_slice(&request.body).unwrap();
                said["id"] = stored["id"].clone();
                *stored = said;
                answer(200, &[], &stored.to_string())
            }
            _ => answer(204, &[], ""),
        }
    })
}

/// The same, of an upstream that takes no PATCH.
fn without_patch(client: &str) -> RouteSpec {
    unpatched(spec(client, "scim"))
}

fn unpatched(mut spec: RouteSpec) -> RouteSpec {
    let mut upstream = spec.upstream.as_ref().clone();
    for resource in &mut upstream.resources {
        resource.patch = None;
    }
    spec.upstream = std::sync::Arc::new(upstream);
    spec
}

fn sent(line: &Line, method: &Method) -> Vec<Json> {
    let calls = line.calls();
    let of = calls.iter().filter(|call: &&Request| call.method == method);
    of.map(|call| serde_json::from_slice(&call.body).unwrap()).collect()
}

fn patch(ops: Json) -> Vec<u8> {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": ops})
        .to_string()
        .into_bytes()
}

fn legacy_user() -> Json {
    json!({"id": "7", "userName": "cat", "active": "False", "title": "Old",
        "emails": [{"value": "c@x.example", "type": "work", "primary": "true"},
            {"value": "d@x.example", "type": "home"}, {"value": {"odd": 1}, "type": "other"}],
        ENTERPRISE: {"employeeNumber": 701984, "department": "R", "costCenter": {"odd": true}}})
}

// What stands for a value is read as that value.
#[tokio::test]
async fn values_of_another_type_are_read_in_the_spirit_of_the_schema() {
    let line = holding(spec("scim", "scim"), &legacy_user());
    let outcome = line.send("GET", "/Users/7", &[], b"").await;
    let shown = body(&outcome);
    assert_eq!(shown["active"], json!(false));
    assert_eq!(shown["emails"][0]["primary"], json!(true));
    assert_eq!(shown[ENTERPRISE]["employeeNumber"], json!("701984"));
    assert_eq!(shown[ENTERPRISE].get("costCenter"), None);
    assert_eq!(shown["emails"][2], json!({"type": "other"}));
    let group = json!({"id": "g", "displayName": "G", "members": [{"value": 7}, 8, "u1"]});
    let line = holding(spec("scim", "scim"), &group);
    let shown = body(&line.send("GET", "/Groups/g", &[], b"").await);
    let values: Vec<&Json> =
        shown["members"].as_array().unwrap().iter().map(|member| &member["value"]).collect();
    assert_eq!(values, [&json!("7"), &json!("8"), &json!("u1")]);
    let single = json!({"id": "g", "displayName": "G", "members": {"value": 7}});
    let line = holding(spec("scim", "scim"), &single);
    let shown = body(&line.send("GET", "/Groups/g", &[], b"").await);
    assert_eq!(shown["members"][0]["value"], json!("7"));
}

// A client that cannot even see the extension puts; nothing of it is gone, and all is as it came.
#[tokio::test]
async fn put_keeps_what_came_in_another_type() {
    for client in ["descope", "scim"] {
        let line = holding(without_patch(client), &legacy_user());
        let put = match client {
            "descope" => line.send("PUT", "/Users/7", &[], br#"{"displayName":"Cat"}"#).await,
            _ => {
                let mut user = body(&line.send("GET", "/Users/7", &[], b"").await);
                user["displayName"] = json!("Cat");
                line.send("PUT", "/Users/7", &[], user.to_string().as_bytes()).await
            }
        };
        assert_eq!(put.response.status, 200, "{client}: {:?}", put.record.fault);
        let said = sent(&line, &Method::PUT).remove(0);
        let old = legacy_user();
        for name in ["active", "title", "emails", ENTERPRISE] {
            assert_eq!(said[name], old[name], "{client}: {name}");
        }
        assert_eq!(said["displayName"], json!("Cat"));
    }
}

/// A bare text is the element's `value`: with another part it is an object, and without one it stays as it came.
#[tokio::test]
async fn a_bare_element_that_gets_a_part_is_told_with_it() {
    let stored = json!({"id": "7", "userName": "cat", "emails": ["c@x.example", "d@x.example"]});
    let line = holding(without_patch("scim"), &stored);
    let mut user = body(&line.send("GET", "/Users/7", &[], b"").await);
    assert_eq!(user["emails"], json!([{"value": "c@x.example"}, {"value": "d@x.example"}]));
    user["emails"][0]["type"] = json!("work");
    let put = line.send("PUT", "/Users/7", &[], user.to_string().as_bytes()).await;
    assert_eq!(put.response.status, 200, "{:?}", put.record.fault);
    let said = sent(&line, &Method::PUT).remove(0);
    let emails = json!([{"value": "c@x.example", "type": "work"}, "d@x.example"]);
    assert_eq!(said["emails"], emails);
}

// Nobody is removed from a group whose members have numbers for ids.
#[tokio::test]
async fn members_with_numbers_are_added_to_and_taken_from() {
    let group = json!({"id": 7, "displayName": "Ops", "members": [{"value": 53}, {"value": 54}]});
    let line = holding(without_patch("scim"), &group);
    let add = json!([{"op": "add", "path": "members", "value": [{"value": "55"}]}]);
    line.send("PATCH", "/Groups/7", &[], &patch(add)).await;
    let said = sent(&line, &Method::PUT).remove(0);
    assert_eq!(said["members"], json!([{"value": 53}, {"value": 54}, {"value": "55"}]));
    let line = holding(without_patch("scim"), &group);
    let remove = json!([{"op": "remove", "path": "members[value eq \"53\"]"}]);
    line.send("PATCH", "/Groups/7", &[], &patch(remove)).await;
    assert_eq!(sent(&line, &Method::PUT).remove(0)["members"], json!([{"value": 54}]));
    let line = holding(without_patch("scim"), &group);
    let shown = json!({"displayName": "G2", "members": [{"value": "53"}, {"value": "54"}]});
    line.send("PUT", "/Groups/7", &[], shown.to_string().as_bytes()).await;
    assert_eq!(sent(&line, &Method::PUT).remove(0)["members"], group["members"]);
}

// A PATCH of another leaf of the same array leaves the unseen element.
#[tokio::test]
async fn a_patch_beside_what_cannot_be_read_leaves_it() {
    let ops = json!([{"op": "replace", "path": "emails[type eq \"home\"].value",
        "value": "new@x.example"}]);
    for spec in [spec("scim", "scim"), without_patch("scim")] {
        let line = holding(spec, &legacy_user());
        let outcome = line.send("PATCH", "/Users/7", &[], &patch(ops.clone())).await;
        assert_eq!(outcome.response.status, 200, "{:?}", outcome.record.fault);
        for said in sent(&line, &Method::PATCH) {
            assert!(!said.to_string().contains("odd"), "{said}");
            let whole = said["Operations"].as_array().unwrap();
            assert!(whole.iter().all(|op| op["path"] != json!("emails")), "{said}");
        }
        for said in sent(&line, &Method::PUT) {
            assert_eq!(said["emails"][0], legacy_user()["emails"][0]);
            assert_eq!(said["emails"][2], legacy_user()["emails"][2]);
            assert_eq!(said["emails"][1]["value"], json!("new@x.example"));
        }
    }
}

// Where the request must write just that leaf, nothing is sent and the place is named.
#[tokio::test]
async fn what_cannot_be_read_is_not_written_over() {
    let mut stored = legacy_user();
    stored["title"] = json!({"odd": 1});
    let line = holding(without_patch("scim"), &stored);
    let mut user = body(&line.send("GET", "/Users/7", &[], b"").await);
    assert_eq!(user.get("title"), None);
    user["title"] = json!("New");
    let outcome = line.send("PUT", "/Users/7", &[], user.to_string().as_bytes()).await;
    assert_eq!(outcome.response.status, 502);
    let detail = body(&outcome)["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("at title") && !detail.contains("odd"), "{detail}");
    assert!(sent(&line, &Method::PUT).is_empty());
}

// Nor is it taken away unseen, where that takes a read.
#[tokio::test]
async fn what_cannot_be_read_is_not_taken_away() {
    let mut stored = legacy_user();
    stored["title"] = json!({"odd": 1});
    let line = holding(without_patch("scim"), &stored);
    let remove = json!([{"op": "remove", "path": "title"}]);
    let outcome = line.send("PATCH", "/Users/7", &[], &patch(remove)).await;
    assert_eq!(outcome.response.status, 502, "{}", body(&outcome));
    assert!(sent(&line, &Method::PUT).is_empty());
}

// What a client's own schema demands and the resource lacked before is not asked of a PATCH.
#[tokio::test]
async fn a_patch_is_not_refused_for_what_was_missing_before() {
    let stored = json!({"id": "g", "members": [{"value": "u1"}]});
    let line = holding(without_patch("scim"), &stored);
    let add = json!([{"op": "add", "path": "members", "value": [{"value": "u2"}]}]);
    let outcome = line.send("PATCH", "/Groups/g", &[], &patch(add)).await;
    assert_eq!(outcome.response.status, 200, "{}", body(&outcome));
    assert_eq!(sent(&line, &Method::PUT).len(), 1);
}

// A filter is asked of the value that is shown.
#[tokio::test]
async fn a_filter_sees_the_value_that_is_shown() {
    let mut other = legacy_user();
    other["id"] = json!("8");
    other["active"] = json!(1);
    let page = json!({"totalResults": 2, "Resources": [legacy_user(), other]});
    let line = Line::new("scim", "pingone", move |_, _| answer(200, &[], &page.to_string()));
    let found = body(&line.send("GET", "/Users?filter=active%20eq%20false", &[], b"").await);
    assert_eq!(found["totalResults"], json!(1), "{found}");
    assert_eq!(found["Resources"][0]["id"], json!("7"));
}

// Another member is another element: nothing of the old one goes over.
#[tokio::test]
async fn hidden_facts_stay_with_their_element() {
    let group = json!({"id": "g", "displayName": "G", "members": [
        {"value": "alice", "type": "User", "role": "owner"}, {"value": "bob", "type": "User"}]});
    for members in [
        json!([{"value": "mallory"}]),
        json!([{"value": "mallory", "type": "User"}]),
        json!([{"value": "bob"}, {"value": "mallory"}]),
        json!([{"value": "Alice"}]),
    ] {
        let line = holding(without_patch("scim"), &group);
        let put = json!({"displayName": "G", "members": members});
        line.send("PUT", "/Groups/g", &[], put.to_string().as_bytes()).await;
        let said = sent(&line, &Method::PUT).remove(0).to_string();
        assert!(!said.contains("owner"), "{said}");
    }
    let user = json!({"id": "u", "userName": "u", "emails": [{"value": "a@x.example",
        "type": "work", "verified": true}, {"value": "b@x.example", "type": "home", "seen": 1}],
        ENTERPRISE: {"manager": {"value": "m1", "since": "2020"}}});
    let line = holding(without_patch("scim"), &user);
    let ops = json!([
        {"op": "replace", "path": "emails[type eq \"work\"].value", "value": "evil@x.example"},
        {"op": "replace", "path": format!("{ENTERPRISE}:manager.value"), "value": "m2"}]);
    line.send("PATCH", "/Users/u", &[], &patch(ops)).await;
    let said = sent(&line, &Method::PUT).remove(0);
    assert_eq!(said["emails"][0], json!({"value": "evil@x.example", "type": "work"}));
    assert_eq!(said["emails"][1], user["emails"][1]);
    assert_eq!(said[ENTERPRISE]["manager"], json!({"value": "m2"}));
}

// What nobody touched is no mistake of the client's.
#[tokio::test]
async fn old_data_does_not_block_a_deprovisioning() {
    let stored = json!({"id": "u", "userName": "u", "active": true,
        "emails": [{"value": "not-an-email"}],
        "urn:pingidentity:schemas:extension:2.0:PingOneUser": {"population": {"id": "no-uuid"}}});
    let line = holding(unpatched(spec("omni", "pingone")), &stored);
    let put = json!({"userName": "u", "active": false});
    let outcome = line.send("PUT", "/Users/u", &[], put.to_string().as_bytes()).await;
    assert_eq!(outcome.response.status, 200, "{:?}", outcome.record.fault);
}

// A change of what is immutable is refused, and what repeats it is not.
#[tokio::test]
async fn an_immutable_attribute_is_not_changed() {
    let fixed = || {
        let mut spec = without_patch("scim");
        let mut upstream = spec.upstream.as_ref().clone();
        for resource in &mut upstream.resources {
            for attribute in &mut resource.schema.attributes {
                if ["userName", "displayName"].contains(&attribute.name.as_str()) {
                    attribute.mutability = scim_gateway::scim::schema::Mutability::Immutable;
                }
            }
        }
        spec.upstream = std::sync::Arc::new(upstream);
        spec
    };
    let stored = json!({"id": "u", "userName": "u", "title": "T"});
    let change = json!([{"op": "replace", "path": "userName", "value": "v"}]);
    let line = holding(fixed(), &stored);
    let outcome = line.send("PATCH", "/Users/u", &[], &patch(change)).await;
    assert_eq!(outcome.response.status, 400, "{}", body(&outcome));
    assert_eq!(body(&outcome)["scimType"], json!("mutability"));
    let line = holding(fixed(), &stored);
    let put = json!({"userName": "v", "title": "N"});
    let outcome = line.send("PUT", "/Users/u", &[], put.to_string().as_bytes()).await;
    assert_eq!(body(&outcome)["scimType"], json!("mutability"));
    assert!(sent(&line, &Method::PUT).is_empty());
    // As it is, and where nothing is yet.
    let line = holding(fixed(), &stored);
    let put = json!({"userName": "u", "title": "N", "displayName": "First"});
    let outcome = line.send("PUT", "/Users/u", &[], put.to_string().as_bytes()).await;
    assert_eq!(outcome.response.status, 200, "{:?}", outcome.record.fault);
    assert_eq!(sent(&line, &Method::PUT)[0]["displayName"], json!("First"));
}

/// An upstream schema with an attribute that a GET does not return.
fn unreturned(mut spec: RouteSpec) -> RouteSpec {
    let mut upstream = spec.upstream.as_ref().clone();
    for resource in &mut upstream.resources {
        for attribute in &mut resource.schema.attributes {
            if attribute.name == "nickName" {
                attribute.returned = scim_gateway::scim::schema::Returned::Request;
            }
        }
    }
    spec.upstream = std::sync::Arc::new(upstream);
    spec
}

// A replacement does not wipe what the GET before it does not show.
#[tokio::test]
async fn what_a_get_does_not_return_is_not_wiped() {
    let stored = json!({"id": "u", "userName": "u", "title": "Old"});
    let put = json!({"userName": "u", "title": "New"});
    let line = holding(unreturned(spec("scim", "scim")), &stored);
    let outcome = line.send("PUT", "/Users/u", &[], put.to_string().as_bytes()).await;
    assert_eq!(outcome.response.status, 200, "{:?}", outcome.record.fault);
    assert!(sent(&line, &Method::PUT).is_empty());
    let line = holding(unreturned(without_patch("scim")), &stored);
    let outcome = line.send("PUT", "/Users/u", &[], put.to_string().as_bytes()).await;
    assert_eq!(outcome.response.status, 501, "{:?}", outcome.record.fault);
    assert!(sent(&line, &Method::PUT).is_empty());
    // Said, it is written with the rest.
    let put = json!({"userName": "u", "title": "New", "nickName": "N"});
    let outcome = line.send("PUT", "/Users/u", &[], put.to_string().as_bytes()).await;
    assert_eq!(outcome.response.status, 200, "{:?}", outcome.record.fault);
    assert_eq!(sent(&line, &Method::PUT)[0]["nickName"], json!("N"));
}

// A vendor that unsets by null is told so at every depth.
#[tokio::test]
async fn what_is_cleared_is_said_below_the_top_too() {
    let mut spec = without_patch("scim");
    let mut upstream = spec.upstream.as_ref().clone();
    upstream.resources.iter_mut().for_each(|r| r.clear = scim_gateway::dialect::Clear::Null);
    spec.upstream = std::sync::Arc::new(upstream);
    let stored = json!({"id": "u", "userName": "u", "title": "T",
        "name": {"givenName": "A", "middleName": "B"}, ENTERPRISE: {"department": "D",
        "costCenter": "C"}});
    let line = holding(spec, &stored);
    let put = json!({"userName": "u", "name": {"givenName": "A"},
        ENTERPRISE: {"costCenter": "C"}});
    line.send("PUT", "/Users/u", &[], put.to_string().as_bytes()).await;
    let said = sent(&line, &Method::PUT).remove(0);
    assert_eq!(said["title"], Json::Null);
    assert_eq!(said["name"], json!({"givenName": "A", "middleName": null}));
    assert_eq!(said[ENTERPRISE], json!({"department": null, "costCenter": "C"}));
}

// A required part of an attribute that has a value is demanded before anything is sent.
#[tokio::test]
async fn a_required_part_is_demanded() {
    let mut spec = without_patch("scim");
    let mut upstream = spec.upstream.as_ref().clone();
    let create = scim_gateway::scim::schema::Operations::of(&[
        scim_gateway::scim::schema::Operation::Create,
    ]);
    for resource in &mut upstream.resources {
        for attribute in &mut resource.schema.attributes {
            for sub in &mut attribute.attributes {
                if sub.name == "familyName" || (sub.name == "value" && attribute.name == "emails") {
                    sub.required = create;
                }
            }
        }
    }
    spec.upstream = std::sync::Arc::new(upstream);
    let line = holding(spec, &json!({}));
    for user in [
        json!({"userName": "u", "name": {"givenName": "A"}}),
        json!({"userName": "u", "emails": [{"type": "work"}]}),
    ] {
        let outcome = line.send("POST", "/Users", &[], user.to_string().as_bytes()).await;
        assert_eq!(outcome.response.status, 400, "{}", body(&outcome));
    }
    assert!(line.calls().is_empty());
}
