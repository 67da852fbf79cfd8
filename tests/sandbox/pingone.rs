//! PingOne: the page's PUT, the 26 properties, PATCH with paths, 200 results, the refusals.

use scim_gateway::sandbox::Vendor;
use serde_json::{Value, json};

use crate::support::Service;

const USERS: &str = "/environments/abfba8f6-49eb-49f5-a5d9-80ad5c98f9f6/v2/Users";
const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const EXTENSION: &str = "urn:pingidentity:schemas:extension:2.0:PingOneUser";

fn service() -> Service {
    Service::with(Vendor::PingOne, |options| options.hidden = json!({}))
}

fn isabella() -> Value {
    json!({
        "schemas": [CORE, EXTENSION],
        "userName": "tmp-Isabella-Updated",
        "emails": [{"value": "IsabellaOfCastile@example.com", "primary": true}],
    })
}

fn whole() -> Value {
    json!({
        "userName": "alee",
        "active": false,
        "addresses": [{
            "country": "US", "formatted": "1 Way\nAustin", "locality": "Austin",
            "postalCode": "78701", "region": "TX", "streetAddress": "1 Way", "primary": true,
        }],
        "emails": [{"value": "ann.lee@corp.example", "primary": true}],
        "externalId": "a1",
        "locale": "en-US",
        "name": {
            "familyName": "Lee", "formatted": "Ms Ann B Lee II", "givenName": "Ann",
            "honorificPrefix": "Ms", "honorificSuffix": "II", "middleName": "B",
        },
        "nickName": "annie",
        "phoneNumbers": [{"value": "+1.5550100", "type": "primary", "primary": true}],
        "photos": [{"value": "https://img.example/a.png"}],
        "preferredLanguage": "en",
        "timezone": "America/Chicago",
        "title": "CTO",
        EXTENSION: {"population": {"id": "11111111-2222-4333-8444-555555555555"}},
    })
}

#[test]
fn the_documented_replace_answers_the_documented_user() {
    let ping = service();
    let mut first = isabella();
    first["nickName"] = json!("Bella");
    first["active"] = json!(false);
    let created = ping.post(USERS, first);
    assert_eq!((created.status, &created.body["active"]), (201, &json!(false)));
    let answer = ping.put(&format!("{USERS}/{}", created.id()), isabella());
    assert_eq!(answer.status, 200);
    let location = format!("https://scim-api.pingone.com{USERS}/{}", created.id());
    let expected = json!({
        "schemas": [CORE, EXTENSION],
        "id": created.id(),
        "meta": {
            "resourceType": "User",
            "created": "2026-01-01T00:00:00.000Z",
            "lastModified": "2026-01-01T00:00:01.000Z",
            "location": location,
        },
        "userName": "tmp-Isabella-Updated",
        "active": true,
        "emails": [{"value": "IsabellaOfCastile@example.com", "primary": true}],
        EXTENSION: {"population": {"id": "cb3ef0a0-0ff5-4f60-ae82-4ae65d9d0e3a"}},
    });
    assert_eq!(answer.body, expected);
    ping.clean();
}

#[test]
fn every_property_is_stored_and_a_replace_keeps_only_the_population() {
    let ping = service();
    let created = ping.post(USERS, whole());
    for (name, value) in whole().as_object().unwrap() {
        assert_eq!(&created.body[name], value, "{name}");
    }
    let answer = ping.put(&format!("{USERS}/{}", created.id()), json!({"userName": "alee"}));
    assert_eq!(answer.body[EXTENSION], whole()[EXTENSION]);
    for name in ["addresses", "emails", "externalId", "name", "nickName", "photos", "title"] {
        assert_eq!(answer.body.get(name), None, "{name}");
    }
    ping.clean();
}

#[test]
fn patch_is_atomic_and_takes_paths_only() {
    let ping = service();
    let target = format!("{USERS}/{}", ping.post(USERS, whole()).id());
    let population = json!("99999999-2222-4333-8444-555555555555");
    let answer = ping.patch(
        &target,
        json!([
            {"op": "replace", "path": "userName", "value": "ann"},
            {"op": "remove", "path": "nickName"},
            {"op": "add", "path": "name.middleName", "value": "C"},
            {"op": "replace", "path": format!("{EXTENSION}:population.id"), "value": population},
        ]),
    );
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["name"]["middleName"], "C");
    assert_eq!(answer.body["name"]["givenName"], "Ann");
    assert_eq!(answer.body.get("nickName"), None);
    assert_eq!(answer.body[EXTENSION]["population"]["id"], population);
    ping.clean();

    for operation in [
        json!({"op": "replace", "value": {"title": "CEO"}}),
        json!({"op": "Replace", "path": "title", "value": "CEO"}),
        json!({"op": "replace", "path": "emails[type eq \"work\"].value", "value": "a@b.example"}),
        json!({"op": "replace", "path": "displayName", "value": "A"}),
        json!({"op": "replace", "path": "active", "value": "False"}),
        json!({"op": "remove", "path": "userName"}),
    ] {
        let ping = service();
        let target = format!("{USERS}/{}", ping.post(USERS, whole()).id());
        let first = json!({"op": "replace", "path": "title", "value": "changed"});
        ping.foreign(&ping.patch(&target, json!([first, operation])), 400);
        assert_eq!(ping.get(&target).body["title"], "CTO", "{operation}");
    }
}

