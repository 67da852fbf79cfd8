//! Rules that are right, and what a reader may not let pass.

use scim_gateway::diagnostic::Source;
use scim_gateway::rewrite::check::{check, check_over};
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
    assert_eq!(c.value, SetValue::Constant(serde_json::json!([1, { "d": 2.5 }]).into()));
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

/// One map between two places.
fn map(canonical: &str, vendor: &str, more: &str) -> Vec<&'static str> {
    codes(&format!("[[map]]\ncanonical = \"{canonical}\"\nvendor = \"{vendor}\"\n{more}\n"))
}

// `check` accepts nothing that carries nothing.
#[test]
fn a_map_that_carries_nothing_is_a_mistake() {
    let table = "values = [[\"a\", \"b\"]]";
    for (canonical, vendor, more, code) in [
        // A list of texts is not the main sub-attribute of elements, nor one text.
        ("$.emails[*].value", "$.tags", "", "R022"),
        ("$.userName", "$.tags", "", "R022"),
        ("$.userName", "$.tags", "pick = [\"first\"]\nloss = \"x\"", "R022"),
        // A table and a conversion look at one value.
        ("$.nicknames", "$.tags", table, "R022"),
        ("$.active", "$.tags", "convert = \"boolean_text\"", "R022"),
        // What is kept as it is has the other end's type.
        ("$.active", "$.status", "values = [[true, \"enabled\"]]\notherwise = \"keep\"", "R022"),
        ("$.active", "$.score", "convert = \"boolean_text\"", "R022"),
        ("$.userName", "$.score", "values = [[\"a\", 1.5]]", "R027"),
        // The leaf says which element is meant.
        ("$.emails[?@.type=='work'].type", "$.mail", "", "R034"),
        ("$.emails[?@.value=='x'].value", "$.mail", "", "R034"),
        // Nothing in common.
        ("$.name", "$.address", "", "R034"),
        // No message holds both ends.
        ("$.password", "$.createdBy", "", "R034"),
        ("$.emails[?@.labels=='x'].value", "$.mail", "", "R035"),
    ] {
        assert_eq!(map(canonical, vendor, more), [code], "{canonical} {vendor} {more}");
    }
    for (canonical, vendor, more) in [
        ("$.nicknames", "$.tags", ""),
        ("$.userName", "$.createdBy", ""),
        ("$.password", "$.mail", ""),
        ("$.active", "$.status", "values = [[true, \"enabled\"], [false, \"disabled\"]]"),
        ("$.userName", "$.status", "values = [[\"a\", \"enabled\"]]\notherwise = \"keep\""),
        ("$.emails", "$.anything", ""),
        ("$.name", "$.anything", ""),
        ("$.active", "$.attributes.flag", "values = [[true, \"Y\"], [false, \"N\"]]"),
    ] {
        assert_eq!(map(canonical, vendor, more), [""; 0], "{canonical} {vendor} {more}");
    }
}

// A map whose every leaf belongs to longer rules.
#[test]
fn a_map_whose_leaves_all_belong_to_others_is_a_mistake() {
    let two = r#"
        [[map]]
        canonical = "$.name"
        vendor = "$.fullName"
        [[map]]
        canonical = "$.name.givenName"
        vendor = "$.mail"
        [[map]]
        canonical = "$.name.familyName"
        vendor = "$.privateMail"
    "#;
    assert_eq!(codes(two), ["R034"]);
}

// Conditions that never hold, and rules that never act.
#[test]
fn a_rule_that_can_never_act_is_a_mistake() {
    for (rule, code) in [
        (
            "[[set]]\nvendor = \"$.mail\"\nvalue = \"x\"\nwhen = { canonical = \"$.nicknames\", equals = \"a\" }",
            "R035",
        ),
        (
            "[[set]]\nvendor = \"$.mail\"\nvalue = \"x\"\nwhen = { canonical = \"$.name\", equals = \"a\" }",
            "R035",
        ),
        (
            "[[set]]\nvendor = \"$.mail\"\nvalue = \"x\"\nwhen = { canonical = \"$.nikname\", equals = \"a\" }",
            "R021",
        ),
        ("[[set]]\nvendor = \"$.once\"\nvalue = \"x\"", "R036"),
        ("[[set]]\ncanonical = \"$.password\"\nvalue = \"x\"", "R036"),
        ("[[fill]]\nvendor = \"$.mail\"\nfrom = [\"$.userName\"]\nloss = \"x\"", "R036"),
        ("[[fill]]\nvendor = \"$.attributes.x\"\nfrom = [\"$.userName\"]\nloss = \"x\"", "R036"),
        ("[[fill]]\nvendor = \"$.userName\"\nfrom = [\"$.active\"]\nloss = \"x\"", "R022"),
        ("[[fill]]\nvendor = \"$.userName\"\nfrom = [\"{nicknames}\"]\nloss = \"x\"", "R022"),
    ] {
        assert_eq!(codes(rule), [code], "{rule}");
    }
}

