//! Every POST and PUT shape that identity providers send (Okta, Entra, OneLogin, Google), against
//! every upstream: what is stored, and that nothing is said upstream that was not said here.

use http::Method;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, body};

const UPSTREAMS: [&str; 4] = ["scim", "omni", "pingone", "descope"];
const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn bench(upstream: &str) -> Bench {
    Bench::with("scim", upstream, |_, options| {
        options.hidden = match upstream {
            "omni" => json!({"urn:omni:params:1.0:UserAttribute": {"internal_note": "keep"}}),
            // A client that knows all of RFC 7643 sees all that PingOne has but this.
            "pingone" => json!({"urn:pingidentity:schemas:extension:2.0:PingOneUser":
                {"population": {"id": "cb3ef0a0-0ff5-4f60-ae82-4ae65d9d0e3a"}}}),
            "descope" => json!({"attributes": {"tier": "gold"}}),
            _ => json!({
                "urn:example:params:scim:schemas:extension:hidden:2.0:User": {"badge": "B-7"}
            }),
        };
    })
}

/// Creates a user and tells what the upstream received and what it stored.
async fn create(upstream: &str, user: &Json) -> (Json, Json) {
    let bench = bench(upstream);
    let made = bench.send(Method::POST, "/Users", Some(user)).await;
    assert_eq!(made.response.status, 201, "{upstream} {user} {:?}", made.record.fault);
    let received = bench.sandbox.requests();
    assert_eq!(received.len(), 1, "{upstream} {user}");
    let sent = serde_json::from_slice(&received[0].body).expect("JSON");
    (sent, bench.sandbox.users()[0].clone())
}

#[tokio::test]
async fn nulls_and_empty_values_in_a_create_say_nothing() {
    let user = json!({
        "schemas": [CORE, ENTERPRISE],
        "userName": "ann@corp.example", "displayName": "Ann", "nickName": null, "name": null,
        "roles": [], "emails": [], "groups": [], "addresses": [{"type": "work", "formatted": null}],
        ENTERPRISE: {"department": null, "manager": null}
    });
    for upstream in UPSTREAMS {
        let (sent, _) = create(upstream, &user).await;
        for name in ["nickName", "name", "roles", "emails", "groups", ENTERPRISE] {
            assert_eq!(sent.get(name), None, "{upstream}: {sent}");
        }
    }
}

