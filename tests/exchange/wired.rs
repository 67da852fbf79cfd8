//! What an exchange tells of its calls to whoever looks: the path that was asked for, names and sizes,
//! and no value.

use std::time::Duration;

use http::Method;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, ENVIRONMENT};

/// Values that stand nowhere else.
const SEEDS: [&str; 9] = [
    "zq-login@seed.example",
    "zq given",
    "zq family",
    "+1 555 9182736",
    "zq-password-0192",
    "zq title",
    "zq-external",
    "zq nick",
    "https://zq.example/photo",
];

fn user() -> Json {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": SEEDS[0], "name": {"givenName": SEEDS[1], "familyName": SEEDS[2]},
        "displayName": SEEDS[1], "phoneNumbers": [{"type": "work", "value": SEEDS[3]}],
        "emails": [{"type": "work", "value": SEEDS[0], "primary": true}],
        "password": SEEDS[4], "title": SEEDS[5], "externalId": SEEDS[6], "nickName": SEEDS[7],
        "profileUrl": SEEDS[8],
    })
}

/// Everything that a record tells of calls, in one text.
fn told(outcome: &scim_gateway::exchange::Outcome) -> Vec<String> {
    let calls = outcome.record.calls.iter();
    calls.map(|call| format!("{:?} {:?}", call.asked, call.wired)).collect()
}

// Nothing showed what goes over the wire.
#[tokio::test]
async fn whoever_looks_sees_paths_names_and_sizes_and_no_value_id_or_filter_value() {
    for (client, upstream) in [
        ("scim", "scim"),
        ("scim", "omni"),
        ("scim", "pingone"),
        ("scim", "descope"),
        ("omni", "pingone"),
    ] {
        let bench = Bench::new(client, upstream);
        bench.shared.wire.everywhere(true);
        let users = format!("/{}", crate::harness::users_of(client));
        let mut all = Vec::new();
        let made = bench.send(Method::POST, &users, Some(&user())).await;
        all.extend(told(&made));
        let stored = bench.sandbox.users();
        let id = stored.first().and_then(|user| user["id"].as_str()).unwrap_or("none").to_owned();
        let filter =
            format!("userName eq \"{}\"", SEEDS[0]).replace(' ', "%20").replace('"', "%22");
        for below in [
            format!("{users}/{id}"),
            format!("{users}?filter={filter}&count=2&startIndex=1"),
            format!("{users}?filter={}", filter.replace("userName%20eq", "title%20co")),
            format!("{users}/{id}-zq-missing"),
        ] {
            all.extend(told(&bench.send(Method::GET, &below, None).await));
        }
        let patch = json!({"Operations": [
            {"op": "replace", "path": "displayName", "value": SEEDS[7]},
            {"op": "replace", "path": format!("emails[value eq \"{}\"].type", SEEDS[0]), "value": "home"},
        ]});
        all.extend(told(&bench.send(Method::PATCH, &format!("{users}/{id}"), Some(&patch)).await));
        all.extend(told(&bench.send(Method::PUT, &format!("{users}/{id}"), Some(&user())).await));
        all.extend(told(&bench.send(Method::DELETE, &format!("{users}/{id}"), None).await));
        assert!(all.len() > 5, "{client} -> {upstream}: {all:#?}");
        let shown = all.join("\n");
        for secret in SEEDS.into_iter().chain([id.as_str(), "zq", "9182736", "0192"]) {
            assert!(!shown.contains(secret), "{client} -> {upstream}: {secret}\n{shown}");
        }
        let base = &bench.route.upstream_base;
        let of =
            |path: &str| format!("{base}/{}{path}", bench.route.spec.upstream.resources[0].path);
        assert!(all.iter().all(|call| call.contains(&format!(" {}", of("")))), "{shown}");
        assert!(shown.contains(&format!("GET {}", of("/{id}"))), "{shown}");
        assert!(shown.contains("string("), "{shown}");
    }
}

