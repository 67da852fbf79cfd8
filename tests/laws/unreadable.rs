//! Unreadable is not absent: whatever type one value of an upstream's resource has, putting back what
//! the client was shown changes nothing, and a change elsewhere leaves it as it came.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use scim_gateway::gateway::route::Policies;
use scim_gateway::scim::schema::Operation;
use scim_gateway::scim::{Object, Value};
use serde_json::{Value as Json, json};

use super::people::arbitrary_user;
use super::speech::spoken;
use super::world::{World, json as as_json, object};

const DIALECTS: [&str; 4] = ["scim", "omni", "pingone", "descope"];

/// Where a document has values: leaves, elements, objects and arrays.
fn places(document: &Json, above: &str, into: &mut Vec<String>) {
    let below: Vec<(String, &Json)> = match document {
        Json::Object(members) => members
            .iter()
            .map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Json::Array(elements) => {
            elements.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    for (name, value) in below {
        let place = format!("{above}/{name}");
        places(value, &place, into);
        into.push(place);
    }
}

fn odd() -> [Json; 9] {
    [
        json!("odd"),
        json!("true"),
        json!(1),
        json!(20.50),
        json!(true),
        json!({"odd": {"deep": 1}}),
        json!([["odd"]]),
        json!([{"value": {"odd": 1}}, "odd", 7, null]),
        json!("12"),
    ]
}

/// What of a document a write may say, nulls and empty lists aside.
fn settled(value: &Json) -> Json {
    match value {
        Json::Object(members) => members
            .iter()
            .filter(|(_, value)| !value.is_null() && **value != json!([]))
            .map(|(name, value)| (name.clone(), settled(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

fn received(world: &World, document: &Json) -> scim_gateway::scim::reading::Reading<'static> {
    world.pair.receive(object(document.clone()))
}

fn shown(world: &World, read: &Object<'static>) -> Object<'static> {
    let mut view = world.pair.view(read).object;
    let read_only: Vec<String> = world
        .pair
        .client
        .vendor
        .attributes
        .iter()
        .filter(|a| a.mutability == scim_gateway::scim::schema::Mutability::ReadOnly)
        .map(|a| a.name.clone())
        .collect();
    for name in read_only {
        view.remove(&name);
    }
    view
}

/// GetPut for one mutated value.
fn put_back(world: &World, document: &Json, place: &str) -> Result<(), TestCaseError> {
    let reading = received(world, document);
    let user = shown(world, &reading.read);
    let merged = world.pair.merge(&user, reading.as_old(), &Policies::default(), false);
    let merged = match merged {
        Ok(merged) => merged,
        Err(fault) => return Err(TestCaseError::fail(format!("{place}: {}", fault.detail))),
    };
    let (before, after) = (as_json(&merged.before), as_json(&merged.after));
    prop_assert_eq!(&before, &after, "{} of {}", place, document);
    prop_assert!(!merged.changed, "{place}");
    let (kept, was) = (after.pointer(place), document.pointer(place));
    let writable = settled(&json!({"x": was})) != json!({}) && before.pointer(place).is_some();
    prop_assert!(!writable || kept == was, "{} became {:?} in {}", place, kept, document);
    Ok(())
}

/// A change of another attribute leaves the mutated one as it came, and does not say it.
fn patched_elsewhere(world: &World, document: &Json, place: &str) -> Result<(), TestCaseError> {
    let reading = received(world, document);
    let mut user = shown(world, &reading.read);
    let other = if place.starts_with("/displayName") { "title" } else { "displayName" };
    user.insert(other, Value::text("Quite Another"));
    let Ok(user) = world.pair.intake(user, Operation::Replace) else { return Ok(()) };
    let Ok(merged) = world.pair.merge(&user, reading.as_old(), &Policies::default(), true) else {
        return Ok(());
    };
    let top = place.split('/').nth(1).unwrap_or_default().replace("~1", "/").replace("~0", "~");
    let (before, after) = (as_json(&merged.before), as_json(&merged.after));
    if !["displayName", "title", "name"].contains(&top.as_str()) {
        prop_assert_eq!(before.get(&top), after.get(&top), "{} of {}", place, document);
    }
    Ok(())
}

#[test]
fn what_cannot_be_read_is_kept() {
    for client in DIALECTS {
        for upstream in DIALECTS {
            let world = World::new(client, upstream);
            let config = Config {
                cases: 12,
                rng_seed: RngSeed::Fixed(7643),
                failure_persistence: None,
                ..Config::default()
            };
            let users = (arbitrary_user(upstream), any::<prop::sample::Index>());
            let tried = TestRunner::new(config).run(&users, |(user, index)| {
                let document = spoken(upstream, &user);
                let mut found = Vec::new();
                places(&document, "", &mut found);
                for (at, place) in found.iter().enumerate() {
                    let odd = odd();
                    for value in [&odd[index.index(odd.len())], &odd[at % odd.len()]] {
                        let mut mutated = document.clone();
                        *mutated.pointer_mut(place).expect("it is there") = value.clone();
                        put_back(&world, &mutated, place)?;
                        patched_elsewhere(&world, &mutated, place)?;
                    }
                }
                Ok(())
            });
            tried.unwrap_or_else(|error| panic!("{client} -> {upstream}: {error}"));
        }
    }
}
