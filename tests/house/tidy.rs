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

/// The value that so many in a hundred are at most.
fn percentile(mut sizes: Vec<usize>, of_hundred: usize) -> usize {
    sizes.sort_unstable();
    sizes.get(sizes.len() * of_hundred / 100).copied().unwrap_or_default()
}

#[test]
fn files_and_functions_are_small_as_a_rule() {
    let files = rust(&["src"]);
    let lines = || files.iter().map(|file| file.text.lines().count()).collect::<Vec<_>>();
    assert!(percentile(lines(), 50) <= 150, "half of the files");
    assert!(percentile(lines(), 90) <= 300, "nine of ten files");
    let functions: Vec<usize> =
        files.iter().flat_map(|file| functions(file.without_tests())).collect();
    assert!(functions.len() > 1_000, "{}", functions.len());
    assert!(percentile(functions, 90) <= 30, "nine of ten functions");
}

/// How many lines each function has, by the indentation at which it begins and ends.
fn functions(text: &str) -> Vec<usize> {
    let lines: Vec<&str> = text.lines().collect();
    let begins = |line: &str| {
        let head = line.trim_start().split(['(', '<']).next().unwrap_or_default();
        head.split(' ').rev().nth(1) == Some("fn") && !head.contains("//")
    };
    let length = |at: usize| {
        let indent = lines[at].len() - lines[at].trim_start().len();
        let ends = |line: &str| {
            let own = line.len() - line.trim_start().len();
            own == indent && (line.trim_end().ends_with(';') || line.trim() == "}")
        };
        let one = lines[at].ends_with(';') || lines[at].ends_with('}');
        let rest = lines[at + 1..].iter().position(|line| ends(line));
        if one { 1 } else { rest.map_or(1, |rest| rest + 2) }
    };
    (0..lines.len()).filter(|at| begins(lines[*at])).map(length).collect()
}

#[test]
fn the_length_of_functions_is_counted_to_their_own_end() {
    let text = "fn a() {}\n\nimpl B {\n    pub async fn b<T>(\n        c: T,\n    ) -> u8 {\n        c\n    }\n}\n";
    assert_eq!(functions(text), [1, 5]);
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
