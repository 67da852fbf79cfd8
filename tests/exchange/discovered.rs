//! What a route says of itself, and answers that hold what it says.

use std::sync::Arc;

use http::Method;
use scim_gateway::dialect::{Dialect, Undeclared};
use scim_gateway::gateway::RouteSpec;
use scim_gateway::gateway::write::LOSS_HEADER;
use scim_gateway::scim::schema::{Operation, Operations};
use serde_json::{Value as Json, json};

use crate::harness::{Bench, DIALECTS, body, spec, users_of};
use crate::scripted::{Line, answer};

const PINGONE: &str = "urn:pingidentity:schemas:extension:2.0:PingOneUser";

async fn get(bench: &Bench, path: &str) -> Json {
    body(&bench.send(Method::GET, path, None).await)
}

// A log tells which document was asked for, also one that is not there.
#[tokio::test]
async fn what_was_asked_for_is_known_of_discovery_too() {
    let bench = Bench::new("scim", "omni");
    for (path, status, document) in [
        ("/ServiceProviderConfig", 200, "service_provider_config"),
        ("/ResourceTypes", 200, "resource_types"),
        ("/ResourceTypes/Nobody", 404, "resource_types"),
        ("/Schemas", 200, "schemas"),
        ("/Schemas/urn:nobody", 404, "schemas"),
    ] {
        let outcome = bench.send(Method::GET, path, None).await;
        assert_eq!(outcome.response.status.as_u16(), status, "{path}");
        assert_eq!(outcome.record.document, Some(document), "{path}");
    }
    let outcome = bench.send(Method::GET, "/Nothing", None).await;
    assert_eq!(outcome.record.document, None);
}

/// The keys of a resource that its schemas do not list.
fn unlisted(resource: &Json, schemas: &Json) -> Vec<String> {
    let all = schemas["Resources"].as_array().unwrap();
    let of = |urn: &str| all.iter().find(|schema| schema["id"] == urn);
    let core = all[0]["attributes"].as_array().unwrap();
    let mut found = Vec::new();
    for (name, value) in resource.as_object().unwrap() {
        match of(name) {
            _ if ["schemas", "id", "meta"].contains(&name.as_str()) => {}
            Some(schema) => {
                below(value, schema["attributes"].as_array().unwrap(), name, &mut found)
            }
            None => below(&json!({ name: value }), core, "", &mut found),
        }
    }
    found
}

fn below(value: &Json, attributes: &[Json], above: &str, found: &mut Vec<String>) {
    for element in value.as_array().map_or_else(|| vec![value], |all| all.iter().collect()) {
        for (name, value) in element.as_object().into_iter().flatten() {
            match attributes.iter().find(|attribute| attribute["name"] == **name) {
                None => found.push(format!("{above} {name}")),
                Some(attribute) => {
                    if let Some(subs) = attribute["subAttributes"].as_array() {
                        below(value, subs, &format!("{above} {name}"), found);
                    }
                }
            }
        }
    }
}

// Answers hold what /Schemas lists, PUT keeps what they do not, and the loss is named. The
// sandboxes give every user such keys, and the bench looks for them when it goes.
#[tokio::test]
async fn answers_hold_what_schemas_list_where_the_rest_is_hidden() {
    for (upstream, lost) in [
        ("scim", "urn:example:params:scim:schemas:extension:hidden:2.0:User"),
        ("omni", "urn:omni:params:1.0:UserAttribute.*"),
        ("descope", "urn:scim-gateway:dialect:descope:2.0:User.*"),
    ] {
        let bench = Bench::with("scim", upstream, |spec, _| {
            spec.policies.undeclared = Some(Undeclared::Hide);
        });
        let schemas = get(&bench, "/Schemas").await;
        let user = json!({"userName": "ann@corp.example", "displayName": "Ann"});
        let made = bench.send(Method::POST, "/Users", Some(&user)).await;
        assert_eq!(made.response.status, 201, "{upstream}: {:?}", made.record.fault);
        let at = format!("/Users/{}", body(&made)["id"].as_str().unwrap());
        let mut changed = body(&made);
        changed["displayName"] = json!("Bea");
        let put = bench.send(Method::PUT, &at, Some(&changed)).await;
        assert_eq!(put.response.status, 200, "{upstream}: {:?}", put.record.fault);
        let patch = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "displayName", "value": "Cat"}],
        });
        let patched = bench.send(Method::PATCH, &at, Some(&patch)).await;
        let read = bench.send(Method::GET, &at, None).await;
        for outcome in [&made, &put, &patched, &read] {
            assert_eq!(unlisted(&body(outcome), &schemas), [""; 0], "{upstream} {}", body(outcome));
        }
        let list = get(&bench, "/Users").await;
        assert_eq!(unlisted(&list["Resources"][0], &schemas), [""; 0], "{upstream}");
        let header = read.response.headers[&LOSS_HEADER].to_str().unwrap();
        assert!(header.split(", ").any(|place| place == lost), "{upstream}: {header}");
        assert_eq!(body(&read)["displayName"], "Cat");
    }
}