#[tokio::test]
async fn schemas_decide_nothing() {
    let odd = [
        json!([CORE, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"]),
        json!([CORE, "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"]),
        json!(["urn:scim:schemas:core:1.0", CORE]),
        json!([]),
        Json::Null,
    ];
    for schemas in odd {
        for upstream in UPSTREAMS {
            let user = json!({
                "schemas": schemas, "userName": "ann@corp.example", "displayName": "Ann",
                ENTERPRISE: {"department": "R&D"}
            });
            let (_, stored) = create(upstream, &user).await;
            let kept = if upstream == "scim" { json!("R&D") } else { Json::Null };
            assert_eq!(stored[ENTERPRISE]["department"], kept, "{upstream} {schemas}");
        }
    }
}

#[tokio::test]
async fn loose_types_are_taken_for_what_is_meant() {
    let user = json!({
        "schemas": [CORE, ENTERPRISE],
        "userName": "ann@corp.example", "displayName": "Ann", "active": "True",
        "emails": {"value": "ann@corp.example", "type": "work", "primary": "true"},
        ENTERPRISE: {"manager": "26118915"}
    });
    for upstream in UPSTREAMS {
        let (sent, stored) = create(upstream, &user).await;
        assert_eq!(stored["active"], true, "{upstream}");
        if upstream == "scim" {
            assert_eq!(sent[ENTERPRISE]["manager"], json!({"value": "26118915"}));
        }
        if upstream != "omni" {
            assert_eq!(sent["emails"][0]["value"], "ann@corp.example", "{upstream}");
            assert_eq!(sent["emails"][0]["primary"], true, "{upstream}");
        }
    }
}

#[tokio::test]
async fn oktas_stock_create_is_taken() {
    let user = json!({
        "schemas": [CORE], "userName": "ann@corp.example", "externalId": "00uann",
        "name": {"givenName": "Ann", "familyName": "Lee"}, "displayName": "Ann Lee",
        "emails": [{"primary": true, "value": "ann@corp.example", "type": "work"}],
        "locale": "en-US", "groups": [], "password": "1mz050nq", "active": true
    });
    for upstream in UPSTREAMS {
        let (sent, _) = create(upstream, &user).await;
        let password = if upstream == "scim" { json!("1mz050nq") } else { Json::Null };
        assert_eq!(sent["password"], password, "{upstream}: {sent}");
        assert_eq!(sent.get("groups"), None, "{upstream}: {sent}");
    }
}

/// Okta's update: GET, then PUT of the whole object with what is readOnly in it.
#[tokio::test]
async fn a_whole_object_goes_back_and_changes_only_what_changed() {
    let user = json!({
        "schemas": [CORE], "userName": "ann@corp.example", "displayName": "Ann Lee",
        "name": {"givenName": "Ann", "familyName": "Lee"}, "active": true,
        "emails": [{"primary": true, "value": "ann@corp.example", "type": "work"}]
    });
    for upstream in UPSTREAMS {
        let bench = bench(upstream);
        let made = bench.send(Method::POST, "/Users", Some(&user)).await;
        let at = format!("/Users/{}", body(&made)["id"].as_str().expect("an id"));
        let mut whole = body(&bench.send(Method::GET, &at, None).await);
        whole["groups"] = json!([{"value": "g1", "display": "Painters"}]);
        let stored = bench.sandbox.users()[0].clone();

        let before = bench.sandbox.requests().len();
        let same = bench.send(Method::PUT, &at, Some(&whole)).await;
        assert_eq!(same.response.status, 200, "{upstream} {:?}", same.record.fault);
        assert_eq!(bench.sandbox.users()[0], stored, "{upstream}");
        let calls = bench.sandbox.requests().split_off(before);
        assert!(calls.iter().all(|call| call.method == Method::GET), "{upstream}");

        whole["userName"] = json!("bo@corp.example");
        let put = bench.send(Method::PUT, &at, Some(&whole)).await;
        assert_eq!(put.response.status, 200, "{upstream} {:?}", put.record.fault);
        let mut now = bench.sandbox.users()[0].clone();
        assert_eq!(now["userName"], "bo@corp.example", "{upstream}");
        let mut then = stored.clone();
        for user in [&mut now, &mut then] {
            let user = user.as_object_mut().expect("an object");
            // Omni computes the address from the user name.
            let derived = if upstream == "omni" { "emails" } else { "meta" };
            user.retain(|name, _| !["userName", "meta", derived].contains(&name.as_str()));
        }
        assert_eq!(now, then, "{upstream}");
    }
}

/// What an omitted, a `null` and an empty title come to; `active` that is omitted stays.
#[tokio::test]
async fn absent_null_and_empty_are_told_apart() {
    let user = |title: Option<Json>| {
        let mut user = json!({
            "schemas": [CORE], "userName": "ann@corp.example", "displayName": "Ann Lee",
            "emails": [{"primary": true, "value": "ann@corp.example", "type": "work"}]
        });
        if let Some(title) = title {
            user["title"] = title;
        }
        user
    };
    for upstream in ["scim", "pingone", "descope"] {
        // Descope unsets by an empty value.
        let gone = if upstream == "descope" { json!("") } else { Json::Null };
        for (said, wanted) in [
            (None, gone.clone()),
            (Some(Json::Null), gone.clone()),
            (Some(json!("")), json!("")),
            (Some(json!("Lead")), json!("Lead")),
        ] {
            let bench = bench(upstream);
            let mut first = user(Some(json!("Engineer")));
            first["active"] = json!(false);
            let made = bench.send(Method::POST, "/Users", Some(&first)).await;
            let at = format!("/Users/{}", body(&made)["id"].as_str().expect("an id"));
            let put = bench.send(Method::PUT, &at, Some(&user(said.clone()))).await;
            assert_eq!(put.response.status, 200, "{upstream} {said:?} {:?}", put.record.fault);
            let stored = &bench.sandbox.users()[0];
            assert_eq!(stored["title"], wanted, "{upstream} {said:?}");
            assert_eq!(stored["active"], false, "{upstream} {said:?}");
        }
    }
}
