//! Headers: which bodies are taken for JSON, and what an answer says of itself.
//!
//! Which headers pass at all is decided at the edge, not here.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::dialect::Dialect;
use crate::fault::{Cause, Fault};
use crate::scim::http::Response;

/// Checks that a request's body claims to be JSON, or claims nothing.
///
/// # Errors
/// [`Cause::NotAcceptable`] (415).
pub fn check_request(headers: &HeaderMap) -> Result<(), Fault> {
    let refuse = |detail: &str| Err(Fault::new(Cause::NotAcceptable, detail));
    for value in headers.get_all(CONTENT_TYPE) {
        if !value.to_str().is_ok_and(is_json) {
            return refuse("The Content-Type must be application/scim+json or application/json.");
        }
    }
    for value in headers.get_all(CONTENT_ENCODING) {
        if !value.as_bytes().eq_ignore_ascii_case(b"identity") {
            return refuse("The body must be sent without Content-Encoding.");
        }
    }
    Ok(())
}

/// Checks that an upstream's answer may be JSON. Whether it is, its parser says.
///
/// # Errors
/// [`Cause::UpstreamNotJson`]: typically a login or error page of something in between.
pub fn check_answer(response: &Response) -> Result<(), Fault> {
    let kind = response.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(is_json) {
        return Ok(());
    }
    let first = response.body.iter().find(|byte| !byte.is_ascii_whitespace());
    let html = kind.is_some_and(|kind| essence(kind).ends_with("html"));
    match first {
        None => Ok(()),
        Some(b'{' | b'[') if !html => Ok(()),
        Some(_) => {
            let what = if html || first == Some(&b'<') { "an HTML page" } else { "text" };
            Err(Fault::new(
                Cause::UpstreamNotJson,
                format!(
                    "The upstream answered with {what}, not with JSON: the operator has to check the \
                     upstream's `url`."
                ),
            ))
        }
    }
}

/// Whether an answer has a body that is no JSON by its form: a page of something in between.
pub fn is_no_json(response: &Response) -> bool {
    check_answer(response).is_err()
}

/// An answer with its headers: `Location` on 201 (RFC 7644 section 3.3), `ETag` from
/// `meta.version` (section 3.14), a Content-Type where there is a body.
pub fn respond(
    dialect: &Dialect,
    status: StatusCode,
    location: Option<&str>,
    version: Option<&str>,
    body: impl Into<Bytes>,
) -> Response {
    let mut response = Response::new(status);
    response.body = body.into();
    if !response.body.is_empty() {
        response.headers.insert(CONTENT_TYPE, media_type(dialect));
    }
    let location = location.filter(|_| status == StatusCode::CREATED);
    if let Some(url) = location.and_then(|url| HeaderValue::from_str(url).ok()) {
        response.headers.insert(LOCATION, url);
    }
    if let Some(tag) = version.and_then(entity_tag) {
        response.headers.insert(ETAG, tag);
    }
    response
}

/// The Content-Type of the dialect's messages.
pub fn media_type(dialect: &Dialect) -> HeaderValue {
    HeaderValue::from_str(&dialect.media_type)
        .unwrap_or_else(|_| HeaderValue::from_static("application/scim+json"))
}

/// A version as an entity tag (RFC 9110 section 8.8.3). One without quotes is made a weak tag.
fn entity_tag(version: &str) -> Option<HeaderValue> {
    let opaque = version.strip_prefix("W/").unwrap_or(version);
    let quoted = opaque.len() >= 2 && opaque.starts_with('"') && opaque.ends_with('"');
    let inner = if quoted { opaque.get(1..opaque.len() - 1)? } else { version };
    if inner.bytes().any(|byte| byte == b'"' || !byte.is_ascii_graphic()) {
        return None;
    }
    let tag = if quoted { version.to_owned() } else { format!("W/\"{version}\"") };
    HeaderValue::from_str(&tag).ok()
}

/// Any JSON: vendors and clients send every spelling of it.
fn is_json(kind: &str) -> bool {
    let kind = essence(kind);
    matches!(kind.as_str(), "application/json" | "text/json") || kind.ends_with("+json")
}

/// The media type without parameters, in lower case.
fn essence(kind: &str) -> String {
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
