//! Laws 2, 3 and 5 for every ordered pair, through the sandboxes: what the upstream has afterwards.

use http::Method;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};
use std::sync::Arc;

use super::harness::{Bench, body};
use super::laws::{Law, differ};
use super::operations::{applied, operations, spoken_message};
use super::oracle::{kept, pairs, plain, refused};
use super::oracle_put;
use super::people::{self, arbitrary_user, config};
use super::speech::{heard, spoken};
use super::tables::{ENTERPRISE, OMNI_ATTRIBUTES, PINGONE_USER};

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}

pub fn segment(client: &str) -> &'static str {
    if client == "omni" { "/users" } else { "/Users" }
}

/// The user with only those attributes of Omni's that its administrator has defined, as texts.
pub fn tame(upstream: &str, x: &Json) -> Json {
    let mut x = x.clone();
    if upstream == "omni"
        && let Some(Json::Object(members)) = x.get_mut(OMNI_ATTRIBUTES)
    {
        let defined = ["department", "region", "cost_center", "title", "internal_note"];
        let values: Vec<Json> = members.values().cloned().collect();
        let text = |value: Json| if value.is_null() { value } else { json!(value.to_string()) };
        *members = defined
            .iter()
            .map(|name| (*name).to_owned())
            .zip(values.into_iter().map(text))
            .collect();
    }
    x
}

/// The one user at the upstream, in canonical names, without what says "no value" there.
fn stored(bench: &Bench, upstream: &str) -> Json {
    let user = bench.sandbox.users().into_iter().next().unwrap_or_default();
    let mut user = heard(upstream, &user);
    if upstream == "descope" {
        blank(&mut user);
    }
    let derived: &[&str] = if upstream == "omni" { &["emails", "groups"] } else { &["groups"] };
    if let Some(members) = user.as_object_mut() {
        members.retain(|name, _| !derived.contains(&name.as_str()));
    }
    unlinked(&plain(&user))
}

/// A request without a link and without a secret, which no sandbox tells; nulls stay.
fn unlinked_said(c: &Json) -> Json {
    let mut c = c.clone();
    if let Some(members) = c.as_object_mut() {
        members.remove("password");
    }
    if let Some(manager) =
        c.pointer_mut(&format!("/{ENTERPRISE}/manager")).and_then(Json::as_object_mut)
    {
        manager.remove("$ref");
    }
    c
}

/// Without what is derived or the vendor alone writes (docs/semantics.md 2.7): links and the manager's name.
fn unlinked(user: &Json) -> Json {
    kept(user, "", &|leaf| !leaf.ends_with("$ref") && !leaf.ends_with("manager.displayName"))
}

/// Descope is told "no value" by an empty one.
fn blank(value: &mut Json) {
    match value {
        Json::Object(members) => {
            members.values_mut().for_each(blank);
            members.retain(|_, value| !value.is_null());
        }
        Json::String(text) if text.is_empty() => *value = Json::Null,
        _ => {}
    }
}

fn inner(mut answer: Json) -> Json {
    let mut user = match answer.get_mut("user") {
        Some(user) => user.take(),
        None => answer,
    };
    if let Some(members) = user.as_object_mut() {
        members.remove("detail");
    }
    user
}

fn writes(bench: &Bench) -> usize {
    bench.sandbox.requests().iter().filter(|call| call.method != Method::GET).count()
}

fn seeded(client: &str, upstream: &str, v: &Json, emulated: bool) -> (Bench, String) {
    let bench = Bench::with(client, upstream, |spec, options| {
        options.hidden = json!({});
        if emulated {
            let mut without = spec.upstream.as_ref().clone();
            without.resources.iter_mut().for_each(|resource| resource.patch = None);
            spec.upstream = Arc::new(without);
        }
    });
    let mut v = tame(upstream, v);
    // Every vendor answers `active`.
    if !v["active"].is_boolean() {
        v["active"] = json!(true);
    }
    if upstream == "pingone" {
        v[PINGONE_USER] = json!({"population": {"id": "cb3ef0a0-0ff5-4f60-ae82-4ae65d9d0e3a"}});
    }
    let v = unlinked(&v);
    let id = bench.sandbox.seed(spoken(upstream, &plain(&v)));
    (bench, format!("{}/{id}", segment(client)))
}

