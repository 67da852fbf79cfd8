//! Writes of which something fails half way: the client learns what was done.

use http::{Method, StatusCode};
use scim_gateway::fault::{Cause, Fault, Side};
use scim_gateway::scim::http::{Request, Response};
use serde_json::{Value as Json, json};

use crate::harness::body;
use crate::scripted::{Line, Watched, answer};

const USER: &str = r#"{"id":"7","userName":"a@a.example","displayName":"A","active":true}"#;

fn inactive() -> Vec<u8> {
    json!({"userName": "a@a.example", "displayName": "A", "active": false}).to_string().into()
}

fn omni(
    script: impl Fn(usize, &Request) -> Result<Response, Fault> + Send + Sync + 'static,
) -> Line {
    Line::new("scim", "omni", script)
}

fn methods(line: &Line) -> Vec<String> {
    line.calls().iter().map(|call| call.method.to_string()).collect()
}

#[tokio::test]
async fn who_is_created_inactive_is_deactivated_in_the_same_exchange() {
    let line = omni(|_, request| match request.method == Method::POST {
        true => answer(201, &[], USER),
        false => answer(200, &[], &USER.replace("true", "false")),
    });
    let outcome = line.send("POST", "/Users", &[], &inactive()).await;
    assert_eq!(outcome.response.status, 201, "{:?}", outcome.record.fault);
    assert_eq!(body(&outcome)["active"], false);
    assert_eq!(methods(&line), ["POST", "PATCH"]);
    let created: Json = serde_json::from_slice(&line.calls()[0].body).unwrap();
    assert_eq!(created.get("active"), None, "the vendor takes no active on create");
}

#[tokio::test]
async fn an_account_that_stays_active_is_told_loudly() {
    let failures = [
        answer(500, &[], "{}"),
        answer(403, &[], "{}"),
        Err(Fault::new(Cause::UpstreamTimeout, "late")),
        Err(Fault::new(Cause::UpstreamCutOff, "cut")),
    ];
    for failure in failures {
        let line = omni(move |_, request| match request.method == Method::POST {
            true => answer(201, &[], USER),
            false => failure.clone(),
        });
        let outcome = line.send("POST", "/Users", &[], &inactive()).await;
        loud(&line, &outcome);
    }
    // Created, and nobody knows under which id.
    let line = omni(|_, _| answer(201, &[], "<html>"));
    let outcome = line.send("POST", "/Users", &[], &inactive()).await;
    loud(&line, &outcome);
}

fn loud(line: &Line, outcome: &scim_gateway::exchange::Outcome) {
    assert_eq!(outcome.response.status, 502);
    let shown = body(outcome);
    let detail = shown["detail"].as_str().unwrap();
    assert!(detail.contains("created") && detail.contains("ACTIVE"), "{detail}");
    let watched = Watched::new();
    watched.exchange(&line.route, outcome);
    let alert =
        "scim_gateway_faults_total{cause=\"partly_done\",route=\"/scim/omni\",side=\"gateway\"} 1";
    assert!(watched.metrics.text().contains(alert), "{}", watched.metrics.text());
    assert!(watched.log().contains("ERROR"), "{}", watched.log());
}

#[tokio::test]
async fn a_create_whose_answer_is_unreadable_says_that_it_was_done() {
    for answered in ["", "<html>", "[]", "{\"userName\":", "{}"] {
        let line = Line::new("scim", "scim", move |_, _| answer(201, &[], answered));
        let sent = json!({"userName": "a@a.example"}).to_string();
        let outcome = line.send("POST", "/Users", &[], sent.as_bytes()).await;
        assert_eq!(outcome.response.status, 502, "{answered}");
        let shown = body(&outcome);
        assert!(shown["detail"].as_str().unwrap().contains("was created"), "{shown}");
        let fault = outcome.record.fault.as_ref().unwrap();
        assert_eq!(fault.cause.side(), Side::Upstream, "{answered}");
        let sent = ["POST", "GET"];
        assert_eq!(methods(&line), sent, "{answered}: a create is never sent twice, but looked up");
    }
}

/// A PATCH that goes to the upstream as it is.
const PATCH: &[u8] = br#"{"Operations":[{"op":"replace","path":"displayName","value":"A"}]}"#;

#[tokio::test]
async fn a_write_whose_answer_is_unreadable_is_looked_at_once() {
    for answered in ["", "<html>", "[]", "{\"userName\":"] {
        let line =
            Line::new("scim", "scim", move |_, request| match request.method == Method::GET {
                true => answer(200, &[], USER),
                false => answer(200, &[], answered),
            });
        let outcome = line.send("PATCH", "/Users/7", &[], PATCH).await;
        assert_eq!(outcome.response.status, 200, "{answered} {:?}", outcome.record.fault);
        assert_eq!(body(&outcome)["displayName"], "A");
        assert_eq!(methods(&line), ["PATCH", "GET"], "{answered}");
        let line =
            Line::new("scim", "scim", move |_, request| match request.method == Method::GET {
                true => answer(500, &[], ""),
                false => answer(200, &[], answered),
            });
        let outcome = line.send("PATCH", "/Users/7", &[], PATCH).await;
        // A page of something in between says nothing of the upstream.
        let page = answered == "<html>";
        assert_eq!(outcome.response.status, if page { 502 } else { 204 }, "{answered}");
        let shown = body(&outcome)["detail"].to_string();
        assert_eq!(shown.contains("was written"), page, "{shown}");
        assert_eq!(methods(&line), ["PATCH", "GET"], "{answered}");
    }
}

#[tokio::test]
async fn a_204_to_a_write_is_an_answer_too() {
    let line = Line::new("scim", "scim", |_, request| match request.method == Method::GET {
        true => answer(200, &[], USER),
        false => answer(204, &[], ""),
    });
    let outcome = line.send("PATCH", "/Users/7", &[], PATCH).await;
    assert_eq!(outcome.response.status, StatusCode::OK, "{:?}", outcome.record.fault);
    assert_eq!(methods(&line), ["PATCH", "GET"]);
}

#[tokio::test]
async fn a_resource_that_is_not_there_is_not_written() {
    for method in ["PUT", "PATCH", "DELETE"] {
        let line = Line::new("scim", "pingone", |_, _| answer(404, &[], "{}"));
        let sent = match method {
            "PATCH" => br#"{"Operations":[{"op":"replace","path":"emails[type eq \"work\"].value","value":"b@a.example"}]}"#.to_vec(),
            _ => USER.into(),
        };
        let outcome = line.send(method, "/Users/7", &[], &sent).await;
        assert_eq!(outcome.response.status, 404, "{method} {:?}", outcome.record.fault);
        assert_eq!(line.calls().len(), 1, "{method}");
    }
}
