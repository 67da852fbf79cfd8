//! `POST .search`: toward upstreams that want or need it, and over all types at the base.

use http::Method;
use scim_gateway::exchange::Outcome;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, body};
use crate::scripted::{Line, answer};

fn find(filter: &str) -> String {
    format!("/Users?filter={}", filter.replace(' ', "%20").replace('"', "%22"))
}

#[tokio::test]
async fn a_filtered_list_goes_by_search_where_the_upstream_wants_that() {
    let bench = Bench::new("scim", "pingone");
    for name in ["ann", "bo"] {
        bench.sandbox.seed(json!({"userName": format!("{name}@corp.example"), "active": true}));
    }
    let found = bench.send(Method::GET, &find(r#"userName eq "ann@corp.example""#), None).await;
    assert_eq!(body(&found)["Resources"][0]["userName"], "ann@corp.example");
    let all = bench.send(Method::GET, "/Users", None).await;
    assert_eq!(body(&all)["totalResults"], 2);
    let asked = bench.sandbox.requests();
    assert_eq!((&asked[0].method, asked[0].query.as_deref()), (&Method::POST, None));
    assert!(asked[0].path.ends_with("/v2/Users/.search"), "{}", asked[0].path);
    assert_eq!(asked[0].headers["content-type"], "application/json");
    let sent: Json = serde_json::from_slice(&asked[0].body).expect("JSON");
    assert_eq!(sent, json!({"filter": "userName eq \"ann@corp.example\"", "count": 200}));
    // Without a filter there is nothing to search.
    assert_eq!((&asked[1].method, asked[1].query.as_deref()), (&Method::GET, Some("count=200")));
}

#[tokio::test]
async fn a_filter_that_an_upstream_ignores_in_a_search_is_seen() {
    let bench = Bench::with("scim", "pingone", |_, options| options.ignore_filters = true);
    for number in 0..150 {
        bench.sandbox.seed(json!({"userName": format!("u{number}@corp.example"), "active": true}));
    }
    let found = bench.send(Method::GET, &find(r#"userName eq "u77@corp.example""#), None).await;
    assert_eq!(body(&found)["totalResults"], 1, "{:?}", found.record.fault);
    assert!(found.record.filter_ignored);
}

#[tokio::test]
async fn a_filter_too_long_for_a_query_string_goes_as_a_search() {
    let bench = Bench::new("scim", "scim");
    bench.sandbox.seed(json!({"userName": "ann@corp.example", "active": true}));
    let long = "x".repeat(5_000);
    let filter = format!(r#"userName eq "ann@corp.example" or userName eq "{long}""#);
    let search = json!({"filter": filter, "sortBy": "userName", "startIndex": 1, "count": 7});
    let found = bench.send(Method::POST, "/Users/.search", Some(&search)).await;
    assert_eq!(body(&found)["totalResults"], 1, "{:?}", found.record.fault);
    let short = json!({"filter": r#"displayName pr or userName pr"#, "count": 7});
    bench.send(Method::POST, "/Users/.search", Some(&short)).await;
    let asked = bench.sandbox.requests();
    assert_eq!((&asked[0].method, &asked[1].method), (&Method::POST, &Method::GET));
    let sent: Json = serde_json::from_slice(&asked[0].body).expect("JSON");
    let wanted = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": filter, "startIndex": 1, "count": 7, "sortBy": "userName", "sortOrder": "ascending",
    });
    assert_eq!(sent, wanted);
}

/// Users and groups whose names are mixed.
async fn mixed(upstream: &str) -> Bench {
    let bench = Bench::new("scim", upstream);
    for name in ["delta", "alpha", "echo"] {
        let user = json!({"userName": format!("{name}@corp.example"), "displayName": name});
        bench.send(Method::POST, "/Users", Some(&user)).await;
    }
    for name in ["Charlie", "bravo"] {
        bench.send(Method::POST, "/Groups", Some(&json!({"displayName": name}))).await;
    }
    bench
}

fn names(answer: &Json) -> Vec<&str> {
    let found = answer["Resources"].as_array().into_iter().flatten();
    found.filter_map(|resource| resource["displayName"].as_str()).collect()
}

async fn search(bench: &Bench, request: Json) -> Json {
    let outcome: Outcome = bench.send(Method::POST, "/.search", Some(&request)).await;
    let answer = body(&outcome);
    assert_eq!(outcome.response.status, 200, "{request} {answer}");
    answer
}

#[tokio::test]
async fn all_types_are_sorted_into_one_list() {
    for upstream in ["scim", "omni", "descope"] {
        let bench = mixed(upstream).await;
        let order = ["alpha", "bravo", "Charlie", "delta", "echo"];
        let sorted = search(&bench, json!({"sortBy": "displayName"})).await;
        assert_eq!(names(&sorted), order, "{upstream}");
        let turned =
            search(&bench, json!({"sortBy": "displayName", "sortOrder": "descending"})).await;
        assert_eq!(names(&turned), order.iter().rev().copied().collect::<Vec<_>>(), "{upstream}");
        let page = json!({"sortBy": "displayName", "startIndex": 2, "count": 3, "attributes": ["displayName"]});
        let page = search(&bench, page).await;
        assert_eq!(names(&page), order[1..4], "{upstream}");
        assert_eq!((&page["totalResults"], &page["itemsPerPage"]), (&json!(5), &json!(3)));
        let members = page["Resources"][0].as_object().expect("a group");
        assert!(members.keys().all(|key| ["id", "schemas", "displayName"].contains(&key.as_str())));
        // What groups do not have comes last, in the order of the ids; so do equal values.
        let by_name = search(&bench, json!({"sortBy": "userName"})).await;
        assert_eq!(names(&by_name)[..3], ["alpha", "delta", "echo"], "{upstream}");
        let ids = |answer: &Json| -> Vec<String> {
            let all = answer["Resources"].as_array().expect("a list").iter();
            all.map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
        };
        let equal = ids(&search(&bench, json!({"sortBy": "active"})).await);
        assert!(equal[..3].is_sorted() && equal[3..].is_sorted(), "{upstream} {equal:?}");
        // Only the total.
        let none = search(&bench, json!({"count": 0, "sortBy": "displayName"})).await;
        assert_eq!((&none["totalResults"], names(&none).len()), (&json!(5), 0), "{upstream}");
        let less = search(&bench, json!({"excludedAttributes": ["displayName", "meta"]})).await;
        assert_eq!((names(&less).len(), less["Resources"][4].get("meta")), (0, None), "{upstream}");
        // By cursor, too.
        let (mut read, mut cursor) = (Vec::new(), String::new());
        loop {
            let asked = json!({"sortBy": "displayName", "count": 2, "cursor": cursor});
            let page = search(&bench, asked).await;
            read.extend(names(&page).into_iter().map(str::to_owned));
            let Some(next) = page["nextCursor"].as_str() else { break };
            cursor = next.to_owned();
        }
        assert_eq!(read, order, "{upstream}");
    }
}

#[tokio::test]
async fn an_order_by_what_nobody_has_is_no_order_and_no_scan() {
    let bench = mixed("omni").await;
    let list = bench.send(Method::GET, "/Users?sortBy=nothingLikeThat&count=2", None).await;
    let shown = body(&list);
    assert_eq!((names(&shown), &shown["totalResults"]), (vec!["delta", "alpha"], &json!(3)));
    assert_eq!(list.record.calls.len(), 1);
    let all = search(&bench, json!({"sortBy": "nothingLikeThat"})).await;
    assert_eq!(all["totalResults"], 5);
    for wrong in ["/Users?sortBy=userName,title", "/Users?sortBy=%22", "/Users?sortOrder=up"] {
        let refused = bench.send(Method::GET, wrong, None).await;
        assert_eq!(body(&refused)["scimType"], "invalidValue", "{wrong}");
        assert!(refused.record.calls.is_empty());
    }
}

#[tokio::test]
async fn a_page_of_two_billion_is_as_long_as_the_route_says() {
    for (upstream, most) in [("scim", 1_000), ("omni", 100), ("pingone", 199), ("descope", 100)] {
        let line = Line::new("scim", upstream, move |_, request| {
            let body = String::from_utf8_lossy(&request.body);
            let asked = request.query.clone().unwrap_or_else(|| body.into_owned());
            let count = asked.split(['&', ',', '{', '}']).find(|pair| pair.contains("count"));
            let count = count.and_then(|pair| pair.split(['=', ':']).nth(1)?.parse().ok());
            assert!(count.is_some_and(|count: usize| count <= most + 1), "{asked}");
            answer(200, &[], r#"{"totalResults": 0, "Resources": []}"#)
        });
        for count in ["2000000000", "18446744073709551615", "9223372036854775807"] {
            let below = format!("/Users?count={count}&startIndex={count}");
            let outcome = line.send("GET", &below, &[], b"").await;
            let status = outcome.response.status.as_u16();
            // What is no 64-bit number is no count.
            assert_eq!(status, if count.starts_with("184") { 400 } else { 200 }, "{upstream}");
        }
        let outcome = line.send("GET", "/Users?count=-2000000000&startIndex=-1", &[], b"").await;
        assert_eq!(
            (outcome.response.status.as_u16(), &body(&outcome)["startIndex"]),
            (200, &json!(1))
        );
    }
}
