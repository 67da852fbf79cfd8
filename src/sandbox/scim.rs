//! A plain and complete SCIM 2.0 server: RFC 7643 and RFC 7644, nothing left out of a user.

use http::header::{ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION};
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::call::Call;
use super::reply::{self, Kind, Refusal};
use super::scim_schema::{GROUP, GROUP_FIELDS, USER, USER_FIELDS, schemas, stored};
use super::store::{Desk, Entry};
use super::{scim_discovery, scim_list, scim_patch, shape};
use crate::scim::http::Response;

const BASE: &[&str] = &["scim", "v2"];

/// The media types of a request (RFC 7644 section 3.8).
pub const MEDIA: &[&str] = &["application/scim+json", "application/json"];

/// The resource types.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Type {
    User,
    Group,
}

pub fn answer(desk: &mut Desk, call: &Call<'_>) -> Result<Response, Refusal> {
    let rest = call.below(BASE)?;
    call.token(desk.options.token.as_deref())?;
    match rest.as_slice() {
        ["Me"] => match desk.options.scim_me.clone() {
            Some(id) => resource(desk, call, Type::User, &id),
            None => Err(Refusal::new(Kind::NotImplemented, "nobody is known by /Me")),
        },
        ["Users"] => collection(desk, call, Type::User),
        ["Groups"] => collection(desk, call, Type::Group),
        ["Users", ".search"] => scim_list::search(desk, call, Type::User),
        ["Groups", ".search"] => scim_list::search(desk, call, Type::Group),
        ["Users", id] => resource(desk, call, Type::User, id),
        ["Groups", id] => resource(desk, call, Type::Group, id),
        rest => scim_discovery::answer(desk, call, rest),
    }
}

/// An Error (RFC 7644 section 3.12).
pub fn error(refusal: &Refusal) -> Response {
    let status = refusal.status();
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": status.as_str(),
        "detail": refusal.text,
    });
    let scim_type = match refusal.kind {
        Kind::Syntax => Some("invalidSyntax"),
        Kind::Invalid => Some("invalidValue"),
        Kind::Filter => Some("invalidFilter"),
        Kind::Mutability => Some("mutability"),
        Kind::Path => Some("invalidPath"),
        Kind::Target => Some("noTarget"),
        Kind::Unique => Some("uniqueness"),
        Kind::Cursor => Some("invalidCursor"),
        _ => None,
    };
    if let (Some(name), Some(body)) = (scim_type, body.as_object_mut()) {
        body.insert("scimType".to_owned(), name.into());
    }
    reply::scim(status, &body)
}

/// The resource as it is answered.
pub fn view(desk: &Desk, entry: &Entry, resource: Type) -> Value {
    let mut body = entry.body.clone();
    body.remove("password");
    body.insert("schemas".to_owned(), schemas(&entry.body, resource.urn()));
    body.insert("id".to_owned(), entry.id.as_str().into());
    if resource == Type::User {
        let groups = desk.groups_of(&entry.id);
        if !groups.is_empty() {
            body.insert("groups".to_owned(), groups.into());
        }
    }
    let meta = json!({
        "resourceType": resource.name(),
        "created": entry.created,
        "lastModified": entry.modified,
        "version": version(entry),
        "location": location(desk, entry, resource),
    });
    body.insert("meta".to_owned(), meta);
    Value::Object(body)
}

impl Type {
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    pub fn urn(self) -> &'static str {
        match self {
            Self::User => USER,
            Self::Group => GROUP,
        }
    }
}

fn collection(desk: &mut Desk, call: &Call<'_>, resource: Type) -> Result<Response, Refusal> {
    match *call.method() {
        Method::GET => scim_list::list(desk, call, resource),
        Method::POST => create(desk, call, resource),
        _ => Err(Refusal::method()),
    }
}

