//! What `/Schemas` calls each schema (RFC 7643 section 7, `name`), so that no two are called alike.
//!
//! RFC 7643 section 8.7.1 calls `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User`
//! `EnterpriseUser`. A dialect may say a name; else it is made of the URN's last words, of as many as
//! tell it apart.

use crate::scim::schema::{Attribute, Schema};

/// Words of URNs that tell no schema from another.
const COMMON: [&str; 11] = [
    "urn",
    "ietf",
    "params",
    "scim",
    "schemas",
    "core",
    "ext",
    "extension",
    "extensions",
    "dialect",
    "scim-gateway",
];

/// (URN, name) of every schema of the views: resource types first, since their names are theirs.
pub(super) fn names(views: &[Schema]) -> Vec<(&str, String)> {
    let mut named: Vec<(&str, String)> = Vec::new();
    for view in views {
        if !known(&named, &view.urn) {
            let name = free(&named, std::iter::once(view.resource.clone()));
            named.push((&view.urn, name));
        }
    }
    let extensions = || views.iter().flat_map(Schema::extensions);
    for (said, extension) in [true, false].into_iter().flat_map(|said| {
        extensions().filter(move |e| e.title.is_some() == said).map(move |e| (said, e))
    }) {
        if !known(&named, &extension.name) {
            let own = if said { extension.title.clone() } else { None };
            let name = free(&named, own.into_iter().chain(derived(extension)));
            named.push((&extension.name, name));
        }
    }
    named
}

fn known(named: &[(&str, String)], urn: &str) -> bool {
    named.iter().any(|(known, _)| known.eq_ignore_ascii_case(urn))
}

/// The first candidate that nothing is called by; the last one with a number where all are taken.
fn free(named: &[(&str, String)], candidates: impl Iterator<Item = String>) -> String {
    let taken = |name: &str| named.iter().any(|(_, known)| known.eq_ignore_ascii_case(name));
    let mut last = String::new();
    for candidate in candidates {
        if !taken(&candidate) {
            return candidate;
        }
        last = candidate;
    }
    let mut numbered = (2..).map(|number: u32| format!("{last}{number}"));
    numbered.find(|name| !taken(name)).unwrap_or(last)
}

/// Longer and longer ends of the URN, without versions and common words: `User`, `EnterpriseUser`.
fn derived(extension: &Attribute) -> impl Iterator<Item = String> {
    let words: Vec<String> = extension
        .name
        .split(':')
        .filter(|word| is_word(word) && !COMMON.iter().any(|c| c.eq_ignore_ascii_case(word)))
        .map(capital)
        .collect();
    let words = if words.is_empty() { vec!["Extension".to_owned()] } else { words };
    (0..words.len()).rev().map(move |from| words.iter().skip(from).map(String::as_str).collect())
}

/// Not a version number, which is how some URNs end.
fn is_word(part: &str) -> bool {
    part.chars().any(char::is_alphabetic)
}

/// `enterprise` as `Enterprise`; what cannot stand in a name is left out.
fn capital(word: &str) -> String {
    let parts = word.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    let capital = |part: &str| {
        let mut letters = part.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        first + letters.as_str()
    };
    parts.map(capital).collect()
}
