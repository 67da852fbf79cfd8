//! Filters on what is derived (`schemas`, `meta.resourceType`, `meta.location`), on `null`, and on values
//! of another type: answered in full or refused, never by a list that is too short.

use http::Method;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, body, users_of};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const ATTRIBUTES: &str = "urn:omni:params:1.0:UserAttribute";

/// Two users; the first is in a department.
async fn two(client: &str, upstream: &str) -> Bench {
    let bench = Bench::with(client, upstream, |_, options| options.hidden = json!({}));
    for name in ["ann", "bo"] {
        bench
            .sandbox
            .seed(json!({"userName": format!("{name}@corp.example"), "active": name == "ann"}));
    }
    bench
}

async fn listed(bench: &Bench, filter: &str) -> Json {
    let users = users_of(&bench.route.spec.client.name);
    let query: String =
        percent_encoding::utf8_percent_encode(filter, percent_encoding::NON_ALPHANUMERIC)
            .to_string();
    let answer = bench.send(Method::GET, &format!("/{users}?filter={query}"), None).await;
    let mut told = body(&answer);
    told["was"] = json!(answer.response.status.as_u16());
    told
}

async fn total(bench: &Bench, filter: &str) -> Json {
    let told = listed(bench, filter).await;
    assert_eq!(told["was"], 200, "{filter} {told}");
    told["totalResults"].clone()
}

#[tokio::test]
async fn what_every_resource_has_is_known_without_a_filter_upstream() {
    for upstream in ["scim", "omni", "pingone", "descope"] {
        let bench = two("scim", upstream).await;
        let cases = [
            (r#"meta.resourceType eq "User""#, 2),
            (r#"meta.resourceType eq "Group""#, 0),
            (r#"(meta.resourceType eq "User") or (meta.resourceType eq "Group")"#, 2),
            (r#"meta.resourceType eq "user" and userName sw "a""#, 0),
            (r#"META.resourcetype sw "U" and userName sw "a""#, 1),
            ("meta.resourceType pr", 2),
            ("not (meta.resourceType pr)", 0),
            ("meta.location pr", 2),
            ("schemas pr", 2),
            (&format!("schemas eq \"{USER}\""), 2),
            (&format!("not (schemas eq \"{USER}\")"), 0),
            (r#"schemas eq "urn:example:none""#, 0),
        ];
        for (filter, wanted) in cases {
            assert_eq!(total(&bench, filter).await, wanted, "{upstream} {filter}");
        }
        let asked = bench.sandbox.requests();
        assert!(
            asked.iter().all(|call| !call.query.as_deref().unwrap_or("").contains("meta")),
            "{upstream}"
        );
        for filter in [r#"meta.location eq "http://x""#, "schemas eq 5", r#"schemas co "User""#] {
            let told = listed(&bench, filter).await;
            assert_eq!(
                (told["was"].clone(), &told["scimType"]),
                (json!(400), &json!("invalidFilter")),
                "{filter}"
            );
        }
    }
}

#[tokio::test]
async fn an_extension_is_in_schemas_where_it_holds_something() {
    let bench = two("scim", "scim").await;
    bench.sandbox.seed(json!({"userName": "cy@corp.example", ENTERPRISE: {"department": "Sales"}}));
    bench.sandbox.seed(json!({"userName": "di@corp.example", "urn:example:own": {"a": "b"}}));
    for (filter, wanted) in [
        (format!("schemas eq \"{ENTERPRISE}\""), "cy@corp.example"),
        ("schemas eq \"urn:example:own\"".to_owned(), "di@corp.example"),
    ] {
        let told = listed(&bench, &filter).await;
        assert_eq!(told["totalResults"], 1, "{filter} {told}");
        assert_eq!(told["Resources"][0]["userName"], wanted);
    }
    // An attribute of the tenant's own is shown below its extension.
    let bench = two("omni", "omni").await;
    bench.sandbox.seed(
        json!({"userName": "cy@corp.example", "displayName": "Cy", ATTRIBUTES: {"region": "emea"}}),
    );
    assert_eq!(
        total(&bench, &format!("schemas eq \"{ATTRIBUTES}\"")).await,
        0,
        "the answers list core alone"
    );
}

#[tokio::test]
async fn booleans_have_no_order() {
    for upstream in ["scim", "omni"] {
        let bench = two("scim", upstream).await;
        for filter in [
            "active gt true",
            "not (active le false)",
            "emails[primary ge true]",
            r#"title pr and active lt "x""#,
        ] {
            let told = listed(&bench, filter).await;
            assert_eq!(
                (told["was"].clone(), &told["scimType"]),
                (json!(400), &json!("invalidFilter")),
                "{filter}"
            );
        }
        assert!(bench.sandbox.requests().is_empty(), "{upstream}");
    }
}

#[tokio::test]
async fn a_boolean_as_text_is_that_boolean() {
    for upstream in ["scim", "omni", "pingone", "descope"] {
        let bench = two("scim", upstream).await;
        assert_eq!(
            total(&bench, r#"active eq "True""#).await,
            total(&bench, "active eq true").await,
            "{upstream}"
        );
        assert_eq!(total(&bench, r#"active eq "true""#).await, 1, "{upstream}");
        assert_eq!(total(&bench, r#"active ne "TRUE""#).await, 1, "{upstream}");
    }
}

/// No server's page says what it makes of these, and an empty answer could not be checked.
#[tokio::test]
async fn null_and_values_of_another_type_are_not_asked_of_the_upstream() {
    for upstream in ["scim", "omni", "pingone", "descope"] {
        let bench = two("scim", upstream).await;
        for (filter, wanted) in [
            ("userName eq null", 0),
            ("userName eq 5", 0),
            ("userName ne null", 2),
            ("nickName eq null", 2),
        ] {
            assert_eq!(total(&bench, filter).await, wanted, "{upstream} {filter}");
        }
        let asked = bench.sandbox.requests();
        let filtered = asked.iter().any(|call| {
            call.query.as_deref().unwrap_or("").contains("filter") || !call.body.is_empty()
        });
        assert!(!filtered, "{upstream}");
    }
}