#[test]
fn what_is_not_documented_is_refused_in_the_platform_s_words() {
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    for (name, value) in [
        ("displayName", json!("A")),
        ("password", json!("secret")),
        (enterprise, json!({"department": "D"})),
        ("emails", json!([{"value": "a@b.example"}, {"value": "c@d.example"}])),
        ("emails", json!("a@b.example")),
        ("active", json!("true")),
        ("schemas", json!([CORE, enterprise])),
        (EXTENSION, json!({"population": {"id": "no uuid"}})),
        ("userName", json!("")),
    ] {
        let ping = service();
        let mut user = whole();
        user[name] = value;
        let answer = ping.post(USERS, user);
        ping.foreign(&answer, 400);
        assert_eq!(answer.body["code"], "INVALID_DATA", "{name}");
        assert_eq!(answer.headers["correlation-id"], answer.id().as_str());
    }
}

#[test]
fn a_taken_user_name_is_invalid_data_with_a_detail() {
    let ping = service();
    ping.post(USERS, whole());
    let answer = ping.post(USERS, whole());
    assert_eq!((answer.status, &answer.body["code"]), (400, &json!("INVALID_DATA")));
    assert_eq!(answer.body["details"][0]["code"], "UNIQUENESS_VIOLATION");
    ping.clean();
}

#[test]
fn other_paths_and_environments_are_not_there() {
    let ping = service();
    for path in [
        USERS.replace("/Users", "/Groups"),
        USERS.replace("/Users", "/users"),
        USERS.replace("abfba8f6", "00000000"),
        "/scim/v2/Users".to_owned(),
    ] {
        let answer = ping.get(&path);
        assert_eq!((answer.status, &answer.body["code"]), (404, &json!("NOT_FOUND")), "{path}");
    }
    assert_eq!(ping.sandbox.foreign().len(), 4);
    assert_eq!(ping.get(&format!("{USERS}/no-uuid")).body["code"], "NOT_FOUND");
}

#[test]
fn lists_end_at_200_and_have_no_pages() {
    let ping = service();
    for n in 0..201 {
        ping.sandbox.seed(json!({"userName": format!("u{n}"), "active": true}));
    }
    let all = ping.get(&format!("{USERS}?count=500")).body;
    assert_eq!(all["Resources"].as_array().unwrap().len(), 200);
    assert_eq!((&all["totalResults"], all.get("startIndex")), (&json!(201), None));
    ping.clean();
    ping.foreign(&ping.get(&format!("{USERS}?startIndex=2")), 400);
    let capped = Service::with(Vendor::PingOne, |options| options.pingone_capped_total = true);
    capped.sandbox.seed(json!({"userName": "a"}));
    capped.sandbox.seed(json!({"userName": "b"}));
    assert_eq!(capped.get(&format!("{USERS}?count=1")).body["totalResults"], 1);
}

#[test]
fn searches_take_the_platform_s_filters() {
    let ping = service();
    ping.post(USERS, whole());
    ping.post(USERS, isabella());
    let search = format!("{USERS}/.search");
    for (filter, expected) in [
        ("emails ew \"@corp.example\"", 1),
        ("userName eq \"ALEE\"", 1),
        ("userName sw \"tmp\" or name.familyName eq \"lee\"", 2),
        ("active eq false and title co \"T\"", 1),
        ("userName eq \"nobody\"", 0),
    ] {
        let answer = ping.post(&search, json!({"filter": filter, "count": 50}));
        assert_eq!(answer.body["totalResults"], expected, "{filter}");
    }
    assert_eq!(ping.post(&search, json!({})).body["totalResults"], 2);
    ping.clean();
    for filter in ["not (userName eq \"a\")", "userName pr", "displayName eq \"a\"", "userName eq"]
    {
        let ping = service();
        ping.foreign(&ping.post(&search, json!({"filter": filter})), 400);
    }
}

#[test]
fn hidden_attributes_are_returned_and_reset_by_a_replace() {
    let ping = Service::new(Vendor::PingOne);
    let created = ping.post(USERS, isabella());
    assert_eq!(created.body["preferredLanguage"], "fr");
    ping.sandbox.hidden_unchanged().unwrap();
    ping.put(&format!("{USERS}/{}", created.id()), isabella());
    let lost = ping.sandbox.hidden_unchanged_at(&["locale"]).unwrap_err();
    assert!(lost.contains("locale"), "{lost}");
}
