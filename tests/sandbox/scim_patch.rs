//! The plain server's PATCH and filters.

use scim_gateway::sandbox::Vendor;
use serde_json::{Value, json};

use crate::support::Service;

const USERS: &str = "/scim/v2/Users";
const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn service() -> (Service, String) {
    let scim = Service::with(Vendor::Scim, |options| options.hidden = json!({}));
    let target = format!("{USERS}/{}", scim.post(USERS, ann()).id());
    (scim, target)
}

fn ann() -> Value {
    json!({
        "schemas": [CORE, ENTERPRISE],
        "userName": "ann",
        "externalId": "Ext-1",
        "name": {"givenName": "Ann", "familyName": "Lee"},
        "emails": [
            {"value": "ann@corp.example", "type": "work", "primary": true},
            {"value": "ann@home.example", "type": "home"},
        ],
        ENTERPRISE: {"department": "Sales"},
    })
}

#[test]
fn patch_does_what_the_rfc_says() {
    let work = json!({"value": "ann@corp.example", "type": "work", "primary": true});
    let home = json!({"value": "ann@home.example", "type": "home"});
    // The same address again: as it is, of another type, and now the primary one.
    let bare = json!({"value": "ann@home.example"});
    let other = json!({"value": "ann@home.example", "type": "other"});
    let first = json!({"value": "ann@home.example", "primary": true});
    let changed = json!({"value": "a@b.example", "type": "work", "primary": true});
    let new = json!({"value": "x@y.example", "primary": true});
    let demoted = json!({"value": "ann@corp.example", "type": "work", "primary": false});
    let path = "emails[type eq \"work\"].value";
    for (operation, pointer, expected) in [
        (
            json!({"op": "replace", "path": path, "value": "a@b.example"}),
            "/emails",
            json!([changed, home]),
        ),
        (json!({"op": "remove", "path": "emails[type eq \"work\"]"}), "/emails", json!([home])),
        (json!({"op": "add", "path": "emails", "value": [home]}), "/emails", json!([work, home])),
        (json!({"op": "add", "path": "emails", "value": [bare]}), "/emails", json!([work, home])),
        (json!({"op": "add", "path": "emails", "value": bare}), "/emails", json!([work, home])),
        (
            json!({"op": "add", "path": "emails", "value": [other]}),
            "/emails",
            json!([work, home, other]),
        ),
        (
            json!({"op": "add", "path": "emails", "value": [first]}),
            "/emails",
            json!([demoted, {"value": "ann@home.example", "type": "home", "primary": true}]),
        ),
        (
            json!({"op": "add", "path": "emails", "value": [new]}),
            "/emails",
            json!([demoted, home, new]),
        ),
        (json!({"op": "replace", "path": "emails", "value": [new]}), "/emails", json!([new])),
        (
            json!({"op": "replace", "path": "name", "value": {"givenName": "B"}}),
            "/name",
            json!({"givenName": "B", "familyName": "Lee"}),
        ),
        (
            json!({"op": "replace", "value": {"title": "T", "name": {"middleName": "M"}}}),
            "/name",
            json!({"givenName": "Ann", "familyName": "Lee", "middleName": "M"}),
        ),
        (
            json!({"op": "replace", "path": "NAME.givenname", "value": "C"}),
            "/name/givenName",
            json!("C"),
        ),
        (
            json!({"op": "add", "path": format!("{ENTERPRISE}:manager.value"), "value": "7"}),
            &format!("/{ENTERPRISE}/manager"),
            json!({"value": "7"}),
        ),
        (
            json!({"op": "remove", "path": format!("{ENTERPRISE}:department")}),
            &format!("/{ENTERPRISE}"),
            Value::Null,
        ),
        (
            json!({"op": "add", "path": ENTERPRISE, "value": {"division": "D"}}),
            &format!("/{ENTERPRISE}"),
            json!({"department": "Sales", "division": "D"}),
        ),
        (json!({"op": "remove", "path": "emails"}), "/emails", Value::Null),
    ] {
        let (scim, target) = service();
        let answer = scim.patch(&target, json!([operation]));
        assert_eq!(answer.status, 200, "{operation}: {}", answer.body);
        let found = answer.body.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(found, expected, "{operation}");
        scim.clean();
    }
}