/// 2: a GET's answer, PUT, changes nothing; nothing is written where the old user was read.
async fn get_put(client: &str, upstream: &str, v: &Json) -> Law {
    let (bench, at) = seeded(client, upstream, v, false);
    let before = stored(&bench, upstream);
    let shown = inner(body(&bench.send(Method::GET, &at, None).await));
    let reads = bench.sandbox.requests().len();
    let answer = bench.send(Method::PUT, &at, Some(&shown)).await;
    if answer.response.status != 200 {
        return Err(format!("{} {:?}", body(&answer), answer.record.fault));
    }
    differ("put(view(v), v)", &stored(&bench, upstream), &before)?;
    let calls = bench.sandbox.requests().len() - reads;
    if calls > 1 || (calls == 1 && writes(&bench) == 1 && [client, upstream] != ["omni", "omni"]) {
        return Err(format!("{calls} calls, {} of them writes", writes(&bench)));
    }
    differ("the answer", &inner(body(&answer)), &shown)
}

/// 3: what is put is there, and what the client cannot see stays.
async fn put_get(client: &str, upstream: &str, c: &Json, v: &Json) -> Law {
    let (bench, at) = seeded(client, upstream, v, false);
    let c = unlinked_said(&tame(upstream, c));
    let before = stored(&bench, upstream);
    let answer = bench.send(Method::PUT, &at, Some(&spoken(client, &c))).await;
    let status = answer.response.status.as_u16();
    let after = stored(&bench, upstream);
    if refused(client, upstream, &c).is_some() {
        return differ("after a refusal", &after, &before);
    }
    if status != 200 {
        return Err(format!("{status} {:?}", answer.record.fault));
    }
    let mut after = after;
    back_to_default(upstream, &c, &mut after);
    oracle_put::check((client, upstream), &c, &before, &after, false)?;
    foreign(&bench)
}

/// A plain server that is told of no value takes its default: that says nothing of put.
fn back_to_default(upstream: &str, c: &Json, after: &mut Json) {
    if upstream == "scim"
        && c.get("active").is_some_and(Json::is_null)
        && let Some(members) = after.as_object_mut()
    {
        members.remove("active");
    }
}

fn foreign(bench: &Bench) -> Law {
    let foreign = bench.sandbox.foreign();
    if foreign.is_empty() { Ok(()) } else { Err(format!("{foreign:?}")) }
}

/// 5: a PATCH does what RFC 7644 section 3.5.2 says to the client's view, natively or by emulation.
async fn patched(client: &str, upstream: &str, v: &Json, drawn: &[u16]) -> Law {
    let (bench, at) = seeded(client, upstream, v, false);
    let before = stored(&bench, upstream);
    let shown = heard(client, &inner(body(&bench.send(Method::GET, &at, None).await)));
    let ops = operations(client, upstream, &shown, drawn);
    let message = spoken_message(client, &ops);
    let answer = bench.send(Method::PATCH, &at, Some(&message)).await;
    let status = answer.response.status.as_u16();
    let after = stored(&bench, upstream);
    let context =
        |reason: String| format!("{ops:?} ({} calls): {reason}", answer.record.calls.len());
    let Some((wanted, vain)) = applied(&shown, &ops) else {
        if status == 200 {
            // A client with that quirk has the element made.
            return if client == "scim" {
                Ok(())
            } else {
                Err(context("no target, yet 200".into()))
            };
        }
        return differ("after a refusal", &after, &before).map_err(context);
    };
    if vain && status == 400 {
        // Section 3.5.2.2 leaves it open, and a server that is asked natively may say noTarget.
        return differ("after a refusal", &after, &before).map_err(context);
    }
    if status != 200 {
        return Err(context(format!("{status} {:?}", answer.record.fault)));
    }
    oracle_put::check((client, upstream), &wanted, &before, &after, true).map_err(context)?;
    foreign(&bench).map_err(context)?;
    let (emulating, at) = seeded(client, upstream, v, true);
    let answer = emulating.send(Method::PATCH, &at, Some(&message)).await;
    if answer.response.status != 200 {
        return Err(context(format!("emulated: {:?}", answer.record.fault)));
    }
    differ("emulated", &stored(&emulating, upstream), &after).map_err(context)
}

