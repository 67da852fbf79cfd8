//! Rules that are right, and what a reader may not let pass.

use scim_gateway::diagnostic::Source;
use scim_gateway::rewrite::check::check;
use scim_gateway::rewrite::parse;
use scim_gateway::rewrite::rule::{Part, SetTarget, SetValue, Text};

use crate::codes::schema;

fn source(rules: &str) -> Source {
    Source::new("rules.toml", format!("version = 1\n{rules}"))
}

/// The codes that the rules get, parsed and checked.
fn codes(rules: &str) -> Vec<&'static str> {
    let (rules, mut found) = parse::rules(&source(rules));
    found.extend(check(&rules, &schema("canonical.toml"), &schema("vendor.toml")));
    found.iter().map(|diagnostic| diagnostic.code.id).collect()
}

#[test]
fn rules_that_are_right_get_no_diagnostic() {
    let found = codes(
        r#"
        [[map]]
        canonical = "$.active"
        vendor = "$.status"
        values = [[true, "enabled"], [false, "disabled"]]
        [[map]]
        canonical = "$.emails"
        vendor = "$.emails"
        pick = ["primary", "type=work", "first"]
        loss = "one address is kept"
        [[map]]
        canonical = "$.emails[?@.type=='work'].value"
        vendor = "$.mail"
        [[map]]
        canonical = "$.emails[?@.type=='home'].value"
        vendor = "$.privateMail"
        [[map]]
        canonical = "$['urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'].department"
        vendor = "$.attributes.department"
        [[map]]
        canonical = "$['urn:example:x']"
        vendor = "$.attributes"
        [[fill]]
        vendor = "$.userName"
        from = ["$.displayName", "{name.givenName} {name.familyName}"]
        loss = "userName is made up"
        [[set]]
        canonical = "$.emails[*].type"
        value = "work"
        [[set]]
        vendor = "$.createdBy"
        value = "gateway"
        render = true
        [[set]]
        vendor = "$.mail"
        value = "a"
        when = { canonical = "$.active", equals = true }
        [[set]]
        vendor = "$.mail"
        value = "b"
        when = { canonical = "$.active", equals = false }
        "#,
    );
    assert_eq!(found, [""; 0]);
}

#[test]
fn the_mistakes_of_all_rules_are_reported_at_once() {
    let found = codes(
        r#"
        [[map]]
        canonical = "$..x"
        vendor = "$.schemas"
        stick = true
        [[map]]
        canonical = "$.userName"
        vendor = "$.maill"
        [[fill]]
        vendor = "$.mail"
        from = ["{"]
        "#,
    );
    assert_eq!(found, ["R002", "R004", "T002", "R005", "R010", "R020"]);
}

#[test]
fn a_rule_is_taken_apart_with_its_place() {
    let (rules, found) = parse::rules(&source(
        "[[fill]]\nvendor = \"$.a\"\nfrom = [\"{x.y} {$['$z']}!\"]\nloss = \"l\"\n\
         [[set]]\nvendor = \"$.b\"\nvalue = \"${v?}\"\n[[set]]\ncanonical = \"$.c\"\nvalue = [1, { d = 2.5 }]\n",
    ));
    assert_eq!(found, []);
    let [fill] = rules.fills.as_slice() else { panic!() };
    assert_eq!((fill.origin.line, fill.origin.column), (2, 1));
    let [Text::Template(parts)] = fill.from.as_slice() else { panic!() };
    let [Part::Place(xy), Part::Literal(blank), Part::Place(z), Part::Literal(end)] =
        parts.as_slice()
    else {
        panic!("{parts:?}")
    };
    assert_eq!((xy.to_string(), z.to_string()), ("$.x.y".into(), "$['$z']".into()));
    assert_eq!((blank.as_str(), end.as_str()), (" ", "!"));
    let [b, c] = rules.sets.as_slice() else { panic!() };
    assert_eq!(b.value, SetValue::Variable { name: "v".to_owned(), optional: true });
    assert_eq!(c.value, SetValue::Constant(serde_json::json!([1, { "d": 2.5 }])));
    assert!(matches!(c.target, SetTarget::Canonical(_)));
}

#[test]
fn a_rule_with_a_mistake_does_not_run_without_its_condition() {
    let (rules, found) = parse::rules(&source(
        "[[set]]\nvendor = \"$.b\"\nvalue = \"x\"\nwhen = { canonical = \"$..\", equals = 1 }\n",
    ));
    assert_eq!(found.len(), 1);
    assert_eq!(rules.sets, []);
}

#[test]
fn free_keys_take_any_type_and_number_of_values() {
    assert_eq!(
        codes("[[map]]\ncanonical = \"$.emails\"\nvendor = \"$.attributes.emails\"\n"),
        [""; 0]
    );
}

#[test]
fn conflicts_are_reported_once_a_rule_and_side() {
    let map = "[[map]]\ncanonical = \"$.userName\"\nvendor = \"$.attributes.k#\"\n";
    let rules: String = (0..50).map(|n| map.replace('#', &n.to_string())).collect();
    assert_eq!(codes(&rules).len(), 49);
}
