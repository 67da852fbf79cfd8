//! What an answer does not show proves nothing (docs/semantics.md 7.4): the upstream is trusted where it is shown to
//! look, who is in doubt is read, or the filter is refused; never "nobody".

use std::sync::Arc;

use scim_gateway::gateway::RouteSpec;
use scim_gateway::scim::query::encode;
use scim_gateway::scim::schema::Returned;
use serde_json::{Value as Json, json};

use crate::harness::{body, spec};
use crate::shelf::{Shelf, found, unasked};

fn groups() -> Vec<Json> {
    vec![
        json!({"id": "g1", "displayName": "Ops", "members": [{"value": "u1"}]}),
        json!({"id": "g2", "displayName": "Dev", "members": [{"value": "u2"}]}),
        json!({"id": "g3", "displayName": "All", "members": [{"value": "u1"}, {"value": "u2"}]}),
        json!({"id": "g4", "displayName": "None"}),
    ]
}

fn shelf(route: &RouteSpec) -> Shelf {
    let mut shelf = Shelf::new(route, "Group", groups());
    shelf.unlisted = vec!["members"];
    shelf
}

fn ids(ids: &[&str]) -> (u16, Vec<String>) {
    (200, ids.iter().map(|id| (*id).to_owned()).collect())
}

const OF_MEMBERS: [(&str, &[&str]); 7] = [
    (r#"members.value eq "u1""#, &["g1", "g3"]),
    (r#"members eq "u1""#, &["g1", "g3"]),
    (r#"members[value eq "u1"]"#, &["g1", "g3"]),
    (r#"id eq "g1" and members eq "u1""#, &["g1"]),
    (r#"id eq "g2" and members eq "u1""#, &[]),
    (r#"displayName sw "a" and members.value eq "u1""#, &["g3"]),
    (r#"members.value eq "u1" or displayName eq "None""#, &["g1", "g3", "g4"]),
];

// Lists leave members out; the upstream looks at them, or at no filter, or is asked none.
#[tokio::test]
async fn a_group_is_found_by_a_member_that_lists_do_not_show() {
    let route = spec("scim", "scim");
    for (filter, wanted) in OF_MEMBERS {
        assert_eq!(
            found(&shelf(&route).line(route.clone()), "/Groups", filter).await,
            ids(wanted),
            "{filter}"
        );
        let mut deaf = shelf(&route);
        deaf.filters = false;
        assert_eq!(
            found(&deaf.line(route.clone()), "/Groups", filter).await,
            ids(wanted),
            "deaf: {filter}"
        );
        let line = shelf(&route).line(unasked(&route));
        assert_eq!(found(&line, "/Groups", filter).await, ids(wanted), "unasked: {filter}");
    }
    for (filter, wanted) in [
        (r#"not (members.value eq "u1")"#, ["g2", "g4"].as_slice()),
        ("members pr", &["g1", "g2", "g3"]),
    ] {
        let line = shelf(&route).line(unasked(&route));
        assert_eq!(found(&line, "/Groups", filter).await, ids(wanted), "{filter}");
    }
}

// Where nothing ever shows members, the pair is sent, and what the upstream finds is what there is.
#[tokio::test]
async fn an_upstream_that_never_shows_members_is_taken_at_its_word() {
    let route = spec("scim", "scim");
    let mut never = shelf(&route);
    never.unshown = vec!["members"];
    for (filter, wanted) in OF_MEMBERS.iter().take(5) {
        let line = never.clone().line(route.clone());
        assert_eq!(found(&line, "/Groups", filter).await, ids(wanted), "{filter}");
    }
    let line = never.clone().line(route.clone());
    found(&line, "/Groups", r#"id eq "g1" and members eq "u1""#).await;
    let pair = encode(&[("filter", r#"id eq "g1" and members eq "u1""#)]);
    assert!(line.calls()[0].query.as_deref().unwrap_or_default().contains(&pair));
    // Also where all there is is found.
    never.resources.truncate(1);
    assert_eq!(found(&never.line(route), "/Groups", r#"members eq "u1""#).await, ids(&["g1"]));
}

fn returned(route: &RouteSpec, returned: Returned) -> RouteSpec {
    let mut upstream = (*route.upstream).clone();
    for resource in &mut upstream.resources {
        for attribute in &mut resource.schema.attributes {
            if ["members", "title"].contains(&attribute.name.as_str()) {
                attribute.returned = returned;
            }
        }
    }
    RouteSpec { upstream: Arc::new(upstream), ..route.clone() }
}

// What is never shown, or only on request, is asked of the upstream or refused.
#[tokio::test]
async fn a_filter_on_what_is_never_returned_is_refused() {
    for kind in [Returned::Never, Returned::Request] {
        let asked = returned(&spec("scim", "scim"), kind);
        let mut never = Shelf::new(&asked, "Group", groups());
        never.unshown = vec!["members"];
        let filter = r#"members eq "u1""#;
        assert_eq!(
            found(&never.clone().line(asked.clone()), "/Groups", filter).await,
            ids(&["g1", "g3"])
        );
        for filter in
            [filter, "members pr", r#"not (members.value eq "u1")"#, r#"members[type eq "User"]"#]
        {
            let line = never.clone().line(unasked(&asked));
            let query = encode(&[("filter", filter)]);
            let outcome = line.send("GET", &format!("/Groups?{query}"), &[], b"").await;
            let told = body(&outcome);
            let is = (outcome.response.status.as_u16(), &told["scimType"]);
            assert_eq!(is, (400, &json!("invalidFilter")), "{kind:?} {filter} {told}");
        }
        let users = vec![json!({"id": "1", "userName": "a", "title": "x"})];
        let mut users = Shelf::new(&asked, "User", users);
        users.unshown = vec!["title"];
        let line = users.line(unasked(&asked));
        assert_eq!(found(&line, "/Users", r#"userName sw "a" and title eq "x""#).await.0, 400);
    }
}

// Of users, too, and of an extension.
#[tokio::test]
async fn a_user_is_found_by_what_lists_do_not_show() {
    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let users = vec![
        json!({"id": "1", "userName": "a", "title": "Boss", ENTERPRISE: {"department": "R"}}),
        json!({"id": "2", "userName": "b", "emails": [{"value": "b@x.example"}]}),
    ];
    let route = spec("scim", "scim");
    let mut shelf = Shelf::new(&route, "User", users);
    shelf.unlisted = vec!["title", ENTERPRISE, "emails"];
    for (filter, wanted) in [
        (r#"title eq "boss""#.to_owned(), "1"),
        (format!(r#"{ENTERPRISE}:department eq "r""#), "1"),
        (r#"emails.value co "x.ex""#.to_owned(), "2"),
        (r#"emails[value ew "example"]"#.to_owned(), "2"),
    ] {
        for route in [route.clone(), unasked(&route)] {
            let line = shelf.clone().line(route);
            assert_eq!(found(&line, "/Users", &filter).await, ids(&[wanted]), "{filter}");
        }
    }
}

// Too many to be read one by one are refused.
#[tokio::test]
async fn too_many_in_doubt_are_refused() {
    let mut route = unasked(&spec("scim", "scim"));
    route.policies.scan_limit = 5;
    let line = shelf(&route).line(route.clone());
    let query = encode(&[("filter", r#"members eq "u1""#)]);
    let outcome = line.send("GET", &format!("/Groups?{query}"), &[], b"").await;
    assert_eq!(body(&outcome)["scimType"], "tooMany", "{}", body(&outcome));
}

// Who has no value where others have one, has none.
#[tokio::test]
async fn what_others_show_is_absent_where_it_is_not() {
    let users = (1..=30).map(|n| match n {
        1 => json!({"id": "1", "userName": "a", "title": "x"}),
        n => json!({"id": n.to_string(), "userName": format!("u{n}")}),
    });
    let route = unasked(&spec("scim", "scim"));
    let line = Shelf::new(&route, "User", users.collect()).line(route);
    assert_eq!(found(&line, "/Users", r#"title eq "y""#).await, ids(&[]));
    assert!(line.calls().len() <= 2, "{}", line.calls().len());
}
