//! SCIM over HTTP as plain data: what goes to an upstream and what comes back. No I/O.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

/// A request with its whole body. `path` is origin-form, percent-encoded, and `query` lacks the `?`.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    pub path: String,
    pub query: Option<String>,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// A response with its whole body.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Request {
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: None,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    /// Whether it changes nothing, so that it may be sent twice: a search is a POST that only reads
    /// (RFC 7644 section 3.4.3).
    pub fn is_read(&self) -> bool {
        let search = self.method == Method::POST && self.path.ends_with("/.search");
        search || matches!(self.method, Method::GET | Method::HEAD)
    }
}

impl Response {
    pub fn new(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }
}
