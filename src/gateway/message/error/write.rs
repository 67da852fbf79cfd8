//! A fault as an answer in the client's dialect.

use bytes::Bytes;
use http::HeaderValue;
use http::StatusCode;
use http::header::{ALLOW, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::{Map, Value, json};

use crate::dialect::Dialect;
use crate::fault::Fault;
use crate::gateway::message::headers::media_type;
use crate::scim::http::Response;
use crate::scim::message;

/// Writes the client's error: status, headers, and the dialect's body.
///
/// `request_id` is the name under which the log has the exchange.
pub fn write_error(dialect: &Dialect, fault: &Fault, request_id: &str) -> Response {
    let words = Words::of(dialect, fault, request_id);
    let body = match &dialect.errors.answer {
        Value::Object(template) => words.fill_object(template),
        _ => words.fill_object(&standard()),
    };
    let mut response = Response::new(fault.status());
    response.body = Bytes::from(Value::Object(body).to_string());
    let headers = &mut response.headers;
    headers.insert(CONTENT_TYPE, media_type(dialect));
    if fault.status() == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(wait) = fault.retry_after {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(url) = fault.location.as_deref().and_then(|url| HeaderValue::from_str(url).ok()) {
        headers.insert(LOCATION, url);
    }
    if let Some(methods) = fault.allow.as_deref().and_then(|text| HeaderValue::from_str(text).ok())
    {
        headers.insert(ALLOW, methods);
    }
    response
}

/// RFC 7644 section 3.12, for a dialect that says nothing of its own.
fn standard() -> Map<String, Value> {
    let body = json!({
        "schemas": [message::ERROR],
        "status": "{status}",
        "scimType": "{scim_type}",
        "detail": "{detail}",
    });
    match body {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// What the template's placeholders stand for.
struct Words<'f> {
    detail: &'f str,
    status: u16,
    scim_type: Option<&'static str>,
    code: Option<&'f str>,
    request_id: &'f str,
}

impl<'f> Words<'f> {
    fn of(dialect: &'f Dialect, fault: &'f Fault, request_id: &'f str) -> Self {
        let (status, scim_type) = (fault.status().as_u16(), fault.scim_type());
        let code = dialect.errors.answer_codes.iter().find(|(of, kind, _)| {
            (*of == 0 || *of == status) && (kind.is_empty() || Some(kind.as_str()) == scim_type)
        });
        let code = code.map(|(.., code)| code.as_str());
        Self { detail: &fault.detail, status, scim_type, code, request_id }
    }

    fn fill_object(&self, template: &Map<String, Value>) -> Map<String, Value> {
        template
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), self.fill(value)?)))
            .collect()
    }

    /// The value filled in, or none where it is a placeholder for something that there is not.
    fn fill(&self, template: &Value) -> Option<Value> {
        match template {
            Value::String(text) if text == "{status_number}" => Some(Value::from(self.status)),
            Value::String(text) => self.fill_text(text).map(Value::String),
            Value::Array(elements) => {
                Some(Value::Array(elements.iter().filter_map(|value| self.fill(value)).collect()))
            }
            Value::Object(members) => Some(Value::Object(self.fill_object(members))),
            other => Some(other.clone()),
        }
    }

    /// Replaces in one pass, so that a placeholder inside a detail stays text.
    fn fill_text(&self, template: &str) -> Option<String> {
        let mut out = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            match after.split_once('}').and_then(|(name, tail)| Some((self.word(name)?, tail))) {
                Some((word, tail)) => {
                    out.push_str(&word?);
                    rest = tail;
                }
                None => {
                    out.push('{');
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        Some(out)
    }

    /// `None` for a name that is no placeholder, `Some(None)` for one without a value.
    fn word(&self, name: &str) -> Option<Option<String>> {
        match name {
            "detail" => Some(Some(self.detail.to_owned())),
            "status" | "status_number" => Some(Some(self.status.to_string())),
            "scim_type" => Some(self.scim_type.map(str::to_owned)),
            "code" => Some(self.code.map(str::to_owned)),
            "request_id" => Some(Some(self.request_id.to_owned())),
            _ => None,
        }
    }
}
