//! Cleaning an upstream's words before a client reads them: no hosts, URLs or addresses, no secrets'
//! look-alikes, no control characters, at most 200 characters.

use std::net::IpAddr;

use crate::dialect::Dialect;
use crate::scim::schema::is_urn;

/// In characters.
const LONGEST: usize = 200;

/// Read of the text at most, in characters; the rest could not survive the cut anyway.
const READ: usize = 4 * LONGEST;

/// Words longer than this that are no URN look like tokens.
const LONGEST_WORD: usize = 40;

const REMOVED: &str = "[…]";

/// The text as it may be passed on, or none if nothing is left or it is markup.
///
/// With the dialect, dotted paths of its attributes are told from host names.
pub(super) fn scrub(dialect: Option<&Dialect>, text: &str) -> Option<String> {
    let mut chars = text.chars().filter(|c| !is_invisible(*c)).map(plain);
    let mut visible: String = chars.by_ref().take(READ).collect();
    if chars.next().is_some() {
        // The last word may be half a host.
        visible.truncate(visible.rfind(char::is_whitespace).unwrap_or(0));
    }
    if is_markup(&visible) {
        return None;
    }
    let words: Vec<String> = visible.split_whitespace().map(|word| clean(dialect, word)).collect();
    let clean = cut(&words.join(" "));
    (!clean.is_empty()).then_some(clean)
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// Zero-width and direction-changing characters, which hide what a text says.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A blank for a control character, and one kind of dot for those that IDNA takes for it (RFC 3490
/// section 3.1).
fn plain(c: char) -> char {
    match c {
        '\u{3002}' | '\u{ff0e}' | '\u{ff61}' => '.',
        c if c.is_control() => ' ',
        c => c,
    }
}

fn is_markup(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["<!", "<html", "<head", "<body", "</", "<?xml", "<script"]
        .iter()
        .any(|tag| lower.contains(tag))
}

/// A word between blanks, without what must not pass. Where it is a URL, the whole word goes: its
/// query may hold anything.
fn clean(dialect: Option<&Dialect>, word: &str) -> String {
    if word.contains("//") || word.contains("\\\\") {
        return REMOVED.to_owned();
    }
    let mut out = String::with_capacity(word.len());
    for piece in word.split_inclusive(is_separator) {
        let bare = piece.trim_end_matches(is_separator);
        out.push_str(if is_secret(dialect, bare) { REMOVED } else { bare });
        out.push_str(piece.get(bare.len()..).unwrap_or_default());
    }
    out
}

fn is_separator(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | '`'
            | '('
            | ')'
            | '['
            | ']'
            | '{'
            | '}'
            | '<'
            | '>'
            | ','
            | ';'
            | '='
            | '|'
            | '!'
            | '?'
            | '&'
    )
}

fn is_secret(dialect: Option<&Dialect>, word: &str) -> bool {
    let word = word.trim_end_matches(['.', ':']);
    let is_path = |piece: &str| dialect.is_some_and(|dialect| is_attribute_path(dialect, piece));
    let is_long = word.chars().count() > LONGEST_WORD;
    if word.contains('@') || word.starts_with('/') || word.parse::<IpAddr>().is_ok() {
        return true;
    }
    if !is_urn(word) && (is_long || has_port(word)) {
        return true;
    }
    word.split([':', '/', '\\', '#', '%']).any(|piece| is_host(piece) && !is_path(piece))
}

/// `localhost`, an IPv4 address, or a text in which a label that could be a top-level domain follows
/// another.
fn is_host(word: &str) -> bool {
    let word = word.trim_matches('.');
    let is_domain =
        |label: &str| label.chars().count() >= 2 && label.chars().any(char::is_alphabetic);
    let mut pairs = word.split('.').zip(word.split('.').skip(1));
    word.eq_ignore_ascii_case("localhost")
        || word.parse::<IpAddr>().is_ok()
        || pairs.any(|(label, next)| !label.is_empty() && is_domain(next))
}

/// `name:port` with a name of one label.
fn has_port(word: &str) -> bool {
    word.split_once(':').is_some_and(|(name, port)| {
        let digits: String = port.chars().take_while(char::is_ascii_digit).collect();
        !name.is_empty() && (2..=5).contains(&digits.len())
    })
}

/// Whether a word is the path of an attribute that one of the dialect's schemas knows, such as
/// `name.givenName`, rather than a host.
fn is_attribute_path(dialect: &Dialect, word: &str) -> bool {
    let Some((name, sub)) = word.split_once('.') else { return false };
    dialect.resources.iter().any(|resource| {
        resource.schema.attribute(name).is_some_and(|found| found.attribute(sub).is_some())
    })
}
