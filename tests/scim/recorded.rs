//! What two independent servers made of PATCH operations and filters (`tests/conformance/record.py`,
//! with their versions in the recordings): an oracle that shares nothing with this engine.
//!
//! Where both did the same, so does the engine; where they differ, it does what one of them did.

use scim_gateway::dialect::Dialects;
use scim_gateway::scim::coerce::Leniency;
use scim_gateway::scim::equal::{TextCase, equal};
use scim_gateway::scim::evaluate::matches;
use scim_gateway::scim::filter::Filter;
use scim_gateway::scim::grammar::{Known, parse_filter};
use scim_gateway::scim::patch::{ApplyOptions, apply, normalise};
use scim_gateway::scim::schema::{Found, Schema, Unknown};
use scim_gateway::scim::{Object, Value};
use serde_json::{Value as Json, json};

const PATCHES: &str = include_str!("recorded/patch.json");
const FILTERS: &str = include_str!("recorded/filter.json");

fn schema() -> Schema {
    let dialects = Dialects::embedded().unwrap();
    let plain = dialects.named("scim").unwrap();
    let users = plain.resources.iter().find(|r| r.schema.resource == "User").unwrap();
    // The servers refuse what they do not know.
    Schema { unknown: Unknown::Refuse, open_extensions: false, ..users.schema.clone() }
}

fn object(value: &Json) -> Object<'static> {
    match Value::from(value.clone()) {
        Value::Object(object) => object,
        other => panic!("{}", other.type_name()),
    }
}

/// `primary: false` says what leaving it out says (RFC 7643 section 2.4).
fn settled(value: &Json) -> Json {
    match value {
        Json::Object(members) => members
            .iter()
            .filter(|(name, value)| !(*name == "primary" && **value == json!(false)))
            .map(|(name, value)| (name.clone(), settled(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Json::Array(elements) => elements.iter().map(settled).collect(),
        other => other.clone(),
    }
}

fn servers(case: &Json) -> Vec<(&str, &Json)> {
    let members = case.as_object().unwrap().iter();
    members.filter(|(name, _)| *name != "ask").map(|(name, said)| (name.as_str(), said)).collect()
}

/// Holds the engine against the servers: `did` compares with what one of them did.
fn judge(case: &Json, did: impl Fn(&Json) -> bool, wrong: &mut Vec<String>) {
    let found: Vec<(&str, bool)> =
        servers(case).into_iter().map(|(name, said)| (name, did(said))).collect();
    assert_eq!(found.len(), 2, "two servers were asked");
    if !found.iter().any(|(_, same)| *same) {
        wrong.push(case.to_string());
    }
}

#[test]
fn operations_come_to_what_an_independent_server_made_of_them() {
    let page: Json = serde_json::from_str(PATCHES).unwrap();
    let (schema, mut wrong) = (schema(), Vec::new());
    let urns = schema.urns();
    let known = Known { urns: &urns, ..Known::default() };
    for case in page["cases"].as_array().unwrap() {
        let body = Value::from(json!({"Operations": case["ask"]}));
        let mut user = object(&page["users"][0]);
        let done = normalise(&body, &schema, &known, Leniency::default()).and_then(|ops| {
            apply(&mut user, &ops, &schema, &ApplyOptions { create_missing: false })
        });
        let did = |said: &Json| {
            let refused = said["status"].as_u64().unwrap() >= 400;
            let there = object(&settled(&said["after"]));
            let here = object(&settled(
                &serde_json::from_slice(&Value::Object(user.clone()).to_json()).unwrap(),
            ));
            done.is_err() == refused && (refused || equal(&here, &there, &schema, TextCase::Exact))
        };
        judge(case, did, &mut wrong);
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn is_known(filter: &Filter, schema: &Schema) -> bool {
    match filter {
        Filter::And(terms) | Filter::Or(terms) => terms.iter().all(|term| is_known(term, schema)),
        Filter::Not(term) => is_known(term, schema),
        Filter::Present(path) | Filter::Compare { path, .. } | Filter::Element { path, .. } => {
            !matches!(schema.find(path.members()), Found::Unknown)
        }
    }
}

#[test]
fn filters_find_what_an_independent_server_found() {
    let page: Json = serde_json::from_str(FILTERS).unwrap();
    let (schema, mut wrong) = (schema(), Vec::new());
    let urns = schema.urns();
    let known = Known { urns: &urns, ..Known::default() };
    for case in page["cases"].as_array().unwrap() {
        let filter = parse_filter(case["ask"].as_str().unwrap(), &known);
        let filter = filter.ok().filter(|filter| is_known(filter, &schema));
        let found = filter.map(|filter| {
            let users = page["users"].as_array().unwrap().iter();
            let found = users.filter(|user| matches(&filter, &object(user), &schema));
            found.map(|user| user["userName"].clone()).collect::<Json>()
        });
        let did = |said: &Json| match &found {
            None => said["status"].as_u64().unwrap() >= 400,
            Some(found) => said["found"] == *found,
        };
        judge(case, did, &mut wrong);
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
