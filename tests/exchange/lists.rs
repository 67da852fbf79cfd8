//! Lists: complete, or refused (docs/semantics.md 7). A wanted user is found wherever it stands, or the answer
//! is an error that says what to do; never "none".

use http::Method;
use scim_gateway::exchange::Outcome;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, body};
use crate::scripted::{Line, answer};

const UPSTREAMS: [&str; 4] = ["scim", "omni", "pingone", "descope"];

fn person(number: usize) -> Json {
    let name = format!("u{number:03}@corp.example");
    json!({
        "userName": name, "displayName": format!("U {number:03}"), "active": true,
        "emails": [{"value": name, "primary": true}]
    })
}

fn populate(bench: &Bench, number: usize) {
    (1..=number).for_each(|number| {
        bench.sandbox.seed(person(number));
    });
}

async fn list(bench: &Bench, query: &str) -> Outcome {
    let query = query.replace(' ', "%20").replace('"', "%22");
    bench.send(Method::GET, &format!("/Users?{query}"), None).await
}

fn names(answer: &Json) -> Vec<&str> {
    let users = answer["Resources"].as_array();
    users.into_iter().flatten().filter_map(|user| user["userName"].as_str()).collect()
}

/// A refusal that says what to do.
fn refused(outcome: &Outcome) {
    let answer = body(outcome);
    assert_eq!((outcome.response.status.as_u16(), &answer["scimType"]), (400, &json!("tooMany")));
    assert!(answer["detail"].as_str().is_some_and(|text| text.contains("filter")), "{answer}");
    assert_eq!(answer.get("Resources"), None);
}

