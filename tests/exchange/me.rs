//! `/Me` (RFC 7644 section 3.11): translated like the resource that it is, where the upstream has it.

use http::Method;
use serde_json::json;

use crate::harness::{Bench, body};
use crate::scripted::{Line, answer};

const ID: &str = "5b2c7d4e-3a0f-4a52-9d1c-3f1f6a2b9c11";

fn bench(client: &str) -> Bench {
    let bench = Bench::with(client, "scim", |_, options| options.scim_me = Some(ID.to_owned()));
    bench.sandbox.seed(json!({"id": ID, "userName": "me@corp.example", "displayName": "Me",
        "active": true, "emails": [{"value": "me@corp.example", "type": "work", "primary": true}]}));
    bench
}

fn wrote(bench: &Bench) -> Vec<String> {
    let asked = bench.sandbox.requests();
    asked
        .iter()
        .map(|r| format!("{} {}", r.method, r.path.trim_start_matches("/scim/v2")))
        .collect()
}

#[tokio::test]
async fn the_alias_is_translated_and_the_answer_names_the_resource() {
    for client in ["scim", "descope", "omni"] {
        let bench = bench(client);
        let shown = bench.send(Method::GET, "/Me", None).await;
        assert_eq!(shown.response.status, 200, "{client} {:?}", shown.record.fault);
        let location = format!("https://gateway.example{}", bench.location(ID));
        assert_eq!(shown.response.headers["location"], location.as_str(), "{client}");
        let answer = body(&shown);
        let user = answer.get("user").unwrap_or(&answer);
        assert_eq!((&user["id"], &user["userName"]), (&json!(ID), &json!("me@corp.example")));
        assert_eq!(wrote(&bench), ["GET /Me"], "{client}");
    }
}

#[tokio::test]
async fn it_is_replaced_over_what_it_has_and_patched_and_deleted() {
    let bench = bench("descope");
    let update = json!({"userId": ID, "userName": "me@corp.example", "displayName": "Myself",
        "emails": [{"value": "me@corp.example", "type": "work", "primary": true}], "active": true});
    let put = bench.send(Method::PUT, "/Me", Some(&update)).await;
    assert_eq!(put.response.status, 200, "{:?}", put.record.fault);
    assert_eq!(bench.sandbox.users()[0]["displayName"], "Myself");
    // What was written is recorded by the id that the answer named.
    let written = put.record.writes[0].subject.as_ref().map(|subject| subject.reveal());
    assert_eq!(written, Some(ID));
    // What is hidden is read by the alias too; every call is to it.
    assert!(wrote(&bench).iter().all(|call| call.ends_with(" /Me")), "{:?}", wrote(&bench));
    assert!(wrote(&bench).iter().any(|call| call.starts_with("PATCH")));

    let bench = self::bench("scim");
    let patch = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "displayName", "value": "I"}]});
    let patched = bench.send(Method::PATCH, "/Me", Some(&patch)).await;
    // Whose lock it is only the upstream knows.
    let calls = vec!["GET /Me".to_owned(), "PATCH /Me".to_owned()];
    assert_eq!((patched.response.status.as_u16(), wrote(&bench)), (200, calls));
    assert_eq!(body(&patched)["displayName"], "I");
    assert!(patched.response.headers["location"].to_str().unwrap().ends_with(ID));
    let gone = bench.send(Method::DELETE, "/Me", None).await;
    assert_eq!(gone.response.status, 204);
    assert!(bench.sandbox.users().is_empty());
    let after = bench.send(Method::GET, "/Me", None).await;
    assert_eq!(after.response.status, 404);
}

#[tokio::test]
async fn where_the_upstream_has_none_it_is_not_implemented() {
    for upstream in ["omni", "pingone", "descope", "scimmy"] {
        let line = Line::new("scim", upstream, |_, _| answer(200, &[], "{}"));
        for method in ["GET", "PUT", "PATCH", "DELETE", "POST"] {
            let refused = line.send(method, "/Me", &[], b"{}").await;
            assert_eq!(refused.response.status, 501, "{upstream} {method}");
        }
        assert!(line.calls().is_empty());
    }
    // A plain server may do without, and says so; and an answer that is nobody's is none.
    let bench = Bench::new("scim", "scim");
    let refused = bench.send(Method::GET, "/Me", None).await;
    assert_eq!((refused.response.status.as_u16(), refused.record.calls.len()), (501, 1));
    let nobody = Line::new("scim", "scim", |_, _| answer(200, &[], r#"{"userName": "a"}"#));
    assert_eq!(nobody.send("GET", "/Me", &[], b"").await.response.status, 502);
}

#[tokio::test]
async fn it_is_no_operation_of_a_bulk_request() {
    let bench = bench("scim");
    let bulk = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [{"method": "DELETE", "path": "/Me"}]});
    let answer = body(&bench.send(Method::POST, "/Bulk", Some(&bulk)).await);
    assert_eq!(answer["Operations"][0]["status"], "400", "{answer}");
    assert_eq!(bench.sandbox.users().len(), 1);
}
