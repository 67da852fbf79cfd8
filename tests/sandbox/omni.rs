//! Omni: the pages' PUT and POST, the user attributes, the narrow PATCH, the refusals.

use scim_gateway::sandbox::{PathCase, Vendor};
use serde_json::{Value, json};

use crate::support::Service;

const USERS: &str = "/api/scim/v2/users";
const ATTRIBUTES: &str = "urn:omni:params:1.0:UserAttribute";

fn service() -> Service {
    Service::with(Vendor::Omni, |options| options.hidden = json!({}))
}

fn blob() -> Value {
    json!({
        "displayName": "Blob Ross",
        "userName": "blob.ross@blobsrus.co",
        ATTRIBUTES: {"good_blob": true},
    })
}

#[test]
fn the_documented_create_answers_the_documented_user() {
    let omni = service();
    let answer = omni.post(USERS, blob());
    assert_eq!(answer.status, 201);
    let expected = json!({
        "active": true,
        "displayName": "Blob Ross",
        "emails": [{"primary": true, "value": "blob.ross@blobsrus.co"}],
        "groups": [],
        "id": answer.id(),
        "meta": {
            "created": "2026-01-01T00:00:00.000Z",
            "lastModified": "2026-01-01T00:00:00.000Z",
            "resourceType": "User",
        },
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "blob.ross@blobsrus.co",
        ATTRIBUTES: {"good_blob": "yes"},
    });
    assert_eq!(answer.body, expected);
    omni.clean();
}

#[test]
fn the_documented_replace_answers_the_user_and_resets_what_it_omits() {
    let omni = service();
    let id = omni.post(USERS, blob()).id();
    let whole = json!({
        "userName": "blob.ross@blobsrus.co",
        "active": false,
        "displayName": "Blob Ross",
        ATTRIBUTES: {"good_blob": "yes", "department": "Paint"},
    });
    let answer = omni.put(&format!("{USERS}/{id}"), whole);
    assert_eq!((answer.status, &answer.body["active"]), (200, &json!(false)));
    assert_eq!(answer.body["meta"]["lastModified"], "2026-01-01T00:00:01.000Z");
    assert_eq!(omni.sandbox.irreversible(), std::slice::from_ref(&id));

    let bare = omni.put(&format!("{USERS}/{id}"), json!({"userName": "blob.ross@blobsrus.co"}));
    assert_eq!(bare.body["active"], true);
    assert_eq!(bare.body.get("displayName"), None);
    assert_eq!(bare.body[ATTRIBUTES], json!({}));
    omni.clean();
}

#[test]
fn user_attributes_take_their_own_type_and_null_takes_one_away() {
    let omni = service();
    let mut user = blob();
    user[ATTRIBUTES] = json!({"level": "7", "department": 12, "tags": ["a"], "good_blob": false});
    let answer = omni.post(USERS, user);
    let stored = json!({"level": 7, "department": "12", "tags": ["a"], "good_blob": "no"});
    assert_eq!(answer.body[ATTRIBUTES], stored);
    let target = format!("{USERS}/{}", answer.id());
    let op = json!([{"op": "replace", "path": format!("{ATTRIBUTES}:level"), "value": null}]);
    assert_eq!(omni.patch(&target, op).body[ATTRIBUTES].get("level"), None);
    omni.clean();

    let mut foreign = blob();
    foreign[ATTRIBUTES] = json!({"nobody_defined_this": "x"});
    omni.foreign(&omni.post(USERS, foreign), 400);
}

#[test]
fn patch_takes_the_documented_forms() {
    let omni = service();
    let target = format!("{USERS}/{}", omni.post(USERS, blob()).id());
    let answer = omni.patch(
        &target,
        json!([
            {"op": "Replace", "path": format!("{ATTRIBUTES}:region"), "value": "apac"},
            {"op": "replace", "value": {"active": false, "displayName": "B"}},
            {"op": "add", "path": ATTRIBUTES, "value": {"department": "Paint"}},
            {"op": "remove", "path": format!("{ATTRIBUTES}:good_blob"), "value": null},
        ]),
    );
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body[ATTRIBUTES], json!({"region": "apac", "department": "Paint"}));
    assert_eq!(answer.body["active"], false);
    omni.clean();
}