#[tokio::test]
async fn the_last_of_201_in_a_capped_upstream_is_found_or_refused() {
    for capped_total in [false, true] {
        let bench = Bench::with("scim", "pingone", |_, options| {
            options.pingone_capped_total = capped_total;
        });
        populate(&bench, 201);

        // Pushable: asked, and found with one call.
        let found = list(&bench, r#"filter=userName eq "u201@corp.example""#).await;
        assert_eq!(names(&body(&found)), ["u201@corp.example"]);
        assert_eq!(found.record.calls.len(), 1);
        let both = r#"filter=userName eq "u201@corp.example" and nickName pr or userName eq "u200@corp.example""#;
        assert_eq!(names(&body(&list(&bench, both).await)), ["u200@corp.example"]);

        // Not pushable, and everything: nothing shows that the page is all there is.
        refused(&list(&bench, r#"filter=emails.value eq "u201@corp.example""#).await);
        refused(&list(&bench, r#"filter=title eq "none such""#).await);
        refused(&list(&bench, "startIndex=201").await);
        refused(&list(&bench, "count=0").await);
        refused(&list(&bench, "").await);
    }
}

#[tokio::test]
async fn fewer_than_the_cap_are_complete() {
    let bench = Bench::new("scim", "pingone");
    populate(&bench, 199);
    let all = list(&bench, "").await;
    assert_eq!(body(&all)["totalResults"], 199);
    let last = list(&bench, r#"filter=emails.value eq "u199@corp.example""#).await;
    assert_eq!(names(&body(&last)), ["u199@corp.example"]);
    let none = list(&bench, r#"filter=emails.value eq "u200@corp.example""#).await;
    assert_eq!(body(&none)["totalResults"], 0);
    bench.sandbox.seed(person(200));
    refused(&list(&bench, "").await);
}

#[tokio::test]
async fn a_user_on_page_three_of_an_upstream_that_ignores_filters_is_found() {
    let bench = Bench::with("scim", "omni", |_, options| options.ignore_filters = true);
    populate(&bench, 250);
    let found = list(&bench, r#"filter=userName eq "U237@corp.example""#).await;
    let shown = body(&found);
    assert_eq!((names(&shown), &shown["totalResults"]), (vec!["u237@corp.example"], &json!(1)));
    assert!(found.record.filter_ignored);
    assert!(found.record.emulated);
    // One that showed it, then three pages.
    assert_eq!(found.record.calls.len(), 4);

    let none = list(&bench, r#"filter=userName eq "u251@corp.example""#).await;
    assert_eq!(body(&none)["totalResults"], 0);
    assert!(none.record.filter_ignored);

    // A total of everything is not taken for the filter's, nor where the first one happens to match.
    let counted = list(&bench, r#"filter=userName eq "u237@corp.example"&count=0"#).await;
    assert_eq!((names(&body(&counted)), &body(&counted)["totalResults"]), (vec![], &json!(1)));
    let first = list(&bench, r#"filter=userName eq "u001@corp.example"&count=1"#).await;
    assert_eq!(body(&first)["totalResults"], 1);
    let beyond = list(&bench, r#"filter=userName eq "u001@corp.example"&startIndex=2"#).await;
    assert_eq!((names(&body(&beyond)), &body(&beyond)["totalResults"]), (vec![], &json!(1)));
}

#[tokio::test]
async fn an_ignored_filter_shows_on_a_plain_server_too() {
    let bench = Bench::with("scim", "scim", |_, options| options.ignore_filters = true);
    populate(&bench, 120);
    for query in [
        r#"filter=displayName sw "U 11""#,
        r#"filter=displayName sw "U 11"&count=0"#,
        r#"filter=displayName sw "U 11"&startIndex=500"#,
    ] {
        let found = list(&bench, query).await;
        assert_eq!(body(&found)["totalResults"], 10, "{query}");
    }
}

#[tokio::test]
async fn pages_are_those_of_the_whole_list() {
    for upstream in UPSTREAMS {
        let bench = Bench::new("scim", upstream);
        populate(&bench, 7);
        let whole = body(&list(&bench, "").await);
        let all = names(&whole);
        assert_eq!((all.len(), &whole["totalResults"]), (7, &json!(7)), "{upstream}");
        for (query, first, count) in [
            ("startIndex=1&count=3", 1, 3),
            ("startIndex=4&count=3", 4, 3),
            ("startIndex=7&count=3", 7, 3),
            ("startIndex=8&count=3", 8, 3),
            ("startIndex=-2&count=2", 1, 2),
            ("count=0", 1, 0),
            ("count=-1", 1, 0),
            ("startIndex=3", 3, 7),
        ] {
            let page = body(&list(&bench, query).await);
            let wanted: Vec<&str> = all.iter().skip(first - 1).take(count).copied().collect();
            assert_eq!(names(&page), wanted, "{upstream} {query}");
            assert_eq!(page["totalResults"], 7, "{upstream} {query}");
            assert_eq!(page["startIndex"], json!(first), "{upstream} {query}");
            assert_eq!(page["itemsPerPage"], json!(wanted.len()), "{upstream} {query}");
        }
        // A filter's pages are of what it finds, whoever evaluates it.
        let some = body(&list(&bench, r#"filter=displayName sw "U"&startIndex=2&count=2"#).await);
        let found = if upstream == "pingone" { 0 } else { 7 };
        assert_eq!(some["totalResults"], found, "{upstream}");
        assert_eq!(names(&some).len(), found.min(2), "{upstream}");
    }
}

#[tokio::test]
async fn a_projection_is_of_what_is_shown_not_of_what_is_asked() {
    for upstream in UPSTREAMS {
        let bench = Bench::new("scim", upstream);
        populate(&bench, 3);
        let filter = r#"filter=emails.value eq "u002@corp.example""#;
        let slim = body(&list(&bench, &format!("{filter}&attributes=userName")).await);
        let user = slim["Resources"][0].as_object().expect("a user");
        let mut members: Vec<&str> = user.keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["id", "schemas", "userName"], "{upstream}");
        assert_eq!(user["userName"], "u002@corp.example", "{upstream}");
        let query = format!("{filter}&excludedAttributes=emails,meta.created");
        let less = body(&list(&bench, &query).await);
        let user = &less["Resources"][0];
        assert_eq!(user.get("emails"), None, "{upstream}");
        assert_eq!(user["meta"].get("created"), None, "{upstream}");
        assert_eq!(user["userName"], "u002@corp.example", "{upstream}");
    }
}

/// A page of users as a plain server sends it, with a total of its own invention.
fn page(first: usize, count: usize, total: Option<usize>) -> String {
    let users = (first..first + count).map(|number| {
        let mut user = person(number);
        user["id"] = json!(format!("id-{number}"));
        user
    });
    let users: Vec<Json> = users.collect();
    json!({"Resources": users, "totalResults": total, "startIndex": first}).to_string()
}

#[tokio::test]
async fn what_cannot_be_shown_to_be_complete_is_refused() {
    let start = |request: &scim_gateway::scim::http::Request| -> usize {
        let query = request.query.clone().unwrap_or_default();
        let start = query.split('&').find_map(|pair| pair.strip_prefix("startIndex="));
        start.and_then(|start| start.parse().ok()).unwrap_or(1)
    };
    // The same page for ever.
    let endless = Line::new("scim", "scim", |_, _| answer(200, &[], &page(1, 100, Some(500))));
    for query in ["startIndex=101", "count=300", "filter=title%20pr&count=0"] {
        refused(&endless.send("GET", &format!("/Users?{query}"), &[], b"").await);
    }
    assert!(endless.calls().len() < 20);
    // It ends before its own total.
    let short = Line::new("scim", "scim", move |_, request| {
        let first = start(request);
        let count = if first == 1 { 100 } else { 0 };
        answer(200, &[], &page(first, count, Some(150)))
    });
    refused(&short.send("GET", "/Users?count=1000", &[], b"").await);
    // No total at all.
    let untold = Line::new("scim", "scim", move |_, request| {
        answer(200, &[], &page(start(request), 100, None))
    });
    let outcome = untold.send("GET", "/Users", &[], b"").await;
    assert!(outcome.response.status.as_u16() >= 400, "{:?}", outcome.response);
    assert_eq!(body(&outcome).get("Resources"), None);
    // Longer than the route may read.
    let mut spec = crate::harness::spec("scim", "omni");
    spec.policies.scan_limit = 200;
    let long = Line::with(spec, move |_, request| {
        answer(200, &[], &page(start(request), 100, Some(10_000)))
    });
    refused(&long.send("GET", "/Users?filter=displayName%20eq%20%22x%22", &[], b"").await);
    assert_eq!(long.calls().len(), 2);
}

#[tokio::test]
async fn a_user_that_moves_between_pages_is_shown_once() {
    // Someone is inserted at the front while the second page is read, and then nobody.
    let line = Line::new("scim", "omni", |number, _| {
        let (first, count, total) = match number {
            0 => (1, 100, 149),
            1 => (100, 50, 150),
            number if number % 2 == 0 => (1, 100, 150),
            _ => (101, 50, 150),
        };
        answer(200, &[], &page(first, count, Some(total)))
    });
    let mut all: Vec<String> = Vec::new();
    for start in [1, 101] {
        let query = format!("/Users?filter=displayName%20sw%20%22U%22&startIndex={start}");
        let outcome = line.send("GET", &query, &[], b"").await;
        let shown = body(&outcome);
        assert_eq!(shown["totalResults"], 150, "{:?}", outcome.record.fault);
        // No page is longer than the route says, whoever made it.
        assert!(names(&shown).len() <= 100);
        all.extend(names(&shown).into_iter().map(str::to_owned));
    }
    let count = all.len();
    all.dedup();
    assert_eq!((all.len(), count), (150, 150));
}
