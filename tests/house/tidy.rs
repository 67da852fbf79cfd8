//! Files: their opening, their length, what is never in them.

use crate::files::rust;

const FOLDERS: [&str; 3] = ["src", "tests", "benches"];

#[test]
fn every_file_opens_with_its_purpose() {
    for file in rust(&FOLDERS) {
        assert!(file.text.starts_with("//! "), "{} does not open with //!", file.path);
    }
}

#[test]
fn no_file_is_too_long_to_read() {
    // Tests are lists of cases: they may be longer than code.
    let most = |path: &str| if path.starts_with("src/") { 400 } else { 600 };
    let long: Vec<_> = rust(&FOLDERS)
        .into_iter()
        .filter(|file| file.text.lines().count() > most(&file.path))
        .map(|file| file.path)
        .collect();
    assert!(long.is_empty(), "divide {long:?}");
}

#[test]
fn nothing_is_left_for_later() {
    // Written apart, so that this file does not find itself.
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    for file in rust(&FOLDERS) {
        for word in words {
            assert!(!file.text.contains(word), "{}: {word}", file.path);
        }
    }
}

#[test]
fn every_lint_exception_gives_its_reason() {
    for file in rust(&FOLDERS) {
        for kind in [concat!("#[", "allow("), concat!("#![", "allow(")] {
            assert!(!file.text.contains(kind), "{}: write expect with a reason", file.path);
        }
        for opening in [concat!("#[", "expect("), concat!("#![", "expect(")] {
            for rest in file.text.split(opening).skip(1) {
                let attribute = rest.split(")]").next().unwrap_or_default();
                assert!(attribute.contains("reason = \""), "{}: {attribute}", file.path);
            }
        }
    }
}

#[test]
fn ci_runs_make_test_and_nothing_else() {
    let root = env!("CARGO_MANIFEST_DIR");
    let script = std::fs::read_to_string(format!("{root}/.ci/run")).unwrap();
    let commands: Vec<_> =
        script.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert_eq!(commands, ["set -eu", "cd \"$(dirname \"$0\")/..\"", "exec make test"]);
    let makefile = std::fs::read_to_string(format!("{root}/Makefile")).unwrap();
    for step in ["cargo fmt --check", "cargo clippy", "--deny warnings", "cargo test"] {
        assert!(makefile.contains(step), "make test lacks {step}");
    }
}
