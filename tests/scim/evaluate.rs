//! Filters on resources, and equality of resources.

use scim_gateway::scim::equal::{TextCase, equal};
use scim_gateway::scim::evaluate::matches;
use scim_gateway::scim::grammar::{Known, parse_filter};
use scim_gateway::scim::{Object, Value};
use serde_json::{Value as Json, json};

use crate::schema::{ENTERPRISE, FREE, URNS, user};

fn object(value: Json) -> Object<'static> {
    match Value::from(value) {
        Value::Object(object) => object,
        other => panic!("{}", other.type_name()),
    }
}

fn holds(filter: &str, resource: &Json) -> bool {
    let known = Known { urns: &URNS, free: &[], foreign: &[], lenient: false };
    let filter = parse_filter(filter, &known).unwrap_or_else(|error| panic!("{filter}: {error}"));
    matches(&filter, &object(resource.clone()), &user())
}

#[test]
fn satisfies_what_the_rfc_says_and_nothing_else() {
    let ann = json!({
        "id": "AbC", "externalId": "ExT", "userName": "Ann@X.example", "active": true, "age": 30,
        "score": 2.5, "hired": "2011-05-13T04:42:34Z", "title": "", "tags": ["Red", "blue"],
        "name": {"familyName": "O'Malley"}, "displayName": "Änn",
        "emails": [{"type": "work", "value": "a@work"}, {"type": "home", "value": "b@home", "primary": true}],
        "meta": {"lastModified": "2020-01-01T00:00:00+01:00"}, "roles": [],
        ENTERPRISE: {"manager": {"value": "9"}}, FREE: {"region": "EMEA"},
    });
    let yes = [
        "userName eq \"ann@x.EXAMPLE\"",
        "userName sw \"ANN\"",
        "userName ew \"example\"",
        "userName co \"@\"",
        "displayName eq \"äNN\"",
        "name.familyName co \"o'm\"",
        "id eq \"AbC\"",
        "externalId eq \"ExT\"",
        "active eq true",
        "active ne false",
        "age gt 29",
        "age ge 30.0",
        "age lt 30.5",
        "score le 2.5",
        "age eq 30.0",
        "hired eq \"2011-05-13T06:42:34+02:00\"",
        "hired lt \"2011-05-13T04:42:35Z\"",
        "meta.lastModified gt \"2019-12-31T22:00:00Z\"",
        "meta.lastModified lt \"2019-12-31T23:30:00Z\"",
        "tags eq \"red\"",
        "emails co \"work\"",
        "emails.type eq \"home\"",
        "emails eq \"B@HOME\"",
        "emails[type eq \"work\" and value sw \"a\"]",
        "emails[type eq \"home\"].primary eq true",
        "emails[not (primary eq true)]",
        "emails pr",
        "name pr",
        "nickName ne \"x\"",
        "nickName eq null",
        "roles eq null",
        "userName ne null",
        "not (nickName pr)",
        "nickName pr or userName pr and active eq true",
        "emails.type ne \"work\"",
        "urn:ietf:params:scim:schemas:core:2.0:User:userName pr",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq \"9\"",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq \"9\"",
        "urn:omni:params:1.0:UserAttribute:region eq \"emea\"",
        "tags[value eq \"blue\"]",
    ];
    for filter in yes {
        assert!(holds(filter, &ann), "{filter}");
    }
    let no = [
        "id eq \"abc\"",
        "externalId eq \"ext\"",
        "userName eq \"ann\"",
        "nickName eq \"x\"",
        "nickName co \"\"",
        "nickName gt \"a\"",
        "nickName pr",
        "title pr",
        "roles pr",
        "active gt false",
        "active co \"t\"",
        "age co 3",
        "age eq \"30\"",
        "userName gt null",
        "emails[type eq \"work\" and value sw \"b\"]",
        "emails[type eq \"work\"].primary eq true",
        "nickName pr or userName pr and active eq false",
        "(nickName pr or userName pr) and active eq false",
        "not (userName pr)",
        "emails[type ne \"work\" and type ne \"home\"]",
        "name eq \"O'Malley\"",
        "hired eq \"2011-05-13T04:42:35Z\"",
        "score gt 2.5",
    ];
    for filter in no {
        assert!(!holds(filter, &ann), "{filter}");
    }
}

#[test]
fn large_integers_are_not_compared_as_floats() {
    let resource = json!({"age": 9_007_199_254_740_993_i64});
    assert!(!holds("age eq 9007199254740992", &resource));
    assert!(holds("age gt 9007199254740992", &resource));
}

fn same(a: Json, b: Json, case: TextCase) -> bool {
    equal(&object(a), &object(b), &user(), case)
}

#[test]
fn equality_ignores_what_says_nothing() {
    let alike = [
        (json!({}), json!({"displayName": null, "emails": [], "name": {"givenName": null}})),
        (json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1})),
        (json!({"displayName": "x"}), json!({"DISPLAYNAME": "x"})),
        (
            json!({"emails": [{"value": "a"}, {"value": "b", "type": null}]}),
            json!({"emails": [{"value": "b"}, {"VALUE": "a"}]}),
        ),
        (json!({"schemas": ["x"], "meta": {"version": "1"}}), json!({})),
        (json!({"age": 3}), json!({"age": 3.0})),
        (
            json!({"hired": "2011-05-13T04:42:34Z"}),
            json!({"hired": "2011-05-13T04:42:34.000+00:00"}),
        ),
    ];
    for (a, b) in alike {
        assert!(same(a.clone(), b.clone(), TextCase::Exact), "{a} {b}");
        assert!(same(b.clone(), a.clone(), TextCase::Schema), "{b} {a}");
    }
}

#[test]
fn equality_tells_what_differs() {
    let unlike = [
        (json!({"displayName": ""}), json!({})),
        // Names that no schema lists are data.
        (json!({"Region": 1, "region": 2}), json!({"Region": 2, "region": 1})),
        (json!({"Region": 1}), json!({"region": 1})),
        // A double cannot tell these apart.
        (json!({"age": 9007199254740993_u64}), json!({"age": 9007199254740992_u64})),
        (json!({"active": false}), json!({})),
        (json!({"active": true}), json!({"active": "true"})),
        (json!({"id": "1"}), json!({"id": "2"})),
        (json!({"externalId": "a"}), json!({"externalId": "A"})),
        (json!({"emails": [{"value": "a"}]}), json!({"emails": [{"value": "a"}, {"value": "b"}]})),
        (
            json!({"emails": [{"value": "a", "type": "b"}]}),
            json!({"emails": [{"value": "b", "type": "a"}]}),
        ),
        (json!({FREE: {"x": "a"}}), json!({FREE: {"x": "A"}})),
        (json!({FREE: {"x": "a\",\"y\":\"b"}}), json!({FREE: {"x": "a", "y": "b"}})),
        (json!({"tags": ["a,b"]}), json!({"tags": ["a", "b"]})),
    ];
    for (a, b) in unlike {
        assert!(!same(a.clone(), b.clone(), TextCase::Schema), "{a} {b}");
    }
    let (a, b) = (json!({"userName": "a"}), json!({"userName": "A"}));
    assert!(same(a.clone(), b.clone(), TextCase::Schema));
    assert!(!same(a, b, TextCase::Exact));
}
