//! Many routes: which one a request belongs to, at what cost, and what they share.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use scim_gateway::dialect::Dialects;
use scim_gateway::gateway::route::Policies;
use scim_gateway::gateway::{Gateway, RouteSpec};

fn spec(dialects: &Dialects, host: Option<&str>, prefix: &str) -> RouteSpec {
    let dialect = dialects.named("scim").unwrap();
    RouteSpec {
        name: format!("{}{prefix}", host.unwrap_or_default()),
        host: host.map(str::to_owned),
        prefix: prefix.to_owned(),
        client: Arc::clone(dialect),
        client_vars: BTreeMap::new(),
        client_extends: Vec::new(),
        upstream: Arc::clone(dialect),
        upstream_vars: BTreeMap::new(),
        upstream_name: "up".to_owned(),
        overlays: Vec::new(),
        group_overlays: Vec::new(),
        public_url: "https://gateway.example".to_owned(),
        rules: String::new(),
        policies: Policies::default(),
    }
}

fn gateway(places: &[(Option<&str>, &str)]) -> Gateway {
    let dialects = Dialects::embedded().unwrap();
    Gateway::new(places.iter().map(|(host, p)| spec(&dialects, *host, p)).collect(), &dialects)
}

/// What the words say: every route is asked.
fn asked<'g>(gateway: &'g Gateway, host: Option<&str>, path: &str) -> Option<&'g str> {
    let holds = |prefix: &str| {
        path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    gateway
        .routes()
        .iter()
        .map(|route| &route.spec)
        .filter(|spec| spec.host.is_none() || spec.host == host.map(str::to_ascii_lowercase))
        .filter(|spec| holds(&spec.prefix))
        .max_by_key(|spec| (spec.host.is_some(), spec.prefix.len()))
        .map(|spec| spec.name.as_str())
}

#[test]
fn the_route_is_the_one_that_the_words_say() {
    let gateway = gateway(&[
        (None, "/a"),
        (None, "/a/b"),
        (None, "/a/b/c/d"),
        (None, "/ab"),
        (Some("one.example"), "/a"),
        (Some("one.example"), "/deep/er"),
        (Some("two.example"), ""),
    ]);
    let hosts = [None, Some("one.example"), Some("ONE.example"), Some("two.example"), Some("x")];
    let paths = [
        "",
        "/",
        "*",
        "/a",
        "/a/",
        "/a/b",
        "/a/bc",
        "/a/b/c",
        "/a/b/c/d/e",
        "/ab",
        "/abc",
        "/a//b",
        "//a",
        "/deep",
        "/deep/er/x",
        "/deep/era",
        "a",
        "/ü/a",
        "/a/ü",
        "/A",
    ];
    for host in hosts {
        for path in paths {
            let found = gateway.route(host, path).map(|route| route.spec.name.as_str());
            assert_eq!(found, asked(&gateway, host, path), "{host:?} {path:?}");
        }
    }
    assert_eq!(gateway.route(Some("two.example"), "/zz").unwrap().spec.name, "two.example");
    assert!(gateway.route(None, "/zz").is_none());
}

#[test]
fn ten_thousand_routes_share_the_compiled_pair_and_are_found_as_fast_as_ten() {
    let dialects = Dialects::embedded().unwrap();
    let of = |count: usize| {
        let host = |n: usize| n.is_multiple_of(2).then_some("tenant.example");
        let specs = (0..count).map(|n| spec(&dialects, host(n), &format!("/tenant-{n}/a")));
        Gateway::new(specs.collect(), &dialects)
    };
    let (few, many) = (of(10), of(10_000));
    let first = many.routes()[0].users.as_ref().unwrap();
    assert!(many.routes().iter().all(|route| Arc::ptr_eq(route.users.as_ref().unwrap(), first)));
    // Asking every route would cost a thousand times more; the margin is for a busy machine.
    let (few, many) = (fastest(&few), fastest(&many));
    assert!(many < few * 20, "{few:?} with 10 routes, {many:?} with 10,000");
}

/// The fastest of some rounds of lookups spread over all routes.
fn fastest(gateway: &Gateway) -> Duration {
    let count = gateway.routes().len();
    let paths: Vec<String> =
        (0..100).map(|n| format!("/tenant-{}/a/scim/v2/Users", n * 97 % count)).collect();
    let round = || {
        let begin = Instant::now();
        for path in &paths {
            assert!(black_box(gateway.route(Some("tenant.example"), path)).is_some());
        }
        begin.elapsed()
    };
    (0..50).map(|_| round()).min().unwrap()
}

#[test]
fn what_differs_has_a_pair_of_its_own() {
    let dialects = Dialects::embedded().unwrap();
    let mut other = spec(&dialects, None, "/b");
    other.upstream_vars.insert("environment".to_owned(), "e".to_owned());
    let gateway = Gateway::new(vec![spec(&dialects, None, "/a"), other], &dialects);
    let [a, b] = gateway.routes() else { panic!("two routes") };
    assert!(!Arc::ptr_eq(a.users.as_ref().unwrap(), b.users.as_ref().unwrap()));
}

#[test]
fn a_long_path_costs_no_more_than_the_longest_prefix() {
    let gateway = gateway(&[(None, "/a/b")]);
    let path = "/".repeat(8_000);
    let begin = Instant::now();
    for _ in 0..10_000 {
        assert!(black_box(gateway.route(None, &path)).is_none());
    }
    // Hashing each of the 8,000 beginnings of the path would take minutes.
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

/// Routes share a pair only where nothing that it is made of differs.
#[test]
fn what_differs_in_one_thing_is_another_pair() {
    let dialects = Dialects::embedded().unwrap();
    let plain = spec(&dialects, None, "/a");
    assert_eq!(plain.pair_spec(), spec(&dialects, Some("b.example"), "/b").pair_spec());
    let omni = || Arc::clone(dialects.named("omni").unwrap());
    let named = || BTreeMap::from([("name".to_owned(), "value".to_owned())]);
    let others = [
        RouteSpec { client: omni(), ..plain.clone() },
        RouteSpec { client_vars: named(), ..plain.clone() },
        RouteSpec { upstream: omni(), ..plain.clone() },
        RouteSpec { upstream_vars: named(), ..plain.clone() },
    ];
    for (at, other) in others.iter().enumerate() {
        assert!(plain.pair_spec() != other.pair_spec(), "{at}");
    }
}
