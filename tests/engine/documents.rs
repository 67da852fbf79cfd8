//! Lift and lower of whole users, dialect by dialect.

use std::collections::BTreeMap;

use scim_gateway::diagnostic::Source;
use scim_gateway::dialect::Dialects;
use scim_gateway::rewrite::lens::Lens;
use scim_gateway::rewrite::parse;
use scim_gateway::rewrite::rule::Rules;
use scim_gateway::rewrite::translate::Message;
use scim_gateway::scim::Value;
use scim_gateway::scim::schema::Operation;
use serde_json::{Value as Json, json};

pub fn lens(dialect: &str, overlays: &[Rules]) -> Lens {
    let dialects = Dialects::embedded().expect("the embedded dialects are right");
    let found = dialects.named(dialect).expect("the dialect is there");
    let user = &found.resources[0];
    Lens::new(dialects.canonical(), &user.schema, &user.rules, overlays, BTreeMap::new())
}

pub fn lower(lens: &Lens, user: &Json, operation: Operation) -> (Json, Vec<String>) {
    let Value::Object(source) = Value::from(user.clone()) else { panic!("not an object") };
    let out = lens.lower(&source, Message::Request(operation));
    assert!(out.problems.is_empty(), "{:?}", out.problems);
    (json(&out.object), losses(&out.losses))
}

pub fn lift(lens: &Lens, user: &Json) -> (Json, Vec<String>) {
    let Value::Object(source) = Value::from(user.clone()) else { panic!("not an object") };
    let out = lens.lift(&source, Message::Response);
    (json(&out.object), losses(&out.losses))
}

fn json(object: &scim_gateway::scim::Object<'_>) -> Json {
    serde_json::from_slice(&object.to_json()).expect("prints")
}

fn losses(losses: &[scim_gateway::rewrite::translate::Loss]) -> Vec<String> {
    losses.iter().map(|loss| format!("{}: {}", loss.place, loss.cause.label())).collect()
}

fn rich() -> Json {
    json!({
        "userName": "ann@corp.example",
        "displayName": "Ann",
        "active": true,
        "name": {"givenName": "Ann", "familyName": "Lee"},
        "emails": [
            {"value": "home@corp.example", "type": "home"},
            {"value": "ann@corp.example", "type": "work", "primary": true}
        ],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Sales"},
        "urn:omni:params:1.0:UserAttribute": {"region": "emea"}
    })
}

#[test]
fn pick_keeps_one_and_names_the_rest() {
    let (user, losses) = lower(&lens("pingone", &[]), &rich(), Operation::Create);
    assert_eq!(
        user,
        json!({
            "userName": "ann@corp.example", "active": true,
            "name": {"givenName": "Ann", "familyName": "Lee"},
            "emails": [{"value": "ann@corp.example", "primary": true}]
        })
    );
    assert_eq!(
        losses,
        [
            "*: no_place",
            "displayName: no_place",
            "emails.type: no_place",
            "emails.value: picked",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department: no_place",
        ]
    );
}

#[test]
fn an_answer_gets_what_the_vendor_does_not_say() {
    let stored = json!({
        "userName": "ann", "emails": [{"value": "ann@corp.example", "primary": true}]
    });
    let (user, losses) = lift(&lens("pingone", &[]), &stored);
    assert_eq!(
        user["emails"],
        json!([{"value": "ann@corp.example", "type": "work", "primary": true}])
    );
    assert_eq!(losses, [""; 0]);
}

#[test]
fn what_a_vendor_computes_is_a_loss_only_if_it_says_more() {
    let (user, losses) = lower(&lens("omni", &[]), &rich(), Operation::Replace);
    assert_eq!(user["urn:omni:params:1.0:UserAttribute"], json!({"region": "emea"}));
    assert!(user.get("emails").is_none());
    assert!(losses.contains(&"emails.value: no_place".to_owned()), "{losses:?}");
    let mut plain = rich();
    plain["emails"] = json!([{"value": "ann@corp.example", "type": "work", "primary": true}]);
    let (_, losses) = lower(&lens("omni", &[]), &plain, Operation::Replace);
    assert!(!losses.iter().any(|loss| loss.starts_with("emails")), "{losses:?}");
}

