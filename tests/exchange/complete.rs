//! Complete means every one, once (docs/semantics.md 7): whatever a server's pages, totals and starts are like,
//! the list is whole or refused.

use scim_gateway::scim::http::Request;
use scim_gateway::scim::query::encode;
use serde_json::{Value as Json, json};

use crate::harness::{body, spec};
use crate::scripted::{Line, answer};
use crate::shelf::{Shelf, found, unasked};

fn users(number: usize) -> Vec<Json> {
    (1..=number)
        .map(|n| json!({"id": format!("i{n}"), "userName": format!("u{n}@x.example")}))
        .collect()
}

fn shelf(number: usize) -> Shelf {
    Shelf::new(&spec("scim", "scim"), "User", users(number))
}

async fn list(line: &Line, query: &str) -> (u16, Json, Vec<String>) {
    let outcome = line.send("GET", &format!("/Users?{query}"), &[], b"").await;
    let told = body(&outcome);
    let ids = told["Resources"].as_array().into_iter().flatten();
    let ids = ids.map(|one| one["id"].as_str().expect("an id").to_owned()).collect();
    (outcome.response.status.as_u16(), told, ids)
}

fn wanted(range: std::ops::RangeInclusive<usize>) -> Vec<String> {
    range.map(|n| format!("i{n}")).collect()
}

