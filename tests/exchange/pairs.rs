//! Every client against every upstream: create, read, look up, replace, patch, delete.

use http::Method;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, body, users_of};

const DIALECTS: [&str; 4] = ["scim", "omni", "pingone", "descope"];

fn user(client: &str) -> Json {
    match client {
        "omni" => json!({"userName": "ann@corp.example", "displayName": "Ann Lee"}),
        "pingone" => json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": "ann@corp.example",
            "emails": [{"value": "ann@corp.example", "primary": true}]
        }),
        "descope" => json!({
            "displayName": "Ann Lee", "userName": "ann@corp.example",
            "emails": [{"value": "ann@corp.example", "primary": true, "type": "work"}]
        }),
        _ => json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": "ann@corp.example", "displayName": "Ann Lee",
            "name": {"givenName": "Ann", "familyName": "Lee"},
            "emails": [{"value": "ann@corp.example", "primary": true, "type": "work"}]
        }),
    }
}

fn inner(answer: &Json) -> &Json {
    answer.get("user").unwrap_or(answer)
}

#[tokio::test]
async fn every_pair_lives_through_a_users_life() {
    for client in DIALECTS {
        for upstream in DIALECTS {
            let pair = format!("{client} -> {upstream}");
            let bench = Bench::new(client, upstream);
            let users = &format!("/{}", users_of(client));
            let made = bench.send(Method::POST, users, Some(&user(client))).await;
            assert_eq!(made.response.status, 201, "{pair} {:?} {}", made.record.fault, body(&made));
            let made = body(&made);
            let id = inner(&made)["id"].as_str().expect("an id").to_owned();
            let at = format!("{users}/{id}");

            let read = bench.send(Method::GET, &at, None).await;
            assert_eq!(read.response.status, 200, "{pair} {:?}", read.record.fault);
            assert_eq!(inner(&body(&read))["userName"], "ann@corp.example", "{pair}");

            let found = bench
                .send(
                    Method::GET,
                    &format!("{users}?filter=userName%20eq%20%22ann%40corp.example%22"),
                    None,
                )
                .await;
            assert_eq!(found.response.status, 200, "{pair} {:?}", found.record.fault);
            assert_eq!(body(&found)["totalResults"], 1, "{pair}");

            let mut changed = inner(&body(&read)).clone();
            changed["userName"] = json!("bo@corp.example");
            changed.as_object_mut().expect("an object").remove("detail");
            let put = bench.send(Method::PUT, &at, Some(&changed)).await;
            assert_eq!(put.response.status, 200, "{pair} {:?}", put.record.fault);
            assert_eq!(inner(&body(&put))["userName"], "bo@corp.example", "{pair}");

            let patch = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": [{"op": "replace", "value": {"active": false}}]
            });
            let patched = bench.send(Method::PATCH, &at, Some(&patch)).await;
            assert_eq!(patched.response.status, 200, "{pair} {:?}", patched.record.fault);
            assert_eq!(inner(&body(&patched))["active"], false, "{pair}");

            let gone = bench.send(Method::DELETE, &at, None).await;
            assert!(gone.response.status.is_success(), "{pair} {:?}", gone.record.fault);
            let read = bench.send(Method::GET, &at, None).await;
            assert_eq!(read.response.status, 404, "{pair}");
        }
    }
}

/// A removal of `active` must not enable a disabled account, which the vendor's PUT without it does.
#[tokio::test]
async fn what_is_disabled_is_not_enabled_by_a_removal() {
    for upstream in ["omni", "pingone"] {
        let bench = Bench::new("scim", upstream);
        let made = bench.send(Method::POST, "/Users", Some(&user("scim"))).await;
        let at = format!("/Users/{}", body(&made)["id"].as_str().expect("an id"));
        let off = json!({"Operations": [{"op": "replace", "path": "active", "value": false}]});
        bench.send(Method::PATCH, &at, Some(&off)).await;

        for value in [
            json!({"op": "remove", "path": "active"}),
            json!({"op": "replace", "value": {"active": null}}),
        ] {
            let patch = json!({"Operations": [value]});
            let refused = bench.send(Method::PATCH, &at, Some(&patch)).await;
            assert_eq!(refused.response.status, 400, "{upstream} {}", body(&refused));
            assert_eq!(body(&refused)["scimType"], "mutability", "{upstream}");
        }
        let mut null = body(&bench.send(Method::GET, &at, None).await);
        null["active"] = Json::Null;
        let put = bench.send(Method::PUT, &at, Some(&null)).await;
        assert_eq!(put.response.status, 200, "{upstream} {}", body(&put));
        let read = body(&bench.send(Method::GET, &at, None).await);
        assert_eq!(read["active"], false, "{upstream}");
    }
}

/// Descope unsets by an empty text: removed means absent, not empty.
#[tokio::test]
async fn what_was_removed_is_not_there() {
    let bench = Bench::new("scim", "descope");
    let made = bench.send(Method::POST, "/Users", Some(&user("scim"))).await;
    let at = format!("/Users/{}", body(&made)["id"].as_str().expect("an id"));
    let patch = json!({"Operations": [
        {"op": "remove", "path": "displayName"}, {"op": "remove", "path": "name.givenName"},
    ]});
    let changed = bench.send(Method::PATCH, &at, Some(&patch)).await;
    assert_eq!(changed.response.status, 200, "{}", body(&changed));
    let read = body(&bench.send(Method::GET, &at, None).await);
    assert_eq!(read.get("displayName"), None);
    assert_eq!(read["name"], json!({"familyName": "Lee"}));
}

/// /Schemas says what the upstream demands, not what the client's own schema would take.
#[tokio::test]
async fn the_schemas_name_the_formats_of_the_upstream() {
    let bench = Bench::new("scim", "omni");
    let urn = "urn:ietf:params:scim:schemas:core:2.0:User";
    let core = body(&bench.send(Method::GET, &format!("/Schemas/{urn}"), None).await);
    let attributes = core["attributes"].as_array().expect("attributes");
    let name = attributes.iter().find(|it| it["name"] == "userName").expect("userName");
    let said = name["description"].as_str().expect("a description");
    assert!(said.ends_with("An e-mail address."), "{said}");
}