// Part 12: a free key that is a plain word was shown, though it may be data.
#[tokio::test]
async fn a_name_that_the_upstreams_dialect_does_not_know_is_told_by_its_length() {
    for upstream in ["scim", "omni"] {
        let bench = Bench::new("scim", upstream);
        bench.shared.wire.everywhere(true);
        let free = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:example:zqurn:2.0:User"],
            "userName": SEEDS[0], "zqfree": {"zqann": {"zqbob": [{"zqeve": 1}]}}, "zqplain": "x",
            "urn:example:zqurn:2.0:User": {"zqkey": "y"},
        });
        let users = format!("/{}", crate::harness::users_of("scim"));
        let mut all = told(&bench.send(Method::POST, &users, Some(&free)).await);
        for query in ["filter=zqfree.zqann%20eq%20%22x%22", "filter=zqplain%20pr", "sortBy=zqplain"]
        {
            let below = format!("{users}?{query}&attributes=userName,zqplain");
            all.extend(told(&bench.send(Method::GET, &below, None).await));
        }
        let shown = all.join("\n");
        assert!(!shown.contains("zq"), "{upstream}: {shown}");
        let known = if upstream == "scim" { "name(26): {" } else { "string(" };
        assert!(shown.contains("userName") && shown.contains(known), "{upstream}: {shown}");
    }
}

#[tokio::test]
async fn an_order_is_told_as_it_is_and_any_other_word_by_its_length() {
    let bench = Bench::new("scim", "scim");
    bench.shared.wire.everywhere(true);
    let below = "/Users?sortBy=userName&sortOrder=descending&count=5";
    let shown = told(&bench.send(Method::GET, below, None).await).join("\n");
    assert!(shown.contains("sortBy=userName&sortOrder=descending"), "{shown}");
}

// A 404 told nowhere which path had been asked for.
#[tokio::test]
async fn what_is_not_found_names_the_path_that_was_asked_for() {
    let bench = Bench::new("scim", "pingone");
    let outcome = bench.send(Method::GET, "/Users/zq-nobody", None).await;
    assert_eq!(outcome.response.status, 404);
    let call = &outcome.record.calls[0];
    let wanted = format!("GET /environments/{ENVIRONMENT}/v2/Users/{{id}}");
    assert_eq!(call.asked.as_deref(), Some(wanted.as_str()));
    assert_eq!(call.wired, None);
}

#[tokio::test]
async fn nothing_is_told_where_nobody_looks_and_of_the_route_alone_that_is_looked_at() {
    let bench = Bench::new("scim", "omni");
    let list = async || bench.send(Method::GET, "/Users", None).await;
    let wired = |outcome: &scim_gateway::exchange::Outcome| {
        outcome.record.calls.iter().filter(|call| call.wired.is_some()).count()
    };
    assert_eq!(wired(&list().await), 0);
    assert!(bench.shared.wire.look("/another", Duration::from_secs(60)));
    assert_eq!(wired(&list().await), 0);
    assert!(bench.shared.wire.look("/scim/omni", Duration::from_secs(60)));
    assert!(wired(&list().await) > 0);
    assert!(bench.shared.wire.look("/scim/omni", Duration::ZERO));
    assert_eq!(wired(&list().await), 0);
}

#[tokio::test]
async fn a_look_ends_by_itself_and_the_calls_of_one_exchange_are_bounded() {
    let bench = Bench::new("scim", "scim");
    for number in 0..40 {
        let schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"];
        bench.store(&json!({"schemas": schemas, "userName": format!("u{number}")}).to_string());
    }
    let get = |id: &str| json!({"method": "DELETE", "path": format!("/Users/{id}")});
    let ids = bench.sandbox.users();
    let operations: Vec<_> =
        ids.iter().filter_map(|user| Some(get(user["id"].as_str()?))).collect();
    let bulk = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations,
    });
    bench.shared.wire.everywhere(true);
    let outcome = bench.send(Method::POST, "/Bulk", Some(&bulk)).await;
    assert!(outcome.record.calls.len() >= 40);
    let wired = outcome.record.calls.iter().filter(|call| call.wired.is_some()).count();
    assert_eq!(wired, scim_gateway::exchange::CALLS);
}
