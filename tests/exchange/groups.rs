//! Groups: every shape in which clients change members, on every upstream that has groups.

use std::sync::Arc;

use http::Method;
use scim_gateway::fault::Cause;
use scim_gateway::gateway::route::LossPolicy;
use scim_gateway::scim::schema::Operation;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, body};

const UPSTREAMS: [&str; 3] = ["scim", "omni", "descope"];

/// A bench with two users; their ids.
async fn two_users(upstream: &str) -> (Bench, String, String) {
    let bench = Bench::new("scim", upstream);
    let mut ids = Vec::new();
    for name in ["ann", "bo"] {
        let address = format!("{name}@corp.example");
        let user = json!({
            "userName": address, "displayName": name,
            "emails": [{"value": address, "type": "work", "primary": true}]
        });
        let made = bench.send(Method::POST, "/Users", Some(&user)).await;
        assert_eq!(made.response.status, 201, "{upstream} {:?}", made.record.fault);
        ids.push(body(&made)["id"].as_str().expect("an id").to_owned());
    }
    (bench, ids[0].clone(), ids[1].clone())
}

async fn group(bench: &Bench, members: &[&str]) -> String {
    let members: Vec<Json> = members.iter().map(|id| json!({"value": id})).collect();
    let group = json!({"displayName": "Sales", "members": members});
    let made = bench.send(Method::POST, "/Groups", Some(&group)).await;
    assert_eq!(made.response.status, 201, "{:?} {}", made.record.fault, body(&made));
    format!("/Groups/{}", body(&made)["id"].as_str().expect("an id"))
}

async fn members(bench: &Bench, group: &str) -> Vec<String> {
    let read = bench.send(Method::GET, group, None).await;
    assert_eq!(read.response.status, 200, "{:?}", read.record.fault);
    let body = body(&read);
    let members = body["members"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<String> =
        members.iter().map(|m| m["value"].as_str().expect("a value").to_owned()).collect();
    ids.sort();
    ids
}

fn sorted(ids: &[&String]) -> Vec<String> {
    let mut ids: Vec<String> = ids.iter().map(|id| (*id).clone()).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn members_change_in_every_shape_that_clients_send() {
    for upstream in UPSTREAMS {
        let (bench, ann, bo) = two_users(upstream).await;
        let all = sorted(&[&ann, &bo]);
        // (start, operations, members afterwards)
        let cases: Vec<(Vec<&str>, Json, Vec<String>)> = vec![
            (
                vec![&ann],
                json!([{"op": "add", "path": "members", "value": [{"value": bo}]}]),
                all.clone(),
            ),
            (
                vec![&ann],
                json!([{"op": "Add", "path": "members", "value": [{"value": ann}]}]),
                sorted(&[&ann]),
            ),
            (
                vec![&ann, &bo],
                json!([{"op": "remove", "path": format!("members[value eq \"{ann}\"]")}]),
                sorted(&[&bo]),
            ),
            (
                vec![&ann, &bo],
                json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": ann}]}]),
                sorted(&[&bo]),
            ),
            (vec![&ann, &bo], json!([{"op": "remove", "path": "members"}]), vec![]),
            (
                vec![&ann],
                json!([{"op": "replace", "path": "members", "value": [{"value": bo}]}]),
                sorted(&[&bo]),
            ),
            (vec![&ann], json!([{"op": "replace", "path": "members", "value": []}]), vec![]),
            (
                vec![&ann],
                json!([{"op": "replace", "value": {"displayName": "Ops", "id": "x"}},
                {"op": "add", "path": "members", "value": [{"value": bo, "display": "bo@corp.example"}]}]),
                all.clone(),
            ),
        ];
        for (start, operations, wanted) in cases {
            let at = group(&bench, &start).await;
            let patch = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": operations
            });
            let patched = bench.send(Method::PATCH, &at, Some(&patch)).await;
            let fault = &patched.record.fault;
            assert!(patched.response.status.is_success(), "{upstream} {operations} {fault:?}");
            // What the plain server may know of a member is read before the whole list is replaced.
            let whole = upstream == "scim"
                && operations[0]["value"][0]["value"] == json!(bo)
                && operations[0]["op"] == "replace";
            if upstream != "descope" && !whole {
                assert_eq!(patched.record.calls.len(), 1, "{upstream} {operations}: not native");
            }
            assert_eq!(members(&bench, &at).await, wanted, "{upstream} {operations}");
            bench.send(Method::DELETE, &at, None).await;
        }
        assert_eq!(bench.sandbox.foreign(), Vec::<String>::new(), "{upstream}");
    }
}

#[tokio::test]
async fn a_replacement_keeps_the_group_and_sets_its_members() {
    for upstream in UPSTREAMS {
        let (bench, ann, bo) = two_users(upstream).await;
        let at = group(&bench, &[&ann]).await;
        let put = json!({"displayName": "Sales 2", "members": [{"value": bo}]});
        let answer = bench.send(Method::PUT, &at, Some(&put)).await;
        assert_eq!(answer.response.status, 200, "{upstream} {:?}", answer.record.fault);
        assert_eq!(body(&answer)["displayName"], "Sales 2", "{upstream}");
        assert_eq!(members(&bench, &at).await, sorted(&[&bo]), "{upstream}");
        assert_eq!(bench.sandbox.foreign(), Vec::<String>::new(), "{upstream}");
    }
}

