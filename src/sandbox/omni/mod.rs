//! Omni: which path is whose, and its errors.

mod groups;
mod patch;
mod users;

use http::Method;
use serde_json::json;

use super::call::Call;
use super::options::PathCase;
use super::reply::{self, VendorRefusal};
use super::store::Desk;
use crate::scim::http::Response;

pub use groups::view_group;
pub use users::{USER, view_user};

pub fn answer(desk: &mut Desk, call: &Call<'_>) -> Result<Response, VendorRefusal> {
    let rest = call.below(&["api", "scim", "v2"])?;
    call.token(desk.options.token.as_deref())?;
    let (users, groups) = match desk.options.omni_path_case {
        PathCase::Lower => ("users", "groups"),
        PathCase::Capital => ("Users", "Groups"),
    };
    match rest.as_slice() {
        [name] if *name == users => match *call.method() {
            Method::GET => users::list(desk, call),
            Method::POST => users::create(desk, call),
            _ => Err(VendorRefusal::method()),
        },
        [name, id] if *name == users => users::one(desk, call, id),
        [name] if *name == groups => groups::collection(desk, call),
        [name, id] if *name == groups => groups::one(desk, call, id),
        _ => Err(VendorRefusal::unknown_path()),
    }
}

/// The form that a third party's fixtures show; the vendor documents none.
pub fn error(refusal: &VendorRefusal) -> Response {
    let status = refusal.status();
    reply::json(status, &json!({"detail": refusal.text, "status": status.as_u16()}))
}
