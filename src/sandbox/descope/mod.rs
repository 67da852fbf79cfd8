//! Descope: which path is whose, and its errors.

mod groups;
mod patch;
mod users;

use http::{Method, StatusCode};
use serde_json::json;

use super::call::Call;
use super::reply::{self, Kind, Refusal};
use super::store::Desk;
use crate::scim::http::Response;

pub use groups::view_group;

pub fn answer(desk: &mut Desk, call: &Call<'_>) -> Result<Response, Refusal> {
    let rest = call.below(&["scim", "v2"])?;
    let token = call.token(desk.options.token.as_deref())?;
    if !token.split_once(':').is_some_and(|(id, key)| !id.is_empty() && !key.is_empty()) {
        return Err(Refusal::new(Kind::Unauthorized, "the token is not ProjectId:AccessKey"));
    }
    match rest.as_slice() {
        ["Users"] => match *call.method() {
            Method::GET => users::list(desk, call),
            Method::POST => users::create(desk, call),
            _ => Err(Refusal::method()),
        },
        ["Users", id] => users::one(desk, call, id),
        ["Groups"] => groups::collection(desk, call),
        ["Groups", id] => groups::one(desk, call, id),
        ["ServiceProviderConfig" | "ResourceTypes"] => match *call.method() {
            Method::GET => Ok(reply::json(StatusCode::OK, &json!({}))),
            _ => Err(Refusal::method()),
        },
        _ => Err(Refusal::unknown_path()),
    }
}

/// The codes of the vendor's own library.
pub fn error(refusal: &Refusal) -> Response {
    let (code, description) = match refusal.kind {
        Kind::Unique => ("E062107", "User already exists"),
        Kind::Missing | Kind::UnknownPath => ("E112102", "Not found"),
        Kind::Invalid | Kind::Filter | Kind::Path | Kind::Target => {
            ("E011003", "Request validation failure")
        }
        _ => ("E011001", "Bad request"),
    };
    let body = json!({
        "errorCode": code,
        "errorDescription": description,
        "errorMessage": refusal.text,
    });
    reply::json(refusal.status(), &body)
}