#[tokio::test]
async fn an_upstream_without_groups_says_so_or_shows_none() {
    let bench = Bench::new("scim", "pingone");
    let list = bench.send(Method::GET, "/Groups", None).await;
    assert_eq!(list.response.status, 501);
    let types = bench.send(Method::GET, "/ResourceTypes", None).await;
    assert_eq!(body(&types)["totalResults"], 1);

    let bench = Bench::with("scim", "pingone", |spec, _| {
        spec.policies.missing_resource = Some(scim_gateway::dialect::MissingResource::Empty);
    });
    let list = bench.send(Method::GET, "/Groups?filter=displayName%20eq%20%22x%22", None).await;
    assert_eq!(list.response.status, 200);
    assert_eq!(body(&list)["totalResults"], 0);
    let group = json!({"displayName": "Sales"});
    let made = bench.send(Method::POST, "/Groups", Some(&group)).await;
    assert_eq!(made.response.status, 501);
    assert!(bench.sandbox.requests().is_empty());
}

#[tokio::test]
async fn an_overlay_of_groups_is_about_groups_alone() {
    let text = "version = 1\ndialect = \"scim\"\nresource = \"Group\"\n\n[[map]]\n\
                canonical = \"$.externalId\"\nvendor = \"$['urn:example:2.0:Group'].code\"\n";
    let source = scim_gateway::diagnostic::Source { name: "o".into(), text: text.into() };
    let (overlay, mistakes) = scim_gateway::rewrite::parse::overlay(&source);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let bench = Bench::with("scim", "scim", |spec, _| spec.group_overlays.push(overlay.rules));
    let group = json!({"displayName": "Sales", "externalId": "S-1"});
    let made = bench.send(Method::POST, "/Groups", Some(&group)).await;
    assert_eq!(made.response.status, 201, "{:?}", made.record.fault);
    assert_eq!(body(&made)["externalId"], "S-1");
    assert_eq!(bench.sandbox.groups()[0]["urn:example:2.0:Group"], json!({"code": "S-1"}));
    let user = json!({"userName": "ann@corp.example", "externalId": "A-1"});
    let made = bench.send(Method::POST, "/Users", Some(&user)).await;
    assert_eq!(made.response.status, 201, "{:?}", made.record.fault);
    assert_eq!(bench.sandbox.users()[0]["externalId"], "A-1");
}

#[tokio::test]
async fn what_a_member_is_called_is_no_loss_where_it_is_what_is_shown() {
    let (mut bench, ann, bo) = two_users("omni").await;
    let route = Arc::get_mut(&mut bench.route).expect("the only one");
    route.spec.policies.loss = LossPolicy::Refuse;
    let at = group(&bench, &[&ann, &bo]).await;
    let got = body(&bench.send(Method::GET, &at, None).await);
    assert_eq!(got["members"][0]["display"], "ann@corp.example", "the vendor shows it");

    // Back as it was; then by a removal that depends on what is stored.
    let put = bench.send(Method::PUT, &at, Some(&got)).await;
    assert_eq!(put.response.status, 200, "{:?}", put.record.fault);
    let removal = json!({"Operations": [
        {"op": "remove", "path": "members[display eq \"ann@corp.example\"]"}]});
    let removed = bench.send(Method::PATCH, &at, Some(&removal)).await;
    assert_eq!(removed.response.status, 200, "{:?}", removed.record.fault);
    assert!(removed.record.emulated && put.record.emulated);
    for outcome in [&put, &removed] {
        assert!(outcome.record.losses.is_empty(), "{:?}", outcome.record.losses);
        assert!(!outcome.response.headers.contains_key("scim-gateway-loss"));
    }
    assert_eq!(members(&bench, &at).await, sorted(&[&bo]));

    // Another name is information, also where it is somebody else's: seen before anything is written.
    for called in ["Bo the Great", "ann@corp.example"] {
        let other = json!({"displayName": "Sales", "members": [{"value": bo, "display": called}]});
        let refused = bench.send(Method::PUT, &at, Some(&other)).await;
        let fault = refused.record.fault.as_ref().expect("a loss");
        assert_eq!(fault.cause, Cause::LossRefused, "{called}");
        assert!(fault.detail.contains("members.display"), "{}", fault.detail);
        assert!(
            refused.record.calls.iter().all(|call| call.operation == Operation::Get),
            "{called}"
        );
    }
}

#[tokio::test]
async fn a_member_added_again_is_one_member() {
    let (bench, ann, _) = two_users("scim").await;
    let full = json!({"value": ann, "type": "User", "display": "Ann"});
    let sales = json!({"displayName": "Sales", "members": [full]});
    let made = bench.send(Method::POST, "/Groups", Some(&sales)).await;
    let at = format!("/Groups/{}", body(&made)["id"].as_str().expect("an id"));
    let before = body(&bench.send(Method::GET, &at, None).await)["members"].clone();
    assert_eq!(before[0]["display"], "Ann");
    // Natively and, with what depends on what is stored, emulated.
    let bare = json!({"op": "add", "path": "members", "value": [{"value": ann}]});
    let nobody = json!({"op": "remove", "path": "members[display eq \"nobody\"]"});
    for (operations, emulated) in [(json!([bare]), false), (json!([bare, nobody]), true)] {
        let patch = json!({"Operations": operations});
        let patched = bench.send(Method::PATCH, &at, Some(&patch)).await;
        assert_eq!(patched.response.status, 200, "{:?}", patched.record.fault);
        assert_eq!(patched.record.emulated, emulated);
        assert_eq!(body(&patched)["members"], before, "{operations}");
    }
}
