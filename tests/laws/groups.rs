//! Law 5 for groups, for every ordered pair of dialects that have them: what a PATCH makes of the members
//! is what RFC 7644 section 3.5.2 says, natively and by emulation; and a PATCH with a mistake anywhere in
//! it, of a group or a user, makes no call.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::Method;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};

use super::harness::Bench;
use super::laws::Law;
use super::lived::{runtime, segment};
use super::operations::{operations, spoken_message};
use super::oracle::pairs;
use super::people::config;

const PEOPLE: usize = 4;

/// One operation; numbers stand for users.
#[derive(Clone, Debug)]
enum Change {
    Add(Vec<usize>),
    /// A removal with a value array.
    Without(Vec<usize>),
    Remove(Select),
    RemoveAll,
    Replace(Vec<usize>),
    Name(String),
    /// Without a path.
    Whole(String, Vec<usize>),
}

/// A value filter.
#[derive(Clone, Debug)]
enum Select {
    Is(usize),
    Either(usize, usize),
    Not(usize),
    NotEither(usize, usize),
    Both(usize, usize),
    Part(usize),
    Present,
}

fn change() -> impl Strategy<Value = Change> {
    let one = 0..PEOPLE;
    let some = vec(0..PEOPLE, 0..=PEOPLE);
    let select = prop_oneof![
        3 => one.clone().prop_map(Select::Is),
        2 => (0..PEOPLE, 0..PEOPLE).prop_map(|(a, b)| Select::Either(a, b)),
        1 => one.clone().prop_map(Select::Not),
        1 => (0..PEOPLE, 0..PEOPLE).prop_map(|(a, b)| Select::NotEither(a, b)),
        1 => (0..PEOPLE, 0..PEOPLE).prop_map(|(a, b)| Select::Both(a, b)),
        1 => one.prop_map(Select::Part),
        1 => Just(Select::Present),
    ];
    prop_oneof![
        3 => vec(0..PEOPLE, 1..=PEOPLE).prop_map(Change::Add),
        2 => vec(0..PEOPLE, 1..=2).prop_map(Change::Without),
        4 => select.prop_map(Change::Remove),
        1 => Just(Change::RemoveAll),
        2 => some.clone().prop_map(Change::Replace),
        1 => "[A-Z][a-z]{1,8}".prop_map(Change::Name),
        1 => ("[A-Z][a-z]{1,8}", some).prop_map(|(name, members)| Change::Whole(name, members)),
    ]
}

impl Select {
    fn spoken(&self, ids: &[String]) -> String {
        let is = |at: &usize| format!("value eq \"{}\"", ids[*at]);
        match self {
            Self::Is(a) => is(a),
            Self::Either(a, b) => format!("{} or {}", is(a), is(b)),
            Self::Not(a) => format!("not ({})", is(a)),
            Self::NotEither(a, b) => format!("not ({} or {})", is(a), is(b)),
            Self::Both(a, b) => format!("{} and {}", is(a), is(b)),
            Self::Part(a) => format!("value co \"{}\"", &ids[*a][4..20]),
            Self::Present => "value pr".to_owned(),
        }
    }

    fn takes(&self, at: usize) -> bool {
        match self {
            Self::Is(a) | Self::Part(a) => at == *a,
            Self::Either(a, b) => at == *a || at == *b,
            Self::Not(a) => at != *a,
            Self::NotEither(a, b) => at != *a && at != *b,
            Self::Both(a, b) => at == *a && at == *b,
            Self::Present => true,
        }
    }
}

impl Change {
    fn spoken(&self, ids: &[String]) -> Json {
        let members = |all: &[usize]| -> Vec<Json> {
            // RFC 7643 section 2.4: a list without duplicates.
            let all: BTreeSet<usize> = all.iter().copied().collect();
            all.iter().map(|at| json!({"value": ids[*at]})).collect()
        };
        match self {
            Self::Add(all) => json!({"op": "add", "path": "members", "value": members(all)}),
            Self::Without(all) => json!({"op": "Remove", "path": "members", "value": members(all)}),
            Self::Remove(select) => {
                json!({"op": "remove", "path": format!("members[{}]", select.spoken(ids))})
            }
            Self::RemoveAll => json!({"op": "remove", "path": "members"}),
            Self::Replace(all) => {
                json!({"op": "replace", "path": "members", "value": members(all)})
            }
            Self::Name(name) => json!({"op": "replace", "path": "displayName", "value": name}),
            Self::Whole(name, all) => {
                json!({"op": "replace", "value": {"displayName": name, "members": members(all)}})
            }
        }
    }

    fn apply(&self, name: &mut String, members: &mut BTreeSet<usize>) {
        match self {
            Self::Add(all) => members.extend(all),
            Self::Without(all) => members.retain(|at| !all.contains(at)),
            Self::Remove(select) => members.retain(|at| !select.takes(*at)),
            Self::RemoveAll => members.clear(),
            Self::Replace(all) => *members = all.iter().copied().collect(),
            Self::Name(said) => said.clone_into(name),
            Self::Whole(said, all) => {
                said.clone_into(name);
                *members = all.iter().copied().collect();
            }
        }
    }
}

