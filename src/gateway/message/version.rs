//! Versions of a resource, as a client names them in `If-Match` and `If-None-Match` (RFC 7644
//! section 3.14, RFC 9110 section 13.1).
//!
//! Compared weakly everywhere: SCIM's own examples send weak tags in `If-Match`. A passed version ends
//! in the route's rules for the client, since other rules show another representation; upstreams never
//! see that end.

use http::header::{ETAG, HeaderName};
use http::{HeaderMap, HeaderValue};

use crate::fault::{Cause, Fault};
use crate::scim::http::Response;

/// The versions that a client names: one of them must be the resource's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// `*`: whatever version there is.
    pub any: bool,
    tags: Vec<Tag>,
}

/// One entity tag (RFC 9110 section 8.8.3).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tag {
    weak: bool,
    opaque: String,
}

/// More versions than this are no precondition but a flood.
const MOST: usize = 64;

impl Versions {
    /// What the header of that name says, if it is there.
    ///
    /// # Errors
    /// `InvalidValue` where it is no list of entity tags.
    pub fn read(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Self>, Fault> {
        if !headers.contains_key(name) {
            return Ok(None);
        }
        let unreadable = || {
            let detail = format!(
                "The header {name} is no list of at most {MOST} entity tags. Send the ETag of the \
                 last answer, in its quotes."
            );
            Fault::new(Cause::InvalidValue, detail)
        };
        let texts: Result<Vec<&str>, _> =
            headers.get_all(name).iter().map(|v| v.to_str()).collect();
        let text = texts.map_err(|_| unreadable())?.join(", ");
        let any = text.trim() == "*";
        let tags = if any { Vec::new() } else { tags(&text).ok_or_else(unreadable)? };
        Ok(Some(Self { any, tags }))
    }

    /// Whether the version is one of these.
    pub fn has(&self, version: &HeaderValue) -> bool {
        let own = version.to_str().ok().and_then(tags).unwrap_or_default();
        let is = |own: &Tag| self.tags.iter().any(|tag| tag.opaque == own.opaque);
        self.any || own.iter().any(is)
    }

    /// As one header for the upstream that compares them itself: without the rules at their ends.
    /// `None` where each is a version under other rules, which nothing has any more.
    pub fn passed(&self, rules: &str) -> Option<HeaderValue> {
        let end = end(rules);
        let own = self.tags.iter().filter_map(|tag| {
            let opaque = tag.opaque.strip_suffix(&end)?;
            Some(Tag { weak: tag.weak, opaque: opaque.to_owned() }.to_string())
        });
        let own: Vec<String> = own.collect();
        HeaderValue::from_str(&own.join(", ")).ok().filter(|header| !header.is_empty())
    }
}

impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { weak, opaque } = self;
        write!(f, "{}\"{opaque}\"", if *weak { "W/" } else { "" })
    }
}

/// An upstream's version as the client is told it: with the rules at its end. What is no entity tag
/// stays what it is.
pub fn marked_version(version: &str, rules: &str) -> String {
    match tags(version).as_deref() {
        Some([Tag { weak, opaque }]) => {
            Tag { weak: *weak, opaque: format!("{opaque}{}", end(rules)) }.to_string()
        }
        _ => version.to_owned(),
    }
}

/// A version that the gateway made: weak, since it says nothing of the bytes.
pub fn made_version(digest: &str, rules: &str) -> String {
    Tag { weak: true, opaque: format!("{digest}{}", end(rules)) }.to_string()
}

fn end(rules: &str) -> String {
    if rules.is_empty() { String::new() } else { format!(".{rules}") }
}

/// The version that an answer's header names, if it is one entity tag.
pub fn read_version(response: &Response) -> Option<HeaderValue> {
    let tag = response.headers.get(ETAG)?;
    (tags(tag.to_str().ok()?)?.len() == 1).then(|| tag.clone())
}

/// A list of entity tags: `W/"a", "b"` (RFC 9110 section 8.8.3). A comma may stand in a tag.
fn tags(text: &str) -> Option<Vec<Tag>> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && found.len() < MOST {
        let weak = rest.starts_with("W/");
        let quoted = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let (opaque, after) = quoted.split_once('"')?;
        found.push(Tag { weak, opaque: opaque.to_owned() });
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(next) => next.trim_start(),
            None if after.is_empty() => after,
            None => return None,
        };
    }
    (rest.is_empty() && !found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use http::header::IF_MATCH;

    use super::*;

    #[test]
    fn lists_are_read_with_commas_in_tags_and_compared_weakly() {
        let cases = [
            ("\"a\"", "W/\"a\"", Some(true)),
            ("W/\"a\"", "\"a\"", Some(true)),
            ("\"b\" , W/\"a,b\"", "\"a,b\"", Some(true)),
            ("\"a\"", "\"A\"", Some(false)),
            ("*", "\"x\"", Some(true)),
            ("", "\"x\"", None),
            ("a", "\"a\"", None),
            ("\"a", "\"a\"", None),
            ("\"a\" \"b\"", "\"a\"", None),
        ];
        for (sent, own, wanted) in cases {
            let headers = HeaderMap::from_iter([(IF_MATCH, HeaderValue::from_static(sent))]);
            let read = Versions::read(&headers, &IF_MATCH);
            let own = HeaderValue::from_static(own);
            let got = read.ok().flatten().map(|versions| versions.has(&own));
            assert_eq!(got, wanted, "{sent}");
        }
    }

    #[test]
    fn the_rules_at_the_end_come_and_go() {
        assert_eq!(marked_version("W/\"3\"", "ab12"), "W/\"3.ab12\"");
        assert_eq!(marked_version("\"a,b\"", "ab12"), "\"a,b.ab12\"");
        assert_eq!(marked_version("\"3\"", ""), "\"3\"");
        assert_eq!(marked_version("3", "ab12"), "3", "no entity tag");
        assert_eq!(made_version("d1", "ab12"), "W/\"d1.ab12\"");
        let passed = |sent: &'static str, rules| {
            let headers = HeaderMap::from_iter([(IF_MATCH, HeaderValue::from_static(sent))]);
            let versions = Versions::read(&headers, &IF_MATCH).ok().flatten().unwrap();
            versions.passed(rules).map(|header| header.to_str().unwrap().to_owned())
        };
        let both = "W/\"3.ab12\", \"4.ab12\", \"5.cd34\", \"6\"";
        assert_eq!(passed(both, "ab12").as_deref(), Some("W/\"3\", \"4\""));
        assert_eq!(passed("\"5.cd34\"", "ab12"), None);
        assert_eq!(passed("\"6\"", "").as_deref(), Some("\"6\""));
    }
}