// An open dialect shows them.
#[tokio::test]
async fn an_open_dialect_shows_what_no_schema_lists() {
    let bench = Bench::new("scim", "scim");
    let made = bench.send(Method::POST, "/Users", Some(&json!({"userName": "ann"}))).await;
    let shown = body(&made);
    assert_eq!(unlisted(&shown, &get(&bench, "/Schemas").await).len(), 1, "{shown}");
}

// A request without the extension is taken, so it is not required.
#[tokio::test]
async fn an_extension_is_required_only_where_a_request_without_it_is_refused() {
    let bench = Bench::new("scim", "pingone");
    let types = get(&bench, "/ResourceTypes/User").await;
    let extensions = types["schemaExtensions"].as_array().unwrap();
    let pingone = extensions.iter().find(|extension| extension["schema"] == PINGONE).unwrap();
    assert_eq!(pingone["required"], false);
    let made =
        bench.send(Method::POST, "/Users", Some(&json!({"userName": "ann@corp.example"}))).await;
    assert_eq!(made.response.status, 201, "{:?}", made.record.fault);
}

// Passwords, and what holds for all resource types.
#[tokio::test]
async fn the_configuration_speaks_for_all_resource_types() {
    let supported = |config: &Json, what: &str| config[what]["supported"].as_bool().unwrap();
    for (upstream, wanted) in [("scim", true), ("omni", false), ("pingone", false)] {
        let config = get(&Bench::new("scim", upstream), "/ServiceProviderConfig").await;
        assert_eq!(supported(&config, "changePassword"), wanted, "{upstream}");
    }
    let with = |change: &dyn Fn(&mut Dialect)| {
        let mut upstream = Dialect::clone(DIALECTS.named("scim").unwrap());
        change(&mut upstream);
        let spec = scim_gateway::gateway::RouteSpec {
            upstream: Arc::new(upstream),
            ..spec("scim", "scim")
        };
        Line::with(spec, |_, _| answer(404, &[], "")).route.capabilities()
    };
    let whole = with(&|_| {});
    assert!(whole.patch && whole.filter && whole.sort && whole.etag && whole.change_password);
    let groups = |dialect: &mut Dialect, operations: &[Operation]| {
        let group = dialect.resources.iter_mut().find(|r| r.schema.resource == "Group");
        group.unwrap().operations = Operations::of(operations);
    };
    let read_only = with(&|dialect| groups(dialect, &[Operation::Get, Operation::List]));
    assert!(!read_only.patch && read_only.filter && read_only.bulk.is_some());
    let unlisted = with(&|dialect| {
        groups(dialect, &[Operation::Get, Operation::Create, Operation::Replace]);
    });
    assert!(!unlisted.filter && !unlisted.sort && unlisted.patch);
    let mixed = with(&|dialect| {
        let group = dialect.resources.iter_mut().find(|r| r.schema.resource == "Group");
        group.unwrap().etag = false;
    });
    assert!(!mixed.etag);
}

// A member that no schema lists is named, bounded and fit for a header; the metric's label is not.
#[tokio::test]
async fn the_loss_of_a_member_that_no_schema_lists_is_named() {
    let long = "x".repeat(500);
    let stored = json!({"id": "1", "login": "a", "internal, note\r\n": "s", long.clone(): 1, "tier": "gold"});
    let line = Line::new("pingone", "omni", move |_, _| {
        answer(200, &[("content-type", "application/json")], &stored.to_string())
    });
    let path = format!("/{}/1", users_of("pingone"));
    let outcome = line.send("GET", &path, &[], b"").await;
    assert_eq!(outcome.response.status, 200, "{:?}", outcome.record.fault);
    let header = outcome.response.headers[&LOSS_HEADER].to_str().unwrap();
    let places: Vec<&str> = header.split(", ").collect();
    assert!(places.contains(&"tier") && !places.contains(&"*"), "{header}");
    assert!(places.contains(&"internal??note??"), "{header}");
    assert!(places.contains(&format!("{}...", "x".repeat(64)).as_str()), "{header}");
    let labels: Vec<&str> = outcome.record.losses.iter().map(|loss| loss.place.as_str()).collect();
    assert_eq!(labels, ["*"]);
}

fn hiding(client: &str, upstream: &str) -> RouteSpec {
    let mut spec = spec(client, upstream);
    spec.policies.undeclared = Some(Undeclared::Hide);
    spec
}

