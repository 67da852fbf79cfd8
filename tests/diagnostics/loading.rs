//! The embedded set is free of mistakes, and an operator's directory is laid over it.

use scim_gateway::dialect::Dialects;

#[test]
fn the_embedded_dialects_have_no_mistakes() {
    let dialects =
        Dialects::embedded().unwrap_or_else(|mistakes| panic!("{}", mistakes.text(false)));
    let warnings = scim_gateway::diagnostic::text(dialects.warnings(), dialects.sources(), false);
    assert_eq!(warnings, "");
    let names: Vec<&str> = dialects.names().collect();
    assert_eq!(names, ["descope", "omni", "pingone", "scim"]);
    for name in names {
        let users = dialects.named(name).is_some_and(|d| !d.resources.is_empty());
        assert!(users, "{name} has no resource type");
    }
    assert_eq!(dialects.canonical().resource, "User");
}
