//! A filter is the client's own words, asked of the client's own view, whatever the upstream is asked
//! (RFC 7644 section 3.4.2.2; docs/semantics.md 6), and the law that both find the same.

use std::sync::{Arc, LazyLock};

use scim_gateway::dialect::Dialect;
use scim_gateway::gateway::RouteSpec;
use scim_gateway::scim::query::encode;
use serde_json::{Value as Json, json};

use crate::harness::{body, dialect, spec};
use crate::shelf::{Shelf, found, law};

const SCHEMA: &str = r#"
version = 1
[user]
urn = "urn:ietf:params:scim:schemas:core:2.0:User"
resource = "User"
unknown = "refuse"
[[user.attribute]]
name = "login"
required = ["create", "replace"]
uniqueness = "server"
[[user.attribute]]
name = "displayName"
[[user.attribute]]
name = "locale"
[[user.attribute]]
name = "enabled"
[[user.attribute]]
name = "contract"
[[user.attribute]]
name = "mobile"
"#;

const DIALECT: &str = r#"
version = 1
title = "Tiny"
base = "/scim/v2"
media_type = "application/json"
authorization = "Bearer {token}"
[errors]
code_at = ["scimType"]
detail_at = ["detail"]
codes = []
answer = { detail = "{detail}", status = "{status}", scimType = "{scim_type}" }
answer_codes = []
[user]
path = "people"
operations = ["create", "get", "replace", "delete", "list"]
put = "replace"
clear = "omit"
schemas_in_request = "none"
schemas_in_answer = "none"
matches_on = ["login"]
[user.filter]
and = true
or = true
not = true
max_terms = 20
attributes = [{ path = "*", operators = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"], present = true }]
[user.list]
paging = "index"
default_count = 50
max_count = 50
"#;

const RULES: &str = r#"
version = 1
[[map]]
canonical = "$.userName"
vendor = "$.login"
[[map]]
canonical = "$.active"
vendor = "$.enabled"
values = [[true, "Y"], [false, "N"], [false, "LOCKED"]]
loss = "LOCKED is N"
[[map]]
canonical = "$.userType"
vendor = "$.contract"
values = [["Employee", "FTE"], ["Contractor", "EXT"]]
otherwise = "keep"
loss = "the vendor's own words stay"
[[map]]
canonical = "$.phoneNumbers[?@.type=='mobile'].value"
vendor = "$.mobile"
[[set]]
canonical = "$.locale"
value = "de-DE"
"#;

static TINY: LazyLock<Arc<Dialect>> = LazyLock::new(|| {
    let files = [("schema", SCHEMA), ("dialect", DIALECT), ("user", RULES)];
    dialect("tiny", &files.map(|(file, text)| (file, text.to_owned())))
});

fn tiny_client() -> RouteSpec {
    RouteSpec { client: Arc::clone(&TINY), ..spec("scim", "scim") }
}

fn tiny_upstream() -> RouteSpec {
    RouteSpec { upstream: Arc::clone(&TINY), ..spec("scim", "scim") }
}

fn plain() -> Vec<Json> {
    vec![
        json!({"id": "1", "userName": "ann", "active": true, "userType": "Employee",
            "phoneNumbers": [{"type": "work", "value": "+1"}, {"type": "mobile", "value": "+2"}]}),
        json!({"id": "2", "userName": "Bo", "active": false, "userType": "Intern", "locale": "en-GB",
            "phoneNumbers": [{"type": "mobile", "value": "+1"}]}),
        json!({"id": "3", "userName": "cy", "displayName": "Cy", "active": false}),
    ]
}

fn stored() -> Vec<Json> {
    vec![
        json!({"id": "1", "login": "ann", "enabled": "Y", "contract": "FTE", "mobile": "+1"}),
        json!({"id": "2", "login": "Bo", "enabled": "n", "contract": "Employee", "locale": "en-GB"}),
        json!({"id": "3", "login": "cy", "enabled": "LOCKED", "contract": "fte", "displayName": "Cy"}),
        json!({"id": "4", "login": "di", "contract": "Board", "mobile": "+2"}),
    ]
}

// Predicates, tables of several to one, tables that keep, in the client's dialect.
#[tokio::test]
async fn a_clients_words_are_asked_of_what_it_sees() {
    let shelf = Shelf::new(&tiny_client(), "User", plain());
    for (filter, wanted) in [
        (r#"mobile eq "+1""#, vec!["2"]),
        ("mobile pr", vec!["1", "2"]),
        ("not (mobile pr)", vec!["3"]),
        (r#"enabled ne "LOCKED""#, vec!["1", "2", "3"]),
        (r#"enabled eq "LOCKED""#, vec![]),
        (r#"enabled sw "N""#, vec!["2", "3"]),
        (r#"enabled eq "N""#, vec!["2", "3"]),
        (r#"contract eq "FTE""#, vec!["1"]),
        (r#"contract eq "Intern""#, vec!["2"]),
        (r#"contract ne "FTE""#, vec!["2", "3"]),
        (r#"login eq "BO" and enabled eq "N""#, vec!["2"]),
    ] {
        let line = shelf.clone().line(tiny_client());
        let wanted: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
        assert_eq!(found(&line, "/people", filter).await, (200, wanted), "{filter}");
    }
}

// `sortBy` goes by what the client sees.
#[tokio::test]
async fn an_order_is_the_clients_own_too() {
    let line = Shelf::new(&tiny_client(), "User", plain()).line(tiny_client());
    let list = body(&line.send("GET", "/people?sortBy=mobile", &[], b"").await);
    let ids: Vec<&str> = list["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["2", "1", "3"], "+1, +2, none: {list}");
}

// A renamed complex attribute is a way to its parts.
#[tokio::test]
async fn an_extension_is_there_where_a_part_of_it_is() {
    let urn = "urn:omni:params:1.0:UserAttribute";
    let route = || spec("omni", "scim");
    let users = vec![
        json!({"id": "1", "userName": "a@x.example", urn: {"team": "red"}}),
        json!({"id": "2", "userName": "b@x.example"}),
    ];
    let line = Shelf::new(&route(), "User", users).line(route());
    let filter = format!("{urn}:team pr");
    assert_eq!(found(&line, "/users", &filter).await, (200, vec!["1".to_owned()]));
}

// What a rule sets, keeps or folds is found, asked or not.
#[tokio::test]
async fn a_pushed_filter_loses_no_match() {
    let shelf = Shelf::new(&tiny_upstream(), "User", stored());
    for (filter, wanted) in [
        (r#"locale eq "de-DE""#, vec!["1", "3", "4"]),
        (r#"locale ne "de-DE""#, vec!["2"]),
        (r#"userType eq "Employee""#, vec!["1", "2", "3"]),
        (r#"userType eq "Board""#, vec!["4"]),
        ("active eq false", vec!["2", "3"]),
        ("active eq true", vec!["1"]),
        ("active ne true", vec!["2", "3", "4"]),
        ("active pr", vec!["1", "2", "3"]),
        (r#"phoneNumbers[type eq "mobile" and value eq "+1"]"#, vec!["1"]),
        (r#"phoneNumbers[type eq "work"]"#, vec![]),
        (r#"not (displayName eq "cy")"#, vec!["1", "2", "4"]),
        (r#"userName ne "ann""#, vec!["2", "3", "4"]),
    ] {
        let line = shelf.clone().line(tiny_upstream());
        let wanted: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
        assert_eq!(found(&line, "/Users", filter).await, (200, wanted), "{filter}");
    }
}

const ASKED: [&str; 30] = [
    r#"userName eq "ANN""#,
    r#"userName ne "ann""#,
    r#"userName sw "a" or userName ew "o""#,
    r#"userName gt "b""#,
    r#"not (userName co "y")"#,
    "displayName pr",
    "not (displayName pr)",
    r#"displayName eq "cy""#,
    r#"displayName ne "cy""#,
    r#"not (displayName eq "cy" or userName eq "ann")"#,
    r#"not (displayName eq "cy" and userName eq "cy")"#,
    "displayName eq null",
    r#"displayName co """#,
    "active eq true",
    r#"active eq "False""#,
    "active ne false",
    "not (active eq true)",
    r#"userType eq "employee""#,
    r#"userType ne "Employee""#,
    r#"userType co "o""#,
    "userType pr",
    r#"locale eq "de-de""#,
    r#"locale sw "en""#,
    "locale pr",
    r#"phoneNumbers.value eq "+1""#,
    r#"phoneNumbers[type eq "mobile" and value eq "+1"]"#,
    r#"not (phoneNumbers[type eq "work"])"#,
    r#"phoneNumbers eq "+2""#,
    r#"id eq "2""#,
    r#"id eq "2" and userName sw "b""#,
];

// The law over dialects with tables, predicates, sets and none of them.
#[tokio::test]
async fn the_law_that_asked_and_read_whole_find_the_same() {
    let mut broken = Vec::new();
    for exact in [false, true] {
        for (route, users) in [(tiny_upstream(), stored()), (spec("scim", "scim"), plain())] {
            let mut route = route;
            let mut upstream = (*route.upstream).clone();
            for resource in &mut upstream.resources {
                resource.schema.attributes.iter_mut().for_each(|a| a.case_exact |= exact);
                resource.filter.attributes.iter_mut().for_each(|a| a.case_exact = Some(exact));
            }
            route.upstream = Arc::new(upstream);
            let shelf = Shelf::new(&route, "User", users);
            for filter in ASKED {
                broken.extend(law(&route, &shelf, "/Users", filter).await.err());
            }
        }
    }
    for filter in
        [r#"mobile eq "+1""#, r#"enabled eq "N""#, r#"contract eq "fte""#, "not (mobile pr)"]
    {
        let shelf = Shelf::new(&tiny_client(), "User", plain());
        broken.extend(law(&tiny_client(), &shelf, "/people", filter).await.err());
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

// A look-up by id is a read of that one, where the dialect declares no filter, too.
#[tokio::test]
async fn an_id_is_looked_up_by_reading_it() {
    for upstream in ["scim", "omni", "scimmy"] {
        let users = vec![
            json!({"id": "a1", "userName": "a@x.example", "displayName": "A"}),
            json!({"id": "b2", "userName": "b@x.example", "displayName": "B"}),
        ];
        let mut shelf = Shelf::new(&spec("scim", upstream), "User", users);
        shelf.page = 1;
        let line = shelf.line(spec("scim", upstream));
        assert_eq!(found(&line, "/Users", r#"id eq "b2""#).await, (200, vec!["b2".to_owned()]));
        assert_eq!(found(&line, "/Users", r#"id eq "c3""#).await, (200, vec![]), "{upstream}");
        let calls = line.calls();
        assert_eq!(calls.len(), 2, "{upstream}");
        assert!(calls[0].path.ends_with("/b2") && calls[0].query.is_none(), "{:?}", calls[0]);
    }
}

// An exact question on a unique leaf is a proof if it hits, and only a miss is read whole.
#[tokio::test]
async fn a_hit_of_an_exact_question_is_a_proof_and_a_miss_is_none() {
    let users =
        (1..=400).map(|n| json!({"id": format!("i{n}"), "userName": format!("u{n}@X.example")}));
    let mut shelf = Shelf::new(&spec("scim", "scimmy"), "User", users.collect());
    shelf.schema.attributes.iter_mut().for_each(|a| a.case_exact = true);
    let line = shelf.line(spec("scim", "scimmy"));
    let filter = r#"userName eq "u399@X.example""#;
    assert_eq!(found(&line, "/Users", filter).await, (200, vec!["i399".to_owned()]));
    assert_eq!(line.calls().len(), 1);
    let filter = r#"userName eq "U399@x.example""#;
    assert_eq!(found(&line, "/Users", filter).await, (200, vec!["i399".to_owned()]));
    assert!(line.calls().len() > 2, "the miss is read whole");
}

// Every delta sync.
#[tokio::test]
async fn a_change_since_is_asked_of_the_upstream() {
    let users = vec![
        json!({"id": "1", "userName": "a", "meta": {"lastModified": "2026-01-01T00:00:00Z"}}),
        json!({"id": "2", "userName": "b", "meta": {"lastModified": "2026-03-01T00:00:00Z"}}),
    ];
    let line = Shelf::new(&spec("scim", "scim"), "User", users).line(spec("scim", "scim"));
    let filter = r#"meta.lastModified gt "2026-02-01T00:00:00Z""#;
    assert_eq!(found(&line, "/Users", filter).await, (200, vec!["2".to_owned()]));
    let asked = line.calls()[0].query.clone().unwrap_or_default();
    assert!(asked.contains("filter=meta.lastModified"), "{asked}");
}

// A server that keeps absent values as NULL is asked for them, too.
#[tokio::test]
async fn unlike_is_asked_so_that_nobody_is_left_out() {
    let line = Shelf::new(&spec("scim", "scim"), "User", plain()).line(spec("scim", "scim"));
    let filter = r#"displayName ne "x""#;
    assert_eq!(found(&line, "/Users", filter).await.0, 200);
    let asked = line.calls()[0].query.clone().unwrap_or_default();
    let safe = encode(&[("filter", r#"displayName ne "x" or not (displayName pr)"#)]);
    assert!(asked.contains(&safe) || !asked.contains("filter="), "{asked}");
}

// A secret is not compared, not sorted by, and never in a URL.
#[tokio::test]
async fn a_secret_is_neither_compared_nor_sorted_by() {
    for upstream in ["scim", "omni", "pingone", "descope", "scimmy"] {
        let line =
            Shelf::new(&spec("scim", upstream), "User", plain()).line(spec("scim", upstream));
        for query in [
            encode(&[("filter", r#"password eq "x""#)]),
            encode(&[("filter", r#"userName eq "ann" and not (password sw "x")"#)]),
            encode(&[("sortBy", "password")]),
        ] {
            let outcome = line.send("GET", &format!("/Users?{query}"), &[], b"").await;
            let told = body(&outcome);
            assert_eq!(
                (outcome.response.status.as_u16(), &told["scimType"]),
                (403, &json!("sensitive")),
                "{upstream} {query} {told}"
            );
        }
        let search = json!({"filter": "password pr"}).to_string();
        for path in ["/Users/.search", "/.search"] {
            let outcome = line.send("POST", path, &[], search.as_bytes()).await;
            let told = body(&outcome);
            let found = (outcome.response.status.as_u16(), &told["scimType"]);
            assert_eq!(found, (400, &json!("invalidFilter")), "{upstream} {path} {told}");
        }
        assert!(line.calls().is_empty(), "{upstream}");
    }
}

// "A filter value that is no JSON value is 400 with the right spelling, or means what it plainly means."
#[tokio::test]
async fn a_value_of_another_language_is_refused_and_a_plain_word_is_itself() {
    for client in ["scim", "omni", "scimmy"] {
        let line = Shelf::new(&spec(client, "scim"), "User", plain()).line(spec(client, "scim"));
        let users = if client == "omni" { "/users" } else { "/Users" };
        for value in
            ["'ann'", "\u{201c}ann\u{201d}", "\u{2018}ann\u{2019}", "«ann»", "`ann`", "None", "nil"]
        {
            let query = encode(&[("filter", &format!("userName eq {value}"))]);
            let outcome = line.send("GET", &format!("{users}?{query}"), &[], b"").await;
            let told = body(&outcome);
            assert_eq!(outcome.response.status, 400, "{client} {value} {told}");
            assert!(
                told["detail"].as_str().unwrap_or_default().contains("double quotes"),
                "{told}"
            );
        }
        assert!(line.calls().is_empty());
        let told = found(&line, users, "active eq True").await;
        assert_eq!(told, (200, vec!["1".to_owned()]), "{client}");
        let bare = found(&line, users, "userName eq ann").await;
        assert!(bare == (400, vec![]) || bare == (200, vec!["1".to_owned()]), "{client} {bare:?}");
        assert_eq!(found(&line, users, "active eq yes").await.0, 400, "{client}");
    }
}
