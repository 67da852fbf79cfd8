//! Every code is unique, has a fixture that shows it, and a snapshot of what people then read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use scim_gateway::diagnostic::{self, Code, Mistakes, Source};
use scim_gateway::dialect::cases::cases;
use scim_gateway::dialect::schemas;
use scim_gateway::dialect::{self, Dialects};
use scim_gateway::rewrite::{self, check::check, parse};
use scim_gateway::scim::schema::Schema;

const FIXTURES: &str = "tests/diagnostics/fixtures";

fn codes() -> Vec<Code> {
    [diagnostic::CODES, rewrite::CODES, dialect::CODES].concat()
}

#[test]
fn codes_are_sorted_in_their_room_and_unique_over_all() {
    for table in [diagnostic::CODES, rewrite::CODES, dialect::CODES] {
        assert!(table.is_sorted_by(|a, b| a.id < b.id), "not sorted: {table:?}");
    }
    let ids: BTreeSet<&str> = codes().iter().map(|code| code.id).collect();
    assert_eq!(ids.len(), codes().len());
    let titles: BTreeSet<&str> = codes().iter().map(|code| code.title).collect();
    assert_eq!(titles.len(), codes().len(), "two codes of one title");
}

#[test]
fn every_code_has_a_fixture_that_shows_it() {
    let fixtures = fixtures();
    for code in codes() {
        let own: Vec<_> = fixtures.iter().filter(|(id, _)| id == code.id).collect();
        assert_eq!(own.len(), 1, "{} needs exactly one fixture in {FIXTURES}", code.id);
    }
    for (id, path) in fixtures {
        let mistakes = read(&path);
        let found: Vec<&str> = mistakes.diagnostics.iter().map(|d| d.code.id).collect();
        assert!(found.contains(&id.as_str()), "{} shows {found:?}", path.display());
        for diagnostic in &mistakes.diagnostics {
            assert!(codes().contains(&diagnostic.code), "{} is in no table", diagnostic.code.id);
        }
        insta::assert_snapshot!(id, mistakes.text(false));
    }
}

#[test]
fn json_names_line_and_column() {
    let mistakes = read(Path::new("tests/diagnostics/fixtures/R030.rules.toml"));
    insta::assert_json_snapshot!(diagnostic::json(&mistakes.diagnostics, &mistakes.sources));
}

/// (code, path), by the name's first part.
fn fixtures() -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(FIXTURES).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !["canonical.toml", "vendor.toml"].contains(&name.as_str()) {
            found.push((name.split('.').next().unwrap().to_owned(), path));
        }
    }
    found.sort();
    found
}

pub fn source(path: &Path) -> Source {
    Source::new(path.to_str().unwrap(), std::fs::read_to_string(path).unwrap())
}

pub fn schema(name: &str) -> Schema {
    let (schemas, mistakes) = schemas(&source(&Path::new(FIXTURES).join(name)));
    assert_eq!(mistakes, []);
    schemas.into_iter().next().unwrap().1
}

fn read(path: &Path) -> Mistakes {
    if path.is_dir() {
        return Dialects::with_directory(path).unwrap_err();
    }
    let source = source(path);
    let diagnostics = match path.to_str().unwrap().rsplit('.').nth(1).unwrap() {
        "rules" => {
            let (rules, mut found) = parse::rules(&source);
            found.extend(check(&rules, &schema("canonical.toml"), &schema("vendor.toml")));
            found
        }
        "overlay" => Dialects::embedded().unwrap().overlay(&source).1,
        "schema" => schemas(&source).1,
        "cases" => cases(&source).1,
        other => panic!("no fixture of kind {other}"),
    };
    Mistakes { diagnostics, sources: vec![source] }
}
