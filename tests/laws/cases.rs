//! The dialects' pages for people: read without a mistake, with the vendor's own words where they
//! count, and executed.

use std::collections::BTreeMap;
use std::path::Path;

use scim_gateway::diagnostic::Source;
use scim_gateway::dialect::Dialects;
use scim_gateway::dialect::cases::{Case, Direction, Kind, cases};
use scim_gateway::rewrite::lens::Lens;
use scim_gateway::rewrite::translate::Message;
use scim_gateway::scim::schema::Operation;
use serde_json::Value as Json;

use super::create::{json, object};
use super::oracle::same;
use super::tables::CLIENTS;

/// The cases of a dialect's page.
pub fn page(dialect: &str) -> Vec<Case> {
    let file = format!("rules/{dialect}/cases.md");
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file)).unwrap();
    let (found, mistakes) = cases(&Source::new(&*file, text));
    assert!(mistakes.is_empty(), "{file}: {mistakes:?}");
    found
}

fn has_sourced(dialect: &str, direction: Direction, messages: &[Message]) -> bool {
    page(dialect).iter().flat_map(|case| &case.blocks).any(|block| {
        block.source.is_some()
            && block.kind == Kind::Vendor
            && block.direction == Some(direction)
            && block.message.is_some_and(|message| messages.contains(&message))
    })
}

#[test]
fn every_page_has_a_vendors_request_and_a_vendors_answer() {
    let writes = [Message::Request(Operation::Create), Message::Request(Operation::Replace)];
    for dialect in CLIENTS {
        assert!(has_sourced(dialect, Direction::Lower, &writes), "{dialect}: no request");
        assert!(
            has_sourced(dialect, Direction::Lift, &[Message::Response]),
            "{dialect}: no answer"
        );
    }
}

fn lens(dialects: &Dialects, dialect: &str, resource: &str) -> Lens {
    let of = &dialects.named(dialect).unwrap().resources;
    let of = of.iter().find(|of| of.schema.resource == resource).unwrap();
    let canonical = dialects.canonical_of(resource).unwrap();
    Lens::new(canonical, &of.schema, &of.rules, &[], BTreeMap::new())
}

/// Each example, run: canonical -> vendor for `lower`, vendor -> canonical for `lift`.
#[test]
fn resources_become_what_the_page_shows() {
    let dialects = Dialects::embedded().unwrap();
    for dialect in CLIENTS {
        for case in page(dialect) {
            let lens = lens(&dialects, dialect, case.resource());
            let text = |kind| case.blocks.iter().find(|block| block.kind == kind);
            let (Some(canonical), Some(vendor)) = (text(Kind::Canonical), text(Kind::Vendor))
            else {
                continue;
            };
            let wanted: Json = serde_json::from_str(&canonical.text).unwrap();
            let shown: Json = serde_json::from_str(&vendor.text).unwrap();
            match (vendor.direction, vendor.message) {
                (Some(Direction::Lower), Some(Message::Request(operation))) => {
                    let source = object(wanted);
                    let message = Message::Request(operation);
                    let mut lowered = lens.lower(&source, message).object;
                    lens.complete(&mut lowered, &source, operation);
                    let mut shown = shown;
                    // A message field beside the attributes.
                    shown.as_object_mut().unwrap().remove("userId");
                    assert!(same(&json(&lowered), &shown), "{dialect}, {}", case.name);
                }
                (Some(Direction::Lift), _) => {
                    let user = shown.get("user").unwrap_or(&shown).clone();
                    let source = object(user);
                    let lifted = lens.lift(&source, Message::Response).object;
                    let lifted = json(&lifted);
                    assert!(same(&lifted, &wanted), "{dialect}, {}: {lifted}", case.name);
                }
                _ => panic!("{dialect}, {}: no direction", case.name),
            }
        }
    }
}