#[test]
fn patch_refuses_every_other_form_and_changes_nothing() {
    for operation in [
        json!({"op": "REPLACE", "path": "displayName", "value": "B"}),
        json!({"op": "remove", "path": "displayName"}),
        json!({"op": "replace", "path": "emails", "value": [{"value": "a@b.example"}]}),
        json!({"op": "replace", "path": "emails[type eq \"work\"].value", "value": "a@b.example"}),
        json!({"op": "replace", "value": {"nickName": "B"}}),
        json!({"op": "replace", "path": "active", "value": "False"}),
        json!({"op": "replace", "path": "userName", "value": "not a mail"}),
    ] {
        let omni = service();
        let target = format!("{USERS}/{}", omni.post(USERS, blob()).id());
        let first = json!({"op": "replace", "path": "displayName", "value": "changed"});
        omni.foreign(&omni.patch(&target, json!([first, operation])), 400);
        assert_eq!(omni.get(&target).body["displayName"], "Blob Ross", "{operation}");
    }
}

#[test]
fn what_is_not_documented_is_refused_and_remembered() {
    for (name, value) in [
        ("active", json!(true)),
        ("emails", json!([{"value": "a@b.example"}])),
        ("externalId", json!("7")),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", json!({"department": "D"})),
        ("userName", json!("no mail")),
        ("displayName", json!(null)),
    ] {
        let omni = service();
        let mut user = blob();
        user[name] = value;
        let answer = omni.post(USERS, user);
        omni.foreign(&answer, 400);
        assert_eq!(answer.body["status"], 400);
        assert!(answer.body["detail"].is_string());
        assert!(omni.sandbox.users().is_empty(), "{name}");
    }
}

#[test]
fn paths_are_of_the_configured_case() {
    let omni = service();
    omni.foreign(&omni.get("/api/scim/v2/Users"), 404);
    let capital = Service::with(Vendor::Omni, |o| o.omni_path_case = PathCase::Capital);
    assert_eq!(capital.get("/api/scim/v2/Users").status, 200);
    capital.foreign(&capital.get(USERS), 404);
    assert_eq!(omni.get("/api/scim/v2/users/nobody").status, 404);
}

#[test]
fn a_taken_user_name_is_a_conflict_in_any_case() {
    let omni = service();
    omni.post(USERS, blob());
    let mut again = blob();
    again["userName"] = json!("BLOB.ROSS@blobsrus.co");
    assert_eq!(omni.post(USERS, again).status, 409);
    omni.clean();
}

#[test]
fn the_hidden_attribute_is_there_and_its_loss_is_seen() {
    let omni = Service::new(Vendor::Omni);
    let answer = omni.post(USERS, blob());
    assert_eq!(answer.body[ATTRIBUTES]["internal_note"], "keep");
    omni.sandbox.hidden_unchanged().unwrap();
    let bare = json!({"userName": "blob.ross@blobsrus.co", "displayName": "B"});
    omni.put(&format!("{USERS}/{}", answer.id()), bare);
    assert!(omni.sandbox.hidden_unchanged().is_err());
    omni.sandbox.hidden_unchanged_at(&["title"]).unwrap();
}

#[test]
fn lists_page_from_start_index() {
    let omni = service();
    for n in 0..5 {
        let user = json!({"userName": format!("u{n}@corp.example"), "displayName": "U"});
        assert_eq!(omni.post(USERS, user).status, 201);
    }
    let page = omni.get(&format!("{USERS}?startIndex=4&count=3")).body;
    assert_eq!(page["totalResults"], 5);
    assert_eq!(page["itemsPerPage"], 2);
    assert_eq!(page["Resources"][0]["userName"], "u3@corp.example");
    assert_eq!(page["Resources"][0]["schemas"].as_array().unwrap().len(), 3);
    omni.clean();
    omni.foreign(&omni.get(&format!("{USERS}?sortBy=userName")), 400);
}
