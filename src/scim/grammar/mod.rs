//! The one grammar of filters, PATCH paths and attribute paths (RFC 7644 figure 1, sections 3.4.2.2,
//! 3.5.2 and 3.10), with its printer.
//!
//! It knows no schema: whether an attribute exists, and may have a filter, is for the caller to say.
//! Beyond the RFC it takes blanks where none are due, a value path followed by a comparison
//! (`emails[type eq "work"].value eq "x"`) and, where the caller says so, values without quotes.

mod cursor;
mod expression;
mod known;
mod name;
mod print;

use super::filter::{Filter, Path};
use cursor::Cursor;

pub use known::{Known, MAX_DEPTH, MAX_LENGTH, MAX_TERMS, SyntaxError};

/// Reads a filter (RFC 7644 section 3.4.2.2).
///
/// # Errors
/// Where the text breaks the grammar, or one of the bounds above.
pub fn parse_filter(text: &str, known: &Known<'_>) -> Result<Filter, SyntaxError> {
    let mut cursor = Cursor::new(text)?;
    let filter = expression::filter(&mut cursor, known)?;
    cursor.end()?;
    Ok(filter)
}

/// Reads the path of a PATCH operation (RFC 7644 section 3.5.2): an attribute path, or a value path
/// with an optional sub-attribute.
///
/// # Errors
/// Where the text breaks the grammar, or one of the bounds above.
pub fn parse_path(text: &str, known: &Known<'_>) -> Result<Path, SyntaxError> {
    let mut cursor = Cursor::new(text)?;
    cursor.blanks();
    let path = expression::patch_path(&mut cursor, known)?;
    cursor.end()?;
    Ok(path)
}

/// Whether a name begins with the URN of another resource type's schema, or of a message.
pub fn is_foreign(name: &str, known: &Known<'_>) -> bool {
    name::is_foreign(name, known)
}

/// Reads the comma-separated attribute paths of `attributes` and `excludedAttributes` (RFC 7644
/// section 3.9). Empty entries are passed over.
///
/// # Errors
/// Where an entry is not an attribute path.
pub fn parse_attributes(text: &str, known: &Known<'_>) -> Result<Vec<Path>, SyntaxError> {
    let mut cursor = Cursor::new(text)?;
    let mut paths = Vec::new();
    loop {
        cursor.blanks();
        if !cursor.at(',') && !cursor.is_done() {
            paths.push(name::attribute_path(&mut cursor, known)?);
            cursor.blanks();
        }
        if !cursor.take(',') {
            break;
        }
    }
    cursor.end()?;
    Ok(paths)
}
