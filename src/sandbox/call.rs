//! A request as a sandbox reads it: decoded path segments, decoded query, strictly read body.

use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::reply::{RefusalKind, VendorRefusal};
use crate::scim::http::Request;

/// The media type of the vendors that take no other.
pub const JSON: &[&str] = &["application/json"];

pub struct Call<'r> {
    pub request: &'r Request,
    /// The path's segments, percent-decoded.
    segments: Vec<String>,
    query: Vec<(String, String)>,
}

/// Where a list begins and how much of it is wanted.
pub struct Window {
    /// 1 is the first (RFC 7644 section 3.4.2.4).
    pub start: usize,
    pub count: usize,
}

impl<'r> Call<'r> {
    pub fn new(request: &'r Request) -> Self {
        let decode = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
        let path = request.path.strip_prefix('/').unwrap_or(&request.path);
        let query = request.query.as_deref().unwrap_or_default().as_bytes();
        Self {
            request,
            segments: path.split('/').map(decode).collect(),
            query: url::form_urlencoded::parse(query).into_owned().collect(),
        }
    }

    pub fn method(&self) -> &Method {
        &self.request.method
    }

    /// The segments below a base path.
    ///
    /// # Errors
    /// If the path does not begin with exactly that base.
    pub fn below(&self, base: &[&str]) -> Result<Vec<&str>, VendorRefusal> {
        let mut segments = self.segments.iter().map(String::as_str);
        for wanted in base {
            if segments.next() != Some(*wanted) {
                return Err(VendorRefusal::unknown_path());
            }
        }
        Ok(segments.collect())
    }

    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.request.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The bearer token.
    ///
    /// # Errors
    /// If there is none, or it is not the one that is expected.
    pub fn token(&self, expected: Option<&str>) -> Result<&str, VendorRefusal> {
        let token = self.header(&AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        match token {
            Some(token) if !token.is_empty() && expected.is_none_or(|wanted| wanted == token) => {
                Ok(token)
            }
            _ => Err(VendorRefusal::new(
                RefusalKind::Unauthorized,
                "the bearer token is missing or wrong",
            )),
        }
    }

    /// Demands that the query holds no other parameters, and none twice.
    ///
    /// # Errors
    /// The first parameter that the vendor does not document here.
    pub fn only(&self, documented: &[&str]) -> Result<(), VendorRefusal> {
        for (at, (name, _)) in self.query.iter().enumerate() {
            if !documented.contains(&name.as_str()) {
                let text = format!("the query parameter `{name}` is foreign to the vendor");
                return Err(VendorRefusal::invalid(text));
            }
            if self.query.iter().skip(at.saturating_add(1)).any(|(other, _)| other == name) {
                return Err(VendorRefusal::invalid(format!(
                    "the query parameter `{name}` is repeated"
                )));
            }
        }
        Ok(())
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// `startIndex` and `count`, within the page size.
    ///
    /// # Errors
    /// If one of them is not an integer.
    pub fn window(&self, page: usize) -> Result<Window, VendorRefusal> {
        let start = self.integer("startIndex")?.unwrap_or(1).max(1);
        let count = self.integer("count")?.map_or(page, |count| to_size(count.max(0)));
        Ok(Window { start: to_size(start), count: count.min(page) })
    }

    /// The body as a JSON object of one of these media types.
    ///
    /// # Errors
    /// Another content type, or a body that is not a JSON object.
    pub fn object(&self, media: &[&str]) -> Result<Map<String, Value>, VendorRefusal> {
        let sent = self.header(&CONTENT_TYPE).unwrap_or_default();
        let essence = sent.split(';').next().unwrap_or_default().trim();
        if !media.iter().any(|known| known.eq_ignore_ascii_case(essence)) {
            let text = format!("the content type is not {}", media.join(" or "));
            return Err(VendorRefusal::new(RefusalKind::MediaType, text));
        }
        serde_json::from_slice(&self.request.body)
            .map_err(|_| VendorRefusal::new(RefusalKind::Syntax, "the body is not a JSON object"))
    }

    fn integer(&self, name: &str) -> Result<Option<i64>, VendorRefusal> {
        let Some(text) = self.parameter(name) else { return Ok(None) };
        let wrong =
            || VendorRefusal::invalid(format!("the query parameter `{name}` is not an integer"));
        text.parse().map(Some).map_err(|_| wrong())
    }
}

impl Window {
    /// The part of a list that the window shows.
    pub fn of<T>(&self, all: Vec<T>) -> Vec<T> {
        all.into_iter().skip(self.start.saturating_sub(1)).take(self.count).collect()
    }
}

fn to_size(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}
