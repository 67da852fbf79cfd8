//! What is wrong with a request, told in one fault that names places and never values.

use crate::fault::{Cause, Fault};
use crate::rewrite::translate::{Problem, Translation};

/// Refuses a translation with values that a rule cannot take: all are named.
pub fn checked(translation: Translation<'_>) -> Result<Translation<'_>, Fault> {
    let name = |problem: &Problem| format!("The attribute {} {}.", problem.place, problem.reason);
    refuse(translation.problems.iter().map(name).collect())?;
    Ok(translation)
}

/// One fault for all mistakes; names and expectations only, never a value.
pub fn refuse(mistakes: Vec<String>) -> Result<(), Fault> {
    const MOST: usize = 10;
    if mistakes.is_empty() {
        return Ok(());
    }
    let more = mistakes.len().saturating_sub(MOST);
    let mut detail = mistakes.into_iter().take(MOST).collect::<Vec<_>>().join(" ");
    if more > 0 {
        detail.push_str(&format!(" And {more} more."));
    }
    Err(Fault::new(Cause::InvalidValue, detail))
}

/// A name that a client sent, fit for a message.
pub fn quoted(name: &str) -> String {
    let short: String = name.chars().take(64).collect();
    format!("\"{}\"", short.escape_debug())
}
