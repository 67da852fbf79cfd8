//! Attribute paths: `[URN ":"] name *("." name)`, and which part of it is the URN.

use super::cursor::Cursor;
use super::known::{Known, SyntaxError};
use crate::scim::filter::Path;
use crate::scim::schema::is_urn;

pub(super) fn attribute_path(
    cursor: &mut Cursor<'_>,
    known: &Known<'_>,
) -> Result<Path, SyntaxError> {
    let at = cursor.position();
    read(cursor.word(), at, known)
}

/// A path that stands alone: the names of free keys may hold blanks.
pub(super) fn lone_path(cursor: &mut Cursor<'_>, known: &Known<'_>) -> Result<Path, SyntaxError> {
    let at = cursor.position();
    let word = if is_urn(cursor.peek_word()) { cursor.words() } else { cursor.word() };
    read(word, at, known)
}

fn read(word: &str, at: usize, known: &Known<'_>) -> Result<Path, SyntaxError> {
    if word.is_empty() {
        return Err(SyntaxError { at, message: "an attribute's name is needed here" });
    }
    if is_foreign(word, known) {
        return Err(SyntaxError { at, message: "this URN is that of another schema" });
    }
    let Split { urn, rest, free } = split(word, known)
        .ok_or(SyntaxError { at, message: "this URN has no attribute's name after it" })?;
    if rest.is_empty() && urn.is_none() {
        return Err(SyntaxError { at, message: "the core schema's URN names no attribute" });
    }
    let is_right = if free { is_free_name } else { is_name };
    let mut names = dotted(rest, at, is_right)?.into_iter();
    Ok(Path { urn, attribute: names.next(), filter: None, sub: names.collect() })
}

/// Whether the word begins with the URN of a schema that is not this resource type's. A longer URN that
/// is this one's own decides.
pub(super) fn is_foreign(word: &str, known: &Known<'_>) -> bool {
    if !is_urn(word) {
        return false;
    }
    let begins = |urn: &str| after(word, urn).map(|_| urn.len());
    let own = known.urns.iter().filter_map(|urn| begins(urn)).max();
    let foreign = known.foreign.iter().filter_map(|urn| begins(urn)).max();
    foreign > own
}

/// The names after the closing bracket and dot of a value path.
pub(super) fn names(cursor: &mut Cursor<'_>) -> Result<Vec<String>, SyntaxError> {
    let at = cursor.position();
    let word = cursor.word();
    if word.is_empty() {
        return Err(SyntaxError { at, message: "a sub-attribute's name is needed here" });
    }
    dotted(word, at, is_name)
}

fn dotted(word: &str, at: usize, is_right: fn(&str) -> bool) -> Result<Vec<String>, SyntaxError> {
    if word.is_empty() {
        return Ok(Vec::new());
    }
    word.split('.')
        .map(|name| {
            is_right(name)
                .then(|| name.to_owned())
                .ok_or(SyntaxError { at, message: "this is not an attribute's name" })
        })
        .collect()
}

/// RFC 7643 section 2.1's names, `$ref`, and what free keys have besides.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '$'))
}

/// A free key: whatever a path can hold between its dots.
fn is_free_name(name: &str) -> bool {
    !name.is_empty() && name.trim() == name && !name.chars().any(char::is_control)
}

/// A word that begins with a URN, or has none.
struct Split<'w> {
    urn: Option<String>,
    rest: &'w str,
    /// Whether the names are those of free keys.
    free: bool,
}

/// The URN in its known spelling (`None` for the core schema's) and what follows it.
///
/// Known URNs hold dots and may end like an attribute (`…:2.0`), so only the longest known one can
/// tell where the attribute begins. One that nobody knows ends at the last colon; or it is the whole
/// word, where that ends like a schema's URN, with a version or with the resource type's name.
fn split<'w>(word: &'w str, known: &Known<'_>) -> Option<Split<'w>> {
    if !is_urn(word) {
        return Some(Split { urn: None, rest: word, free: false });
    }
    let longest = known
        .urns
        .iter()
        .enumerate()
        .filter_map(|(index, urn)| Some((index, *urn, after(word, urn)?)))
        .max_by_key(|(_, urn, _)| urn.len());
    if let Some((index, urn, rest)) = longest {
        let free = known.free.iter().any(|free| free.eq_ignore_ascii_case(urn));
        return Some(Split { urn: (index != 0).then(|| urn.to_owned()), rest, free });
    }
    if word.contains(char::is_whitespace) {
        return None;
    }
    let (urn, name) = word.rsplit_once(':')?;
    let resource = known.urns.first().and_then(|core| core.rsplit(':').next()).unwrap_or_default();
    if name.starts_with(|c: char| c.is_ascii_digit()) || name.eq_ignore_ascii_case(resource) {
        return Some(Split { urn: Some(word.to_owned()), rest: "", free: false });
    }
    let named = urn.len() > "urn:".len() && !name.is_empty();
    named.then(|| Split { urn: Some(urn.to_owned()), rest: name, free: false })
}

/// What follows that URN, if the word begins with it. A dot may stand for the colon.
fn after<'w>(word: &'w str, urn: &str) -> Option<&'w str> {
    let (head, tail) = word.split_at_checked(urn.len())?;
    if !head.eq_ignore_ascii_case(urn) {
        return None;
    }
    if tail.is_empty() {
        return Some(tail);
    }
    let name = match tail.strip_prefix(':') {
        Some(name) => name,
        None => tail.strip_prefix('.').filter(|name| !name.contains(':'))?,
    };
    (!name.is_empty()).then_some(name)
}
