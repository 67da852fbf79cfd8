//! `cases.md`: what is a case, and which blocks may be updated.

use scim_gateway::diagnostic::Source;
use scim_gateway::dialect::cases::{Case, Direction, Kind, Refusal, bless, cases};
use scim_gateway::rewrite::translate::Message;
use scim_gateway::scim::schema::Operation;

const PAGE: &str = "# Page

```json
{ \"prose\": true
```

## A `code` case

Text.

```json vendor operation=create direction=lower source=https://vendor.example/users
{\"userName\": \"a\"}
```

```json canonical operation=response
{\"userName\": \"ä\"}
```

### Below

```text filter
userName eq \"a\"
```

## Empty

```json lost
[]
```
";

fn read(text: &str) -> Vec<Case> {
    let (cases, found) = cases(&Source::new("cases.md", text));
    assert_eq!(found, []);
    cases
}

#[test]
fn a_heading_and_its_blocks_are_a_case() {
    let cases = read(PAGE);
    let [case, empty] = cases.as_slice() else { panic!("{cases:?}") };
    assert_eq!((case.name.as_str(), case.line), ("A code case", 7));
    let [vendor, canonical, filter] = case.blocks.as_slice() else { panic!("{case:?}") };
    assert_eq!(vendor.kind, Kind::Vendor);
    assert_eq!(vendor.message, Some(Message::Request(Operation::Create)));
    assert_eq!(vendor.direction, Some(Direction::Lower));
    assert_eq!(vendor.source.as_deref(), Some("https://vendor.example/users"));
    assert_eq!(canonical.message, Some(Message::Response));
    assert_eq!((filter.kind, filter.text.as_str()), (Kind::Filter, "userName eq \"a\"\n"));
    assert_eq!(empty.blocks.len(), 1);
    for block in cases.iter().flat_map(|case| &case.blocks) {
        assert_eq!(&PAGE[block.span.clone()], block.text);
    }
}

#[test]
fn a_computed_block_is_updated_and_nothing_else() {
    let cases = read(PAGE);
    let blessed = bless(PAGE, &cases[0], 1, "{\n  \"userName\": \"b\"\n}").unwrap();
    assert_eq!(blessed, PAGE.replace("{\"userName\": \"ä\"}", "{\n  \"userName\": \"b\"\n}"));
    let again = bless(&blessed, &read(&blessed)[0], 1, "{\"userName\": \"ä\"}\n").unwrap();
    assert_eq!(again, PAGE);
}

#[test]
fn a_block_with_a_source_is_never_updated() {
    let refusal = bless(PAGE, &read(PAGE)[0], 0, "{}").unwrap_err();
    assert!(matches!(refusal, Refusal::ByHand { .. }), "{refusal}");
}

#[test]
fn an_update_that_would_spoil_the_file_is_refused() {
    let cases = read(PAGE);
    assert_eq!(bless(PAGE, &cases[0], 9, "{}"), Err(Refusal::NoBlock));
    assert_eq!(bless(&PAGE[1..], &cases[0], 1, "{}"), Err(Refusal::Changed));
    assert_eq!(bless("", &cases[0], 1, "{}"), Err(Refusal::Changed));
    assert_eq!(bless(PAGE, &cases[0], 1, "a\n```\n## b"), Err(Refusal::Unprintable));
    let nested = "## Case\n\n> ```json vendor\n> {\n> }\n> ```\n";
    assert_eq!(bless(nested, &read(nested)[0], 0, "{}"), Err(Refusal::Changed));
}
