//! What the command line prints. A reader that goes away is no failure.

use std::io::{IsTerminal, Write};

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
    let Mistakes { diagnostics, sources } = mistakes;
    match format {
        Format::Text => {
            let text = mistakes.text(std::io::stderr().is_terminal());
            let _ = write!(std::io::stderr(), "{text}");
            complain(&format!("{} mistakes", diagnostics.len()));
        }
        Format::Json => say(&diagnostic::json(diagnostics, sources).to_string()),
    }
}
