//! Descope: the page's PUT with its envelope, updates that keep what is omitted, the refusals.

use http::Method;
use scim_gateway::sandbox::Vendor;
use serde_json::{Value, json};

use crate::support::Service;

const USERS: &str = "/scim/v2/Users";

fn service() -> Service {
    Service::with(Vendor::Descope, |options| options.hidden = json!({}))
}

fn ann() -> Value {
    json!({
        "displayName": "Ann Lee",
        "emails": [{"value": "ann@corp.example", "primary": true, "type": "work"}],
        "active": true,
        "name": {"givenName": "Ann", "familyName": "Lee", "middleName": "B"},
        "userName": "ann@corp.example",
        "title": "CTO",
    })
}

fn create(descope: &Service) -> String {
    let answer = descope.post(USERS, ann());
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["user"]["id"].as_str().unwrap().to_owned()
}

#[test]
fn the_documented_update_answers_the_documented_envelope() {
    let descope = service();
    let id = create(&descope);
    let mut body = ann();
    body["userId"] = json!(id);
    let answer = descope.put(&format!("{USERS}/{id}"), body);
    assert_eq!(answer.status, 200);
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": id,
        "userName": "ann@corp.example",
        "meta": {
            "created": "2026-01-01T00:00:00.000Z",
            "location": format!("https://api.descope.com{USERS}/{id}"),
            "lastModified": "2026-01-01T00:00:01.000Z",
            "resourceType": "User",
        },
        "emails": [{"value": "ann@corp.example", "primary": true, "type": "work"}],
        "name": {"givenName": "Ann", "familyName": "Lee", "middleName": "B"},
        "active": true,
        "displayName": "Ann Lee",
        "detail": "",
        "title": "CTO",
    });
    assert_eq!(answer.body, json!({"user": user}));
    assert_eq!(descope.get(&format!("{USERS}/{id}")).body, json!({"user": user}));
    descope.clean();
}

#[test]
fn an_update_keeps_what_it_omits_and_takes_attributes_whole() {
    let descope = service();
    let id = create(&descope);
    let target = format!("{USERS}/{id}");
    descope.put(&target, json!({"attributes": {"a": 1, "b": 2}}));
    let user = descope.put(&target, json!({"active": false, "attributes": {"b": 3}})).body;
    assert_eq!(user["user"]["title"], "CTO");
    assert_eq!(user["user"]["active"], false);
    assert_eq!(user["user"]["attributes"], json!({"b": 3}));
    descope.clean();
}

#[test]
fn what_is_not_documented_is_refused_in_the_vendor_s_words() {
    for (name, value) in [
        ("schemas", json!(["urn:ietf:params:scim:schemas:core:2.0:User"])),
        ("externalId", json!("7")),
        ("phoneNumbers", json!([])),
        ("originalRequest", json!({})),
        ("name", json!({"formatted": "Ann Lee"})),
        ("active", json!("true")),
        ("title", json!(null)),
        ("userId", json!("another")),
        ("userName", json!("")),
    ] {
        let descope = service();
        let id = create(&descope);
        let mut user = ann();
        user[name] = value;
        let answer = descope.put(&format!("{USERS}/{id}"), user);
        descope.foreign(&answer, 400);
        assert_eq!(answer.body["errorCode"], "E011003", "{name}");
        assert!(answer.body["errorDescription"].is_string());
    }
}

#[test]
fn patch_is_not_documented() {
    let descope = service();
    let id = create(&descope);
    let op = json!([{"op": "replace", "path": "active", "value": false}]);
    descope.foreign(&descope.patch(&format!("{USERS}/{id}"), op), 405);
}

#[test]
fn the_token_names_project_and_key() {
    let descope = service();
    let bare = [("authorization", "Bearer just-a-key")];
    let answer = descope.send(Method::GET, USERS, None, &bare);
    assert_eq!(answer.status, 401);
    assert!(answer.body["errorCode"].is_string());
}

#[test]
fn delete_answers_200_and_a_list_has_no_envelope() {
    let descope = service();
    let id = create(&descope);
    assert_eq!(descope.post(USERS, ann()).body["errorCode"], "E062107");
    let query = "filter=userName%20eq%20%22ANN@corp.example%22&startIndex=1&count=10";
    let list = descope.get(&format!("{USERS}?{query}")).body;
    assert_eq!(list["Resources"][0]["id"], id.as_str());
    let gone = descope.delete(&format!("{USERS}/{id}"));
    assert_eq!((gone.status, gone.body), (200, json!({})));
    assert_eq!(descope.get(&format!("{USERS}/{id}")).body["errorCode"], "E112102");
    descope.clean();
    descope.foreign(&descope.get(&format!("{USERS}?filter=title%20eq%20%22CTO%22")), 400);
}

#[test]
fn the_envelope_can_be_left_off() {
    let descope = Service::with(Vendor::Descope, |options| options.descope_envelope = false);
    let created = descope.post(USERS, ann());
    assert!(created.id().starts_with('U'));
    assert_eq!(created.body["attributes"], json!({"tier": "gold"}));
    descope.sandbox.hidden_unchanged_at(&["attributes"]).unwrap();
}

#[test]
fn a_false_active_can_be_left_out() {
    let descope = Service::with(Vendor::Descope, |options| options.descope_omits_false = true);
    let id = create(&descope);
    let answer = descope.put(&format!("{USERS}/{id}"), json!({"active": false}));
    assert_eq!(answer.body["user"].get("active"), None);
}
