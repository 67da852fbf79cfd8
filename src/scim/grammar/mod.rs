//! The one grammar of filters, PATCH paths and attribute paths (RFC 7644 figure 1, sections 3.4.2.2,
//! 3.5.2 and 3.10), with its printer.
//!
//! It knows no schema: whether an attribute exists, and may have a filter, is for the caller to say.
//! Beyond the RFC it takes blanks where none are due, a value path followed by a comparison
//! (`emails[type eq "work"].value eq "x"`) and, where the caller says so, values without quotes.

mod cursor;
mod expression;
mod name;
mod print;

use super::filter::Filter;
use super::path::Path;
use cursor::Cursor;

/// What the reader knows about the route.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'s> {
    /// The URNs that a path may begin with, in the spelling to give them: the core schema's first,
    /// whose attributes have no URN in a [`Path`].
    pub urns: &'s [&'s str],
    /// Those of them whose extension has free keys: below such a one a name may hold colons, and in a
    /// path blanks.
    pub free: &'s [String],
    /// URNs, or beginnings of URNs, of what is no schema of this resource type: no attribute is named by
    /// them (RFC 7644 section 3.10), unless a longer one of `urns` says so.
    pub foreign: &'s [String],
    /// Whether a value without quotes is taken as a string.
    pub lenient: bool,
}

/// Why a text is no filter or path. Holds nothing of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at byte {at})")]
pub struct SyntaxError {
    /// Byte offset in the text.
    pub at: usize,
    pub message: &'static str,
}

/// The longest text that is read, in bytes.
pub const MAX_LENGTH: usize = 16 * 1024;
/// How deep parentheses and brackets may be nested.
pub const MAX_DEPTH: usize = 64;
/// The most comparisons in one filter.
pub const MAX_TERMS: usize = 1_000;

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
