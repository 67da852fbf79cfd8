//! Pages by cursor (RFC 9865), of every upstream: whole, or refused; and an upstream that has nothing
//! but cursors.

use std::sync::{Arc, LazyLock};

use http::Method;
use scim_gateway::dialect::Dialect;
use scim_gateway::exchange::Outcome;
use scim_gateway::scim::http::Request;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, body, dialect, spec};
use crate::scripted::{Line, answer};

/// The plain dialect, of a server that pages by cursor and has no index.
static BY_CURSOR: LazyLock<Arc<Dialect>> = LazyLock::new(|| {
    let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/scim");
    let paging = ("paging = \"index\"", "paging = \"cursor\"\ncursor_timeout = 600");
    let files = ["dialect", "schema", "user", "group"].map(|file| {
        let text = std::fs::read_to_string(from.join(format!("{file}.toml"))).unwrap();
        (file, text.replace(paging.0, paging.1))
    });
    dialect("scim", &files)
});

fn bench(upstream: &str) -> Bench {
    let by_cursor = upstream == "cursors";
    Bench::with("scim", if by_cursor { "scim" } else { upstream }, |spec, options| {
        if by_cursor {
            spec.upstream = Arc::clone(&BY_CURSOR);
            options.scim_cursors = true;
        }
    })
}

fn person(number: usize) -> Json {
    let name = format!("u{number:03}@corp.example");
    json!({"userName": name, "displayName": format!("U {number:03}"), "active": true,
        "emails": [{"value": name, "primary": true}]})
}

fn populate(bench: &Bench, number: usize) -> Vec<String> {
    (1..=number).map(|number| bench.sandbox.seed(person(number))).collect()
}

async fn list(bench: &Bench, query: &str) -> Outcome {
    let query = query.replace(' ', "%20").replace('"', "%22");
    bench.send(Method::GET, &format!("/Users?{query}"), None).await
}

fn ids(page: &Json) -> Vec<String> {
    let users = page["Resources"].as_array().into_iter().flatten();
    users.map(|user| user["id"].as_str().expect("an id").to_owned()).collect()
}

fn cursor(page: &Json, name: &str) -> Option<String> {
    let text = page.get(name)?.as_str().expect("text").to_owned();
    let unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    assert!(!text.is_empty() && text.chars().all(unreserved), "{text}");
    Some(text)
}

fn refused(outcome: &Outcome, scim_type: &str) {
    let answer = body(outcome);
    let found = (outcome.response.status.as_u16(), answer["scimType"].as_str());
    assert_eq!(found, (400, Some(scim_type)), "{answer}");
    assert_eq!(answer.get("Resources"), None);
}

const UPSTREAMS: [&str; 5] = ["scim", "omni", "pingone", "descope", "cursors"];

#[tokio::test]
async fn cursors_lead_through_the_whole_list_and_back() {
    for upstream in UPSTREAMS {
        let bench = bench(upstream);
        populate(&bench, 11);
        for query in [
            "",
            "&sortBy=userName&sortOrder=descending",
            r#"&filter=userName sw "u0""#,
            "&filter=emails pr",
        ] {
            let whole = ids(&body(&list(&bench, &format!("count=50{query}")).await));
            assert_eq!(whole.len(), 11, "{upstream} {query}");
            let (mut all, mut pages) = (Vec::new(), Vec::new());
            let mut at = String::new();
            loop {
                let outcome = list(&bench, &format!("cursor={at}&count=4{query}")).await;
                let page = body(&outcome);
                assert_eq!(outcome.response.status, 200, "{upstream} {query}: {page}");
                assert_eq!(page["totalResults"], 11, "{upstream} {query}");
                assert_eq!(page.get("startIndex"), None, "{upstream} {query}");
                assert!(ids(&page).len() <= 4, "{upstream} {query}");
                all.extend(ids(&page));
                pages.push(page.clone());
                match cursor(&page, "nextCursor") {
                    Some(next) => at = next,
                    None => break,
                }
            }
            assert_eq!(all, whole, "{upstream} {query}");
            assert_eq!(cursor(&pages[0], "previousCursor"), None, "{upstream} {query}");
            for (before, page) in pages.iter().zip(&pages[1..]) {
                let back = cursor(page, "previousCursor").expect("a way back");
                let back = body(&list(&bench, &format!("cursor={back}&count=4{query}")).await);
                assert_eq!(ids(&back), ids(before), "{upstream} {query}");
            }
        }
    }
}

