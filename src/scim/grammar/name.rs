//! Attribute paths: `[URN ":"] name *("." name)`, and which part of it is the URN.

use super::cursor::Cursor;
use super::{Known, SyntaxError};
use crate::scim::path::Path;
use crate::scim::schema::is_urn;

pub(super) fn attribute_path(
    cursor: &mut Cursor<'_>,
    known: &Known<'_>,
) -> Result<Path, SyntaxError> {
    let at = cursor.position();
    let word = cursor.word();
    if word.is_empty() {
        return Err(SyntaxError { at, message: "an attribute's name is needed here" });
    }
    let (urn, rest) = split(word, known.urns)
        .ok_or(SyntaxError { at, message: "this URN has no attribute's name after it" })?;
    if rest.is_empty() && urn.is_none() {
        return Err(SyntaxError { at, message: "the core schema's URN names no attribute" });
    }
    let mut names = dotted(rest, at)?.into_iter();
    Ok(Path { urn, attribute: names.next(), filter: None, sub: names.collect() })
}

/// The names after the closing bracket and dot of a value path.
pub(super) fn names(cursor: &mut Cursor<'_>) -> Result<Vec<String>, SyntaxError> {
    let at = cursor.position();
    let word = cursor.word();
    if word.is_empty() {
        return Err(SyntaxError { at, message: "a sub-attribute's name is needed here" });
    }
    dotted(word, at)
}

fn dotted(word: &str, at: usize) -> Result<Vec<String>, SyntaxError> {
    if word.is_empty() {
        return Ok(Vec::new());
    }
    word.split('.')
        .map(|name| {
            is_name(name)
                .then(|| name.to_owned())
                .ok_or(SyntaxError { at, message: "this is not an attribute's name" })
        })
        .collect()
}

/// RFC 7643 section 2.1's names, `$ref`, and what free keys have besides.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '$'))
}

/// The URN in its known spelling (`None` for the core schema's) and what follows it.
///
/// Known URNs hold dots and may end like an attribute (`…:2.0`), so only the longest known one can
/// tell where the attribute begins. One that nobody knows ends at the last colon; or it is the whole
/// word, where that ends like a schema's URN, with a version or with the resource type's name.
fn split<'w>(word: &'w str, known: &[&str]) -> Option<(Option<String>, &'w str)> {
    if !is_urn(word) {
        return Some((None, word));
    }
    let longest = known
        .iter()
        .enumerate()
        .filter_map(|(index, urn)| Some((index, *urn, after(word, urn)?)))
        .max_by_key(|(_, urn, _)| urn.len());
    if let Some((index, urn, rest)) = longest {
        return Some(((index != 0).then(|| urn.to_owned()), rest));
    }
    let (urn, name) = word.rsplit_once(':')?;
    let resource = known.first().and_then(|core| core.rsplit(':').next()).unwrap_or_default();
    if name.starts_with(|c: char| c.is_ascii_digit()) || name.eq_ignore_ascii_case(resource) {
        return Some((Some(word.to_owned()), ""));
    }
    (urn.len() > "urn:".len() && !name.is_empty()).then(|| (Some(urn.to_owned()), name))
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
