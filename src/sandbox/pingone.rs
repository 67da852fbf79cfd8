//! PingOne's users, from its pages: 26 properties and `active`, one value of everything that is many,
//! a population, a PUT that replaces all, an atomic PATCH with paths, 200 results and no paging.

use http::header::HeaderName;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::call::Call;
use super::reply::{self, Kind, Refusal};
use super::shape::{self, Fields, Shape};
use super::store::{Desk, Entry};
use super::{pingone_list, pingone_patch};
use crate::scim::http::Response;
use Shape::{Bool, Email, List, Names, Object, OrNull, Text};

pub const EXTENSION: &str = "urn:pingidentity:schemas:extension:2.0:PingOneUser";
const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

pub const MEDIA: &[&str] = &["application/json"];

/// The properties of the request table, but `password`: every example omits it.
pub const FIELDS: Fields = &[
    ("schemas", Names(&[CORE, EXTENSION])),
    ("userName", Text),
    ("active", Bool),
    ("addresses", List(ADDRESS, 1)),
    ("emails", List(EMAIL, 1)),
    ("externalId", OrNull(&Text)),
    ("locale", OrNull(&Text)),
    ("name", Object(NAME)),
    ("nickName", Text),
    ("phoneNumbers", List(PHONE, 1)),
    ("photos", List(PHOTO, 1)),
    ("preferredLanguage", OrNull(&Text)),
    ("timezone", Text),
    ("title", OrNull(&Text)),
    (EXTENSION, Object(&[("population", Object(&[("id", Shape::Uuid)]))])),
];

const ADDRESS: Fields = &[
    ("country", Text),
    ("formatted", Text),
    ("locality", Text),
    ("postalCode", Text),
    ("region", Text),
    ("streetAddress", Text),
    ("primary", Bool),
];

const EMAIL: Fields = &[("value", Email), ("primary", Bool)];

const NAME: Fields = &[
    ("familyName", Text),
    ("formatted", Text),
    ("givenName", Text),
    ("honorificPrefix", Text),
    ("honorificSuffix", Text),
    ("middleName", Text),
];

const PHONE: Fields = &[("value", Text), ("type", Text), ("primary", Bool)];

const PHOTO: Fields = &[("value", Text)];

pub fn answer(desk: &mut Desk, call: &Call<'_>) -> Result<Response, Refusal> {
    let environment = desk.options.pingone_environment.clone();
    let rest = call.below(&["environments", &environment, "v2"])?;
    call.token(desk.options.token.as_deref())?;
    match rest.as_slice() {
        ["Users"] => match *call.method() {
            Method::GET => pingone_list::list(desk, call),
            Method::POST => create(desk, call),
            _ => Err(Refusal::method()),
        },
        ["Users", ".search"] => pingone_list::search(desk, call),
        ["Users", id] => one(desk, call, id),
        rest => pingone_list::discovery(call, rest),
    }
}

/// The platform's error body; the request's id is also in a header.
pub fn error(desk: &mut Desk, refusal: &Refusal) -> Response {
    let id = desk.next_id().to_string();
    let (status, code) = match refusal.kind {
        Kind::Unique => (StatusCode::BAD_REQUEST, "INVALID_DATA"),
        Kind::Invalid | Kind::Path | Kind::Target => (StatusCode::BAD_REQUEST, "INVALID_DATA"),
        Kind::Missing | Kind::UnknownPath => (StatusCode::NOT_FOUND, "NOT_FOUND"),
        Kind::Unauthorized => (StatusCode::UNAUTHORIZED, "ACCESS_FAILED"),
        _ => (refusal.status(), "INVALID_REQUEST"),
    };
    let text = &refusal.text;
    let body = if refusal.kind == Kind::Unique {
        let detail = json!({"code": "UNIQUENESS_VIOLATION", "target": "username", "message": text});
        json!({"id": id, "code": code, "message": text, "details": [detail]})
    } else {
        json!({"id": id, "code": code, "message": text})
    };
    let answer = reply::json(status, &body);
    reply::with(answer, HeaderName::from_static("correlation-id"), &id)
}

/// The user as it is answered.
pub fn view(desk: &Desk, entry: &Entry) -> Value {
    let location = format!(
        "{}/environments/{}/v2/Users/{}",
        desk.options.public_url, desk.options.pingone_environment, entry.id
    );
    let mut body = entry.body.clone();
    body.insert("schemas".to_owned(), json!([CORE, EXTENSION]));
    body.insert("id".to_owned(), entry.id.as_str().into());
    let meta = json!({
        "resourceType": "User",
        "created": entry.created,
        "lastModified": entry.modified,
        "location": location,
    });
    body.insert("meta".to_owned(), meta);
    Value::Object(body)
}

/// The stored form of a POST or PUT that passed the table: defaults for what the vendor always has.
///
/// # Errors
/// What the table does not hold, or what is required and missing.
pub fn stored(
    mut body: Map<String, Value>,
    population: &Value,
) -> Result<Map<String, Value>, Refusal> {
    shape::check(&body, FIELDS)?;
    shape::require(&body, &["userName"])?;
    body.remove("schemas");
    body.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|all| !all.is_empty()));
    body.entry("active").or_insert(Value::Bool(true));
    if body.get(EXTENSION).and_then(|extension| extension.pointer("/population/id")).is_none() {
        body.insert(EXTENSION.to_owned(), json!({"population": {"id": population}}));
    }
    Ok(body)
}

fn create(desk: &mut Desk, call: &Call<'_>) -> Result<Response, Refusal> {
    call.only(&[])?;
    let population = json!(desk.options.pingone_population);
    let body = stored(call.object(MEDIA)?, &population)?;
    desk.users.unique("userName", body.get("userName"), "")?;
    let id = desk.next_id().to_string();
    let entry = desk.add_user(id, body)?;
    Ok(reply::json(StatusCode::CREATED, &view(desk, &entry)))
}

fn one(desk: &mut Desk, call: &Call<'_>, id: &str) -> Result<Response, Refusal> {
    call.only(&[])?;
    if Uuid::try_parse(id).is_err() {
        return Err(Refusal::missing());
    }
    let entry = desk.users.get(id)?.clone();
    let extension = entry.body.get(EXTENSION);
    let population = extension.and_then(|it| it.pointer("/population/id")).cloned();
    let population = population.unwrap_or_else(|| json!(desk.options.pingone_population));
    match *call.method() {
        Method::GET => Ok(reply::json(StatusCode::OK, &view(desk, &entry))),
        Method::PUT => {
            let body = stored(call.object(MEDIA)?, &population)?;
            write(desk, id, body)
        }
        Method::PATCH => {
            let patched = pingone_patch::apply(entry.body, &call.object(MEDIA)?)?;
            let body = stored(patched, &population)?;
            write(desk, id, body)
        }
        Method::DELETE => {
            desk.remove_user(id)?;
            Ok(reply::empty())
        }
        _ => Err(Refusal::method()),
    }
}

fn write(desk: &mut Desk, id: &str, body: Map<String, Value>) -> Result<Response, Refusal> {
    desk.users.unique("userName", body.get("userName"), id)?;
    let entry = desk.write_user(id, body)?;
    Ok(reply::json(StatusCode::OK, &view(desk, &entry)))
}
