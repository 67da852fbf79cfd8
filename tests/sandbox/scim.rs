//! The plain server: RFC 7643 and RFC 7644 as written.

use http::Method;
use scim_gateway::sandbox::Vendor;
use serde_json::{Value, json};

use crate::support::Service;

const USERS: &str = "/scim/v2/Users";
const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const OTHER: &str = "urn:example:other:1.0:User";

fn service() -> Service {
    Service::with(Vendor::Scim, |options| options.hidden = json!({}))
}

fn ann() -> Value {
    json!({
        "schemas": [CORE, ENTERPRISE, OTHER],
        "userName": "ann",
        "name": {"givenName": "Ann", "familyName": "Lee"},
        "emails": [{"value": "ann@corp.example", "type": "work", "primary": true}],
        "password": "never shown",
        ENTERPRISE: {"department": "Sales", "manager": {"value": "26118915"}},
        OTHER: {"free": {"key": [1, 2]}},
    })
}

#[test]
fn create_stores_everything_but_shows_no_password() {
    let scim = service();
    let answer = scim.post(USERS, ann());
    assert_eq!(answer.status, 201, "{}", answer.body);
    let location = format!("https://directory.example{USERS}/{}", answer.id());
    assert_eq!(answer.body["meta"]["location"], location.as_str());
    assert_eq!(answer.headers["location"], location.as_str());
    assert_eq!(answer.headers["etag"], "W/\"1\"");
    assert_eq!(answer.body["schemas"], json!([CORE, OTHER, ENTERPRISE]));
    assert_eq!(answer.body[OTHER], json!({"free": {"key": [1, 2]}}));
    assert_eq!(answer.body[ENTERPRISE]["department"], "Sales");
    assert_eq!(answer.body["active"], true);
    assert_eq!(answer.body.get("password"), None);
    scim.clean();
}

#[test]
fn replace_resets_what_it_omits_and_ignores_read_only_attributes() {
    let scim = service();
    let id = scim.post(USERS, ann()).id();
    let body =
        json!({"schemas": [CORE], "id": "other", "meta": {}, "USERNAME": "ann", "title": null});
    let answer = scim.put(&format!("{USERS}/{id}"), body);
    assert_eq!((answer.status, answer.id()), (200, id));
    assert_eq!(answer.body.get("emails"), None);
    assert_eq!(answer.body.get(ENTERPRISE), None);
    assert_eq!(answer.body["userName"], "ann");
    scim.clean();
}

#[test]
fn what_no_schema_knows_is_refused() {
    for (name, value) in [
        ("favouriteColour", json!("red")),
        ("active", json!("true")),
        ("emails", json!({"value": "x"})),
        ("emails", json!([{"value": "x", "colour": "red"}])),
        ("schemas", json!([CORE])),
        ("userName", json!("")),
        (OTHER, json!("no object")),
    ] {
        let scim = service();
        let mut user = ann();
        user[name] = value;
        let answer = scim.post(USERS, user);
        scim.foreign(&answer, 400);
        assert_eq!(answer.body["scimType"], "invalidValue");
        assert_eq!(answer.body["status"], "400");
    }
}

#[test]
fn versions_guard_writes() {
    let scim = service();
    let target = format!("{USERS}/{}", scim.post(USERS, ann()).id());
    let stale = [("if-match", "W/\"9\"")];
    assert_eq!(scim.send(Method::PUT, &target, Some(ann()), &stale).status, 412);
    let fresh = [("if-match", "W/\"1\"")];
    assert_eq!(scim.send(Method::PUT, &target, Some(ann()), &fresh).status, 200);
    let known = [("if-none-match", "W/\"2\"")];
    assert_eq!(scim.send(Method::GET, &target, None, &known).status, 304);
    assert_eq!(scim.send(Method::DELETE, &target, None, &fresh).status, 412);
    assert_eq!(scim.delete(&target).status, 204);
    assert_eq!(scim.get(&target).status, 404);
    scim.clean();
}

#[test]
fn a_taken_user_name_is_a_conflict() {
    let scim = service();
    scim.post(USERS, ann());
    let answer = scim.post(USERS, ann());
    assert_eq!((answer.status, &answer.body["scimType"]), (409, &json!("uniqueness")));
    scim.clean();
}

#[test]
fn projection_takes_paths_of_every_form() {
    let scim = service();
    let target = format!("{USERS}/{}", scim.post(USERS, ann()).id());
    let query = format!("attributes=emails.value,{ENTERPRISE}:department,{CORE}:userName");
    let body = scim.get(&format!("{target}?{query}")).body;
    assert_eq!(body["emails"], json!([{"value": "ann@corp.example"}]));
    assert_eq!(body[ENTERPRISE], json!({"department": "Sales"}));
    assert_eq!(body["userName"], "ann");
    assert!(body["id"].is_string());
    assert_eq!(body.get("name"), None);
    let body = scim.get(&format!("{target}?excludedAttributes=name.givenName,emails,id")).body;
    assert_eq!(body["name"], json!({"familyName": "Lee"}));
    assert_eq!(body.get("emails"), None);
    assert!(body["id"].is_string());
}

#[test]
fn the_token_is_demanded() {
    let scim = Service::with(Vendor::Scim, |options| options.token = Some("other".to_owned()));
    assert_eq!(scim.get(USERS).status, 401);
    let right = [("authorization", "Bearer other")];
    assert_eq!(scim.send(Method::GET, USERS, None, &right).status, 200);
    assert_eq!(scim.send(Method::GET, USERS, None, &[("authorization", "")]).status, 401);
    assert!(scim.sandbox.requests().iter().all(|r| !r.headers.contains_key("authorization")));
}

#[test]
fn discovery_is_answered() {
    let scim = service();
    assert_eq!(scim.get("/scim/v2/ServiceProviderConfig").body["etag"]["supported"], true);
    assert_eq!(scim.get("/scim/v2/ResourceTypes").body["totalResults"], 2);
    assert_eq!(scim.get(&format!("/scim/v2/Schemas/{CORE}")).body["id"], CORE);
    scim.foreign(&scim.get("/scim/v2/users"), 404);
}

#[test]
fn requests_are_remembered_up_to_a_bound() {
    let scim = Service::with(Vendor::Scim, |options| options.remember = 2);
    for n in 0..3 {
        scim.get(&format!("{USERS}/{n}?attributes=id"));
    }
    let paths: Vec<String> = scim.sandbox.requests().into_iter().map(|r| r.path).collect();
    assert_eq!(paths, ["/scim/v2/Users/1", "/scim/v2/Users/2"]);
}
