//! Omni's users, from its pages and OpenAPI: e-mail as userName, free user attributes with types of
//! their own, a PUT that resets, a narrow PATCH.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::call::Call;
pub use super::omni_attributes::{Kind, definitions};
use super::options::PathCase;
use super::reply::{self, Refusal};
use super::shape::{self, Fields, Shape};
use super::store::{Desk, Entry};
use super::{filter, omni_attributes, omni_groups, omni_patch};
use crate::scim::http::Response;

pub const ATTRIBUTES: &str = "urn:omni:params:1.0:UserAttribute";
pub const USER: &str = "urn:omni:params:scim:schemas:extension:user:2.0";
const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

pub const MEDIA: &[&str] = &["application/json"];

const CREATE: Fields = &[
    ("schemas", Shape::Names(&[CORE, ATTRIBUTES])),
    ("userName", Shape::Email),
    ("displayName", Shape::Text),
    (ATTRIBUTES, Shape::Open),
];

const REPLACE: Fields = &[
    ("schemas", Shape::Names(&[CORE, ATTRIBUTES])),
    ("userName", Shape::Email),
    ("displayName", Shape::Text),
    ("active", Shape::Bool),
    (ATTRIBUTES, Shape::Open),
];

pub fn answer(desk: &mut Desk, call: &Call<'_>) -> Result<Response, Refusal> {
    let rest = call.below(&["api", "scim", "v2"])?;
    call.token(desk.options.token.as_deref())?;
    let (users, groups) = match desk.options.omni_path_case {
        PathCase::Lower => ("users", "groups"),
        PathCase::Capital => ("Users", "Groups"),
    };
    match rest.as_slice() {
        [name] if *name == users => match *call.method() {
            Method::GET => list(desk, call),
            Method::POST => create(desk, call),
            _ => Err(Refusal::method()),
        },
        [name, id] if *name == users => one(desk, call, id),
        [name] if *name == groups => omni_groups::collection(desk, call),
        [name, id] if *name == groups => omni_groups::one(desk, call, id),
        _ => Err(Refusal::unknown_path()),
    }
}

/// The form that a third party's fixtures show; the vendor documents none.
pub fn error(refusal: &Refusal) -> Response {
    let status = refusal.status();
    reply::json(status, &json!({"detail": refusal.text, "status": status.as_u16()}))
}

/// The user as it is answered; a list names all three schemas.
pub fn view(desk: &Desk, entry: &Entry, in_list: bool) -> Value {
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
pub fn write(desk: &mut Desk, id: &str, body: Map<String, Value>) -> Result<Response, Refusal> {
    desk.users.unique("userName", body.get("userName"), id)?;
    if body.get("active") == Some(&Value::Bool(false)) && !desk.irreversible.iter().any(|i| i == id)
    {
        desk.irreversible.push(id.to_owned());
    }
    let entry = desk.write_user(id, body)?;
    Ok(reply::json(StatusCode::OK, &view(desk, &entry, false)))
}

fn list(desk: &Desk, call: &Call<'_>) -> Result<Response, Refusal> {
    call.only(&["filter", "startIndex", "count"])?;
    let window = call.window(desk.options.page)?;
    let shown = filter::named(call.parameter("filter"), "userName", &desk.options)?;
    let users =
        desk.users.iter().filter(|user| shown.as_deref().is_none_or(|it| user.is("userName", it)));
    let all: Vec<Value> = users.map(|entry| view(desk, entry, true)).collect();
    let total = all.len();
    Ok(reply::json(StatusCode::OK, &reply::list(total, window.start, window.of(all))))
}

fn create(desk: &mut Desk, call: &Call<'_>) -> Result<Response, Refusal> {
    call.only(&[])?;
    let body = call.object(MEDIA)?;
    shape::check(&body, CREATE)?;
    shape::require(&body, &["userName", "displayName"])?;
    let body = stored(desk, body)?;
    desk.users.unique("userName", body.get("userName"), "")?;
    let id = desk.next_id().to_string();
    let entry = desk.add_user(id, body)?;
    Ok(reply::json(StatusCode::CREATED, &view(desk, &entry, false)))
}

fn one(desk: &mut Desk, call: &Call<'_>, id: &str) -> Result<Response, Refusal> {
    call.only(&[])?;
    let entry = desk.users.get(id)?.clone();
    match *call.method() {
        Method::GET => Ok(reply::json(StatusCode::OK, &view(desk, &entry, false))),
        Method::PUT => {
            let body = call.object(MEDIA)?;
            shape::check(&body, REPLACE)?;
            shape::require(&body, &["userName"])?;
            let body = stored(desk, body)?;
            write(desk, id, body)
        }
        Method::PATCH => {
            let body = omni_patch::apply(desk, entry.body, &call.object(MEDIA)?)?;
            write(desk, id, body)
        }
        Method::DELETE => {
            desk.remove_user(id)?;
            Ok(reply::empty())
        }
        _ => Err(Refusal::method()),
    }
}

/// The stored form of a checked POST or PUT: what was left out has its default.
fn stored(desk: &Desk, mut body: Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    body.remove("schemas");
    body.entry("active").or_insert(Value::Bool(true));
    if let Some(Value::Object(sent)) = body.remove(ATTRIBUTES) {
        let mut attributes = Map::new();
        omni_attributes::assign(&desk.options.omni_attributes, &mut attributes, &sent)?;
        body.insert(ATTRIBUTES.to_owned(), Value::Object(attributes));
    }
    Ok(body)
}
