//! No text makes a reader or the renderer panic, and no label points outside its file.

use proptest::prelude::*;

use scim_gateway::diagnostic::{self, Code, Diagnostic, Source, did_you_mean};
use scim_gateway::dialect::Dialects;
use scim_gateway::dialect::cases::cases;
use scim_gateway::dialect::schemas;
use scim_gateway::rewrite::check::check;
use scim_gateway::rewrite::parse;

use crate::codes::schema;

/// Reads the text as every kind of file; the diagnostics must point into it and be printable.
fn read(text: &str) {
    let source = Source::new("file", text);
    let (rules, mut found) = parse::rules(&source);
    found.extend(check(&rules, &schema("canonical.toml"), &schema("vendor.toml")));
    found.extend(parse::overlay(&source).1);
    found.extend(schemas(&source).1);
    found.extend(cases(&source).1);
    for label in found.iter().flat_map(|diagnostic| &diagnostic.labels) {
        assert!(label.span.start <= label.span.end, "{label:?}");
        assert!(text.get(label.span.clone()).is_some(), "{label:?} in {text:?}");
    }
    let sources = [source];
    let shown = diagnostic::text(&found, &sources, false);
    assert_eq!(shown.is_empty(), found.is_empty());
    diagnostic::json(&found, &sources);
}

/// The files of the embedded dialects.
fn files() -> Vec<String> {
    let dialects = Dialects::embedded().unwrap();
    dialects.sources().iter().map(|source| source.text.to_string()).collect()
}

/// A file with some stretches replaced by pieces that mean something to a reader.
fn mutated() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(""),
        Just("\""),
        Just("["),
        Just("]]"),
        Just("{"),
        Just("}"),
        Just("="),
        Just("\n"),
        Just("true"),
        Just("-1"),
        Just("1e999"),
        Just("[]"),
        Just("{}"),
        Just("'''"),
        Just("ä"),
        Just("$..x"),
        Just("[?@.a=='b']"),
        Just("${"),
        Just("1979-05-27"),
        Just("\u{0}"),
        Just("99999999999999999999"),
        Just("```json vendor\n"),
        Just("## x\n"),
        Just("🦀"),
    ];
    let edit = (any::<prop::sample::Index>(), 0..12_usize, piece);
    (prop::sample::select(files()), prop::collection::vec(edit, 1..6)).prop_map(|(file, edits)| {
        edits.into_iter().fold(file, |file, (at, length, piece)| {
            let chars: Vec<char> = file.chars().collect();
            let start = at.index(chars.len() + 1);
            let end = (start + length).min(chars.len());
            chars[..start]
                .iter()
                .copied()
                .chain(piece.chars())
                .chain(chars[end..].iter().copied())
                .collect()
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_text_is_read_without_a_panic(text in "(?s).{0,300}") {
        read(&text);
    }

    #[test]
    fn a_mutated_file_gets_diagnostics_inside_itself(text in mutated()) {
        read(&text);
    }

    #[test]
    fn any_selector_is_read_without_a_panic(text in "\\$[\\[\\]().?@'\"$*a-c0-9:=!&| \\\\ä-]{0,40}") {
        if let Ok(place) = parse::selector(&text) {
            prop_assert_eq!(parse::selector(&place.to_string()), Ok(place));
        }
    }

    #[test]
    fn odd_spans_and_files_are_drawn(text in "(?s).{0,60}", spans in prop::collection::vec((0..90_usize, 0..90_usize, any::<bool>()), 0..5), colours: bool) {
        let sources = [Source::new("a", text), Source::new("empty", "")];
        let code = Code { id: "X001", title: "" };
        let mut diagnostic = Diagnostic::warning(code, "what happened");
        for (start, end, there) in spans {
            let file = if there { "a" } else { "elsewhere" };
            diagnostic = diagnostic.at(&file.into(), start..end, "label");
            diagnostic = diagnostic.at(&"empty".into(), start..end, "label");
        }
        let shown = diagnostic::text(&[diagnostic], &sources, colours);
        prop_assert!(shown.contains("X001"));
    }
}

#[test]
fn deep_nesting_is_bounded() {
    read(&format!("version = 1\nx = {}", "[".repeat(100_000)));
    read(&format!(
        "version = 1\n[[set]]\nvendor = \"$.a\"\nvalue = {}1{}",
        "[".repeat(70),
        "]".repeat(70)
    ));
    read(&"> ".repeat(20_000));
    read(&format!("## x\n\n```json vendor\n{}\n```\n", "[".repeat(100_000)));
}

#[test]
fn a_very_long_line_is_not_drawn_and_its_place_is_named() {
    let source = Source::new("file", format!("\n{}\n", "ä".repeat(50_000)));
    let code = Code { id: "X001", title: "" };
    let diagnostic = Diagnostic::error(code, "what happened").at(&source.name, 3..5, "here");
    let shown = diagnostic::text(&[diagnostic], &[source], false);
    assert_eq!(shown, "[X001] error: what happened\n  file:2:2: here\n");
}

#[test]
fn positions_count_characters_from_one() {
    let source = Source::new("file", "ä\nöü x\n");
    for (offset, line, column) in
        [(0, 1, 1), (1, 1, 1), (2, 1, 2), (3, 2, 1), (8, 2, 4), (99, 3, 1)]
    {
        let at = source.position(offset);
        assert_eq!((at.line, at.column), (line, column), "{offset}");
    }
}

#[test]
fn a_guess_is_made_only_for_a_likeness() {
    assert_eq!(did_you_mean("usrname", ["userName", "name"]), Some("userName"));
    assert_eq!(did_you_mean("frobnicate", ["userName", "name"]), None);
    assert_eq!(did_you_mean("", []), None);
}
