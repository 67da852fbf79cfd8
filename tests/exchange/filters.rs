//! Filters: the answer is exactly what the filter selects in the full list as the client sees it,
//! whatever was pushed down to the upstream (docs/semantics.md 13, law 6).

use http::Method;
use scim_gateway::scim::document::{DocumentLimits, parse};
use scim_gateway::scim::evaluate::matches;
use scim_gateway::scim::grammar::{Known, parse_filter};
use serde_json::{Value as Json, json};

use crate::harness::{Bench, body};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Filters of every operator and connective, as identity providers and people write them.
const FILTERS: [&str; 44] = [
    r#"userName eq "ann@corp.example""#,
    r#"userName eq "ANN@Corp.Example""#,
    r#"username Eq "bo@corp.example""#,
    r#"userName eq "nobody@corp.example""#,
    r#"userName ne "ann@corp.example""#,
    r#"userName sw "a""#,
    r#"userName co "@corp""#,
    r#"userName ew ".example""#,
    r#"userName gt "bo@corp.example""#,
    r#"userName pr"#,
    r#"displayName eq "Ann Lee""#,
    r#"displayName sw "A""#,
    r#"displayName co "\"""#,
    r#"title pr"#,
    r#"not (title pr)"#,
    r#"title eq null"#,
    r#"title ne "Engineer""#,
    r#"active eq true"#,
    r#"active eq false"#,
    r#"active eq "False""#,
    r#"name.familyName eq "lee""#,
    r#"name.familyName eq "Lee" and name.givenName sw "a""#,
    r#"name pr"#,
    r#"emails pr"#,
    r#"emails eq "ann@corp.example""#,
    r#"emails.value eq "ann@corp.example""#,
    r#"emails.value co "home""#,
    r#"emails.type eq "work""#,
    r#"emails.primary eq true"#,
    r#"emails[type eq "work"]"#,
    r#"emails[type eq "work" and value eq "ann@corp.example"]"#,
    r#"emails[type eq "home" and value co "home"]"#,
    r#"emails[not (type eq "work")]"#,
    r#"emails[type eq "work"].value eq "ann@corp.example""#,
    r#"phoneNumbers[type eq "mobile" and value pr]"#,
    r#"phoneNumbers.value sw "+1""#,
    r#"userName eq "ann@corp.example" and active eq true"#,
    r#"userName eq "ann@corp.example" or userName eq "bo@corp.example""#,
    r#"userName eq "ann@corp.example" or title eq "Painter""#,
    r#"(title pr or active eq false) and not (userName sw "a")"#,
    r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "R&D""#,
    r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ann@corp.example""#,
    r#"meta.created gt "2000-01-01T00:00:00Z""#,
    r#"userName eq "ann@corp.example" and userName eq "bo@corp.example""#,
];

/// Five users with different gaps, as a client of the plain dialect creates them.
fn people() -> Vec<Json> {
    let mail = |value: &str, kind: &str, primary: bool| json!({"value": value, "type": kind, "primary": primary});
    vec![
        json!({
            "userName": "ann@corp.example", "displayName": "Ann Lee", "title": "Engineer",
            "name": {"givenName": "Ann", "familyName": "Lee"}, "active": true,
            "emails": [mail("ann@corp.example", "work", true), mail("ann@home.example", "home", false)],
            "phoneNumbers": [{"value": "+1.5550100", "type": "mobile"}],
            ENTERPRISE: {"department": "R&D"}
        }),
        json!({
            "userName": "bo@corp.example", "displayName": "Bo \"B\" Li", "title": "Painter",
            "name": {"familyName": "Li"}, "emails": [mail("bo@home.example", "home", true)]
        }),
        json!({"userName": "alex@corp.example", "displayName": "Alex"}),
        json!({
            "userName": "Cy@corp.example", "displayName": "Ann Cy", "active": true,
            "name": {"givenName": "Cy", "familyName": "LEE"},
            "emails": [mail("cy@corp.example", "work", true)],
            "phoneNumbers": [{"value": "555", "type": "work"}]
        }),
        json!({"userName": "dee@club.example", "displayName": "Dee", "title": "engineer"}),
    ]
}

fn names(answer: &Json) -> Vec<&str> {
    let users = answer["Resources"].as_array();
    users.into_iter().flatten().filter_map(|user| user["userName"].as_str()).collect()
}

