//! Versions: a client's `If-Match` and `If-None-Match`, and what the gateway demands of its own
//! writes (RFC 7644 section 3.14, docs/semantics.md 11).

use http::{Method, StatusCode};
use scim_gateway::exchange::Outcome;
use scim_gateway::fault::Cause;
use scim_gateway::gateway::RouteSpec;
use scim_gateway::scim::http::Request;
use scim_gateway::scim::schema::{Operation, Operations};
use serde_json::json;

use crate::harness::{Bench, body, spec};
use crate::scripted::{Line, answer};
use crate::told::shaped;

pub const PATCH: &str = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations":[{"op":"replace","path":"emails[type eq \"work\"].value","value":"b@a.example"}]}"#;

/// A PATCH that the upstream takes as it is.
pub const PLAIN: &str = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations":[{"op":"replace","path":"displayName","value":"B"}]}"#;

pub fn user(name: &str) -> String {
    json!({"id": "7", "userName": "a@a.example", "displayName": name,
        "meta": {"version": "W/\"in-meta\""},
        "emails": [{"value": "a@a.example", "type": "work", "primary": true}]})
    .to_string()
}

pub fn if_match(request: &Request) -> Option<&str> {
    request.headers.get("if-match").map(|value| value.to_str().unwrap())
}

pub fn cause(outcome: &Outcome) -> Option<Cause> {
    outcome.record.fault.as_ref().map(|fault| fault.cause)
}

/// An upstream at version `n` after `n` reads, which refuses the first `refused` writes.
fn racing(refused: usize) -> Line {
    Line::new("scim", "scim", move |number, request| {
        let tag = format!("W/\"{}\"", number / 2);
        match request.method == Method::GET {
            true => answer(200, &[("etag", &tag)], &user("A")),
            false if number / 2 < refused => answer(412, &[], "{}"),
            false => answer(200, &[("etag", "W/\"new\"")], &user("B")),
        }
    })
}

#[tokio::test]
async fn an_emulated_write_is_over_the_version_that_was_read() {
    let line = racing(0);
    let outcome = line.send("PATCH", "/Users/7", &[], PATCH.as_bytes()).await;
    assert_eq!(outcome.response.status, 200, "{:?}", outcome.record.fault);
    assert_eq!(line.calls().iter().map(if_match).collect::<Vec<_>>(), [None, Some("W/\"0\"")]);
    // The header is the truth, in the answer's header and in its body.
    assert_eq!(outcome.response.headers["etag"], "W/\"new\"");
    assert_eq!(body(&outcome)["meta"]["version"], "W/\"new\"");
}

#[tokio::test]
async fn who_is_outpaced_once_plans_again_over_the_new_version() {
    let line = racing(1);
    let outcome = line.send("PATCH", "/Users/7", &[], PATCH.as_bytes()).await;
    assert_eq!(outcome.response.status, 200, "{:?}", outcome.record.fault);
    let demands: Vec<Option<String>> =
        line.calls().iter().map(|call| if_match(call).map(str::to_owned)).collect();
    let tag = |tag: &str| Some(tag.to_owned());
    assert_eq!(demands, [None, tag("W/\"0\""), None, tag("W/\"1\"")]);
}

#[tokio::test]
async fn who_is_outpaced_twice_is_told_to_come_back() {
    for (method, sent) in [("PATCH", PATCH.to_owned()), ("PUT", user("C"))] {
        let line = racing(9);
        let outcome = line.send(method, "/Users/7", &[], sent.as_bytes()).await;
        assert_eq!(outcome.response.status, 503, "{method} {:?}", outcome.record.fault);
        assert_eq!(outcome.response.headers["retry-after"], "1");
        assert_eq!(cause(&outcome), Some(Cause::Busy));
        assert_eq!(line.calls().len(), 4);
    }
}

#[tokio::test]
async fn a_client_that_names_a_version_is_told_that_it_changed() {
    // Between the read and the write, once: the client's version is gone then.
    let line = racing(1);
    let headers = [("if-match", "W/\"0\"")];
    let outcome = line.send("PATCH", "/Users/7", &headers, PATCH.as_bytes()).await;
    assert_eq!(outcome.response.status, 412);
    assert_eq!(cause(&outcome), Some(Cause::PreconditionFailed));
    assert_eq!(line.calls().len(), 3, "the new version is read and not written over");
    // Every time, with a version that stays.
    let line = Line::new("scim", "scim", |_, request| match request.method == Method::GET {
        true => answer(200, &[("etag", "\"same\"")], &user("A")),
        false => answer(412, &[], "{}"),
    });
    let headers = [("if-match", "\"other\", W/\"same\"")];
    let outcome = line.send("PATCH", "/Users/7", &headers, PATCH.as_bytes()).await;
    assert_eq!((outcome.response.status, line.calls().len()), (StatusCode::PRECONDITION_FAILED, 4));
}

