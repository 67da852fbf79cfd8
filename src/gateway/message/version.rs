//! Versions of a resource, as a client names them in `If-Match` and `If-None-Match` (RFC 7644
//! section 3.14, RFC 9110 section 13.1).
//!
//! Compared weakly everywhere: SCIM's own examples send weak tags in `If-Match`.

use http::header::{ETAG, HeaderName};
use http::{HeaderMap, HeaderValue};

use crate::fault::{Cause, Fault};
use crate::scim::http::Response;

/// The versions that a client names: one of them must be the resource's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// `*`: whatever version there is.
    pub any: bool,
    /// As one header, for an upstream that compares them itself.
    pub header: HeaderValue,
    opaque: Vec<String>,
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
        let opaque = if any { Vec::new() } else { tags(&text).ok_or_else(unreadable)? };
        let header = HeaderValue::from_str(&text).map_err(|_| unreadable())?;
        Ok(Some(Self { any, header, opaque }))
    }

    /// Whether the version is one of these.
    pub fn has(&self, version: &HeaderValue) -> bool {
        let own = version.to_str().ok().and_then(tags).unwrap_or_default();
        self.any || own.iter().any(|own| self.opaque.contains(own))
    }
}

/// The version that an answer's header names, if it is one entity tag.
pub fn version(response: &Response) -> Option<HeaderValue> {
    let tag = response.headers.get(ETAG)?;
    (tags(tag.to_str().ok()?)?.len() == 1).then(|| tag.clone())
}

/// The opaque parts of a list of entity tags: `W/"a", "b"` (RFC 9110 section 8.8.3). A comma may
/// stand in a tag.
fn tags(text: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && found.len() < MOST {
        let quoted = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let (opaque, after) = quoted.split_once('"')?;
        found.push(opaque.to_owned());
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
}