#[test]
fn patch_refuses_with_the_rfc_s_types_and_changes_nothing() {
    for (operation, scim_type) in [
        (json!({"op": "replace", "path": "emails[type eq \"x\"].value", "value": "a"}), "noTarget"),
        (json!({"op": "remove"}), "noTarget"),
        (json!({"op": "replace", "path": "emails[type", "value": "a"}), "invalidPath"),
        (json!({"op": "replace", "path": "colour", "value": "a"}), "invalidValue"),
        (json!({"op": "replace", "path": "id", "value": "a"}), "mutability"),
        (json!({"op": "remove", "path": "userName"}), "invalidValue"),
        (json!({"op": "Replace", "path": "title", "value": "a"}), "invalidValue"),
        (json!({"op": "replace", "path": "active", "value": "False"}), "invalidValue"),
    ] {
        let (scim, target) = service();
        let first = json!({"op": "replace", "path": "title", "value": "changed"});
        let answer = scim.patch(&target, json!([first, operation]));
        assert_eq!(
            (answer.status, &answer.body["scimType"]),
            (400, &json!(scim_type)),
            "{operation}"
        );
        assert_eq!(scim.get(&target).body.get("title"), None);
        assert_eq!(scim.get(&target).headers["etag"], "W/\"1\"");
    }
}

#[test]
fn filters_find_exactly_their_users() {
    let (scim, _) = service();
    scim.post(USERS, json!({"schemas": [CORE], "userName": "Bob", "active": false}));
    for (filter, expected) in [
        ("userName eq \"ANN\"", vec!["ann"]),
        ("externalId eq \"ext-1\"", vec![]),
        ("externalId eq \"Ext-1\"", vec!["ann"]),
        ("emails eq \"ann@home.example\"", vec!["ann"]),
        ("emails[type eq \"home\" and value co \"corp\"]", vec![]),
        ("emails.type eq \"home\" and emails.value co \"corp\"", vec!["ann"]),
        ("title pr or not (active eq true)", vec!["Bob"]),
        ("name.familyName ne \"Lee\"", vec!["Bob"]),
        ("name.familyName eq null", vec!["Bob"]),
        (&format!("{ENTERPRISE}:department sw \"S\""), vec!["ann"]),
        (&format!("{CORE}:userName ew \"OB\""), vec!["Bob"]),
        ("meta.created gt \"2026-01-01T00:00:00Z\"", vec!["Bob"]),
        ("meta.created ge \"2026-01-01T01:00:00+01:00\"", vec!["ann", "Bob"]),
        ("userName gt \"B\"", vec!["Bob"]),
    ] {
        let search = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            "filter": filter,
            "attributes": ["userName"],
        });
        let answer = scim.post(&format!("{USERS}/.search"), search);
        let found = answer.body["Resources"].as_array().unwrap().iter();
        let names: Vec<&str> = found.map(|user| user["userName"].as_str().unwrap()).collect();
        assert_eq!(names, expected, "{filter}");
    }
    scim.clean();
    let wrong = scim.get(&format!("{USERS}?filter=userName%20is%20it"));
    scim.foreign(&wrong, 400);
    assert_eq!(wrong.body["scimType"], "invalidFilter");
}

#[test]
fn lists_sort_and_page() {
    let (scim, _) = service();
    for name in ["cid", "Bob"] {
        scim.post(USERS, json!({"schemas": [CORE], "userName": name}));
    }
    let sorted = |query: &str| {
        let answer = scim.get(&format!("{USERS}?{query}"));
        let users = answer.body["Resources"].as_array().unwrap().clone();
        users.iter().map(|u| u["userName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(sorted("sortBy=userName"), ["ann", "Bob", "cid"]);
    assert_eq!(sorted("sortBy=name.familyName&sortOrder=descending").len(), 3);
    assert_eq!(sorted("sortBy=userName&sortOrder=descending&startIndex=2&count=1"), ["Bob"]);
    assert_eq!(sorted("sortBy=name.familyName"), ["ann", "cid", "Bob"]);
}