// A total that never exceeds what one page holds, asked page by page, whole, filtered and counted.
#[tokio::test]
async fn a_total_that_is_the_pages_length_is_not_the_lists() {
    for page in [2, 3, 50] {
        let number = page * 2 + 1;
        let mut shelf = shelf(number);
        (shelf.page, shelf.counts) = (page, false);
        let route = unasked(&spec("scim", "scim"));
        let (status, told, ids) = list(&shelf.clone().line(route.clone()), "count=500").await;
        assert_eq!((status, &told["totalResults"]), (200, &json!(number)), "{page}");
        assert_eq!(ids, wanted(1..=number));
        let (_, told, _) = list(&shelf.clone().line(route.clone()), "count=0").await;
        assert_eq!(told["totalResults"], json!(number), "{page}");
        let (_, told, ids) = list(&shelf.clone().line(route.clone()), "startIndex=2&count=1").await;
        assert_eq!((&told["totalResults"], ids), (&json!(number), wanted(2..=2)), "{page}");
        let last = format!(r#"userName eq "u{number}@x.example""#);
        assert_eq!(
            found(&shelf.line(route), "/Users", &last).await,
            (200, wanted(number..=number))
        );
    }
}

// So much is asked where it is needed alone.
#[tokio::test]
async fn a_total_beyond_one_page_is_believed() {
    let line = shelf(9).line(spec("scim", "scim"));
    let (_, told, ids) = list(&line, "count=4").await;
    assert_eq!((&told["totalResults"], ids), (&json!(9), wanted(1..=4)));
    assert_eq!(line.calls().len(), 1);
    let one = shelf(1).line(spec("scim", "scim"));
    assert_eq!(list(&one, "count=4").await.2, wanted(1..=1));
    assert_eq!(one.calls().len(), 1);
}

// What is echoed as startIndex says nothing.
#[tokio::test]
async fn a_page_is_known_by_its_ids_and_not_by_its_start() {
    for echo in [None, Some(1), Some(7)] {
        let mut honest = shelf(7);
        honest.echo = echo;
        for (query, ids) in
            [("startIndex=3&count=2", 3..=4), ("startIndex=6&count=5", 6..=7), ("count=9", 1..=7)]
        {
            let (status, told, shown) =
                list(&honest.clone().line(spec("scim", "scim")), query).await;
            assert_eq!((status, shown), (200, wanted(ids)), "{echo:?} {query} {told}");
            assert_eq!(told["totalResults"], 7);
        }
        // Behind the end comes the first page once more.
        let mut wraps = honest.clone();
        wraps.wraps = true;
        for (query, ids) in [("count=9", wanted(1..=7)), ("startIndex=8&count=3", Vec::new())] {
            let (status, told, shown) =
                list(&wraps.clone().line(spec("scim", "scim")), query).await;
            assert_eq!((status, shown), (200, ids), "{echo:?} {query} {told}");
            assert_eq!(told["totalResults"], 7, "{query}");
        }
        // The first page whatever is asked, and it is not all.
        let mut stuck = honest.clone();
        (stuck.starts, stuck.page) = (false, 3);
        for query in ["startIndex=4&count=2", "count=7", "startIndex=7&count=1", "sortBy=title"] {
            let (status, told, _) = list(&stuck.clone().line(spec("scim", "scim")), query).await;
            assert_eq!(
                (status, &told["scimType"]),
                (400, &json!("tooMany")),
                "{echo:?} {query} {told}"
            );
        }
    }
}

// A list without a total ends by an empty page.
#[tokio::test]
async fn a_list_without_a_total_ends_by_an_empty_page() {
    let mut bare = shelf(7);
    (bare.totals, bare.page) = (false, 3);
    let (status, told, ids) = list(&bare.clone().line(spec("scim", "scim")), "count=9").await;
    assert_eq!((status, ids, &told["totalResults"]), (200, wanted(1..=7), &json!(7)), "{told}");
    let search = bare.clone().line(spec("scim", "scim"));
    let outcome =
        search.send("POST", "/Users/.search", &[], br#"{"startIndex":4,"count":2}"#).await;
    assert_eq!(body(&outcome)["Resources"][0]["id"], "i4");
    bare.wraps = true;
    let (status, told, _) = list(&bare.line(spec("scim", "scim")), "count=9").await;
    assert_eq!((status, &told["scimType"]), (400, &json!("tooMany")), "{told}");
}

fn page(ids: &[usize], total: usize) -> Json {
    let resources: Vec<Json> = ids
        .iter()
        .map(|n| json!({"id": format!("i{n}"), "userName": format!("u{n}@x.example")}))
        .collect();
    json!({"totalResults": total, "Resources": resources})
}

fn pages(sorted: &'static [&'static [usize]], unsorted: &'static [&'static [usize]]) -> Line {
    Line::with(unasked(&spec("scim", "scim")), move |_, request: &Request| {
        let query = request.query.clone().unwrap_or_default();
        let asked = |name: &str| {
            url::form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let start: usize = asked("startIndex").unwrap_or_default().parse().unwrap_or(1);
        let pages = if asked("sortBy").as_deref() == Some("id") { sorted } else { unsorted };
        let mut before = 0;
        for ids in pages {
            if before + 1 == start {
                return answer(200, &[], &page(ids, 4).to_string());
            }
            before += ids.len();
        }
        answer(200, &[], &page(&[], 4).to_string())
    })
}

// A resource that comes twice stands where another is missing.
#[tokio::test]
async fn a_list_with_one_twice_is_read_once_more_by_id_or_refused() {
    let line = pages(&[&[1, 2], &[3, 4]], &[&[1, 2], &[2, 3]]);
    let (status, told, ids) = list(&line, "filter=title%20ne%20%22x%22").await;
    assert_eq!((status, ids), (200, wanted(1..=4)), "{told}");
    let line = pages(&[&[1, 2], &[2, 3]], &[&[1, 2], &[2, 3]]);
    for path in
        ["/Users?count=9", "/Users?filter=userName%20sw%20%22u%22", "/Users?count=9&cursor="]
    {
        let outcome = line.send("GET", path, &[], b"").await;
        assert_eq!(body(&outcome)["scimType"], "tooMany", "{path} {}", body(&outcome));
    }
    let outcome = line.send("POST", "/.search", &[], b"{}").await;
    assert_eq!(body(&outcome)["scimType"], "tooMany");
    // Who comes twice where nobody is missing is shown once.
    let line = pages(&[], &[&[1, 2], &[2, 3, 4]]);
    let (status, told, ids) = list(&line, "filter=userName%20sw%20%22u%22").await;
    assert_eq!((status, ids, &told["totalResults"]), (200, wanted(1..=4), &json!(4)), "{told}");
}

// What has no id is not passed over.
#[tokio::test]
async fn a_listed_resource_without_id_is_the_upstreams_fault() {
    for path in ["/Users", "/Users?filter=title%20pr", "/Users?count=0", "/Users?sortBy=title"] {
        let line = Line::new("scim", "scim", |_, _| {
            answer(
                200,
                &[],
                r#"{"totalResults":2,"Resources":[{"userName":"a"},{"id":"2","userName":"b"}]}"#,
            )
        });
        let outcome = line.send("GET", path, &[], b"").await;
        assert_eq!(outcome.response.status, 502, "{path} {}", body(&outcome));
        assert!(body(&outcome)["detail"].as_str().unwrap().contains("no id"));
    }
}

fn long(number: usize) -> String {
    let other = |n| format!(r#"userName eq "somebody-else-{n}@x.example""#);
    let mut terms: Vec<String> = (1..=number).map(other).collect();
    terms.push(r#"userName eq "u1@x.example""#.to_owned());
    encode(&[("filter", &terms.join(" or ")), ("count", "10")])
}

// A `.search` that is not there is a GET, as long as a URL holds it.
#[tokio::test]
async fn a_search_that_is_not_there_is_a_get_or_says_so() {
    for (status, error) in [
        (404, json!({"detail": "no such endpoint"})),
        (405, json!({})),
        (501, json!({"detail": "not implemented"})),
        (
            400,
            json!({"scimType": "invalidValue", "detail": "userName is mandatory", "status": "400"}),
        ),
    ] {
        let without = move |_: usize, request: &Request| match request.method.as_str() {
            "POST" => answer(status, &[], &error.to_string()),
            _ => answer(200, &[], &page(&[1], 1).to_string()),
        };
        let line = Line::new("scim", "scim", without);
        let outcome = line.send("GET", &format!("/Users?{}", long(99)), &[], b"").await;
        let told = body(&outcome);
        assert_eq!(
            (outcome.response.status.as_u16(), &told["totalResults"]),
            (200, &json!(1)),
            "{told}"
        );
        let methods: Vec<String> =
            line.calls().iter().map(|call| call.method.to_string()).collect();
        assert_eq!(methods, ["POST", "GET"], "{status}");
    }
    let line = Line::new("scim", "scim", |_, request: &Request| match request.method.as_str() {
        "POST" => answer(404, &[], ""),
        _ => answer(414, &[], ""),
    });
    let mut terms = String::from(r#"userName eq "a""#);
    terms.push_str(&format!(r#" or userName eq "{}""#, "x".repeat(9_000)));
    let query = encode(&[("filter", &terms)]);
    let outcome = line.send("GET", &format!("/Users?{query}"), &[], b"").await;
    let told = body(&outcome);
    assert_eq!(
        (outcome.response.status.as_u16(), &told["scimType"]),
        (400, &json!("invalidFilter"))
    );
    assert!(told["detail"].as_str().unwrap().contains(".search"), "{told}");
    assert_eq!(line.calls().len(), 1);
}

// Who is found without an id cannot be named: by a question that is narrower than the filter, and by a
// list.
#[tokio::test]
async fn a_hit_without_an_id_is_refused() {
    let mut route = spec("scim", "scim");
    let mut dialect = route.upstream.as_ref().clone();
    let attributes = dialect.resources.iter_mut().flat_map(|one| &mut one.schema.attributes);
    attributes.filter(|one| one.name == "userName").for_each(|one| one.case_exact = true);
    route.upstream = std::sync::Arc::new(dialect);
    let users = vec![json!({"userName": "ann"}), json!({"id": "2", "userName": "bo"})];
    let shelf = Shelf::new(&route, "User", users);
    for filter in [r#"userName eq "ann""#, r#"userName sw "a""#, r#"userName ne "bo""#] {
        let (status, ids) = found(&shelf.clone().line(route.clone()), "/Users", filter).await;
        assert_eq!((status, ids.is_empty()), (502, true), "{filter}");
    }
}

// Two accounts may differ in case alone where the upstream tells them apart: who is asked for is not the
// other, by whatever way the question goes.
#[tokio::test]
async fn who_differs_in_case_alone_is_not_found_instead() {
    let mut route = spec("scim", "scim");
    let mut dialect = route.upstream.as_ref().clone();
    let attributes = dialect.resources.iter_mut().flat_map(|one| &mut one.schema.attributes);
    attributes.filter(|one| one.name == "userName").for_each(|one| one.case_exact = true);
    route.upstream = std::sync::Arc::new(dialect);
    let users = ["ann", "ANN", "bo"].iter().enumerate();
    let users = users.map(|(at, name)| json!({"id": format!("i{at}"), "userName": name})).collect();
    let shelf = Shelf::new(&route, "User", users);
    for (filter, wanted) in [
        (r#"userName eq "ANN""#, vec!["i1"]),
        (r#"userName eq "ann""#, vec!["i0"]),
        (r#"userName eq "Ann""#, vec!["i0", "i1"]),
        (r#"userName eq "BO""#, vec!["i2"]),
    ] {
        for route in [route.clone(), unasked(&route)] {
            let (status, ids) = found(&shelf.clone().line(route), "/Users", filter).await;
            assert_eq!(
                (status, ids),
                (200, wanted.iter().map(|id| id.to_string()).collect()),
                "{filter}"
            );
        }
    }
}
