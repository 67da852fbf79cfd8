//! What is only carried arrives as it was sent: numbers by their text, values under free keys, names
//! that nobody lists (docs/semantics.md 1.2), and how much one attribute may hold.

use serde_json::{Value as Json, json};

use crate::harness::{body, spec};
use crate::scripted::{Line, answer};

const EXTENSION: &str = "urn:acme:ext:2.0:User";

/// An extension that no schema lists, with all that must not be touched.
const FREE: &str = r#"{"Region":"EU","region":"eu","n":[12345678901234567.5,9007199254740993.0,0.10,1e400,-0,1E5,9007199254740993],"gap":[1,null,2],"deep":[[],[1],{},{"a":null,"A":[]}],"text":""}"#;

fn stored(more: &str) -> String {
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","{EXTENSION}"],"id":"1","userName":"ann",{more}"{EXTENSION}":{FREE}}}"#
    )
}

fn text(outcome: &scim_gateway::exchange::Outcome) -> String {
    String::from_utf8(outcome.response.body.to_vec()).unwrap()
}

// An answer with such values is readable and shown as it is, alone and in a list.
#[tokio::test]
async fn free_values_and_numbers_of_an_answer_are_shown_as_they_are() {
    for client in ["scim", "scimmy"] {
        let line = Line::new(client, "scim", |_, request| {
            if request.path.ends_with("/1") {
                return answer(200, &[("content-type", "application/scim+json")], &stored(""));
            }
            let list = format!(
                r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":1.0,"startIndex":1,"itemsPerPage":1,"Resources":[{}]}}"#,
                stored("")
            );
            answer(200, &[("content-type", "application/scim+json")], &list)
        });
        for path in ["/Users/1", "/Users"] {
            let outcome = line.send("GET", path, &[], b"").await;
            assert_eq!(outcome.response.status, 200, "{client} {path}: {}", text(&outcome));
            let shown = text(&outcome).contains(&format!(r#""{EXTENSION}":{FREE}"#));
            assert_eq!(shown, client == "scim", "{client} {path}: {}", text(&outcome));
        }
    }
}

// What a client sends of them goes up as it is, by POST, PUT and PATCH.
#[tokio::test]
async fn free_values_and_numbers_of_a_request_are_sent_as_they_are() {
    let line = Line::new("scim", "scim", |_, request| {
        let status = if request.method == "POST" { 201 } else { 200 };
        let other = format!(r#"{{"id":"1","userName":"ann","{EXTENSION}":{{"other":1}}}}"#);
        answer(status, &[("content-type", "application/scim+json")], &other)
    });
    let user = stored("");
    let patch = format!(
        r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{{"op":"add","path":"{EXTENSION}:fresh","value":{FREE}}}]}}"#
    );
    let members: Vec<&str> = vec![
        r#""EU""#,
        r#""eu""#,
        "[12345678901234567.5,9007199254740993.0,0.10,1e400,-0,1E5,9007199254740993]",
        "[1,null,2]",
        r#"[[],[1],{},{"a":null,"A":[]}]"#,
    ];
    for (method, path, body) in
        [("POST", "/Users", &user), ("PUT", "/Users/1", &user), ("PATCH", "/Users/1", &patch)]
    {
        let headers = [("content-type", "application/json")];
        let outcome = line.send(method, path, &headers, body.as_bytes()).await;
        assert!(outcome.response.status.is_success(), "{method}: {}", text(&outcome));
        let calls = line.calls();
        let written = calls.iter().rev().find(|call| call.method != "GET").unwrap();
        let written = String::from_utf8(written.body.to_vec()).unwrap();
        for member in &members {
            assert!(written.contains(member), "{method}: {member} is not in {written}");
        }
    }
}

