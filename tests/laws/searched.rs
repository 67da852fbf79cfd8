//! Law 6 for every ordered pair, through the sandboxes: the answer to a filter is just the users that
//! satisfy it, whatever the upstream was asked, and also where it ignores filters.

use std::collections::BTreeSet;

use http::Method;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use scim_gateway::scim::query::encode;
use serde_json::{Value as Json, json};

use super::harness::{Bench, body};
use super::laws::Law;
use super::lived::{runtime, segment, tame};
use super::oracle::{pairs, picked};
use super::oracle_filter::asked;
use super::people::{arbitrary_user, cases, config};
use super::speech::{lifted, spoken};

/// The answer against the oracle's, over these users at the upstream.
async fn searched(
    bench: &Bench,
    client: &str,
    upstream: &str,
    users: &[Json],
    drawn: &[u16],
) -> Law {
    for (at, user) in users.iter().enumerate() {
        let mut user = tame(upstream, user);
        let name = user["userName"].as_str().unwrap_or_default().to_owned();
        user["userName"] = json!(format!("u{at}{name}"));
        bench.sandbox.seed(spoken(upstream, &user));
    }
    let known: Vec<(Json, Json)> = bench
        .sandbox
        .users()
        .iter()
        .map(|user| (user["id"].clone(), lifted(upstream, user)))
        .collect();
    let canonical: Vec<Json> = known.iter().map(|(_, user)| user.clone()).collect();
    let ask = asked(client, &canonical, drawn);
    let should: BTreeSet<String> = known
        .iter()
        // What a client is not shown it does not find by.
        .filter(|(_, user)| ask.holds(&picked(client, user)))
        .map(|(id, _)| id.as_str().unwrap_or_default().to_owned())
        .collect();
    let filter = ask.text(client);
    let query = encode(&[("filter", &filter)]);
    let answer = bench.send(Method::GET, &format!("{}?{query}", segment(client)), None).await;
    let asked: Vec<_> = bench.sandbox.requests().into_iter().map(|call| call.query).collect();
    let shown = body(&answer);
    if answer.response.status != 200 {
        return Err(format!("{filter}: {:?}", answer.record.fault));
    }
    let is: BTreeSet<String> = shown["Resources"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|user| user["id"].as_str().unwrap_or_default().to_owned())
        .collect();
    if is != should || shown["totalResults"] != json!(should.len()) {
        return Err(format!("{filter}: {is:?}, not {should:?}; asked {asked:?}"));
    }
    let foreign = bench.sandbox.foreign();
    if foreign.is_empty() { Ok(()) } else { Err(format!("{filter}: {foreign:?}")) }
}

fn every_pair(ignores: bool) {
    let mut failures = Vec::new();
    for (client, upstream) in pairs() {
        let given = (vec(arbitrary_user(upstream), 1..5), vec(any::<u16>(), 12));
        let mut runner = TestRunner::new(ProptestConfig { cases: cases(24), ..config() });
        let outcome = runner.run(&given, |(users, drawn)| {
            let bench = Bench::with(client, upstream, |_, options| {
                options.hidden = json!({});
                options.ignore_filters = ignores;
            });
            let law = searched(&bench, client, upstream, &users, &drawn);
            runtime().block_on(law).map_err(TestCaseError::fail)
        });
        failures.extend(outcome.err().map(|failure| format!("{client} -> {upstream}: {failure}")));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn law_6_a_filter_finds_just_what_satisfies_it() {
    every_pair(false);
}

#[test]
fn law_6_also_where_the_upstream_ignores_filters() {
    every_pair(true);
}

/// Shrunk: of several values, `ne` is "one is unlike it" here and "none is like it" at the upstream.
#[test]
fn unlike_one_of_several_values_is_not_asked_of_the_upstream() {
    let bench = Bench::new("scim", "scim");
    bench.sandbox.seed(json!({
        "userName": "a", "emails": [{"value": "a@x.example"}, {"value": "b@x.example"}]
    }));
    let query = encode(&[("filter", "emails.value ne \"a@x.example\"")]);
    let path = format!("/Users?{query}");
    let found = bench.send(Method::GET, &path, None);
    assert_eq!(body(&runtime().block_on(found))["totalResults"], 1);
}

/// Shrunk: references compare with regard to case (RFC 7643 section 2.3.7).
#[test]
fn references_compare_exactly() {
    let bench = Bench::new("scim", "scim");
    bench.sandbox.seed(json!({"userName": "a", "photos": [{"value": "https://x.example/p"}]}));
    let query = encode(&[("filter", "photos.value co \"X.EXAMPLE\"")]);
    let path = format!("/Users?{query}");
    let found = bench.send(Method::GET, &path, None);
    assert_eq!(body(&runtime().block_on(found))["totalResults"], 0);
}
