//! The golden case of all four views (docs/semantics.md 1.5): Omni has no enterprise extension, and the overlay
//! lays `enterprise.department` over a user attribute. It owns both places in documents, PATCH,
//! filters, attribute lists and schemas.

use http::Method;
use scim_gateway::rewrite::program::LossCause;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, body};
use crate::page::overlay;

const OVERLAY: &str = "rules/overlays/omni-department.toml";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const OMNI: &str = "urn:omni:params:1.0:UserAttribute";

fn bench() -> Bench {
    Bench::with("scim", "omni", |spec, _| spec.overlays = vec![overlay(OVERLAY)])
}

fn ann(department: &str) -> Json {
    json!({
        "userName": "ann@corp.example", "displayName": "Ann Lee",
        OMNI: {"department": department, "region": "emea"}
    })
}

#[tokio::test]
async fn department_lives_under_enterprise_in_all_four_views() {
    let bench = bench();

    // Documents: in under enterprise, stored as the user attribute; other keys stay carried.
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE, OMNI],
        "userName": "ann@corp.example", "displayName": "Ann Lee",
        ENTERPRISE: {"department": "Sales"}, OMNI: {"region": "emea"}
    });
    let made = bench.send(Method::POST, "/Users", Some(&user)).await;
    assert_eq!(made.response.status, 201, "{:?}", made.record.fault);
    let sent: Json = serde_json::from_slice(&bench.sandbox.requests()[0].body).expect("JSON");
    assert_eq!(
        sent,
        json!({
            "userName": "ann@corp.example", "displayName": "Ann Lee",
            OMNI: {"department": "Sales", "region": "emea"}
        })
    );
    let shown = body(&made);
    assert_eq!(shown[ENTERPRISE], json!({"department": "Sales"}));
    assert_eq!(shown[OMNI]["region"], "emea");
    assert_eq!(shown[OMNI].get("department"), None);
    assert_eq!(made.record.losses, []);
    let at = format!("/Users/{}", shown["id"].as_str().expect("an id"));

    // PATCH: one native operation on the vendor's own path, and nothing read before.
    let before = bench.sandbox.requests().len();
    let patch = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [
            {"op": "replace", "path": format!("{ENTERPRISE}:department"), "value": "Support"}
        ]
    });
    let patched = bench.send(Method::PATCH, &at, Some(&patch)).await;
    assert_eq!(patched.response.status, 200, "{:?}", patched.record.fault);
    assert_eq!(body(&patched)[ENTERPRISE]["department"], "Support");
    let calls = bench.sandbox.requests().split_off(before);
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].method, Method::PATCH);
    let sent: Json = serde_json::from_slice(&calls[0].body).expect("JSON");
    assert_eq!(
        sent["Operations"],
        json!([{"op": "replace", "path": format!("{OMNI}:department"), "value": "Support"}])
    );

    // Filter: Omni cannot be asked, and the answer is right all the same.
    bench.sandbox.seed(json!({
        "userName": "bo@corp.example", "displayName": "Bo", OMNI: {"department": "Finance"}
    }));
    let filter =
        format!("{ENTERPRISE}:department sw \"S\"").replace(' ', "%20").replace('"', "%22");
    let found = body(&bench.send(Method::GET, &format!("/Users?filter={filter}"), None).await);
    assert_eq!(found["totalResults"], 1, "{found}");
    assert_eq!(found["Resources"][0]["userName"], "ann@corp.example");

    // `attributes`: by the canonical name alone.
    let asked = format!("{at}?attributes={ENTERPRISE}:department");
    let slim = body(&bench.send(Method::GET, &asked, None).await);
    assert_eq!(slim[ENTERPRISE], json!({"department": "Support"}), "{slim}");
    assert_eq!(slim.get(OMNI), None, "{slim}");
    assert_eq!(slim.get("displayName"), None, "{slim}");

    // Schemas: department under enterprise, and nothing else of that extension.
    let schemas = body(&bench.send(Method::GET, "/Schemas", None).await);
    let attributes = |urn: &str| -> Vec<String> {
        let all = schemas["Resources"].as_array().expect("schemas");
        let schema = all.iter().find(|schema| schema["id"] == urn);
        let attributes = schema.and_then(|schema| schema["attributes"].as_array());
        let name = |attribute: &Json| attribute["name"].as_str().unwrap_or_default().to_owned();
        attributes.into_iter().flatten().map(name).collect()
    };
    assert_eq!(attributes(ENTERPRISE), ["department"]);
    assert!(!attributes(OMNI).contains(&"department".to_owned()), "{:?}", attributes(OMNI));
}

#[tokio::test]
async fn who_says_the_user_attribute_itself_loses_it_to_the_overlay() {
    let bench = bench();
    let made = bench.send(Method::POST, "/Users", Some(&ann("Sales"))).await;
    assert_eq!(made.response.status, 201, "{:?}", made.record.fault);
    let lost: Vec<(&str, &str)> =
        made.record.losses.iter().map(|loss| (loss.place.as_str(), loss.cause)).collect();
    assert_eq!(lost, [(format!("{OMNI}:department").as_str(), LossCause::Shadowed.label())]);
    assert_eq!(bench.sandbox.users()[0][OMNI].get("department"), None);
    assert_eq!(bench.sandbox.users()[0][OMNI]["region"], "emea");

    // The report names the overlay's file and line.
    let pair = bench.route.users.as_ref().expect("users");
    let names = [OMNI.to_owned(), "department".to_owned()];
    let row = pair.table.rows.iter().find(|row| row.names == names).expect("the row");
    let rules: Vec<String> =
        row.rules.iter().map(|origin| format!("{}:{}", origin.file, origin.line)).collect();
    assert_eq!(rules, [format!("{OVERLAY}:7")]);
}
