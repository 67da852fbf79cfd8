//! What a sandbox answers: a response with a JSON body, or a refusal that its vendor then words.
//!
//! It does not know how any vendor prints a refusal.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{StatusCode, header};
use serde_json::{Value, json};

use crate::scim::http::Response;

/// Why a request is not served, before a vendor gives it a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorRefusal {
    pub kind: RefusalKind,
    /// What is wrong, without attribute values.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    Unauthorized,
    /// A path that the vendor does not have.
    UnknownPath,
    /// The path is the vendor's, the resource is not there.
    Missing,
    Method,
    MediaType,
    Syntax,
    Invalid,
    Filter,
    Path,
    Mutability,
    /// A reference to a resource that is not there: no fault of the request's form.
    Stale,
    Target,
    Unique,
    Precondition,
    /// A cursor that leads nowhere (RFC 9865 section 2.1).
    Cursor,
    /// What the service may leave out, and does.
    NotImplemented,
    /// The sandbox is at its own limit.
    Full,
}

impl VendorRefusal {
    pub fn new(kind: RefusalKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    pub fn invalid(text: impl Into<String>) -> Self {
        Self::new(RefusalKind::Invalid, text)
    }

    pub fn missing() -> Self {
        Self::new(RefusalKind::Missing, "there is no resource with this id")
    }

    /// A value that names a resource that is not there.
    pub fn stale(text: impl Into<String>) -> Self {
        Self::new(RefusalKind::Stale, text)
    }

    pub fn unknown_path() -> Self {
        Self::new(RefusalKind::UnknownPath, "the vendor has no such path")
    }

    pub fn method() -> Self {
        Self::new(RefusalKind::Method, "the vendor documents no such method on this path")
    }

    /// Whether the request holds something that the vendor's documentation does not have.
    pub fn is_foreign(&self) -> bool {
        matches!(
            self.kind,
            RefusalKind::UnknownPath
                | RefusalKind::Method
                | RefusalKind::MediaType
                | RefusalKind::Syntax
                | RefusalKind::Invalid
                | RefusalKind::Filter
                | RefusalKind::Path
                | RefusalKind::Mutability
        )
    }

    /// The status; a vendor may choose another for [`RefusalKind::Unique`].
    pub fn status(&self) -> StatusCode {
        match self.kind {
            RefusalKind::Unauthorized => StatusCode::UNAUTHORIZED,
            RefusalKind::UnknownPath | RefusalKind::Missing => StatusCode::NOT_FOUND,
            RefusalKind::Method => StatusCode::METHOD_NOT_ALLOWED,
            RefusalKind::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            RefusalKind::Syntax
            | RefusalKind::Invalid
            | RefusalKind::Filter
            | RefusalKind::Path
            | RefusalKind::Mutability
            | RefusalKind::Stale
            | RefusalKind::Cursor
            | RefusalKind::Target => StatusCode::BAD_REQUEST,
            RefusalKind::Unique => StatusCode::CONFLICT,
            RefusalKind::Precondition => StatusCode::PRECONDITION_FAILED,
            RefusalKind::NotImplemented => StatusCode::NOT_IMPLEMENTED,
            RefusalKind::Full => StatusCode::INSUFFICIENT_STORAGE,
        }
    }
}

/// A JSON answer as `application/json`.
pub fn json(status: StatusCode, body: &Value) -> Response {
    typed(status, body, "application/json")
}

/// A JSON answer as `application/scim+json` (RFC 7644 section 3.1).
pub fn scim(status: StatusCode, body: &Value) -> Response {
    typed(status, body, "application/scim+json")
}

/// 204.
pub fn empty() -> Response {
    Response::new(StatusCode::NO_CONTENT)
}

/// Adds a header; a value that is no header value is left out.
pub fn with(mut response: Response, name: header::HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers.insert(name, value);
    }
    response
}

/// A ListResponse (RFC 7644 section 3.4.2).
pub fn list(total: usize, start: usize, resources: Vec<Value>) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}

fn typed(status: StatusCode, body: &Value, media: &'static str) -> Response {
    let mut response = Response::new(status);
    response.headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response.body = Bytes::from(body.to_string());
    response
}
