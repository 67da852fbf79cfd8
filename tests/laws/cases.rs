//! The dialects' pages for people: read without a mistake, with the vendor's own words where they count.

use std::path::Path;

use scim_gateway::diagnostic::Source;
use scim_gateway::dialect::cases::{Case, Direction, Kind, Message, cases};
use scim_gateway::scim::schema::Operation;

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