#[tokio::test]
async fn a_stale_version_is_refused_before_the_write() {
    for (method, sent) in [("PATCH", PATCH.to_owned()), ("PUT", user("C"))] {
        let line = racing(0);
        let headers = [("if-match", "W/\"stale\"")];
        let outcome = line.send(method, "/Users/7", &headers, sent.as_bytes()).await;
        assert_eq!(outcome.response.status, 412, "{method}");
        assert_eq!(line.calls().len(), 1, "{method}");
    }
}

#[tokio::test]
async fn a_direct_write_hands_the_version_on_where_the_dialect_says_so() {
    let compares = Operations::of(&[Operation::Patch, Operation::Delete]);
    let spec = shaped(|resource| resource.if_match = compares);
    let line = Line::with(spec, |_, request| match request.method == Method::DELETE {
        true => answer(204, &[], ""),
        false => answer(200, &[], &user("B")),
    });
    let headers = [("if-match", "W/\"1\"")];
    line.send("PATCH", "/Users/7", &headers, PLAIN.as_bytes()).await;
    line.send("DELETE", "/Users/7", &headers, b"").await;
    assert_eq!(line.calls().iter().map(if_match).collect::<Vec<_>>(), [Some("W/\"1\""); 2]);
}

#[tokio::test]
async fn an_upstream_without_versions_is_not_asked_to_compare_them() {
    for upstream in ["omni", "pingone", "descope"] {
        for method in ["PUT", "PATCH", "DELETE"] {
            let sent = if method == "PUT" { user("A") } else { PLAIN.to_owned() };
            let line = Line::new("scim", upstream, |_, _| answer(200, &[], &user("A")));
            let headers = [("if-match", "W/\"1\"")];
            let outcome = line.send(method, "/Users/7", &headers, sent.as_bytes()).await;
            assert_eq!(outcome.response.status, 501, "{method} {upstream}");
            assert!(line.calls().is_empty(), "{method} {upstream}");
        }
        let line = Line::new("scim", upstream, |_, _| answer(204, &[], ""));
        let outcome = line.send("DELETE", "/Users/7", &[("if-match", "*")], b"").await;
        assert!(outcome.response.status.is_success(), "{upstream}");
        assert_eq!(if_match(&line.calls()[0]), None, "{upstream}");
    }
}

#[tokio::test]
async fn an_upstream_that_should_name_a_version_and_does_not_is_not_written_over() {
    let line = Line::new("scim", "scim", |_, _| answer(200, &[], &user("A")));
    let headers = [("if-match", "W/\"in-meta\"")];
    let outcome = line.send("PATCH", "/Users/7", &headers, PATCH.as_bytes()).await;
    assert_eq!((outcome.response.status, line.calls().len()), (StatusCode::NOT_IMPLEMENTED, 1));
}

#[tokio::test]
async fn a_version_that_the_client_has_is_not_sent_again() {
    let line = racing(0);
    let outcome = line.send("GET", "/Users/7", &[("if-none-match", "\"0\"")], b"").await;
    assert_eq!(outcome.response.status, 304);
    assert_eq!(outcome.response.headers["etag"], "W/\"0\"");
    assert!(outcome.response.body.is_empty());
    let outcome = line.send("GET", "/Users/7", &[("if-none-match", "\"x\"")], b"").await;
    assert_eq!(outcome.response.status, 200);
}

#[tokio::test]
async fn a_real_server_takes_what_it_gave() {
    let bench = Bench::new("scim", "scim");
    let made = bench
        .send(
            Method::POST,
            "/Users",
            Some(&json!({"userName": "a@a.example",
        "emails": [{"value": "a@a.example", "type": "work"}]})),
        )
        .await;
    let tag = made.response.headers["etag"].to_str().unwrap().to_owned();
    let id = body(&made)["id"].as_str().unwrap().to_owned();
    let read = bench.send(Method::GET, &format!("/Users/{id}"), None).await;
    assert_eq!(read.response.headers["etag"], tag.as_str());
    let config = bench.send(Method::GET, "/ServiceProviderConfig", None).await;
    assert_eq!(body(&config)["etag"]["supported"], true);
    let line = Line::with(spec("scim", "omni"), |_, _| answer(500, &[], ""));
    let config = line.send("GET", "/ServiceProviderConfig", &[], b"").await;
    assert_eq!(body(&config)["etag"]["supported"], false);
}

/// A route under rules of that word.
fn under(rules: &str, client: &str, upstream: &str) -> RouteSpec {
    RouteSpec { rules: rules.to_owned(), ..spec(client, upstream) }
}