// Who has what is hidden is no question that an answer could prove.
#[tokio::test]
async fn what_is_hidden_is_neither_filtered_nor_sorted_by() {
    let stored = json!({"totalResults": 1, "Resources": [{"id": "1", "userName": "ann", "urn:x:y": {"tier": "gold"}}]});
    let line =
        Line::with(hiding("scim", "scim"), move |_, _| answer(200, &[], &stored.to_string()));
    for (asked, why) in [
        ("filter=urn:x:y:tier%20eq%20%22gold%22", "invalidFilter"),
        ("filter=userName%20pr%20and%20not%20(urn:x:y:tier%20pr)", "invalidFilter"),
        ("sortBy=urn:x:y:tier", "invalidValue"),
    ] {
        let outcome = line.send("GET", &format!("/Users?{asked}"), &[], b"").await;
        let told = body(&outcome);
        assert_eq!(
            (told["status"].as_str(), told["scimType"].as_str()),
            (Some("400"), Some(why)),
            "{asked} {told}"
        );
    }
    assert_eq!(line.calls().len(), 0);
    let shown = line.send("GET", "/Users?filter=userName%20eq%20%22ann%22", &[], b"").await;
    assert_eq!(body(&shown)["totalResults"], 1);
}

// Hidden keys stay with their elements, known by `value` or by all else that they say.
#[tokio::test]
async fn hidden_keys_of_elements_stay_with_them() {
    let stored = json!({"id": "7", "userName": "cat",
        "emails": [{"value": "a@x.example", "type": "work", "x-note": "a"}, {"value": "b@x.example", "x-note": "b"}],
        "addresses": [{"type": "work", "locality": "Rome", "x-note": "r"}, {"type": "home", "locality": "Oslo", "x-note": "o"}],
        "name": {"givenName": "Cat", "x-note": "n"}});
    let line = crate::unreadable::holding(hiding("scim", "scim"), &stored);
    let shown = body(&line.send("GET", "/Users/7", &[], b"").await);
    assert!(!shown.to_string().contains("x-note"), "{shown}");
    let mut said = shown.clone();
    said["title"] = json!("Boss");
    for list in ["emails", "addresses"] {
        said[list].as_array_mut().unwrap().reverse();
    }
    let json = [("content-type", "application/scim+json")];
    let outcome = line.send("PUT", "/Users/7", &json, said.to_string().as_bytes()).await;
    assert_eq!(outcome.response.status, 200, "{:?}", outcome.record.fault);
    let calls = line.calls();
    let sent = calls.iter().rfind(|call| call.method == Method::PUT).map(|call| &call.body);
    let notes = |list: &Json| -> Vec<String> {
        list.as_array()
            .unwrap()
            .iter()
            .map(|one| one["x-note"].as_str().unwrap_or("-").to_owned())
            .collect()
    };
    if let Some(sent) = sent {
        let sent: Json = serde_json::from_slice(sent).unwrap();
        assert_eq!(
            (notes(&sent["emails"]), notes(&sent["addresses"])),
            (vec!["b".into(), "a".into()], vec!["o".into(), "r".into()]),
            "{sent}"
        );
        assert_eq!(sent["name"]["x-note"], "n");
    } else {
        let patch = calls.iter().rfind(|call| call.method == Method::PATCH).unwrap();
        let text = String::from_utf8_lossy(&patch.body);
        assert!(!text.contains("\"name\""), "{text}");
        for (list, path) in [("emails", "emails"), ("addresses", "addresses")] {
            assert!(!text.contains(path) || text.matches("x-note").count() >= 2, "{list}: {text}");
        }
    }
}

// `schemas` of an answer names what /ResourceTypes lists.
#[tokio::test]
async fn schemas_of_an_answer_are_those_of_its_resource_type() {
    for client in ["scim", "pingone"] {
        for upstream in ["scim", "omni", "pingone", "descope"] {
            let bench = Bench::with(client, upstream, |spec, _| {
                spec.policies.undeclared = Some(Undeclared::Hide);
            });
            let kind = get(&bench, "/ResourceTypes/User").await;
            let listed: Vec<&Json> = std::iter::once(&kind["schema"])
                .chain(
                    kind["schemaExtensions"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .map(|one| &one["schema"]),
                )
                .collect();
            let mut user = json!({"userName": "ann@corp.example", "emails": [{"value": "ann@corp.example", "type": "work"}]});
            if client == "pingone" {
                user["name"] = json!({"givenName": "Ann", "familyName": "Lee"});
            }
            let made = bench.send(Method::POST, "/Users", Some(&user)).await;
            assert_eq!(made.response.status, 201, "{client} {upstream} {:?}", made.record.fault);
            let made = body(&made);
            let list = get(&bench, "/Users").await;
            for shown in [&made, &list["Resources"][0]] {
                for urn in shown["schemas"].as_array().unwrap() {
                    assert!(
                        listed.contains(&urn),
                        "{client} {upstream}: {urn} of {shown}, listed {listed:?}"
                    );
                }
            }
        }
    }
}