#[tokio::test]
async fn a_cursor_leads_nowhere_in_another_list() {
    let bench = bench("scim");
    populate(&bench, 5);
    let first = body(&list(&bench, r#"cursor&count=2&filter=userName pr&sortBy=userName"#).await);
    let next = cursor(&first, "nextCursor").expect("more");
    let good = format!("cursor={next}&count=2&filter=userName pr&sortBy=userName");
    assert_eq!(list(&bench, &good).await.response.status, 200);
    let mut mangled = next.clone();
    let last = if mangled.pop() == Some('0') { '1' } else { '0' };
    mangled.push(last);
    for query in [
        format!("cursor={next}&count=2"),
        format!("cursor={next}&count=2&filter=userName pr"),
        format!("cursor={next}&count=2&filter=emails pr&sortBy=userName"),
        format!("cursor={next}&filter=userName pr&sortBy=userName&sortOrder=descending"),
        format!("cursor={mangled}&count=2&filter=userName pr&sortBy=userName"),
        format!("cursor={}&count=2&filter=userName pr&sortBy=userName", "x".repeat(10_000)),
        "cursor=n1.ab.cd".to_owned(),
        "cursor=%00".to_owned(),
    ] {
        let outcome = list(&bench, &query).await;
        refused(&outcome, "invalidCursor");
        assert!(outcome.record.calls.is_empty(), "{query}");
    }
    // Nor on another route, nor of another type.
    let other = self::bench("omni");
    let below = "&count=2&filter=userName%20pr&sortBy=userName";
    let there = other.send(Method::GET, &format!("/Users?cursor={next}{below}"), None).await;
    refused(&there, "invalidCursor");
    let there = bench.send(Method::GET, &format!("/Groups?cursor={next}{below}"), None).await;
    refused(&there, "invalidCursor");
}

#[tokio::test]
async fn a_list_that_changed_in_front_of_the_cursor_passes_nobody_over() {
    // The upstream's own pages: who stood before the page is not there any more.
    for gone in [0, 3] {
        let bench = bench("scim");
        let all = populate(&bench, 9);
        let first = body(&list(&bench, "cursor&count=4").await);
        let next = cursor(&first, "nextCursor").expect("more");
        bench.send(Method::DELETE, &format!("/Users/{}", all[gone]), None).await;
        refused(&list(&bench, &format!("cursor={next}&count=4")).await, "expiredCursor");
    }
    // A scan finds where to go on, as long as the neighbour is there.
    let bench = bench("omni");
    let all = populate(&bench, 9);
    let query = r#"count=4&filter=displayName sw "U""#;
    let first = body(&list(&bench, &format!("cursor&{query}")).await);
    let next = cursor(&first, "nextCursor").expect("more");
    let location = |id: &str| format!("/Users/{id}");
    bench.send(Method::DELETE, &location(&all[0]), None).await;
    let second = body(&list(&bench, &format!("cursor={next}&{query}")).await);
    assert_eq!(ids(&second), all[4..8], "{second}");
    bench.send(Method::DELETE, &location(&all[3]), None).await;
    refused(&list(&bench, &format!("cursor={next}&{query}")).await, "expiredCursor");
}

#[tokio::test]
async fn an_upstream_of_cursors_answers_a_cursor_with_one_call_and_an_index_with_a_scan() {
    let bench = Bench::with("scim", "scim", |spec, options| {
        spec.upstream = Arc::clone(&BY_CURSOR);
        spec.policies.scan_limit = 200;
        options.scim_cursors = true;
    });
    let all = populate(&bench, 150);
    let first = list(&bench, "cursor&count=60&sortBy=userName").await;
    let next = cursor(&body(&first), "nextCursor").expect("more");
    let second = list(&bench, &format!("cursor={next}&count=60&sortBy=userName")).await;
    assert_eq!((first.record.calls.len(), second.record.calls.len()), (1, 1));
    assert_eq!(ids(&body(&second)), all[60..120]);
    let asked: Vec<_> = bench.sandbox.requests().iter().map(|r| r.query.clone()).collect();
    let asked: Vec<&str> = asked.iter().flatten().map(String::as_str).collect();
    assert!(asked.iter().all(|query| !query.contains("startIndex")), "{asked:?}");
    assert!(asked[0].starts_with("cursor=&count=60"), "{asked:?}");

    // By index: the first page with the way on, any other from a scan.
    let plain = list(&bench, "count=60").await;
    let shown = body(&plain);
    assert_eq!((plain.record.calls.len(), &shown["startIndex"]), (1, &json!(1)));
    assert!(cursor(&shown, "nextCursor").is_some());
    let counted = list(&bench, "count=0").await;
    assert_eq!((&body(&counted)["totalResults"], counted.record.calls.len()), (&json!(150), 1));
    let later = list(&bench, "startIndex=101&count=50").await;
    assert_eq!(ids(&body(&later)), all[100..], "{:?}", later.record.fault);
    assert_eq!(body(&later)["startIndex"], 101);
    assert!(later.record.emulated);
    (151..=350).for_each(|number| {
        bench.sandbox.seed(person(number));
    });
    let much = list(&bench, "startIndex=101&count=50").await;
    refused(&much, "tooMany");
    assert!(body(&much)["detail"].as_str().is_some_and(|text| text.contains("cursor")));
    // By cursor it is as long as it is.
    let mut read = Vec::new();
    let mut at = String::new();
    loop {
        let page = body(&list(&bench, &format!("cursor={at}")).await);
        read.extend(ids(&page));
        let Some(next) = cursor(&page, "nextCursor") else { break };
        at = next;
    }
    assert_eq!(read.len(), 350);
    read.dedup();
    assert_eq!(read.len(), 350);
}

fn cursors(script: impl Fn(usize, &str) -> (u16, Json) + Send + Sync + 'static) -> Line {
    let mut spec = spec("scim", "scim");
    spec.upstream = Arc::clone(&BY_CURSOR);
    Line::with(spec, move |number, request: &Request| {
        let query = request.query.clone().unwrap_or_default();
        let at = query.split('&').find_map(|pair| pair.strip_prefix("cursor=")).unwrap_or("none");
        let (status, body) = script(number, at);
        answer(status, &[], &body.to_string())
    })
}

fn some(numbers: std::ops::Range<usize>, next: Option<&str>) -> Json {
    let users = numbers.map(|number| {
        let mut user = person(number);
        user["id"] = json!(format!("id-{number}"));
        user
    });
    let mut page = json!({"Resources": users.collect::<Vec<_>>()});
    page.as_object_mut().unwrap().extend(next.map(|next| ("nextCursor".into(), json!(next))));
    page
}

fn error(scim_type: &str) -> (u16, Json) {
    (
        400,
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "400",
        "scimType": scim_type, "detail": "no"}),
    )
}

