//! Upstreams with words of their own for what decides on access, and answers that lack what they demand.

use http::Method;
use scim_gateway::diagnostic::Source;
use scim_gateway::fault::Cause;
use scim_gateway::gateway::RouteSpec;
use scim_gateway::rewrite::parse;
use serde_json::{Value as Json, json};

use crate::scripted::{Line, answer};
use crate::told::shaped;
use crate::versions::cause;

/// `active` as the upstream's `userType`: the rule's last line, and its words for true and false.
const WORDS: [(&str, [&str; 2]); 4] = [
    ("convert = \"boolean_text\"", ["true", "false"]),
    ("values = [[true, \"ACTIVE\"], [false, \"SUSPENDED\"]]", ["ACTIVE", "SUSPENDED"]),
    ("values = [[true, \"1\"], [false, \"0\"]]", ["1", "0"]),
    (
        "values = [[true, \"ACTIVE\"], [false, \"LOCKED\"], [true, \"STAGED\"]]\nloss = \"staged is active\"",
        ["STAGED", "LOCKED"],
    ),
];

/// An upstream with these words; whether it takes a PATCH, too.
fn worded(rule: &str, patches: bool) -> RouteSpec {
    let mut spec = shaped(|resource| resource.patch = resource.patch.take().filter(|_| patches));
    let text = format!(
        "version = 1\ndialect = \"scim\"\nresource = \"User\"\n\
         [[map]]\ncanonical = \"$.active\"\nvendor = \"$.userType\"\n{rule}\n"
    );
    let (overlay, mistakes) = parse::overlay(&Source { name: "overlay".into(), text: text.into() });
    assert!(mistakes.is_empty(), "{mistakes:?}");
    spec.overlays.push(overlay.rules);
    spec
}

fn ann(more: &Json) -> Json {
    let mut user = json!({"id": "9", "userName": "ann@corp.example"});
    more.as_object().unwrap().iter().for_each(|(name, value)| user[name] = value.clone());
    user
}

async fn send(line: &Line, method: &str, body: &Json) -> scim_gateway::exchange::Outcome {
    let (kind, text) = (("content-type", "application/json"), body.to_string());
    line.send(method, "/Users/9", &[kind], text.as_bytes()).await
}

fn writes(line: &Line) -> usize {
    line.calls().iter().filter(|call| call.method != Method::GET).count()
}

fn deactivated() -> Json {
    json!({"Operations": [{"op": "replace", "path": "active", "value": false}]})
}

#[tokio::test]
async fn a_deactivation_that_was_not_done_is_told_in_whatever_words_the_upstream_has() {
    for (rule, [yes, no]) in WORDS {
        // Whether a read shows the state, and what the write's answer shows.
        for (shows, then, status) in
            [(false, yes, 502), (true, yes, 502), (false, no, 200), (true, no, 200)]
        {
            for (method, patches, body) in [
                ("PUT", false, json!({"userName": "ann@corp.example", "active": false})),
                ("PATCH", false, deactivated()),
                ("PATCH", true, deactivated()),
            ] {
                let line = Line::with(worded(rule, patches), move |_, request| {
                    let more = match request.method {
                        Method::GET if !shows => json!({}),
                        Method::GET => json!({"userType": yes}),
                        _ => json!({"userType": then}),
                    };
                    answer(200, &[], &ann(&more).to_string())
                });
                let outcome = send(&line, method, &body).await;
                let fault = &outcome.record.fault;
                let told = format!("{rule}: {method} {patches}, {shows} {then}: {fault:?}");
                assert_eq!(outcome.response.status, status, "{told}");
                assert_eq!(writes(&line), 1, "{told}");
                if status == 502 {
                    assert_eq!(cause(&outcome), Some(Cause::UpstreamUnexpected), "{told}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_lacks_what_a_replacement_demands_is_not_replaced() {
    for (stored, status) in [
        (ann(&json!({"displayName": "Ann"})), 200),
        (json!({"id": "9", "displayName": "Ann"}), 502),
        (json!({"id": "9", "userName": null, "displayName": "Ann"}), 502),
        // Nobody said that there is an envelope.
        (json!({"person": {"id": "9", "userName": "ann@corp.example"}}), 502),
    ] {
        let spec = shaped(|resource| resource.patch = None);
        let held = stored.to_string();
        let line = Line::with(spec, move |_, _| answer(200, &[], &held));
        let body = json!({"Operations": [{"op": "replace", "path": "title", "value": "Boss"}]});
        let outcome = send(&line, "PATCH", &body).await;
        let fault = &outcome.record.fault;
        assert_eq!(writes(&line), usize::from(status == 200), "{stored}: {fault:?}");
        assert_eq!(outcome.response.status, status, "{stored}: {fault:?}");
        if status == 502 {
            let detail = fault.as_ref().map(|fault| fault.detail.clone()).unwrap_or_default();
            assert!(detail.contains("userName") && detail.contains("envelope"), "{detail}");
        }
    }
}
