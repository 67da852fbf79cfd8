//! Bulk requests: order, bulkIds, failOnErrors, bounds.

use http::Method;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, body};

fn bulk(operations: &Json) -> Json {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations})
}

fn post(id: &str, name: &str) -> Json {
    let data = json!({"userName": format!("{name}@corp.example"), "displayName": name});
    json!({"method": "POST", "path": "/Users", "bulkId": id, "data": data})
}

fn statuses(answer: &Json) -> Vec<String> {
    let operations = answer["Operations"].as_array().cloned().unwrap_or_default();
    operations.iter().map(|o| o["status"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn a_group_may_come_before_the_users_it_names() {
    for upstream in ["scim", "omni", "descope"] {
        let bench = Bench::new("scim", upstream);
        let group = json!({
            "method": "POST", "path": "/Groups", "bulkId": "g",
            "data": {"displayName": "Sales", "members": [{"value": "bulkId:u"}]}
        });
        let rename = json!({
            "method": "PATCH", "path": "/Users/bulkId:u",
            "data": {"Operations": [{"op": "replace", "path": "displayName", "value": "Bo"}]}
        });
        let request = bulk(&json!([group, post("u", "ann"), rename]));
        let answer = bench.send(Method::POST, "/Bulk", Some(&request)).await;
        assert_eq!(answer.response.status, 200, "{upstream} {:?}", answer.record.fault);
        let answer = body(&answer);
        assert_eq!(statuses(&answer), ["201", "201", "200"], "{upstream} {answer}");
        let user = bench.sandbox.users()[0].clone();
        assert_eq!(user["displayName"], "Bo", "{upstream}");
        assert_eq!(bench.sandbox.groups()[0]["members"][0]["value"], user["id"], "{upstream}");
        let location = answer["Operations"][1]["location"].as_str().expect("a location");
        assert!(location.ends_with(user["id"].as_str().expect("an id")), "{upstream} {location}");
    }
}

/// RFC 7644 section 3.7: the location of each operation's resource, but for a POST that failed.
#[tokio::test]
async fn every_operation_answers_the_url_of_its_resource() {
    for upstream in ["scim", "omni", "pingone", "descope"] {
        let bench = Bench::new("scim", upstream);
        let rename = json!({"Operations": [{"op": "replace", "path": "userName", "value": "bo@corp.example"}]});
        let replace = json!({"userName": "cy@corp.example", "displayName": "Cy"});
        let request = bulk(&json!([
            post("u", "ann"),
            {"method": "PATCH", "path": "/Users/bulkId:u", "data": rename},
            {"method": "PUT", "path": "/Users/bulkId:u", "data": replace},
            {"method": "DELETE", "path": "/Users/bulkId:u"},
            {"method": "DELETE", "path": "/Users/bulkId:u"},
        ]));
        let answer = body(&bench.send(Method::POST, "/Bulk", Some(&request)).await);
        assert_eq!(statuses(&answer), ["201", "200", "200", "204", "404"], "{upstream} {answer}");
        let made = &answer["Operations"][0]["location"];
        assert!(made.as_str().is_some_and(|url| url.starts_with("http")), "{upstream} {made}");
        for operation in answer["Operations"].as_array().expect("operations") {
            assert_eq!(&operation["location"], made, "{upstream} {operation}");
        }
    }
}

/// A removal that named nobody would be answered 200 and have removed nobody.
#[tokio::test]
async fn a_bulk_id_in_the_value_path_of_a_patch_is_resolved() {
    for upstream in ["scim", "omni", "descope"] {
        let bench = Bench::new("scim", upstream);
        let remove = json!([{"op": "remove", "path": "members[value eq \"bulkId:u\"]"}]);
        let members = json!([{"value": "bulkId:u"}, {"value": "bulkId:v"}]);
        let group = json!({"displayName": "a \"bulkId:q\"", "members": members});
        let request = bulk(&json!([
            {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group},
            {"method": "PATCH", "path": "/Groups/bulkId:g", "data": {"Operations": remove}},
            post("u", "ann"),
            post("v", "bo"),
        ]));
        let answer = body(&bench.send(Method::POST, "/Bulk", Some(&request)).await);
        assert_eq!(statuses(&answer), ["201", "200", "201", "201"], "{upstream} {answer}");
        let members = bench.sandbox.groups()[0]["members"].clone();
        let bo =
            bench.sandbox.users().into_iter().find(|user| user["userName"] == "bo@corp.example");
        assert_eq!(members.as_array().map(Vec::len), Some(1), "{upstream} {members}");
        assert_eq!(members[0]["value"], bo.expect("bo")["id"], "{upstream}");
    }
}

#[tokio::test]
async fn circles_and_strangers_are_refused_and_the_rest_is_done() {
    let bench = Bench::new("scim", "scim");
    let circle = |id: &str, other: &str| {
        json!({"method": "POST", "path": "/Groups", "bulkId": id,
               "data": {"displayName": id, "members": [{"value": format!("bulkId:{other}")}]}})
    };
    let request =
        bulk(&json!([circle("a", "b"), circle("b", "a"), circle("c", "nobody"), post("u", "ann")]));
    let answer = body(&bench.send(Method::POST, "/Bulk", Some(&request)).await);
    assert_eq!(statuses(&answer), ["409", "409", "409", "201"], "{answer}");
    assert!(bench.sandbox.groups().is_empty());
}

#[tokio::test]
async fn fail_on_errors_stops_and_bounds_are_kept() {
    let bench = Bench::new("scim", "scim");
    let bad = json!({"method": "POST", "path": "/Users", "bulkId": "x", "data": {"displayName": "no name"}});
    let mut request = bulk(&json!([bad, post("u", "ann")]));
    request["failOnErrors"] = json!(1);
    let answer = body(&bench.send(Method::POST, "/Bulk", Some(&request)).await);
    assert_eq!(statuses(&answer), ["400"], "{answer}");
    assert_eq!(answer["Operations"][0]["response"]["scimType"], "invalidValue");
    assert!(bench.sandbox.requests().is_empty());

    let many: Vec<Json> = (0..1_001).map(|n| post(&n.to_string(), "ann")).collect();
    let answer = bench.send(Method::POST, "/Bulk", Some(&bulk(&json!(many)))).await;
    assert_eq!(answer.response.status, 413);
    let nested = bulk(&json!([{"method": "POST", "path": "/Bulk", "bulkId": "n", "data": {}}]));
    assert_eq!(bench.send(Method::POST, "/Bulk", Some(&nested)).await.response.status, 400);
    assert!(bench.sandbox.requests().is_empty());
}

#[tokio::test]
async fn discovery_names_the_routes_own_bounds_and_whether_a_token_is_needed() {
    let bench = Bench::with("scim", "scim", |spec, _| {
        spec.policies.max_body = 5_000;
        spec.policies.bearer = false;
    });
    let config = body(&bench.send(Method::GET, "/ServiceProviderConfig", None).await);
    assert_eq!(config["bulk"]["maxPayloadSize"], 5_000);
    assert_eq!(config["authenticationSchemes"], json!([]));
    let config = Bench::new("scim", "scim");
    let config = body(&config.send(Method::GET, "/ServiceProviderConfig", None).await);
    assert_eq!(config["authenticationSchemes"][0]["type"], "oauthbearertoken");
}
