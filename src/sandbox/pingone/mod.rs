//! PingOne: which path is whose, and its errors.

mod list;
mod patch;
mod properties;
mod users;

use http::header::HeaderName;
use http::{Method, StatusCode};
use serde_json::json;

use super::call::Call;
use super::reply::{self, RefusalKind, VendorRefusal};
use super::store::Desk;
use crate::scim::http::Response;

pub use properties::EXTENSION;

pub fn answer(desk: &mut Desk, call: &Call<'_>) -> Result<Response, VendorRefusal> {
    let environment = desk.options.pingone_environment.clone();
    let rest = call.below(&["environments", &environment, "v2"])?;
    call.token(desk.options.token.as_deref())?;
    match rest.as_slice() {
        ["Users"] => match *call.method() {
            Method::GET => list::list(desk, call),
            Method::POST => users::create(desk, call),
            _ => Err(VendorRefusal::method()),
        },
        ["Users", ".search"] => list::search(desk, call),
        ["Users", id] => users::one(desk, call, id),
        rest => list::discovery(call, rest),
    }
}

/// The platform's error body; the request's id is also in a header.
pub fn error(desk: &mut Desk, refusal: &VendorRefusal) -> Response {
    let id = desk.next_id().to_string();
    let (status, code) = match refusal.kind {
        RefusalKind::Unique => (StatusCode::BAD_REQUEST, "INVALID_DATA"),
        RefusalKind::Invalid | RefusalKind::Path | RefusalKind::Target => {
            (StatusCode::BAD_REQUEST, "INVALID_DATA")
        }
        RefusalKind::Missing | RefusalKind::UnknownPath => (StatusCode::NOT_FOUND, "NOT_FOUND"),
        RefusalKind::Unauthorized => (StatusCode::UNAUTHORIZED, "ACCESS_FAILED"),
        _ => (refusal.status(), "INVALID_REQUEST"),
    };
    let text = &refusal.text;
    let body = if refusal.kind == RefusalKind::Unique {
        let detail = json!({"code": "UNIQUENESS_VIOLATION", "target": "username", "message": text});
        json!({"id": id, "code": code, "message": text, "details": [detail]})
    } else {
        json!({"id": id, "code": code, "message": text})
    };
    let answer = reply::json(status, &body);
    reply::with(answer, HeaderName::from_static("correlation-id"), &id)
}
