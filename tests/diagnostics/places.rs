//! Selectors to places, and how places lie to each other.

use scim_gateway::rewrite::parse::selector;
use scim_gateway::rewrite::place::{Element, Place};
use scim_gateway::rewrite::relation::{Relation, relation};
use scim_gateway::scim::filter::Literal;

fn place(text: &str) -> Place {
    selector(text).unwrap_or_else(|refusal| panic!("{text}: {refusal:?}"))
}

#[test]
fn a_selector_becomes_members_element_and_rest() {
    let text = |text: &str| Literal::String(text.to_owned());
    let two = place("$.emails[?(@.type=='work') && @.primary==true].value");
    assert_eq!(two.members, ["emails"]);
    assert_eq!(two.rest, ["value"]);
    let terms =
        vec![("primary".to_owned(), Literal::Bool(true)), ("type".to_owned(), text("work"))];
    assert_eq!(two.element, Element::Where(terms), "terms are sorted by name");
    assert_eq!(place("$['urn:a:2.0:User'].population.id").members.len(), 3);
    assert_eq!(place("$.manager['$ref']").members, ["manager", "$ref"]);
    assert_eq!(place("$.x[?@.n==1.5].y").element, {
        let number = serde_json::Number::from_f64(1.5).unwrap();
        Element::Where(vec![("n".to_owned(), Literal::Number(number.into()))])
    });
}

#[test]
fn all_elements_at_the_end_are_the_attribute_itself() {
    assert_eq!(place("$.emails[*]"), place("$.emails"));
    assert_eq!(place("$.emails.*"), place("$.emails"));
    assert_eq!(place("$.emails[*].type").element, Element::Each);
}

#[test]
fn a_place_prints_as_a_selector_that_is_read_as_the_same_place() {
    for text in [
        "$.name.givenName",
        "$['urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'].department",
        "$.emails[?@.primary==true && @.type=='wo\\'rk\\\\'].value",
        "$.emails[*]['$ref']",
        "$['1st'].x",
    ] {
        assert_eq!(place(&place(text).to_string()), place(text), "{text}");
    }
}

#[test]
fn reserved_names_are_reserved_at_the_top_alone() {
    for text in ["$.schemas", "$.ID", "$['meta'].created", "$.meta"] {
        assert!(selector(text).is_err(), "{text}");
    }
    assert!(selector("$['urn:a:b'].population.id").is_ok());
}

#[test]
fn deep_and_long_selectors_are_refused() {
    assert!(selector(&format!("$.a[?{}@.b=='c'{}]", "(".repeat(500), ")".repeat(500))).is_err());
    assert!(selector(&format!("$.{}", "a".repeat(5000))).is_err());
}

#[test]
fn places_lie_to_each_other() {
    use Relation::{Apart, Equal, Holds, Overlap, Within};
    let work = "$.emails[?@.type=='work'].value";
    for (one, other, expected) in [
        ("$.userName", "$.USERNAME", Equal),
        ("$.userName", "$.displayName", Apart),
        ("$.name", "$.name.givenName", Holds),
        ("$.emails", work, Holds),
        ("$.emails", "$.emails[*].value", Holds),
        ("$.emails[*].value", work, Holds),
        ("$.emails[*].type", work, Apart),
        (work, "$.emails[?@.type=='home'].value", Apart),
        (work, "$.emails[?@.type=='WORK'].value", Equal),
        (work, "$.emails[?@.primary==true].value", Overlap),
        (work, "$.emails[?@.primary==true].type", Apart),
        (work, "$.emails[?@.primary==true && @.type=='work'].value", Holds),
        ("$.emails[?@.type=='work']", work, Holds),
        ("$.emails[?@.type=='work']", "$.emails[?@.primary==true].value", Overlap),
        ("$.emails[*].value", "$.emails[?@.type=='work']", Overlap),
    ] {
        assert_eq!(relation(&place(one), &place(other)), expected, "{one} {other}");
        let back = match expected {
            Holds => Within,
            same => same,
        };
        assert_eq!(relation(&place(other), &place(one)), back, "{other} {one}");
    }
}
