//! Each verb's whole output on the shipped configuration, as snapshots.

use std::process::{Command, Output};

pub fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_scim-gateway"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("SCIM_GATEWAY_CONFIG")
        .env("COLUMNS", "100")
        .args(arguments)
        .output()
        .unwrap()
}

/// Exit code, standard output, standard error.
pub fn told(arguments: &[&str]) -> String {
    let output = run(arguments);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let code = output.status.code().unwrap();
    let all = format!("exit {code}\n{}---\n{}", text(&output.stdout), text(&output.stderr));
    // The rules' hash changes with every rule.
    let mut lines: Vec<String> = all.lines().map(|line| line.trim_end().to_owned()).collect();
    for line in &mut lines {
        if let Some((head, _)) = line.split_once("; rules ") {
            *line = format!("{head}; rules [hash]");
        }
    }
    lines.join("\n")
}

const USER: &str = "tests/cli/user.json";
const PATCH: &str = "tests/cli/patch.json";
const OLD: &str = "tests/cli/old.json";

#[test]
fn help() {
    insta::assert_snapshot!(told(&["--help"]));
}

#[test]
fn check_says_what_is_native_emulated_refused_and_lost() {
    insta::assert_snapshot!(told(&["check"]));
}

#[test]
fn check_in_json_is_json() {
    let output = run(&["check", "--format", "json"]);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let routes = told["routes"].as_array().unwrap();
    assert_eq!(routes.len(), 10);
    let users = &routes[0]["resources"][0];
    let names: Vec<_> =
        users["operations"].as_array().unwrap().iter().map(|o| &o["name"]).collect();
    assert_eq!(names, ["create", "get", "replace", "patch", "delete", "list", "filter", "search"]);
    let replace = &users["operations"][2];
    assert_eq!(replace["says"], "emulated", "{replace}");
    assert_eq!(replace["calls"], serde_json::json!([1, 3]));
}

#[test]
fn translate_a_create() {
    insta::assert_snapshot!(told(&["translate", "--route", "/okta/omni", USER]));
}

#[test]
fn translate_a_replacement_over_what_is_there() {
    let arguments = ["translate", "-r", "/okta/omni", "-o", "replace", "--old", OLD, USER];
    insta::assert_snapshot!(told(&arguments));
}

#[test]
fn translate_a_patch_that_needs_what_is_there() {
    let patch = ["translate", "-r", "/entra/pingone", "-o", "patch", PATCH];
    assert_eq!(run(&patch).status.code(), Some(2), "without --old");
}

#[test]
fn translate_an_answer() {
    insta::assert_snapshot!(told(&["translate", "-r", "/descope/omni", "-o", "response", OLD]));
}

#[test]
fn translate_between_two_dialects_with_a_variable() {
    let base = ["translate", "--from", "scim", "--to", "pingone"];
    let with = |more: &[&str]| run(&[&base[..], more].concat());
    let output = with(&["--var", "environment=abc", "--format", "json", USER]);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["call"], "POST /environments/abc/v2/Users");
    assert_eq!(with(&["--var", "environmental=abc", USER]).status.code(), Some(2));
    assert_eq!(
        with(&["--overlay", "rules/overlays/omni-department.toml", USER]).status.code(),
        Some(2)
    );
}

#[test]
fn a_document_that_the_gateway_refuses_exits_with_1_and_says_why() {
    let told = told(&["translate", "--from", "pingone", "--to", "omni", "tests/cli/patch.json"]);
    assert!(told.starts_with("exit 1\n"), "{told}");
    assert!(told.contains("userName"), "{told}");
}