/// Two sets on places, each with what follows.
fn sets(one: (&str, &str), other: (&str, &str)) -> Vec<&'static str> {
    let set = |(place, more): (&str, &str)| {
        format!("[[set]]\nvendor = \"{place}\"\nvalue = \"x\"\n{more}\n")
    };
    codes(&format!("{}{}", set(one), set(other)))
}

// Nothing is decided by the alphabet.
#[test]
fn two_sets_that_may_both_hold_are_a_mistake() {
    let when = |name: &str, value: &str| {
        format!("when = {{ canonical = \"$.{name}\", equals = \"{value}\" }}")
    };
    let (a, b) = (when("userName", "a"), when("userName", "b"));
    let other = when("displayName", "b");
    let each = "when = { canonical = \"$.emails[*].type\", equals = \"work\" }";
    let home = "when = { canonical = \"$.emails[*].type\", equals = \"home\" }";
    for (one, two) in [
        (a.as_str(), a.as_str()),
        (&a, &when("userName", "A")),
        (&a, &other),
        (each, home),
        ("", "always = true"),
        (&a, "always = true"),
    ] {
        assert_eq!(sets(("$.mail", one), ("$.mail", two)), ["R029"], "{one} {two}");
        assert_eq!(sets(("$.mail", two), ("$.mail", one)), ["R029"], "{two} {one}");
    }
    for (one, two) in [(a.as_str(), b.as_str()), (&a, "")] {
        assert_eq!(sets(("$.mail", one), ("$.mail", two)), [""; 0], "{one} {two}");
    }
    assert_eq!(sets(("$.mail", &a), ("$.privateMail", &a)), [""; 0]);
}

// An element that two predicates choose would be told to two places.
#[test]
fn predicates_that_overlap_are_a_mistake_whatever_they_lead_to() {
    let two = |one: &str, other: &str| {
        codes(&format!(
            "[[map]]\ncanonical = \"$.emails[?{one}].value\"\nvendor = \"$.mail\"\n\
             [[map]]\ncanonical = \"$.emails[?{other}].value\"\nvendor = \"$.privateMail\"\n"
        ))
    };
    assert_eq!(two("@.type=='work'", "@.primary==true"), ["R029"]);
    assert_eq!(two("@.type=='work'", "@.type=='WORK'"), ["R029"]);
    assert_eq!(two("@.type=='work'", "@.type=='home'"), [""; 0]);
    assert_eq!(two("@.type=='work'", "@.type=='work' && @.primary==true"), [""; 0]);
}

// Across layers, too.
#[test]
fn an_overlays_rule_that_overlaps_with_the_dialects_is_a_mistake() {
    let rules = |text: &str| parse::rules(&source(text)).0;
    let (canonical, vendor) = (schema("canonical.toml"), schema("vendor.toml"));
    let dialect =
        rules("[[map]]\ncanonical = \"$.emails[?@.primary==true].value\"\nvendor = \"$.mail\"\n");
    let over = |predicate: &str, to: &str| {
        let text =
            format!("[[map]]\ncanonical = \"$.emails[?{predicate}].value\"\nvendor = \"$.{to}\"\n");
        let found = check_over(&rules(&text), &dialect, &canonical, &vendor);
        found.iter().map(|diagnostic| diagnostic.code.id).collect::<Vec<_>>()
    };
    assert_eq!(over("@.type=='work'", "privateMail"), ["R029"]);
    // It takes the dialect's place, on the one end or the other.
    assert_eq!(over("@.primary==true", "privateMail"), [""; 0]);
    assert_eq!(over("@.type=='work'", "mail"), [""; 0]);
}