fn with_groups() -> impl Iterator<Item = (&'static str, &'static str)> {
    pairs().filter(|(client, upstream)| *client != "pingone" && *upstream != "pingone")
}

fn at(client: &str) -> &'static str {
    if client == "omni" { "/groups" } else { "/Groups" }
}

fn bench(client: &str, upstream: &str, emulated: bool) -> Bench {
    Bench::with(client, upstream, |spec, options| {
        options.hidden = json!({});
        if emulated {
            let mut without = spec.upstream.as_ref().clone();
            without.resources.iter_mut().for_each(|resource| resource.patch = None);
            spec.upstream = Arc::new(without);
        }
    })
}

async fn patched(
    client: &str,
    upstream: &str,
    (first, changes): (&[usize], &[Change]),
    emulated: bool,
) -> Law {
    let bench = bench(client, upstream, emulated);
    let ids: Vec<String> = (0..PEOPLE)
        .map(|n| {
            let name = format!("u{n}@corp.example");
            let user = json!({"userName": name, "displayName": name, "active": true});
            bench.sandbox.seed(user)
        })
        .collect();
    let (mut name, mut members) = ("Sales".to_owned(), first.iter().copied().collect());
    let value: Vec<Json> =
        (&members as &BTreeSet<usize>).iter().map(|at| json!({"value": ids[*at]})).collect();
    let group = json!({"displayName": name, "members": value});
    let made = bench.send(Method::POST, at(client), Some(&group)).await;
    let made = super::harness::body(&made);
    let Some(id) = made["id"].as_str() else { return Err(format!("not made: {made}")) };

    let said: Vec<Json> = changes.iter().map(|change| change.spoken(&ids)).collect();
    let message = json!({"Operations": said});
    let answer = bench.send(Method::PATCH, &format!("{}/{id}", at(client)), Some(&message)).await;
    if !answer.response.status.is_success() {
        return Err(format!("{message}: {} {:?}", answer.response.status, answer.record.fault));
    }
    changes.iter().for_each(|change| change.apply(&mut name, &mut members));
    let stored = bench.sandbox.groups()[0].clone();
    let is: BTreeSet<&str> = stored["members"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|member| member["value"].as_str().unwrap_or_default())
        .collect();
    let should: BTreeSet<&str> = members.iter().map(|at| ids[*at].as_str()).collect();
    if is != should || stored["displayName"] != json!(name) {
        return Err(format!("{message}: {stored}, not {name} with {should:?}"));
    }
    if bench.sandbox.foreign().is_empty() {
        Ok(())
    } else {
        Err(format!("{:?}", bench.sandbox.foreign()))
    }
}

#[test]
fn law_5_a_patch_of_a_group_is_what_the_rfc_makes_of_it() {
    let mut failures = Vec::new();
    let given = (vec(0..PEOPLE, 0..=PEOPLE), vec(change(), 1..4));
    for (client, upstream) in with_groups() {
        for emulated in [false, true] {
            if emulated && upstream == "omni" {
                // A PUT there demands more of each member than a PATCH says.
                continue;
            }
            let mut runner = TestRunner::new(ProptestConfig { cases: 32, ..config() });
            let outcome = runner.run(&given, |(first, changes)| {
                let law = patched(client, upstream, (&first, &changes), emulated);
                runtime().block_on(law).map_err(TestCaseError::fail)
            });
            let failure = outcome.err();
            failures.extend(failure.map(|f| format!("{client} -> {upstream} {emulated}: {f}")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// Operations that no resource can take, whatever it holds.
fn wrong() -> Vec<Json> {
    vec![
        json!({"op": "replace", "path": "displayName[", "value": "x"}),
        json!({"op": "remove"}),
        json!({"op": "rename", "path": "displayName"}),
        json!({"op": "replace", "path": "id", "value": "x"}),
        json!({"op": "add", "path": "meta.created", "value": "2026-01-01T00:00:00Z"}),
        json!({"op": "replace", "path": "userName"}),
        json!("replace"),
    ]
}

#[test]
fn law_5_a_patch_with_one_mistake_in_it_makes_no_call() {
    for (client, upstream) in pairs() {
        let law = |(drawn, at): (Vec<u16>, usize)| {
            let bench = bench(client, upstream, false);
            let user = json!({"userName": "a@corp.example", "displayName": "A", "active": true});
            let id = bench.sandbox.seed(user.clone());
            let before = (bench.sandbox.requests().len(), bench.sandbox.users());
            let mut message = spoken_message(client, &operations(client, upstream, &user, &drawn));
            let said = message["Operations"].as_array_mut().expect("operations");
            let mistakes = wrong();
            said.push(mistakes[at % mistakes.len()].clone());
            let path = format!("{}/{id}", segment(client));
            let answer = runtime().block_on(bench.send(Method::PATCH, &path, Some(&message)));
            prop_assert_eq!(answer.response.status, 400, "{} {} {}", client, upstream, message);
            let after = (bench.sandbox.requests().len(), bench.sandbox.users());
            prop_assert_eq!(before, after, "{} {} {}", client, upstream, message);
            Ok(())
        };
        let given = (vec(any::<u16>(), 16), 0..7_usize);
        TestRunner::new(ProptestConfig { cases: 16, ..config() }).run(&given, law).unwrap();
    }
}