#[test]
fn an_overlay_owns_both_ends() {
    let overlay = include_str!("../../rules/overlays/omni-department.toml");
    let source = scim_gateway::diagnostic::Source { name: "o".into(), text: overlay.into() };
    let (overlay, mistakes) = scim_gateway::rewrite::parse::overlay(&source);
    assert!(mistakes.is_empty());
    let lens = lens("omni", &[overlay.rules]);
    let mut user = rich();
    user["urn:omni:params:1.0:UserAttribute"]["department"] = json!("Shadow");
    let (lowered, losses) = lower(&lens, &user, Operation::Replace);
    assert_eq!(
        lowered["urn:omni:params:1.0:UserAttribute"],
        json!({"department": "Sales", "region": "emea"})
    );
    assert!(
        losses.contains(&"urn:omni:params:1.0:UserAttribute:department: shadowed".to_owned()),
        "{losses:?}"
    );
    let (lifted, _) = lift(&lens, &lowered);
    assert_eq!(
        lifted["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        json!({"department": "Sales"})
    );
    assert_eq!(lifted["urn:omni:params:1.0:UserAttribute"], json!({"region": "emea"}));
}

#[test]
fn an_overlays_constant_goes_before_the_dialects() {
    let text = "version = 1\ndialect = \"pingone\"\nresource = \"User\"\n\n[[set]]\ncanonical = \"$.emails[*].type\"\nvalue = \"home\"\n";
    for name in ["a.toml", "zz/z.toml"] {
        let source = scim_gateway::diagnostic::Source { name: name.into(), text: text.into() };
        let (overlay, mistakes) = scim_gateway::rewrite::parse::overlay(&source);
        assert!(mistakes.is_empty());
        let stored = json!({"userName": "ann", "emails": [{"value": "ann@corp.example"}]});
        let (user, _) = lift(&lens("pingone", &[overlay.rules]), &stored);
        assert_eq!(user["emails"][0]["type"], "home", "{name}");
    }
}

fn rules(text: &str) -> Rules {
    let (rules, found) = parse::rules(&Source::new("rules", format!("version = 1\n{text}")));
    assert_eq!(found, []);
    rules
}

fn object(value: &Json) -> scim_gateway::scim::Object<'static> {
    let Value::Object(object) = Value::from(value.clone()) else { panic!("not an object") };
    object
}

// A rule whose condition does not hold writes nothing into answers, either.
#[test]
fn what_answers_show_under_a_condition_is_shown_where_it_holds() {
    let lens = lens(
        "omni",
        &[rules(
            "[[set]]\nvendor = \"$.title\"\nvalue = \"Boss\"\nrender = true\n\
             when = { canonical = \"$.userType\", equals = \"Manager\" }\n",
        )],
    );
    let rendered = |user: Json| {
        let mut answer = object(&json!({}));
        lens.render(&mut answer, &object(&user));
        json(&answer).get("title").cloned()
    };
    assert_eq!(rendered(json!({"userType": "manager"})), Some(json!("Boss")));
    assert_eq!(rendered(json!({"userType": "Employee"})), None);
    assert_eq!(rendered(json!({})), None);
}

// The order of a file, the alphabet and the text of a rule decide nothing: a rule with a condition
// speaks before one without, conditions are read before anything is written, and an overlay's set
// takes the place of the dialect's `always`.
#[test]
fn sets_speak_by_what_they_say_and_not_by_their_order() {
    let always = "[[set]]\ncanonical = \"$.locale\"\nvalue = \"de\"\n";
    let when = |value: &str, equals: &str| {
        format!(
            "[[set]]\ncanonical = \"$.locale\"\nvalue = \"{value}\"\n\
             when = {{ canonical = \"$.userType\", equals = \"{equals}\" }}\n"
        )
    };
    let kind = "[[set]]\ncanonical = \"$.userType\"\nvalue = \"z\"\n";
    for text in [
        format!("{always}{}{}{kind}", when("aa", "z"), when("zz", "a")),
        format!("{kind}{}{}{always}", when("zz", "a"), when("aa", "z")),
    ] {
        let lens = lens("scim", &[rules(&text)]);
        for (kind, locale) in [(json!("z"), "aa"), (json!("a"), "zz"), (json!("b"), "de")] {
            assert_eq!(lift(&lens, &json!({"userType": kind})).0["locale"], locale);
        }
        // What a set writes is no condition of another.
        assert_eq!(lift(&lens, &json!({})).0, json!({"userType": "z", "locale": "de"}));
    }
}

// An element that meets several predicates goes the same way whatever they are called.
#[test]
fn an_element_goes_the_way_of_all_that_it_meets() {
    // The vendor's side divides by `primary`, canonical by `type`: a number may be both.
    let two = "[[map]]\ncanonical = \"$.nickName\"\nvendor = \"$.phoneNumbers[?@.primary==true].value\"\n\
               [[map]]\ncanonical = \"$.phoneNumbers[?@.type=='mobile'].value\"\nvendor = \"$.title\"\n";
    let lens = lens("scim", &[rules(two)]);
    let number = json!({"phoneNumbers": [{"value": "+1", "type": "mobile", "primary": true}]});
    let (user, _) = lower(&lens, &number, Operation::Create);
    assert_eq!(user["title"], "+1", "{user}");
}
