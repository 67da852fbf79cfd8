//! What is deliberately not there (ARCHITECTURE.md, "What is not there").

use crate::files::{File, rust};

/// The rooms in which a resource is translated.
const PURE: [&str; 5] = ["diagnostic", "scim", "rewrite", "fault", "gateway"];

fn in_rooms<'f>(files: &'f [File], rooms: &[&str]) -> impl Iterator<Item = &'f File> {
    files.iter().filter(move |file| rooms.contains(&file.room()))
}

fn naming(files: &[File], rooms: &[&str], words: &[&str]) -> Vec<String> {
    in_rooms(files, rooms)
        .flat_map(|file| {
            let named = words.iter().filter(|word| file.code().any(|line| line.contains(**word)));
            named.map(|word| format!("{} names {word}", file.path))
        })
        .collect()
}

#[test]
fn translation_does_no_io() {
    let io = ["std::fs", "std::net::Tcp", "std::env", "std::thread", "tokio", "async fn", ".await"];
    assert_eq!(naming(&rust(&["src"]), &PURE, &io), [] as [&str; 0]);
}

#[test]
fn translation_asks_no_clock() {
    // The gateway asks it for one thing: a Retry-After that is a date, in an answer without one.
    let clocks = ["Instant::now", "SystemTime", "Timestamp::now", "Zoned::now"];
    let found = naming(&rust(&["src"]), &PURE, &clocks);
    assert_eq!(found, ["src/gateway/message/error/retry.rs names Timestamp::now"]);
}

#[test]
fn jsonpath_is_read_in_one_file() {
    let files = rust(&["src"]);
    let naming: Vec<_> = files
        .iter()
        .filter(|file| file.code().any(|line| line.contains("jsonpath_rust")))
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(naming, ["src/rewrite/parse/selector.rs"]);
}

#[test]
fn rules_are_not_read_or_compiled_on_a_requests_way() {
    let files = rust(&["src"]);
    let rooms = ["gateway", "exchange", "outbound", "inbound", "serve"];
    let readers = ["rewrite::parse", "rewrite::check", "diagnostic::toml"];
    assert_eq!(naming(&files, &rooms, &readers), [] as [&str; 0]);
    // Canonical comes from the dialects, when the routes are compiled.
    assert_eq!(
        naming(&files, &rooms, &["Dialects"]),
        ["src/gateway/route/gateway.rs names Dialects"]
    );
    // A lens compiles both directions; pairs are made when the gateway is, and only then.
    let makers: Vec<_> = files
        .iter()
        .filter(|file| file.code().any(|line| line.contains("Lens::new(")))
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(makers, ["src/gateway/pair/compiled.rs"]);
}

#[test]
fn regular_expressions_are_not_used() {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    assert!(!manifest.unwrap().lines().any(|line| line.starts_with("regex")));
}
