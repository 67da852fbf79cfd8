//! Omni's users, from its pages and OpenAPI: e-mail as userName, free user attributes with types of
//! their own, a PUT that resets, a narrow PATCH.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::patch;
use crate::sandbox::attributes::{self, ATTRIBUTES};
use crate::sandbox::call::{Call, JSON};
use crate::sandbox::filter;
use crate::sandbox::reply::{self, VendorRefusal};
use crate::sandbox::shape::{self, FieldShape, Fields};
use crate::sandbox::store::{Desk, Entry};
use crate::scim::http::Response;

pub const USER: &str = "urn:omni:params:scim:schemas:extension:user:2.0";
const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

const CREATE: Fields = &[
    ("schemas", FieldShape::Names(&[CORE, ATTRIBUTES])),
    ("userName", FieldShape::Email),
    ("displayName", FieldShape::Text),
    (ATTRIBUTES, FieldShape::Open),
];

const REPLACE: Fields = &[
    ("schemas", FieldShape::Names(&[CORE, ATTRIBUTES])),
    ("userName", FieldShape::Email),
    ("displayName", FieldShape::Text),
    ("active", FieldShape::Bool),
    (ATTRIBUTES, FieldShape::Open),
];

/// The user as it is answered; a list names all three schemas.
pub fn view_user(desk: &Desk, entry: &Entry, in_list: bool) -> Value {
    let mut body = entry.body.clone();
    body.entry(ATTRIBUTES).or_insert_with(|| json!({}));
    let emails = json!([{"primary": true, "value": entry.text("userName")}]);
    let meta = json!({
        "created": entry.created,
        "lastModified": entry.modified,
        "resourceType": "User",
    });
    let schemas = if in_list { json!([CORE, ATTRIBUTES, USER]) } else { json!([CORE]) };
    body.insert("id".to_owned(), entry.id.as_str().into());
    body.insert("emails".to_owned(), emails);
    body.insert("groups".to_owned(), desk.groups_of(&entry.id).into());
    body.insert("meta".to_owned(), meta);
    body.insert("schemas".to_owned(), schemas);
    if in_list {
        body.insert(USER.to_owned(), json!({"lastLogin": null}));
    }
    Value::Object(body)
}

/// Stores what a PUT or PATCH came to.
fn write(desk: &mut Desk, id: &str, body: Map<String, Value>) -> Result<Response, VendorRefusal> {
    desk.users.unique("userName", body.get("userName"), id)?;
    if body.get("active") == Some(&Value::Bool(false)) && !desk.irreversible.iter().any(|i| i == id)
    {
        desk.irreversible.push(id.to_owned());
    }
    let entry = desk.write_user(id, body)?;
    Ok(reply::json(StatusCode::OK, &view_user(desk, &entry, false)))
}

pub fn list(desk: &Desk, call: &Call<'_>) -> Result<Response, VendorRefusal> {
    call.only(&["filter", "startIndex", "count"])?;
    let window = call.window(desk.options.page)?;
    let shown = filter::named(call.parameter("filter"), "userName", &desk.options)?;
    let users =
        desk.users.iter().filter(|user| shown.as_deref().is_none_or(|it| user.is("userName", it)));
    let all: Vec<Value> = users.map(|entry| view_user(desk, entry, true)).collect();
    let total = all.len();
    Ok(reply::json(StatusCode::OK, &reply::list(total, window.start, window.of(all))))
}

pub fn create(desk: &mut Desk, call: &Call<'_>) -> Result<Response, VendorRefusal> {
    call.only(&[])?;
    let body = call.object(JSON)?;
    shape::check(&body, CREATE)?;
    shape::require(&body, &["userName", "displayName"])?;
    let body = stored(desk, body)?;
    desk.users.unique("userName", body.get("userName"), "")?;
    let id = desk.next_id().to_string();
    let entry = desk.add_user(id, body)?;
    Ok(reply::json(StatusCode::CREATED, &view_user(desk, &entry, false)))
}

pub fn one(desk: &mut Desk, call: &Call<'_>, id: &str) -> Result<Response, VendorRefusal> {
    call.only(&[])?;
    let entry = desk.users.get(id)?.clone();
    match *call.method() {
        Method::GET => Ok(reply::json(StatusCode::OK, &view_user(desk, &entry, false))),
        Method::PUT => {
            let body = call.object(JSON)?;
            shape::check(&body, REPLACE)?;
            shape::require(&body, &["userName"])?;
            let body = stored(desk, body)?;
            write(desk, id, body)
        }
        Method::PATCH => {
            let body = patch::apply(desk, entry.body, &call.object(JSON)?)?;
            write(desk, id, body)
        }
        Method::DELETE => {
            desk.remove_user(id)?;
            Ok(reply::empty())
        }
        _ => Err(VendorRefusal::method()),
    }
}

/// The stored form of a checked POST or PUT: what was left out has its default.
fn stored(desk: &Desk, mut body: Map<String, Value>) -> Result<Map<String, Value>, VendorRefusal> {
    body.remove("schemas");
    body.entry("active").or_insert(Value::Bool(true));
    if let Some(Value::Object(sent)) = body.remove(ATTRIBUTES) {
        let mut attributes = Map::new();
        attributes::assign(&desk.options.omni_attributes, &mut attributes, &sent)?;
        body.insert(ATTRIBUTES.to_owned(), Value::Object(attributes));
    }
    Ok(body)
}