fn resource(desk: &mut Desk, call: &Call<'_>, kind: Type, id: &str) -> Result<Response, Refusal> {
    call.only(&["attributes", "excludedAttributes"])?;
    let entry = find(desk, kind, id)?.clone();
    match *call.method() {
        Method::GET if call.header(&IF_NONE_MATCH) == Some(version(&entry).as_str()) => {
            Ok(Response::new(StatusCode::NOT_MODIFIED))
        }
        Method::GET => {
            let answer = tagged(desk, &entry, kind, StatusCode::OK);
            Ok(scim_list::projected(answer, view(desk, &entry, kind), call))
        }
        Method::PUT => {
            precondition(call, &entry)?;
            let body = accepted(desk, call.object(MEDIA)?, kind, id)?;
            written(desk, kind, id, body)
        }
        Method::PATCH => {
            precondition(call, &entry)?;
            let message = call.object(MEDIA)?;
            let patched = scim_patch::apply(entry.body, &message, &scim_list::urns(desk, kind))?;
            let body = accepted(desk, patched, kind, id)?;
            written(desk, kind, id, body)
        }
        Method::DELETE => {
            precondition(call, &entry)?;
            match kind {
                Type::User => desk.remove_user(id)?,
                Type::Group => desk.groups.remove(id).map(|_| ())?,
            }
            Ok(reply::empty())
        }
        _ => Err(Refusal::method()),
    }
}

fn create(desk: &mut Desk, call: &Call<'_>, kind: Type) -> Result<Response, Refusal> {
    call.only(&["attributes", "excludedAttributes"])?;
    let mut body = accepted(desk, call.object(MEDIA)?, kind, "")?;
    let id = desk.next_id().to_string();
    let entry = match kind {
        Type::User => {
            body.entry("active").or_insert(Value::Bool(true));
            desk.add_user(id, body)?
        }
        Type::Group => desk.add_group(id, body)?,
    };
    Ok(tagged(desk, &entry, kind, StatusCode::CREATED))
}

/// What is stored of a body, if the server can store it.
fn accepted(
    desk: &Desk,
    body: Map<String, Value>,
    kind: Type,
    id: &str,
) -> Result<Map<String, Value>, Refusal> {
    let (fields, store, key) = match kind {
        Type::User => (USER_FIELDS, &desk.users, "userName"),
        Type::Group => (GROUP_FIELDS, &desk.groups, "displayName"),
    };
    let body = stored(body, fields, kind.urn())?;
    shape::require(&body, &[key])?;
    store.unique(key, body.get(key), id)?;
    Ok(body)
}

fn written(
    desk: &mut Desk,
    kind: Type,
    id: &str,
    mut body: Map<String, Value>,
) -> Result<Response, Refusal> {
    let entry = match kind {
        Type::User => {
            body.entry("active").or_insert(Value::Bool(true));
            desk.write_user(id, body)?
        }
        Type::Group => desk.write_group(id, body)?,
    };
    Ok(tagged(desk, &entry, kind, StatusCode::OK))
}

fn find<'d>(desk: &'d Desk, kind: Type, id: &str) -> Result<&'d Entry, Refusal> {
    match kind {
        Type::User => desk.users.get(id),
        Type::Group => desk.groups.get(id),
    }
}

/// RFC 7644 section 3.14.
fn precondition(call: &Call<'_>, entry: &Entry) -> Result<(), Refusal> {
    let Some(wanted) = call.header(&IF_MATCH) else { return Ok(()) };
    let current = version(entry);
    match wanted.split(',').map(str::trim).any(|tag| tag == "*" || tag == current) {
        true => Ok(()),
        false => Err(Refusal::new(Kind::Precondition, "the resource has another version")),
    }
}

fn tagged(desk: &Desk, entry: &Entry, kind: Type, status: StatusCode) -> Response {
    let answer = reply::scim(status, &view(desk, entry, kind));
    let answer = reply::with(answer, ETAG, &version(entry));
    reply::with(answer, LOCATION, &location(desk, entry, kind))
}

fn version(entry: &Entry) -> String {
    format!("W/\"{}\"", entry.version)
}

fn location(desk: &Desk, entry: &Entry, kind: Type) -> String {
    format!("{}/scim/v2/{}s/{}", desk.options.public_url, kind.name(), entry.id)
}