fn every_pair<S: Strategy>(
    given: impl Fn(&'static str, &'static str) -> S,
    cases: u32,
    law: impl Fn(&'static str, &'static str, S::Value) -> Law,
) {
    let mut failures = Vec::new();
    for (client, upstream) in pairs() {
        let mut runner =
            TestRunner::new(ProptestConfig { cases: people::cases(cases), ..config() });
        let outcome = runner.run(&given(client, upstream), |given| {
            law(client, upstream, given).map_err(TestCaseError::fail)
        });
        failures.extend(outcome.err().map(|failure| format!("{client} -> {upstream}: {failure}")));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn law_2_putting_what_was_read_writes_nothing() {
    every_pair(
        |_, upstream| arbitrary_user(upstream),
        24,
        |client, upstream, v| runtime().block_on(get_put(client, upstream, &v)),
    );
}

#[test]
fn law_3_what_is_put_is_stored_and_what_is_hidden_stays() {
    every_pair(
        |client, upstream| (arbitrary_user(client), arbitrary_user(upstream)),
        24,
        |client, upstream, (c, v)| runtime().block_on(put_get(client, upstream, &c, &v)),
    );
}

#[test]
fn law_5_a_patch_is_what_the_rfc_makes_of_the_view() {
    every_pair(
        |_, upstream| (arbitrary_user(upstream), vec(any::<u16>(), 16)),
        40,
        |client, upstream, (v, drawn)| runtime().block_on(patched(client, upstream, &v, &drawn)),
    );
}

/// Shrunk: an extension without a member was sent, and not among `schemas`.
#[test]
fn an_extension_without_a_member_is_not_sent() {
    let c = json!({"userName": "a.a@aa.example", (super::tables::DESCOPE_ATTRIBUTES): {}});
    let v = json!({"userName": "b.b@aa.example"});
    let law = put_get("scim", "scim", &c, &v);
    assert_eq!(runtime().block_on(law), Ok(()));
}

/// Shrunk: a boolean has no empty value, and `null` went to a vendor that takes none. What a vendor's
/// users always have is kept: no value is what leaving it out says (RFC 7643 section 2.5).
#[test]
fn a_replacement_cannot_clear_what_is_always_there() {
    let cleared = [
        json!({"userName": "a.a@aa.example", "active": null}),
        json!({"userName": "a.a@aa.example", PINGONE_USER: null}),
        json!({"userName": "a.a@aa.example", PINGONE_USER: {"population": null}}),
        json!({"userName": "a.a@aa.example", PINGONE_USER: {"population": {"id": null}}}),
    ];
    for upstream in ["descope", "omni", "pingone"] {
        for c in &cleared {
            let v = json!({"userName": "a.a@aa.example", "displayName": "A", "active": false});
            let (bench, at) = seeded("scim", upstream, &v, false);
            let before = stored(&bench, upstream);
            let answer = runtime().block_on(bench.send(Method::PUT, &at, Some(c)));
            assert_eq!(answer.response.status, 200, "{upstream} {c} {:?}", answer.record.fault);
            let after = stored(&bench, upstream);
            for leaf in ["active", PINGONE_USER] {
                assert_eq!(after[leaf], before[leaf], "{upstream} {c}");
            }
        }
    }
}

/// Shrunk: a PATCH of the difference named an extension by its bare URN, which an upstream that does
/// not know it takes for an attribute of another.
#[test]
fn an_extension_that_the_upstream_does_not_list_is_told_member_by_member() {
    let (bench, at) = seeded("pingone", "scim", &json!({"userName": "a.a@aa.example"}), false);
    let population = json!("0f1e2d3c-0ff5-4f60-ae82-4ae65d9d0e3a");
    let path = format!("{PINGONE_USER}:population.id");
    let message = json!({"Operations": [
        {"op": "add", "path": path, "value": population},
        {"op": "add", "path": "emails", "value": [{"value": "a.a@aa.example"}]},
    ]});
    let answer = runtime().block_on(bench.send(Method::PATCH, &at, Some(&message)));
    assert_eq!(answer.response.status, 200, "{:?}", answer.record.fault);
    assert_eq!(bench.sandbox.users()[0][PINGONE_USER]["population"]["id"], population);
}