#[tokio::test]
async fn the_end_of_the_cursors_is_the_proof_and_a_circle_is_none() {
    // No totals, an empty page on the way.
    let whole = cursors(|_, at| {
        (
            200,
            match at {
                "" => some(1..4, Some("a")),
                "a" => some(0..0, Some("b")),
                _ => some(4..6, None),
            },
        )
    });
    let list =
        body(&whole.send("GET", "/Users?filter=emails.display%20ne%20%22x%22", &[], b"").await);
    assert_eq!((ids(&list).len(), &list["totalResults"]), (5, &json!(5)), "{list}");
    let page = body(&whole.send("GET", "/Users?cursor", &[], b"").await);
    assert_eq!((ids(&page).len(), page.get("totalResults")), (3, None), "{page}");
    for circle in [
        cursors(|number, _| (200, some(number..number + 1, Some("a")))),
        cursors(|_, _| (200, some(0..0, Some("a")))),
        cursors(|_, _| (200, some(1..3, Some("b")))),
    ] {
        refused(&circle.send("GET", "/Users?startIndex=2", &[], b"").await, "tooMany");
        assert!(circle.calls().len() < 10);
    }
    let own = cursors(|_, _| (200, some(1..3, Some("a"))));
    let page = body(&own.send("GET", "/Users?cursor", &[], b"").await);
    let next = cursor(&page, "nextCursor").unwrap();
    refused(&own.send("GET", &format!("/Users?cursor={next}"), &[], b"").await, "tooMany");
}

