//! What the command line prints. A reader that goes away is no failure.

use std::io::{IsTerminal, Write};

use serde_json::{Value, json};

use super::Format;
use crate::diagnostic::{self, Mistakes};

/// A line for whoever asked.
pub(super) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A line about what went wrong.
pub(super) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
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