// Where the schema or the message lists the name, two spellings are still a mistake.
#[tokio::test]
async fn a_listed_name_in_two_spellings_is_refused() {
    let line = Line::new("scim", "scim", |_, _| {
        let twice = stored(r#""active":true,"ACTIVE":false,"#);
        answer(200, &[("content-type", "application/scim+json")], &twice)
    });
    let outcome = line.send("GET", "/Users/1", &[], b"").await;
    assert_eq!(outcome.response.status, 502, "{}", text(&outcome));
    for (method, path, sent) in [
        ("POST", "/Users", r#"{"userName":"a","USERNAME":"b"}"#),
        ("POST", "/Users", r#"{"userName":"a","SCHEMAS":[],"schemas":[]}"#),
        ("POST", "/Users", r#"{"userName":"a","name":{"givenName":"x","GivenName":"y"}}"#),
        ("POST", "/Users", r#"{"userName":"a","emails":[{"value":"x","VALUE":"y"}]}"#),
        ("PUT", "/Users/1", r#"{"userName":"a","active":true,"Active":false}"#),
        (
            "PATCH",
            "/Users/1",
            r#"{"Operations":[{"op":"add","path":"title","value":"x"}],"operations":[]}"#,
        ),
        (
            "PATCH",
            "/Users/1",
            r#"{"Operations":[{"op":"add","OP":"remove","path":"title","value":"x"}]}"#,
        ),
        (
            "PATCH",
            "/Users/1",
            r#"{"Operations":[{"op":"replace","value":{"active":true,"ACTIVE":false}}]}"#,
        ),
        (
            "PATCH",
            "/Users/1",
            r#"{"Operations":[{"op":"replace","path":"name","value":{"givenName":"x","GIVENNAME":"y"}}]}"#,
        ),
        ("POST", "/Users/.search", r#"{"filter":"title pr","FILTER":"active eq true"}"#),
    ] {
        let calls = line.calls().len();
        let outcome =
            line.send(method, path, &[("content-type", "application/json")], sent.as_bytes()).await;
        assert_eq!(outcome.response.status, 400, "{method} {sent}: {}", text(&outcome));
        assert_eq!(line.calls().len(), calls, "{method} {sent}");
    }
}

// `limits.elements`, nested too and in every method; an upstream's answer has no such bound.
#[tokio::test]
async fn a_client_sends_so_many_values_of_one_attribute_and_no_more() {
    let mut bounded = spec("scim", "scim");
    bounded.policies.max_elements = 50;
    let line = Line::with(bounded, |_, request| {
        let members: Vec<Json> = (0..500).map(|n| json!({"value": n.to_string()})).collect();
        let group = json!({"id": "1", "displayName": "g", "members": members});
        let status = if request.method == "POST" { 201 } else { 200 };
        answer(status, &[("content-type", "application/scim+json")], &group.to_string())
    });
    let outcome = line.send("GET", "/Groups/1", &[], b"").await;
    assert_eq!(body(&outcome)["members"].as_array().map(Vec::len), Some(500));
    let members = |count: usize| -> Vec<Json> {
        (0..count).map(|n| json!({"value": format!("m{n}")})).collect()
    };
    let patch =
        |value: Json| json!({"Operations": [{"op": "add", "path": "members", "value": value}]});
    #[expect(clippy::type_complexity, reason = "said once, and just here")]
    let requests: [(&str, &str, &dyn Fn(usize) -> Json); 4] = [
        ("POST", "/Groups", &|n| json!({"displayName": "g", "members": members(n)})),
        ("PUT", "/Groups/1", &|n| json!({"displayName": "g", "members": members(n)})),
        ("PATCH", "/Groups/1", &|n| patch(json!(members(n)))),
        ("POST", "/Users", &|n| json!({"userName": "u", EXTENSION: {"a": {"b": vec![1; n]}}})),
    ];
    for (method, path, sent) in requests {
        let headers = [("content-type", "application/json")];
        let calls = line.calls().len();
        let outcome = line.send(method, path, &headers, sent(51).to_string().as_bytes()).await;
        assert_eq!(outcome.response.status, 400, "{method} {path}: {}", text(&outcome));
        assert_eq!(body(&outcome)["scimType"], "invalidValue", "{method} {path}");
        assert!(text(&outcome).contains("more than 50 values"), "{}", text(&outcome));
        assert_eq!(line.calls().len(), calls, "{method} {path}");
        let outcome = line.send(method, path, &headers, sent(50).to_string().as_bytes()).await;
        assert_ne!(outcome.response.status, 400, "{method} {path}: {}", text(&outcome));
        assert!(line.calls().len() > calls, "{method} {path}");
    }
}
