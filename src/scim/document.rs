//! Reading a body: JSON text to a [`Value`] that borrows from it.
//!
//! What could be read in two ways is refused here, before anything decides on it: two members of one
//! name, text after the document. Numbers keep their text, whatever their size. Names that differ
//! only by case are a matter of who lists the names (`names.rs`).

use super::json::{self, Why};
use super::value::Value;
use super::work::step;

pub use super::json::DocumentLimits;

/// Why a body is not a document. Holds member names (at most 64 characters), never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("The body is empty; a JSON document is needed.")]
    Empty,
    #[error("The body is not UTF-8 at line {line}, column {column}.")]
    NotUtf8 { line: usize, column: usize },
    #[error("The body is not JSON: it breaks JSON's grammar at line {line}, column {column}.")]
    Syntax { line: usize, column: usize },
    #[error("The body ends inside the JSON document, at line {line}, column {column}.")]
    CutOff { line: usize, column: usize },
    #[error("Text follows the end of the JSON document, at line {line}, column {column}.")]
    Trailing { line: usize, column: usize },
    #[error(
        "Objects and arrays are nested more than {limit} deep at line {line}, column {column}."
    )]
    TooDeep { limit: usize, line: usize, column: usize },
    #[error(
        "An array holds more than {limit} values at line {line}, column {column}; send them in several requests."
    )]
    TooMany { limit: usize, line: usize, column: usize },
    #[error("The member \"{name}\" is there twice in one object, at line {line}, column {column}.")]
    Duplicate { name: String, line: usize, column: usize },
}

/// Reads a whole body as one JSON document.
///
/// # Errors
/// See [`ParseError`]; positions are one-based, columns in bytes.
pub fn parse<'a>(body: &'a [u8], limits: &DocumentLimits) -> Result<Value<'a>, ParseError> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let (line, column) = position(body, error.valid_up_to());
        ParseError::NotUtf8 { line, column }
    })?;
    if text.trim_ascii().is_empty() {
        return Err(ParseError::Empty);
    }
    step(body.len());
    let limit = limits.max_depth.min(DEEPEST);
    let bounds = DocumentLimits { max_depth: limit, ..*limits };
    json::read(text, bounds).map_err(|refused| {
        let (line, column) = position(body, refused.at);
        match refused.why {
            Why::TooDeep => ParseError::TooDeep { limit, line, column },
            Why::TooMany => ParseError::TooMany { limit: limits.max_elements, line, column },
            Why::Duplicate(name) => ParseError::Duplicate { name: shown(&name, 64), line, column },
            Why::Trailing => ParseError::Trailing { line, column },
            Why::Grammar if refused.at >= body.len() => ParseError::CutOff { line, column },
            Why::Grammar => ParseError::Syntax { line, column },
        }
    })
}

/// The reader calls itself for each level, so that there is a bound whatever is configured.
const DEEPEST: usize = 120;

fn position(body: &[u8], at: usize) -> (usize, usize) {
    let before = body.get(..at).unwrap_or(body);
    let line = before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count().saturating_add(1);
    (line, column)
}

/// A name as it may stand in a message: at most `most` characters, and without control characters.
pub(crate) fn shown(name: &str, most: usize) -> String {
    name.chars()
        .take(most)
        .flat_map(|c| {
            let escaped = c.is_control().then(|| c.escape_default());
            let plain = escaped.is_none().then_some(c);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}
