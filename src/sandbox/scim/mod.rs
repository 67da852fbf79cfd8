//! The plain server: which path is whose, and its errors.

mod discovery;
mod element;
mod list;
mod member;
mod patch;
mod resources;
mod schema;
mod view;

use serde_json::json;

use super::call::Call;
use super::reply::{self, RefusalKind, VendorRefusal};
use super::store::Desk;
use crate::scim::http::Response;

pub use schema::Type;
pub use view::view;

const BASE: &[&str] = &["scim", "v2"];

pub fn answer(desk: &mut Desk, call: &Call<'_>) -> Result<Response, VendorRefusal> {
    let rest = call.below(BASE)?;
    call.token(desk.options.token.as_deref())?;
    match rest.as_slice() {
        ["Me"] => match desk.options.scim_me.clone() {
            Some(id) => resources::resource(desk, call, Type::User, &id),
            None => Err(VendorRefusal::new(RefusalKind::NotImplemented, "nobody is known by /Me")),
        },
        ["Users"] => resources::collection(desk, call, Type::User),
        ["Groups"] => resources::collection(desk, call, Type::Group),
        ["Users", ".search"] => list::search(desk, call, Type::User),
        ["Groups", ".search"] => list::search(desk, call, Type::Group),
        ["Users", id] => resources::resource(desk, call, Type::User, id),
        ["Groups", id] => resources::resource(desk, call, Type::Group, id),
        rest => discovery::answer(desk, call, rest),
    }
}

/// An Error (RFC 7644 section 3.12).
pub fn error(refusal: &VendorRefusal) -> Response {
    let status = refusal.status();
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": status.as_str(),
        "detail": refusal.text,
    });
    let scim_type = match refusal.kind {
        RefusalKind::Syntax => Some("invalidSyntax"),
        RefusalKind::Invalid => Some("invalidValue"),
        RefusalKind::Filter => Some("invalidFilter"),
        RefusalKind::Mutability => Some("mutability"),
        RefusalKind::Path => Some("invalidPath"),
        RefusalKind::Target => Some("noTarget"),
        RefusalKind::Unique => Some("uniqueness"),
        RefusalKind::Cursor => Some("invalidCursor"),
        _ => None,
    };
    if let (Some(name), Some(body)) = (scim_type, body.as_object_mut()) {
        body.insert("scimType".to_owned(), name.into());
    }
    reply::scim(status, &body)
}
