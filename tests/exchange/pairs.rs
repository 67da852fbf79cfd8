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
