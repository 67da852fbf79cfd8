//! A PATCH message of the vendor's own, chosen for an upstream in the configuration: what is sent, and
//! what is read from clients that write it.

use std::path::Path;

use http::Method;
use scim_gateway::config::{self, Config, Surroundings};
use scim_gateway::diagnostic::Source;
use scim_gateway::gateway::RouteSpec;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, DIALECTS, body, spec};
use crate::scripted::{Line, answer};

/// A route to Descope as a configuration with that setting makes it.
fn set(patch: &str) -> RouteSpec {
    let text = format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\n[upstream.d]\ndialect = \"descope\"\n\
         url = \"sandbox:descope\"\n{patch}\n[[route]]\nprefix = \"/scim/descope\"\n\
         client = \"scim\"\nupstream = \"d\"\nauth = \"none\"\n"
    );
    let around = Surroundings { directory: Path::new("."), env: &|_| None };
    let config = Config::read(&Source::new("config.toml", text), &around)
        .unwrap_or_else(|found| panic!("{}", found.text(false)));
    let specs = config::specs(&config, &DIALECTS);
    specs.unwrap_or_else(|found| panic!("{}", found.text(false))).remove(0)
}

const TYPED: &str = "patch = \"typed\"";
const NONE: &str = "patch = \"none\"";

/// An upstream that answers every call with the same group: the route does not mind that it shows
/// members who were taken away.
fn line(patch: &str) -> Line {
    let mut spec = set(patch);
    spec.policies.waive.push("members".to_owned());
    Line::with(spec, |_, _| {
        let members = json!([{"value": "U1", "display": "Ann"}, {"value": "U2", "display": "Bo"}]);
        let group =
            json!({"id": "R 7", "displayName": "Ops", "externalId": "e", "members": members});
        answer(200, &[], &group.to_string())
    })
}

/// What the upstream was sent for these operations of a client's.
async fn sent(patch: &str, operations: &Json) -> Vec<(Method, Json)> {
    let line = line(patch);
    let text = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": operations})
    .to_string();
    let outcome = line.send("PATCH", "/Groups/R%207", &[], text.as_bytes()).await;
    assert_eq!(outcome.response.status, 200, "{:?}", outcome.record.fault);
    let calls = line.calls();
    let body = |call: &[u8]| serde_json::from_slice(call).unwrap_or(Json::Null);
    calls.iter().map(|call| (call.method.clone(), body(&call.body))).collect()
}

#[tokio::test]
async fn each_value_goes_into_the_member_of_its_type_in_one_call() {
    let cases = [
        (
            json!([{"op": "add", "path": "members", "value": [{"value": "U3", "display": "Cy"}]}]),
            json!([{"op": "add", "path": "members",
                "valueArray": [{"value": "U3", "display": "Cy"}]}]),
        ),
        (
            json!([{"op": "Remove", "path": "members", "value": [{"value": "U1"}]}]),
            json!([{"op": "remove", "path": "members[value eq \"U1\"]"}]),
        ),
        (
            json!([{"op": "replace", "path": "members", "value": [{"value": "U2"}]}]),
            json!([{"op": "replace", "path": "members", "valueArray": [{"value": "U2"}]}]),
        ),
        (
            json!([{"op": "remove", "path": "members"}]),
            json!([{"op": "replace", "path": "members", "valueArray": []}]),
        ),
        (
            json!([{"op": "replace", "value": {"displayName": "\"valueArray\": []", "id": "x"}}]),
            json!([{"op": "replace", "path": "displayName", "valueString": "\"valueArray\": []"}]),
        ),
    ];
    for (asked, wanted) in cases {
        let wanted = json!({"groupId": "R 7", "operations": wanted});
        assert_eq!(sent(TYPED, &asked).await, [(Method::PATCH, wanted)], "{asked}");
    }
}