#[tokio::test]
async fn every_answer_is_what_the_filter_selects_in_the_full_list() {
    let mut wrong = Vec::new();
    for upstream in ["scim", "omni", "pingone", "descope"] {
        let bench = Bench::with("scim", upstream, |_, options| options.hidden = json!({}));
        for person in people() {
            let made = bench.send(Method::POST, "/Users", Some(&person)).await;
            assert_eq!(made.response.status, 201, "{upstream} {:?}", made.record.fault);
        }
        let gone = json!({"Operations": [{"op": "replace", "path": "active", "value": false}]});
        let last = body(&bench.send(Method::GET, "/Users", None).await)["Resources"][4].clone();
        let at = format!("/Users/{}", last["id"].as_str().expect("an id"));
        assert_eq!(bench.send(Method::PATCH, &at, Some(&gone)).await.response.status, 200);

        let whole = body(&bench.send(Method::GET, "/Users", None).await);
        let schema = &bench.route.users.as_ref().expect("users").client.vendor;
        let urns = schema.urns();
        let known = Known { urns: &urns, lenient: true, ..Known::default() };
        for text in FILTERS {
            let filter = parse_filter(text, &known).expect(text);
            let holds = |user: &&Json| {
                let text = user.to_string();
                let parsed = parse(text.as_bytes(), &DocumentLimits::depth(32)).expect("JSON");
                matches(&filter, parsed.as_object().expect("an object"), schema)
            };
            let users = whole["Resources"].as_array().expect("users");
            let wanted: Vec<&str> = users
                .iter()
                .filter(holds)
                .map(|user| user["userName"].as_str().expect("a name"))
                .collect();
            let query: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            let answer = bench.send(Method::GET, &format!("/Users?filter={query}"), None).await;
            let shown = body(&answer);
            if names(&shown) != wanted || shown["totalResults"] != json!(wanted.len()) {
                let fault = answer.record.fault.map(|fault| fault.detail);
                wrong.push(format!(
                    "{upstream}: {text}: {:?}, not {wanted:?} {fault:?}",
                    names(&shown)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What is written by hand, so that the test above cannot agree with a mistake.
#[tokio::test]
async fn a_plain_server_finds_whom_a_person_would() {
    let bench = Bench::with("scim", "scim", |_, options| options.hidden = json!({}));
    for person in people() {
        bench.send(Method::POST, "/Users", Some(&person)).await;
    }
    for (filter, wanted) in [
        (r#"userName eq "ANN@Corp.Example""#, vec!["ann@corp.example"]),
        (r#"displayName co "\"""#, vec!["bo@corp.example"]),
        (r#"title eq "ENGINEER""#, vec!["ann@corp.example", "dee@club.example"]),
        (r#"not (title pr)"#, vec!["alex@corp.example", "Cy@corp.example"]),
        (r#"name.familyName eq "lee""#, vec!["ann@corp.example", "Cy@corp.example"]),
        (r#"emails[type eq "work" and value co "home"]"#, vec![]),
        (r#"emails[type eq "home"]"#, vec!["ann@corp.example", "bo@corp.example"]),
        (r#"phoneNumbers[type eq "mobile" and value pr]"#, vec!["ann@corp.example"]),
        (
            r#"title eq "Painter" or emails.value eq "cy@corp.example""#,
            vec!["bo@corp.example", "Cy@corp.example"],
        ),
        (
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department sw "R""#,
            vec!["ann@corp.example"],
        ),
    ] {
        let query: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let shown = body(&bench.send(Method::GET, &format!("/Users?filter={query}"), None).await);
        assert_eq!(names(&shown), wanted, "{filter}");
    }
}

#[tokio::test]
async fn what_is_no_filter_is_refused_and_nothing_is_sent() {
    for upstream in ["scim", "omni", "pingone", "descope"] {
        let bench = Bench::new("scim", upstream);
        for text in ["userName", "userName eq", "userName xx \"a\"", "(userName pr", "emails[type"]
        {
            let query: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            let answer = bench.send(Method::GET, &format!("/Users?filter={query}"), None).await;
            assert_eq!(answer.response.status, 400, "{upstream} {text}");
            assert_eq!(body(&answer)["scimType"], "invalidFilter", "{upstream} {text}");
        }
        assert!(bench.sandbox.requests().is_empty(), "{upstream}");
    }
}