#[tokio::test]
async fn what_the_upstream_says_of_a_cursor_reaches_whoever_sent_it() {
    for said in ["expiredCursor", "invalidCursor"] {
        let line = cursors(move |_, at| match at {
            "" => (200, some(1..3, Some("a"))),
            _ => error(said),
        });
        let page = body(&line.send("GET", "/Users?cursor", &[], b"").await);
        let next = cursor(&page, "nextCursor").unwrap();
        let outcome = line.send("GET", &format!("/Users?cursor={next}"), &[], b"").await;
        refused(&outcome, said);
        // In a scan it was the gateway that sent it.
        let scan = line.send("GET", "/Users?startIndex=2", &[], b"").await;
        assert_eq!(scan.response.status, 502, "{:?}", body(&scan));
        // Of what the upstream said the log has the kind alone.
        for outcome in [outcome, scan] {
            assert_eq!(outcome.record.fault.unwrap().log.as_deref(), Some(said));
        }
    }
}

#[tokio::test]
async fn a_filter_that_is_ignored_on_a_later_page_passes_nobody_over() {
    let line = cursors(|_, at| {
        (
            200,
            match at {
                "" => some(1..3, Some("a")),
                "a" => some(3..12, Some("b")),
                _ => some(12..14, None),
            },
        )
    });
    let query = "filter=userName%20sw%20%22u00%22&count=2";
    let mut found = Vec::new();
    let mut at = String::new();
    loop {
        let outcome = line.send("GET", &format!("/Users?cursor={at}&{query}"), &[], b"").await;
        let page = body(&outcome);
        assert_eq!(outcome.response.status, 200, "{page}");
        found.extend(ids(&page));
        let Some(next) = cursor(&page, "nextCursor") else { break };
        at = next;
    }
    let wanted: Vec<String> = (1..10).map(|number| format!("id-{number}")).collect();
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn discovery_says_how_lists_are_paged() {
    for (upstream, wanted) in [
        (
            "scim",
            json!({"cursor": true, "index": true, "defaultPaginationMethod": "index",
            "maxPageSize": 1000, "defaultPageSize": 100}),
        ),
        (
            "pingone",
            json!({"cursor": true, "index": true, "defaultPaginationMethod": "index",
            "maxPageSize": 199, "defaultPageSize": 199}),
        ),
        (
            "cursors",
            json!({"cursor": true, "index": true, "defaultPaginationMethod": "cursor",
            "maxPageSize": 1000, "defaultPageSize": 100, "cursorTimeout": 600}),
        ),
    ] {
        let bench = bench(upstream);
        let config = bench.send(Method::GET, "/ServiceProviderConfig", None).await;
        assert_eq!(body(&config)["pagination"], wanted, "{upstream}");
    }
}