#[tokio::test]
async fn the_standard_message_is_the_default_and_none_can_be_chosen() {
    let asked = json!([{"op": "add", "path": "members", "value": [{"value": "U3"}]}]);
    let standard = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": asked});
    assert_eq!(sent("", &asked).await, [(Method::PATCH, standard)]);
    let methods: Vec<Method> =
        sent(NONE, &asked).await.into_iter().map(|(method, _)| method).collect();
    assert_eq!(methods, [Method::GET, Method::PUT]);
}

/// What the form does not name is never sent in it.
#[tokio::test]
async fn what_the_message_cannot_say_is_written_another_way() {
    let asked = json!([{"op": "replace", "path": "externalId", "value": "f"}]);
    let calls = sent(TYPED, &asked).await;
    let methods: Vec<&Method> = calls.iter().map(|(method, _)| method).collect();
    assert_eq!(methods, [Method::GET, Method::PUT]);
    assert_eq!(calls[1].1["externalId"], "f");
    assert!(calls[1].1.get("operations").is_none());
}

#[tokio::test]
async fn the_sandbox_takes_what_is_sent() {
    for form in [TYPED, NONE, ""] {
        let bench = Bench::with("scim", "descope", |spec, _| spec.upstream = set(form).upstream);
        let mut ids = Vec::new();
        for name in ["ann", "bo"] {
            let user = json!({"userName": format!("{name}@a.example"), "displayName": name});
            let made = bench.send(Method::POST, "/Users", Some(&user)).await;
            ids.push(body(&made)["id"].as_str().unwrap().to_owned());
        }
        let group = json!({"displayName": "Ops", "members": [{"value": ids[0]}]});
        let made = bench.send(Method::POST, "/Groups", Some(&group)).await;
        let path = format!("/Groups/{}", body(&made)["id"].as_str().unwrap());
        let steps = [
            (json!([{"op": "add", "path": "members", "value": [{"value": ids[1]}]}]), 2),
            (json!([{"op": "add", "path": "members", "value": [{"value": ids[1]}]}]), 2),
            (json!([{"op": "remove", "path": format!("members[value eq \"{}\"]", ids[0])}]), 1),
            (
                json!([{"op": "replace", "path": "members", "value": [{"value": ids[0]}]},
                {"op": "replace", "path": "displayName", "value": "Root"}]),
                1,
            ),
            (json!([{"op": "remove", "path": "members"}]), 0),
        ];
        for (operations, members) in steps {
            let done =
                bench.send(Method::PATCH, &path, Some(&json!({"Operations": operations}))).await;
            assert_eq!(done.response.status, 200, "{form} {operations} {:?}", done.record.fault);
            assert_eq!(
                done.record.calls.len(),
                if form == NONE { done.record.calls.len() } else { 1 }
            );
            let found = body(&bench.send(Method::GET, &path, None).await);
            let there = found["members"].as_array().map_or(0, Vec::len);
            assert_eq!(there, members, "{form} {operations}");
        }
        let found = body(&bench.send(Method::GET, &path, None).await);
        assert_eq!(found["displayName"], "Root", "{form}");
    }
}

#[tokio::test]
async fn clients_of_the_dialect_may_write_either_message() {
    let member = json!([{"value": "U3"}]);
    let typed = json!({"groupId": "7", "operations": [
        {"op": "add", "path": "members", "valueArray": member},
        {"op": "replace", "path": "displayName", "valueString": "Root"}]});
    let plain = json!({"Operations": [
        {"op": "add", "path": "members", "value": member},
        {"op": "replace", "path": "displayName", "value": "Root"}]});
    let mut told = Vec::new();
    for message in [typed, plain] {
        let line = Line::with(spec("descope", "scim"), |_, _| {
            answer(200, &[], "{\"id\":\"7\",\"displayName\":\"Root\"}")
        });
        let outcome = line.send("PATCH", "/Groups/7", &[], message.to_string().as_bytes()).await;
        assert_eq!(outcome.response.status, 200, "{:?}", outcome.record.fault);
        told.push(line.calls()[0].body.clone());
    }
    assert_eq!(told[0], told[1]);
    let sent: Json = serde_json::from_slice(&told[0]).unwrap();
    assert_eq!(sent["Operations"][0]["value"], member);
}
