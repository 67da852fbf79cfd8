//! Descope: which path is whose, and its errors.

mod groups;
mod patch;
mod users;

use http::{Method, StatusCode};
use serde_json::json;

use super::call::Call;
use super::reply::{self, RefusalKind, VendorRefusal};
use super::store::Desk;
use crate::scim::http::Response;

pub use groups::view_group;

pub fn answer(desk: &mut Desk, call: &Call<'_>) -> Result<Response, VendorRefusal> {
    let rest = call.below(&["scim", "v2"])?;
    let token = call.token(desk.options.token.as_deref())?;
    if !token.split_once(':').is_some_and(|(id, key)| !id.is_empty() && !key.is_empty()) {
        return Err(VendorRefusal::new(
            RefusalKind::Unauthorized,
            "the token is not ProjectId:AccessKey",
        ));
    }
    match rest.as_slice() {
        ["Users"] => match *call.method() {
            Method::GET => users::list(desk, call),
            Method::POST => users::create(desk, call),
            _ => Err(VendorRefusal::method()),
        },
        ["Users", id] => users::one(desk, call, id),
        ["Groups"] => groups::collection(desk, call),
        ["Groups", id] => groups::one(desk, call, id),
        ["ServiceProviderConfig" | "ResourceTypes"] => match *call.method() {
            Method::GET => Ok(reply::json(StatusCode::OK, &json!({}))),
            _ => Err(VendorRefusal::method()),
        },
        _ => Err(VendorRefusal::unknown_path()),
    }
}

/// The codes of the vendor's own library.
pub fn error(refusal: &VendorRefusal) -> Response {
    let (code, description) = match refusal.kind {
        RefusalKind::Unique => ("E062107", "User already exists"),
        RefusalKind::Missing | RefusalKind::UnknownPath => ("E112102", "Not found"),
        RefusalKind::Invalid | RefusalKind::Filter | RefusalKind::Path | RefusalKind::Target => {
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
