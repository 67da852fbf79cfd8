//! Overlays on a route, over a whole exchange.

use http::Method;
use serde_json::json;

use crate::harness::{Bench, body};
use crate::page::overlay;

#[tokio::test]
async fn a_user_name_that_is_no_address_is_refused_before_any_call() {
    let bench = Bench::new("pingone", "omni");
    let user = json!({"userName": "tmp-Isabella-Updated"});
    let answer = bench.send(Method::POST, "/Users", Some(&user)).await;
    assert_eq!(answer.response.status, 400, "{:?}", answer.record.fault);
    assert_eq!(body(&answer)["code"], "INVALID_DATA");
    assert!(bench.sandbox.requests().is_empty());
}

#[tokio::test]
async fn the_overlay_takes_the_address_for_the_user_name() {
    let rules = overlay("rules/overlays/omni-username-from-email.toml");
    let bench = Bench::with("pingone", "omni", |spec, options| {
        spec.overlays.push(rules);
        let kind = scim_gateway::sandbox::OmniKind::Text;
        options.omni_attributes.insert("scim_user_name".to_owned(), kind);
    });
    let user = json!({
        "userName": "tmp-Isabella-Updated",
        "emails": [{"value": "IsabellaOfCastile@example.com", "primary": true}]
    });
    let answer = bench.send(Method::POST, "/Users", Some(&user)).await;
    assert_eq!(answer.response.status, 201, "{:?}", answer.record.fault);
    let shown = body(&answer);
    assert_eq!(shown["userName"], "tmp-Isabella-Updated");
    assert_eq!(
        shown["emails"],
        json!([{"value": "IsabellaOfCastile@example.com", "primary": true}])
    );
    assert_eq!(bench.sandbox.users()[0]["userName"], "IsabellaOfCastile@example.com");
}
