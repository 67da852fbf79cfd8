//! The engine against the oracle: what a create becomes (law 1) and which leaves a pair carries (law 8).

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use scim_gateway::dialect::Dialects;
use scim_gateway::rewrite::lens::Lens;
use scim_gateway::rewrite::translate::Message;
use scim_gateway::scim::schema::Operation;
use scim_gateway::scim::{Object, Value};
use serde_json::Value as Json;

use super::carried::carried;
use super::oracle::{norm, pairs, plain, same};
use super::people;
use super::tables::{
    CLIENTS, DESCOPE_ATTRIBUTES, ENTERPRISE, OMNI_ATTRIBUTES, PINGONE_USER, holds,
};

pub fn lens(dialects: &Dialects, name: &str) -> Lens {
    let users = &dialects.named(name).unwrap().resources[0];
    Lens::new(dialects.canonical(), &users.schema, &users.rules, &[], BTreeMap::new())
}

pub fn object(value: Json) -> Object<'static> {
    match Value::from(value) {
        Value::Object(object) => object,
        _ => panic!("not an object"),
    }
}

pub fn json(object: &Object<'_>) -> Json {
    serde_json::from_slice(&object.to_json()).unwrap()
}

/// lift(lower(x)).
fn through(lens: &Lens, x: &Json) -> Json {
    let x = object(x.clone());
    let mut lowered = lens.lower(&x, Message::Request(Operation::Create)).object;
    lens.complete(&mut lowered, &x, Operation::Create);
    let sent = object(json(&lowered));
    json(&lens.lift(&sent, Message::Response).object)
}

#[test]
fn a_create_becomes_what_the_oracle_says() {
    let dialects = Dialects::embedded().unwrap();
    for (client, upstream) in pairs() {
        let lens = lens(&dialects, upstream);
        let law = |x: Json| {
            let (is, should) = (through(&lens, &x), norm(client, upstream, &x));
            prop_assert!(
                same(&is, &should),
                "{client} -> {upstream}\n is {is}\n not {}",
                plain(&should)
            );
            Ok(())
        };
        let mut runner = TestRunner::new(people::config());
        runner.run(&people::arbitrary_user(client), law).unwrap_or_else(|error| panic!("{error}"));
    }
}

/// Law 8: the leaves that a replacing client's requests carry are exactly the committed ones.
#[test]
fn each_pair_carries_what_its_list_says() {
    let dialects = Dialects::embedded().unwrap();
    for (client, upstream) in pairs() {
        let (from, to) = (lens(&dialects, client), lens(&dialects, upstream));
        let list = carried(client, upstream);
        for leaf in candidates() {
            let listed = list.iter().any(|line| {
                let line = line.split(' ').next().unwrap_or_default();
                line == leaf || line.strip_suffix('*').is_some_and(|head| leaf.starts_with(head))
            });
            assert_eq!(carries(&from, &to, &leaf), listed, "{client} -> {upstream}: {leaf}");
        }
    }
}

/// Every leaf that any dialect holds, one free key of every open object, one unknown extension.
fn candidates() -> Vec<String> {
    let all = CLIENTS.iter().flat_map(|dialect| holds(dialect)).map(|(leaf, _)| *leaf);
    let one = |leaf: &str| match leaf {
        "urn:*" => "urn:example:params:scim:schemas:extension:badge:2.0:User.number".to_owned(),
        leaf => leaf.replace('*', "region"),
    };
    all.map(one).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether a user with that one leaf gets through the client's dialect and the upstream's and back.
fn carries(from: &Lens, to: &Lens, leaf: &str) -> bool {
    let (user, sample) = with_leaf(leaf);
    let message = Message::Request(Operation::Replace);
    let said = from.lower(&user, message).object;
    let said = from.lift(&said, message).object;
    let sent = to.lower(&said, message).object;
    if leaf == "password" {
        return find(&json(&sent), leaf) == Some(&sample);
    }
    let back = to.lift(&sent, Message::Response).object;
    find(&json(&back), leaf) == Some(&sample)
}

fn with_leaf(leaf: &str) -> (Object<'static>, Json) {
    let names = names(leaf);
    let sample = match *names.last().unwrap() {
        "active" => Json::from(false),
        "primary" => Json::from(true),
        "value" => Json::from("ann@corp.example"),
        "id" => Json::from("cb3ef0a0-0ff5-4f60-ae82-4ae65d9d0e3a"),
        _ => Json::from("other"),
    };
    let many = names[0].ends_with('s') && !names[0].starts_with("urn:");
    let mut value = sample.clone();
    for name in names[1..].iter().rev() {
        value = serde_json::json!({ *name: value });
    }
    if many {
        value = Json::Array(vec![value]);
    }
    (object(serde_json::json!({ names[0]: value })), sample)
}

fn find<'v>(user: &'v Json, leaf: &str) -> Option<&'v Json> {
    names(leaf).into_iter().try_fold(user, |at, name| match at {
        Json::Array(elements) => elements.first()?.get(name),
        at => at.get(name),
    })
}

/// A URN's dots are no steps.
fn names(leaf: &str) -> Vec<&str> {
    let urns = [ENTERPRISE, OMNI_ATTRIBUTES, PINGONE_USER, DESCOPE_ATTRIBUTES];
    let badge = "urn:example:params:scim:schemas:extension:badge:2.0:User";
    match urns.into_iter().chain([badge]).find(|urn| leaf.starts_with(urn)) {
        Some(urn) => std::iter::once(urn).chain(leaf[urn.len() + 1..].split('.')).collect(),
        None => leaf.split('.').collect(),
    }
}
