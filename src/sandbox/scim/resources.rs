//! A plain and complete SCIM 2.0 server: RFC 7643 and RFC 7644, nothing left out of a user.

use http::header::{ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION};
use http::{Method, StatusCode};
use serde_json::{Map, Value};

use super::schema::{GROUP_FIELDS, MEDIA, Type, USER_FIELDS, stored};
use super::view::{location, version, view};
use super::{list, patch};
use crate::sandbox::call::Call;
use crate::sandbox::reply::{self, RefusalKind, VendorRefusal};
use crate::sandbox::shape;
use crate::sandbox::store::{Desk, Entry};
use crate::scim::http::Response;

pub fn collection(
    desk: &mut Desk,
    call: &Call<'_>,
    resource: Type,
) -> Result<Response, VendorRefusal> {
    match *call.method() {
        Method::GET => list::list(desk, call, resource),
        Method::POST => create(desk, call, resource),
        _ => Err(VendorRefusal::method()),
    }
}

pub fn resource(
    desk: &mut Desk,
    call: &Call<'_>,
    kind: Type,
    id: &str,
) -> Result<Response, VendorRefusal> {
    call.only(&["attributes", "excludedAttributes"])?;
    let entry = find(desk, kind, id)?.clone();
    match *call.method() {
        Method::GET if call.header(&IF_NONE_MATCH) == Some(version(&entry).as_str()) => {
            Ok(Response::new(StatusCode::NOT_MODIFIED))
        }
        Method::GET => {
            let answer = tagged(desk, &entry, kind, StatusCode::OK);
            Ok(list::projected(answer, view(desk, &entry, kind), call))
        }
        Method::PUT => {
            precondition(call, &entry)?;
            let body = accepted(desk, call.object(MEDIA)?, kind, id)?;
            written(desk, kind, id, body)
        }
        Method::PATCH => {
            precondition(call, &entry)?;
            let message = call.object(MEDIA)?;
            let patched = patch::apply(entry.body, &message, &list::urns(desk, kind))?;
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
        _ => Err(VendorRefusal::method()),
    }
}

fn create(desk: &mut Desk, call: &Call<'_>, kind: Type) -> Result<Response, VendorRefusal> {
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
) -> Result<Map<String, Value>, VendorRefusal> {
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
) -> Result<Response, VendorRefusal> {
    let entry = match kind {
        Type::User => {
            body.entry("active").or_insert(Value::Bool(true));
            desk.write_user(id, body)?
        }
        Type::Group => desk.write_group(id, body)?,
    };
    Ok(tagged(desk, &entry, kind, StatusCode::OK))
}

fn find<'d>(desk: &'d Desk, kind: Type, id: &str) -> Result<&'d Entry, VendorRefusal> {
    match kind {
        Type::User => desk.users.get(id),
        Type::Group => desk.groups.get(id),
    }
}

/// RFC 7644 section 3.14.
fn precondition(call: &Call<'_>, entry: &Entry) -> Result<(), VendorRefusal> {
    let Some(wanted) = call.header(&IF_MATCH) else { return Ok(()) };
    let current = version(entry);
    match wanted.split(',').map(str::trim).any(|tag| tag == "*" || tag == current) {
        true => Ok(()),
        false => {
            Err(VendorRefusal::new(RefusalKind::Precondition, "the resource has another version"))
        }
    }
}

fn tagged(desk: &Desk, entry: &Entry, kind: Type, status: StatusCode) -> Response {
    let answer = reply::scim(status, &view(desk, entry, kind));
    let answer = reply::with(answer, ETAG, &version(entry));
    reply::with(answer, LOCATION, &location(desk, entry, kind))
}
