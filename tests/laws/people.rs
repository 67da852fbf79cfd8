//! Arbitrary canonical users, as a client of each dialect can say them on create.
//!
//! Rich on purpose: several elements, free keys, nulls, empty arrays, any script. Valid on purpose:
//! right types, at most one `primary`, no two elements with one value.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use serde_json::{Map, Value, json};

use super::tables::{DESCOPE_ATTRIBUTES, ENTERPRISE, OMNI_ATTRIBUTES, PINGONE_USER};

type Member = (&'static str, BoxedStrategy<Value>);

/// The same users in every run, unless another seed is asked for.
pub fn config() -> Config {
    Config {
        cases: cases(128),
        rng_seed: RngSeed::Fixed(asked("LAWS_SEED").unwrap_or(7643)),
        failure_persistence: None,
        ..Config::default()
    }
}

/// How many cases a pair has: so few, or its share of those that are asked for of each law.
pub fn cases(few: u32) -> u32 {
    let pairs = super::oracle::pairs().count() as u64;
    let share = asked("LAWS_CASES").map(|all| u32::try_from(all / pairs).unwrap_or(u32::MAX));
    share.map_or(few, |share| share.max(few))
}

/// A number from the environment.
pub fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// A user that a client of that dialect may create, in the canonical form.
pub fn arbitrary_user(client: &str) -> BoxedStrategy<Value> {
    match client {
        "omni" => user(email(), omni()),
        "pingone" => user(prop_oneof![email(), text()].boxed(), pingone()),
        "descope" => user(prop_oneof![email(), text()].boxed(), descope()),
        "scim" => user(prop_oneof![3 => email(), 1 => text()].boxed(), scim()),
        other => panic!("no such dialect: {other}"),
    }
}

fn user(user_name: BoxedStrategy<Value>, members: Vec<Member>) -> BoxedStrategy<Value> {
    (user_name, object(members))
        .prop_map(|(name, mut user)| {
            user["userName"] = name;
            user
        })
        .boxed()
}

fn omni() -> Vec<Member> {
    vec![("displayName", text()), (OMNI_ATTRIBUTES, free_keys())]
}

fn pingone() -> Vec<Member> {
    let population =
        object(vec![("id", Just(json!("cb3ef0a0-0ff5-4f60-ae82-4ae65d9d0e3a")).boxed())]);
    vec![
        ("externalId", text()),
        ("active", flag()),
        ("name", name(&NAMES)),
        ("nickName", text()),
        ("title", text()),
        ("preferredLanguage", text()),
        ("locale", text()),
        ("timezone", text()),
        ("emails", elements(email(), &[], false, 1)),
        ("phoneNumbers", elements(text(), &["work", "mobile", "primary"], false, 1)),
        ("addresses", addresses(false, 1)),
        ("photos", values(uri(), 1)),
        (PINGONE_USER, object(vec![("population", population)])),
    ]
}

fn descope() -> Vec<Member> {
    vec![
        ("displayName", text()),
        ("emails", elements(email(), &["work", "home", "other"], false, 4)),
        ("active", flag()),
        ("name", name(&["givenName", "familyName", "middleName"])),
        ("title", text()),
        (DESCOPE_ATTRIBUTES, free_keys()),
    ]
}

fn scim() -> Vec<Member> {
    let manager = object(vec![("value", text()), ("$ref", uri()), ("displayName", text())]);
    let enterprise = object(vec![
        ("employeeNumber", text()),
        ("costCenter", text()),
        ("organization", text()),
        ("division", text()),
        ("department", text()),
        ("manager", manager),
    ]);
    vec![
        ("externalId", text()),
        ("name", name(&NAMES)),
        ("displayName", text()),
        ("nickName", text()),
        ("profileUrl", uri()),
        ("title", text()),
        ("userType", text()),
        ("preferredLanguage", text()),
        ("locale", text()),
        ("timezone", text()),
        ("active", flag()),
        ("password", text()),
        ("emails", elements(email(), &["work", "home", "other"], true, 4)),
        (
            "phoneNumbers",
            elements(text(), &["work", "home", "mobile", "fax", "pager", "other"], true, 4),
        ),
        ("ims", elements(text(), &["xmpp", "skype"], true, 2)),
        ("photos", elements(uri(), &["photo", "thumbnail"], true, 2)),
        ("addresses", addresses(true, 3)),
        ("groups", Just(json!([])).boxed()),
        ("entitlements", elements(text(), &["seat"], true, 2)),
        ("roles", elements(text(), &["admin"], true, 2)),
        ("x509Certificates", elements(Just(json!("MIIB")).boxed(), &[], true, 1)),
        (ENTERPRISE, enterprise),
        (OMNI_ATTRIBUTES, free_keys()),
        (DESCOPE_ATTRIBUTES, free_keys()),
        ("urn:example:params:scim:schemas:extension:badge:2.0:User", free_keys()),
    ]
}

const NAMES: [&str; 6] =
    ["formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"];

fn name(parts: &[&'static str]) -> BoxedStrategy<Value> {
    object(parts.iter().map(|part| (*part, text())).collect())
}

/// Each member may be there, absent or null.
fn object(members: Vec<Member>) -> BoxedStrategy<Value> {
    let one = |(name, value): Member| {
        let value =
            prop_oneof![4 => value.prop_map(Some), 3 => Just(None), 1 => Just(Some(Value::Null))];
        value.prop_map(move |value| value.map(|value| (name.to_owned(), value))).boxed()
    };
    let members: Vec<_> = members.into_iter().map(one).collect();
    members.prop_map(|members| members.into_iter().flatten().collect()).boxed()
}

/// Elements with a value of their own, of these types; `[]` is one of the outcomes.
fn elements(
    value: BoxedStrategy<Value>,
    types: &'static [&'static str],
    shown: bool,
    most: usize,
) -> BoxedStrategy<Value> {
    let mut members: Vec<Member> = Vec::new();
    if !types.is_empty() {
        members.push(("type", proptest::sample::select(types).prop_map(Value::from).boxed()));
    }
    if shown {
        members.push(("display", text()));
    }
    with_primary(value, members, most)
}

fn values(value: BoxedStrategy<Value>, most: usize) -> BoxedStrategy<Value> {
    vec(value, 0..=most)
        .prop_map(|values| values.into_iter().map(|value| json!({"value": value})).collect())
        .boxed()
}

fn addresses(typed: bool, most: usize) -> BoxedStrategy<Value> {
    let mut members: Vec<Member> = ["formatted", "locality", "region", "postalCode", "country"]
        .into_iter()
        .map(|part| (part, text()))
        .collect();
    if typed {
        let types = proptest::sample::select(&["work", "home", "other"][..]);
        members.push(("type", types.prop_map(Value::from).boxed()));
    }
    let streets = with_primary(text(), members, most);
    let rename = |one: &mut Value| {
        if let Some(members) = one.as_object_mut() {
            let street = members.remove("value").unwrap_or_default();
            members.insert("streetAddress".to_owned(), street);
        }
    };
    streets
        .prop_map(move |mut all| {
            all.as_array_mut().into_iter().flatten().for_each(rename);
            all
        })
        .boxed()
}

fn with_primary(
    value: BoxedStrategy<Value>,
    members: Vec<Member>,
    most: usize,
) -> BoxedStrategy<Value> {
    let elements = vec((value, object(members)), 0..=most);
    let primary = proptest::option::of(0..most.max(1));
    (elements, primary, any::<bool>())
        .prop_map(|(elements, primary, denied)| {
            let mut seen = Vec::new();
            let mut all = Vec::new();
            for (at, (value, mut one)) in elements.into_iter().enumerate() {
                if seen.contains(&value) {
                    continue;
                }
                seen.push(value.clone());
                one["value"] = value;
                if primary == Some(at) {
                    one["primary"] = json!(true);
                } else if denied {
                    one["primary"] = json!(false);
                }
                all.push(one);
            }
            Value::Array(all)
        })
        .boxed()
}

/// An extension's own keys, with values of every JSON type.
fn free_keys() -> BoxedStrategy<Value> {
    let value = prop_oneof![
        text(),
        flag(),
        any::<i32>().prop_map(Value::from),
        vec(text(), 0..3).prop_map(Value::from),
        Just(Value::Null),
    ];
    vec(("[a-z][a-z0-9_]{0,6}", value), 0..4)
        .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()))
        .boxed()
}

fn text() -> BoxedStrategy<Value> {
    prop_oneof![3 => "[A-Za-z][A-Za-z0-9 .'-]{0,12}[a-z]", 1 => "[a-zà-ÿΑ-ωА-я一-三\"\\\\]{1,8}"]
        .prop_map(Value::from)
        .boxed()
}

fn email() -> BoxedStrategy<Value> {
    "[a-z]{1,8}\\.[a-z]{1,8}@[a-z]{2,8}\\.example".prop_map(Value::from).boxed()
}

fn uri() -> BoxedStrategy<Value> {
    "https://[a-z]{1,8}\\.example/[a-z]{1,8}".prop_map(Value::from).boxed()
}

fn flag() -> BoxedStrategy<Value> {
    any::<bool>().prop_map(Value::from).boxed()
}