#[test]
fn explain_the_golden_case() {
    let route = ["explain", "--route", "/okta/omni"];
    let of = |more: &[&str]| told(&[&route[..], more].concat());
    let filter = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department sw \"S\"";
    let path = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
    let all =
        [of(&[USER]), of(&["--patch", PATCH]), of(&["--filter", filter]), of(&["--path", path])];
    assert!(
        all.iter().all(|told| told.contains("rules/overlays/omni-department.toml:7")),
        "{all:#?}"
    );
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn explain_a_pick() {
    let route = ["explain", "--route", "/entra/pingone"];
    let of = |more: &[&str]| told(&[&route[..], more].concat());
    let filter = "userName eq \"ann\" and emails[type eq \"work\"] and not (active eq false)";
    let path = "emails[type eq \"work\"].value";
    let all = [of(&[USER]), of(&["--filter", filter]), of(&["--path", path])];
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn explain_tells_no_value_unless_asked() {
    let told_ = |more: &[&str]| told(&[&["explain", "-r", "/okta/omni", USER][..], more].concat());
    for format in ["text", "json"] {
        let plain = told_(&["--format", format]);
        assert!(!plain.contains("Isabella") && !plain.contains("castile.example"), "{plain}");
        let values = told_(&["--format", format, "--values"]);
        assert!(values.contains("Isabella") && values.contains("castile.example"), "{values}");
    }
}

#[test]
fn losses_of_a_route() {
    insta::assert_snapshot!(told(&["losses", "--route", "/descope/pingone"]));
}

#[test]
fn losses_in_json_are_of_all_routes() {
    let output = run(&["losses", "--format", "json"]);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told.as_array().unwrap().len(), 10);
    let places = told[0]["resources"][0]["places"].as_array().unwrap();
    let shadowed = places.iter().find(|place| place["cause"] == "shadowed").unwrap();
    assert_eq!(shadowed["rules"], serde_json::json!(["rules/overlays/omni-department.toml:7"]));
}

#[test]
fn the_shipped_examples_hold() {
    let told = told(&["test"]);
    assert!(told.starts_with("exit 0\n"), "{told}");
    insta::assert_snapshot!(told);
}

/// A copy of the dialects with one change of a page.
fn pages(from: &str, to: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/omni");
    let folder = directory.path().join("omni");
    std::fs::create_dir(&folder).unwrap();
    for entry in std::fs::read_dir(rules).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    let page = folder.join("cases.md");
    let text = std::fs::read_to_string(&page).unwrap();
    assert!(text.contains(from), "{from}");
    std::fs::write(&page, text.replacen(from, to, 1)).unwrap();
    (directory, page)
}

fn try_pages(directory: &tempfile::TempDir, more: &[&str]) -> String {
    told(&[&["test", directory.path().to_str().unwrap()][..], more].concat())
}

#[test]
fn a_wrong_computed_block_is_shown_and_written_anew() {
    let (directory, page) = pages("name.familyName: no_place", "name.familyName: picked");
    let shown = try_pages(&directory, &[]);
    assert!(shown.starts_with("exit 1\n"), "{shown}");
    assert!(shown.contains("  -   \"name.familyName: picked\""), "{shown}");
    assert!(shown.contains("  +   \"name.familyName: no_place\""), "{shown}");
    let blessed = try_pages(&directory, &["--bless"]);
    assert!(blessed.starts_with("exit 0\n") && blessed.contains("1 block written"), "{blessed}");
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/omni/cases.md");
    assert_eq!(std::fs::read(page).unwrap(), std::fs::read(shipped).unwrap());
}

#[test]
fn a_vendors_own_block_is_never_written_anew() {
    let (from, to) = (
        "{\"userName\":\"blob.ross@blobsrus.co\",\"displayName\":\"Blob Ross\",\"urn",
        "{\"userName\":\"blob.ross@blobsrus.co\",\"displayName\":\"Bob Ross\",\"urn",
    );
    // The second is the vendor's block of the first case.
    let (directory, page) =
        pages(&format!("source=seed-001\n{from}"), &format!("source=seed-001\n{to}"));
    let before = std::fs::read(&page).unwrap();
    let shown = try_pages(&directory, &["--bless"]);
    assert!(shown.starts_with("exit 1\n") && shown.contains("by hand (seed-001)"), "{shown}");
    assert_eq!(std::fs::read(&page).unwrap(), before);
}

#[test]
fn blessing_needs_a_folder() {
    assert_eq!(run(&["test", "--bless"]).status.code(), Some(2));
}
