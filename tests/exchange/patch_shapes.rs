//! Every PATCH shape that identity providers send and RFC 7644 section 3.5.2 knows, against every
//! upstream: the status, what is then stored, and the calls that it took (one PATCH is native; a GET
//! before the write is emulation; a GET alone writes nothing).

use http::Method;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, body};
use crate::patch_table::{ENTERPRISE, cases};

const UPSTREAMS: [&str; 4] = ["scim", "omni", "pingone", "descope"];

/// A user with an e-mail address of two types, a middle name and a department.
fn ann() -> Json {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "userName": "ann@corp.example", "displayName": "Ann Lee", "title": "Engineer",
        "name": {"familyName": "Lee", "givenName": "Ann", "middleName": "B"},
        "active": true,
        "emails": [
            {"value": "ann@corp.example", "type": "work", "primary": true},
            {"value": "ann@home.example", "type": "home"}
        ],
        ENTERPRISE: {"department": "R&D"}
    })
}

/// What is hidden from a client that knows all of RFC 7643, or what it never touches here.
fn bench(upstream: &str) -> Bench {
    Bench::with("scim", upstream, |_, options| {
        options.hidden = match upstream {
            "omni" => json!({"urn:omni:params:1.0:UserAttribute": {"internal_note": "keep"}}),
            "pingone" => json!({"preferredLanguage": "fr"}),
            "descope" => json!({"attributes": {"tier": "gold"}}),
            _ => json!({
                "urn:example:params:scim:schemas:extension:hidden:2.0:User": {"badge": "B-7"}
            }),
        };
    })
}

/// The value of a leaf in a stored user, `null` if it is absent; `None` if the upstream has no such
/// place. Written from the vendors' attribute tables.
fn held(upstream: &str, user: &Json, leaf: &str) -> Option<Json> {
    let element = |array: &str, kind: &str, part: &str| {
        let all = user[array].as_array().cloned().unwrap_or_default();
        let found = all.iter().find(|element| element["type"] == kind);
        Some(found.map_or(Json::Null, |element| element[part].clone()))
    };
    let holders: &[&str] = match leaf {
        "userName" | "active" => &["scim", "omni", "pingone", "descope"],
        "displayName" => &["scim", "omni", "descope"],
        "title" | "name.givenName" | "name.familyName" | "name.middleName" => {
            &["scim", "pingone", "descope"]
        }
        "externalId" | "name.formatted" | "locale" | "mobile" => &["scim", "pingone"],
        "work" => &["scim", "pingone", "descope"],
        "home" => &["scim", "descope"],
        _ => &["scim"],
    };
    if !holders.contains(&upstream) {
        return None;
    }
    match (leaf, upstream) {
        // PingOne's one address has no type.
        ("work", "pingone") => Some(user["emails"][0]["value"].clone()),
        ("work" | "home", _) => element("emails", leaf, "value"),
        ("mobile", _) => element("phoneNumbers", leaf, "value"),
        ("formatted address", _) => element("addresses", "work", "formatted"),
        ("department" | "employeeNumber", _) => Some(user[ENTERPRISE][leaf].clone()),
        ("manager", _) => Some(user[ENTERPRISE]["manager"]["value"].clone()),
        ("role", _) => Some(user["roles"][0]["value"].clone()),
        ("emails", _) => Some(json!(user["emails"].as_array().map_or(0, Vec::len))),
        _ => {
            let path = leaf.replace('.', "/");
            let value = user.pointer(&format!("/{path}")).cloned().unwrap_or(Json::Null);
            // How Descope unsets.
            Some(if upstream == "descope" && value == "" { Json::Null } else { value })
        }
    }
}

#[tokio::test]
async fn every_shape_has_its_effect_and_its_price() {
    let mut wrong = Vec::new();
    for case in cases() {
        for (upstream, wanted) in UPSTREAMS.iter().zip(case.calls) {
            let bench = bench(upstream);
            let made = bench.send(Method::POST, "/Users", Some(&ann())).await;
            assert_eq!(made.response.status, 201, "{upstream} {:?}", made.record.fault);
            let id = body(&made)["id"].as_str().expect("an id").to_owned();
            let stored = bench.sandbox.users()[0].clone();
            let before = bench.sandbox.requests().len();
            let patch = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": case.operations
            });
            let answer = bench.send(Method::PATCH, &format!("/Users/{id}"), Some(&patch)).await;
            let calls = bench.sandbox.requests().split_off(before);
            let calls: Vec<&str> = calls.iter().map(|call| call.method.as_str()).collect();
            let calls = calls.join(" ");
            let shown = body(&answer);
            let name = case.name;
            let took = match answer.response.status.as_u16() {
                200 => calls.clone(),
                status => {
                    let kind = shown["scimType"].as_str().unwrap_or_default();
                    format!("{status} {kind} {calls}").trim_end().to_owned()
                }
            };
            if took != wanted {
                let why = answer.record.fault.as_ref().map(|fault| fault.detail.clone());
                wrong.push(format!("{name} ({upstream}): {took:?}, not {wanted:?} {why:?}"));
                continue;
            }
            let user = bench.sandbox.users()[0].clone();
            if answer.response.status != 200 {
                assert_eq!(user, stored, "{name} ({upstream})");
                continue;
            }
            for (leaf, value) in &case.after {
                let Some(held) = held(upstream, &user, leaf) else { continue };
                if held != *value {
                    wrong.push(format!("{name} ({upstream}): {leaf} is {held}, not {value}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What a schema lacks may be the client's own, and is a loss; what it has without parts has none.
#[tokio::test]
async fn a_path_into_a_simple_value_is_an_invalid_path_before_any_call() {
    for upstream in ["scim", "omni", "pingone", "descope"] {
        let bench = Bench::new("scim", upstream);
        for (op, path) in
            [("replace", "title.x"), ("add", "userName.value"), ("remove", "active.x")]
        {
            let operation = json!({"op": op, "path": path, "value": "v"});
            let patch = json!({"Operations": [operation]});
            let answer = bench.send(Method::PATCH, "/Users/1", Some(&patch)).await;
            assert_eq!(body(&answer)["scimType"], "invalidPath", "{upstream} {path}");
        }
        assert!(bench.sandbox.requests().is_empty(), "{upstream}");
    }
}
