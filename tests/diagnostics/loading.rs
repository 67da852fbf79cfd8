//! The embedded set is free of mistakes, and an operator's directory is laid over it.

use std::path::Path;

use scim_gateway::diagnostic::{self, Source, toml::Reader};
use scim_gateway::dialect::cases::cases;
use scim_gateway::dialect::{Dialects, override_schema};
use scim_gateway::scim::schema::{Kind, Mutability};
use scim_gateway::{rewrite::lookup, rewrite::parse::selector};

use crate::codes::schema;

#[test]
fn the_embedded_dialects_have_no_mistakes() {
    let dialects =
        Dialects::embedded().unwrap_or_else(|mistakes| panic!("{}", mistakes.text(false)));
    let warnings = diagnostic::text(dialects.warnings(), dialects.sources(), false);
    assert_eq!(warnings, "");
    assert_eq!(dialects.canonical().resource, "User");
    let names: Vec<&str> = dialects.names().collect();
    for name in ["descope", "omni", "pingone", "scim"] {
        assert!(names.contains(&name), "{name} is missing");
    }
    for name in names {
        let users = dialects.named(name).is_some_and(|d| !d.resources.is_empty());
        assert!(users, "{name} has no resource type");
    }
}

#[test]
fn the_shipped_overlays_have_no_mistakes() {
    let dialects = Dialects::embedded().unwrap();
    for entry in std::fs::read_dir("rules/overlays").unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let source = Source::new(path.to_str().unwrap(), text);
        let (overlay, found) = dialects.overlay(&source);
        assert_eq!(diagnostic::text(&found, &[source], false), "");
        assert!(!overlay.rules.maps.is_empty());
    }
}

#[test]
fn the_shipped_cases_have_no_mistakes() {
    let dialects = Dialects::embedded().unwrap();
    let pages = dialects.sources().iter().filter(|source| source.name.ends_with("/cases.md"));
    let mut read = 0;
    for page in pages {
        let (cases, found) = cases(page);
        assert_eq!(diagnostic::text(&found, std::slice::from_ref(page), false), "");
        assert!(cases.iter().any(|case| !case.blocks.is_empty()), "{}", page.name);
        read += 1;
    }
    assert!(read >= 4, "{read} pages");
}

#[test]
fn a_file_of_the_directory_takes_the_place_of_the_embedded_one() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("descope");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("user.toml"), "version = 1\n").unwrap();
    std::fs::write(folder.join("README.md"), [0xff, 0xfe]).unwrap();
    let dialects =
        Dialects::with_directory(directory.path()).unwrap_or_else(|m| panic!("{}", m.text(false)));
    let embedded = Dialects::embedded().unwrap();
    let rules = |dialects: &Dialects| dialects.named("descope").unwrap().resources[0].rules.clone();
    assert!(rules(&dialects).maps.is_empty());
    assert!(!rules(&embedded).maps.is_empty());
    assert_eq!(dialects.named("omni"), embedded.named("omni"));
    let laid = folder.join("user.toml");
    assert!(dialects.sources().iter().any(|source| *source.name == *laid.to_str().unwrap()));
}

#[test]
fn a_directory_that_is_not_there_is_a_mistake() {
    let mistakes = Dialects::with_directory(Path::new("tests/no-such-directory")).unwrap_err();
    assert_eq!(mistakes.diagnostics.len(), 1);
    assert!(mistakes.text(false).contains("tests/no-such-directory"));
}

#[test]
fn an_override_replaces_whole_entries_and_adds_others() {
    let mut schema = schema("vendor.toml");
    let before = schema.attributes.len();
    let source = Source::new(
        "config.toml",
        "[[attribute]]\nname = \"STATUS\"\ntype = \"boolean\"\n[[attribute]]\nname = \"badge\"\n\
         [[attribute]]\nname = \"bad\"\ntype = \"boolan\"\n",
    );
    let reader = Reader::new(&source);
    {
        let document = reader.document().unwrap();
        let table = reader.root(&document);
        override_schema(&mut schema, &table);
        table.close();
    }
    let found = reader.finish();
    assert_eq!(found.iter().map(|d| d.code.id).collect::<Vec<_>>(), ["T005"]);
    let status = schema.attribute("status").unwrap();
    assert_eq!((status.kind, status.canonical_values.len()), (Kind::Boolean, 0));
    assert_eq!(schema.attributes.len(), before + 1);
}

#[test]
fn a_sub_attribute_is_as_mutable_as_its_attribute_says() {
    let (schemas, found) = scim_gateway::dialect::schemas(&Source::new(
        "schema.toml",
        "version = 1\n[user]\nurn = \"urn:x\"\nresource = \"User\"\n[[user.attribute]]\nname = \"groups\"\n\
         type = \"complex\"\nmutability = \"readOnly\"\n\
         sub = [{ name = \"value\" }, { name = \"display\", mutability = \"immutable\" }]\n",
    ));
    assert_eq!(found, []);
    let groups = schemas[0].1.attribute("groups").unwrap();
    assert_eq!(groups.attribute("value").unwrap().mutability, Mutability::ReadOnly);
    assert_eq!(groups.attribute("display").unwrap().mutability, Mutability::Immutable);
}

#[test]
fn a_place_leads_to_an_attribute_a_free_key_or_nothing() {
    let schema = schema("vendor.toml");
    let at = |text: &str| {
        let place = selector(text).unwrap();
        let resolved = lookup::resolve(&schema, &place);
        let name = resolved.attribute().map(|attribute| attribute.name.clone());
        (name, resolved.exists(), resolved.elements.is_some(), resolved.skipped.is_some())
    };
    assert_eq!(at("$.EMAILS[*].Value"), (Some("value".to_owned()), true, true, false));
    assert_eq!(at("$.emails.value"), (Some("value".to_owned()), true, false, true));
    assert_eq!(at("$.attributes.a.b.c"), (None, true, false, false));
    assert_eq!(at("$.mail.x"), (None, false, false, false));
    assert_eq!(at("$['urn:not:listed'].x"), (None, false, false, false));
}
