//! What the command line prints. A reader that goes away is no failure; a full disk is one.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::options::Format;
use crate::diagnostic::{self, Mistakes};

/// Why standard output did not take everything.
static UNSAID: OnceLock<ErrorKind> = OnceLock::new();

/// A line for whoever asked.
pub(super) fn say(line: &str) {
    said(writeln!(io::stdout(), "{line}"));
}

/// Remembers that something was not printed, but for a reader that went away.
pub(super) fn said(printed: io::Result<()>) {
    if let Some(kind) =
        printed.err().map(|error| error.kind()).filter(|kind| *kind != ErrorKind::BrokenPipe)
    {
        let _ = UNSAID.set(kind);
    }
}

/// What the program exits with: a failure also where it could not say all that it was asked for.
pub(super) fn ended(code: ExitCode) -> ExitCode {
    said(io::stdout().flush());
    match UNSAID.get() {
        Some(why) => fail(&format!("standard output cannot be written: {why}")),
        None => code,
    }
}

/// A line about what went wrong.
pub(super) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Why a verb did not do what was asked for.
pub(super) fn fail(why: &str) -> ExitCode {
    complain(&format!("error: {why}"));
    ExitCode::FAILURE
}

/// As [`fail`], and in JSON on standard output: one object, where that is asked for.
pub(super) fn failed(why: &str, format: Format) -> ExitCode {
    if format == Format::Json {
        say(&outcome(Some(why)).to_string());
    }
    fail(why)
}

/// As [`failed`], of a command line that names what is not there.
pub(super) fn misused(why: &str, format: Format) -> ExitCode {
    let _failure = failed(why, format);
    ExitCode::from(2)
}

/// The members that tell in JSON what came of a verb: `outcome` (passed or failed) and `error`, a sentence.
pub(super) fn outcome(why: Option<&str>) -> Value {
    json!({"outcome": if why.is_none() { "passed" } else { "failed" }, "error": why})
}

/// A line of a table, broken at words where the terminal is narrower; what follows stands below `column`.
pub(super) fn row(line: &str, column: usize) {
    match std::io::stdout().is_terminal() {
        true => say(&fitted(line, textwrap::termwidth(), column)),
        false => say(line),
    }
}

fn fitted(line: &str, width: usize, column: usize) -> String {
    // Where hardly a word would stand beside it, it stands below.
    let column = if column.saturating_add(20) > width { 0 } else { column };
    let below = " ".repeat(column);
    let options = textwrap::Options::new(width).subsequent_indent(&below).break_words(false);
    textwrap::fill(line, options.word_splitter(textwrap::WordSplitter::NoHyphenation))
}

/// Diagnostics: as text on standard error, as JSON on standard output.
pub(super) fn mistakes(mistakes: &Mistakes, format: Format) {
    match format {
        Format::Text => {
            let text = mistakes.text(std::io::stderr().is_terminal());
            let _ = write!(std::io::stderr(), "{text}");
            complain(&counted(mistakes));
        }
        Format::Json => say(&report("failed", mistakes).to_string()),
    }
}

/// What came of reading files, in one form whatever came of it: `outcome`, `errors` and `warnings`
/// (their numbers), and `diagnostics`.
pub(super) fn report(outcome: &str, found: &Mistakes) -> Value {
    let (errors, warnings) = counts(found);
    json!({
        "outcome": outcome,
        "errors": errors,
        "warnings": warnings,
        "diagnostics": diagnostic::json(&found.diagnostics, &found.sources),
    })
}

/// `2 mistakes, 1 warning`
pub(super) fn counted(found: &Mistakes) -> String {
    let (errors, warnings) = counts(found);
    let some = |count: usize, one: &str| match count {
        0 => format!("no {one}s"),
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    };
    let mistakes = some(errors, "mistake");
    if warnings == 0 { mistakes } else { format!("{mistakes}, {}", some(warnings, "warning")) }
}

fn counts(found: &Mistakes) -> (usize, usize) {
    let errors = found.diagnostics.iter().filter(|found| found.is_error()).count();
    (errors, found.diagnostics.len().saturating_sub(errors))
}

#[cfg(test)]
mod tests {
    use super::fitted;

    #[test]
    fn a_row_that_is_too_long_goes_on_below_its_last_column() {
        let line =
            "    get        native    1 call     what the upstream is asked for, word by word";
        let text = fitted(line, 60, 36);
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            [
                "    get        native    1 call     what the upstream is",
                "                                    asked for, word by word",
            ]
        );
        assert!(fitted(line, 20, 36).lines().all(|line| line.len() <= 20));
        assert_eq!(
            fitted("a-name-that-is-longer-than-all", 10, 2),
            "a-name-that-is-longer-than-all"
        );
    }
}
