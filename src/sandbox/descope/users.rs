//! Descope's users, from its reference: an update instead of a replacement, an envelope around one
//! user, message fields beside attributes, no documented PATCH.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::sandbox::call::{Call, JSON};
use crate::sandbox::filter;
use crate::sandbox::reply::{self, VendorRefusal};
use crate::sandbox::shape::{self, FieldShape, Fields};
use crate::sandbox::store::{Desk, Entry};
use crate::scim::http::Response;
use FieldShape::{Bool, List, Object, Open, Text};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

const FIELDS: Fields = &[
    ("userId", Text),
    ("displayName", Text),
    ("emails", List(EMAIL, 10_000)),
    ("active", Bool),
    ("name", Object(&[("givenName", Text), ("familyName", Text), ("middleName", Text)])),
    ("userName", Text),
    ("title", Text),
    ("attributes", Open),
];

const EMAIL: Fields = &[("value", Text), ("primary", Bool), ("type", Text)];

/// The user as it is answered, without the envelope.
fn view_user(desk: &Desk, entry: &Entry) -> Value {
    let mut body = entry.body.clone();
    let location = format!("{}/scim/v2/Users/{}", desk.options.public_url, entry.id);
    let meta = json!({
        "created": entry.created,
        "location": location,
        "lastModified": entry.modified,
        "resourceType": "User",
    });
    if desk.options.descope_omits_false && body.get("active") == Some(&Value::Bool(false)) {
        body.remove("active");
    }
    body.insert("schemas".to_owned(), json!([CORE]));
    body.insert("id".to_owned(), entry.id.as_str().into());
    body.insert("meta".to_owned(), meta);
    body.insert("detail".to_owned(), json!(""));
    Value::Object(body)
}

fn enveloped(desk: &Desk, entry: &Entry, status: StatusCode) -> Response {
    let user = view_user(desk, entry);
    match desk.options.descope_envelope {
        true => reply::json(status, &json!({"user": user})),
        false => reply::json(status, &user),
    }
}

pub fn list(desk: &Desk, call: &Call<'_>) -> Result<Response, VendorRefusal> {
    call.only(&["filter", "startIndex", "count"])?;
    let window = call.window(desk.options.page)?;
    let shown = filter::named(call.parameter("filter"), "userName", &desk.options)?;
    let users =
        desk.users.iter().filter(|user| shown.as_deref().is_none_or(|it| user.is("userName", it)));
    let all: Vec<Value> = users.map(|entry| view_user(desk, entry)).collect();
    let total = all.len();
    let mut body = reply::list(total, window.start, window.of(all));
    if let Some(body) = body.as_object_mut() {
        body.insert("detail".to_owned(), json!(""));
        body.insert("status".to_owned(), json!(0));
    }
    Ok(reply::json(StatusCode::OK, &body))
}

pub fn create(desk: &mut Desk, call: &Call<'_>) -> Result<Response, VendorRefusal> {
    call.only(&[])?;
    let mut body = sent(call)?;
    shape::require(&body, &["userName"])?;
    if body.contains_key("userId") {
        return Err(VendorRefusal::invalid("`userId` is foreign to a create"));
    }
    body.entry("active").or_insert(Value::Bool(true));
    desk.users.unique("userName", body.get("userName"), "")?;
    let id = format!("U{}", desk.next_id().simple());
    let entry = desk.add_user(id, body)?;
    Ok(enveloped(desk, &entry, StatusCode::CREATED))
}

pub fn one(desk: &mut Desk, call: &Call<'_>, id: &str) -> Result<Response, VendorRefusal> {
    call.only(&[])?;
    if !matches!(*call.method(), Method::GET | Method::PUT | Method::DELETE) {
        return Err(VendorRefusal::method());
    }
    let entry = desk.users.get(id)?.clone();
    match *call.method() {
        Method::PUT => {
            let body = merged(entry.body, sent(call)?, id)?;
            desk.users.unique("userName", body.get("userName"), id)?;
            let entry = desk.write_user(id, body)?;
            Ok(enveloped(desk, &entry, StatusCode::OK))
        }
        Method::DELETE => {
            desk.remove_user(id)?;
            Ok(reply::json(StatusCode::OK, &json!({})))
        }
        _ => Ok(enveloped(desk, &entry, StatusCode::OK)),
    }
}

fn sent(call: &Call<'_>) -> Result<Map<String, Value>, VendorRefusal> {
    let body = call.object(JSON)?;
    shape::check(&body, FIELDS)?;
    Ok(body)
}

/// What an update makes of a user: a member that is not sent stays, one that is sent is taken whole.
fn merged(
    mut user: Map<String, Value>,
    mut sent: Map<String, Value>,
    id: &str,
) -> Result<Map<String, Value>, VendorRefusal> {
    if sent.remove("userId").is_some_and(|own| own != id) {
        return Err(VendorRefusal::invalid("`userId` is not the path's"));
    }
    if sent.get("userName").is_some_and(|name| name == "") {
        return Err(VendorRefusal::invalid("`userName` is empty"));
    }
    user.extend(sent);
    Ok(user)
}