#[tokio::test]
async fn the_rules_end_a_passed_version_and_never_go_up() {
    let script = |_, request: &Request| match request.method == Method::GET {
        true => answer(200, &[("etag", "W/\"3\"")], &user("A")),
        false => answer(200, &[("etag", "W/\"4\"")], &user("B")),
    };
    let line = Line::with(under("ab12", "scim", "scim"), script);
    let read = line.send("GET", "/Users/7", &[], b"").await;
    assert_eq!(read.response.headers["etag"], "W/\"3.ab12\"");
    assert_eq!(body(&read)["meta"]["version"], "W/\"3.ab12\"");
    let known = [("if-none-match", "W/\"3.ab12\"")];
    assert_eq!(line.send("GET", "/Users/7", &known, b"").await.response.status, 304);
    let demand = [("if-match", "W/\"3.ab12\", \"9.ab12\", \"3.cd34\"")];
    for (method, sent) in [("PATCH", PLAIN), ("DELETE", "")] {
        line.send(method, "/Users/7", &demand, sent.as_bytes()).await;
        assert_eq!(line.calls().last().and_then(if_match), Some("W/\"3\""), "{method}");
    }
    // Emulated: compared here, and written over what the upstream itself calls it.
    let outcome = line.send("PATCH", "/Users/7", &demand, PATCH.as_bytes()).await;
    assert_eq!(outcome.response.headers["etag"], "W/\"4.ab12\"");
    assert_eq!(line.calls().last().and_then(if_match), Some("W/\"3\""));
}

#[tokio::test]
async fn a_version_under_other_rules_is_of_another_representation() {
    let script = |_, _: &Request| answer(200, &[("etag", "W/\"3\"")], &user("A"));
    let line = Line::with(under("cd34", "scim", "scim"), script);
    for (method, sent) in [("PATCH", PLAIN), ("DELETE", ""), ("PATCH", PATCH), ("PUT", &user("C"))]
    {
        let calls = line.calls().len();
        let demand = [("if-match", "W/\"3.ab12\"")];
        let outcome = line.send(method, "/Users/7", &demand, sent.as_bytes()).await;
        assert_eq!(cause(&outcome), Some(Cause::PreconditionFailed), "{method}");
        assert!(line.calls().iter().skip(calls).all(|call| call.method == Method::GET), "{method}");
    }
    let known = [("if-none-match", "W/\"3.ab12\"")];
    assert_eq!(line.send("GET", "/Users/7", &known, b"").await.response.status, 200);
}

#[tokio::test]
async fn a_read_of_another_version_than_demanded_is_refused() {
    for (tag, status) in [("W/\"0\"", 200), ("*", 200), ("\"x\"", 412)] {
        let outcome = racing(0).send("GET", "/Users/7", &[("if-match", tag)], b"").await;
        assert_eq!(outcome.response.status, status, "{tag}");
    }
    let line = Line::new("scim", "omni", |_, _| answer(200, &[], &user("A")));
    let outcome = line.send("GET", "/Users/7", &[("if-match", "\"x\"")], b"").await;
    assert_eq!((outcome.response.status, line.calls().len()), (StatusCode::NOT_IMPLEMENTED, 0));
}

#[tokio::test]
async fn a_write_over_an_excluded_version_is_refused() {
    let writes = [("PATCH", PATCH.to_owned()), ("PATCH", PLAIN.to_owned()), ("PUT", user("C"))];
    for (method, sent) in writes.into_iter().chain([("DELETE", String::new())]) {
        for tags in ["*", "W/\"0\"", "\"x\", \"0\""] {
            let line = racing(0);
            let headers = [("if-none-match", tags)];
            let outcome = line.send(method, "/Users/7", &headers, sent.as_bytes()).await;
            assert_eq!(cause(&outcome), Some(Cause::PreconditionFailed), "{method} {tags}");
            assert_eq!(outcome.response.status, 412, "{method} {tags}");
            assert!(line.calls().iter().all(|call| call.method == Method::GET), "{method} {tags}");
        }
        // Another one is written over, and nothing newer.
        let line = racing(0);
        let headers = [("if-none-match", "\"x\"")];
        let outcome = line.send(method, "/Users/7", &headers, sent.as_bytes()).await;
        assert!(outcome.response.status.is_success(), "{method} {:?}", outcome.record.fault);
        let demands: Vec<_> = line.calls().iter().map(|call| if_match(call).is_some()).collect();
        assert_eq!(demands, [false, true], "{method}");

        // Without versions, whether it is there can be told, and no more.
        for (tags, status, calls) in [("*", 412, 1), ("\"x\"", 501, 0)] {
            let line = Line::new("scim", "omni", |_, _| answer(200, &[], &user("A")));
            let headers = [("if-none-match", tags)];
            let outcome = line.send(method, "/Users/7", &headers, sent.as_bytes()).await;
            assert_eq!(outcome.response.status, status, "{method} {tags}");
            assert_eq!(line.calls().len(), calls, "{method} {tags}");
        }
        let line = Line::new("scim", "scim", |_, _| answer(404, &[], "{}"));
        let headers = [("if-none-match", "*")];
        let outcome = line.send(method, "/Users/7", &headers, sent.as_bytes()).await;
        assert_eq!((outcome.response.status.as_u16(), line.calls().len()), (404, 1), "{method}");
    }
}
