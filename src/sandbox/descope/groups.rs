//! Descope's groups, which are roles: no envelope, an update instead of a replacement.
//!
//! Of PATCH both messages are taken: the standard's, as identity providers send it, and the page's, which
//! the vendor's services use among themselves.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::patch;
use crate::sandbox::call::{Call, JSON};
use crate::sandbox::reply::{self, VendorRefusal};
use crate::sandbox::shape::{self, FieldShape, Fields};
use crate::sandbox::store::{Desk, Entry};
use crate::sandbox::{filter, group_patch};
use crate::scim::http::Response;
use FieldShape::{List, Text};

const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

const FIELDS: Fields = &[
    ("groupId", Text),
    ("displayName", Text),
    ("externalId", Text),
    ("members", List(&[("value", Text), ("display", Text)], 10_000)),
    ("excludedAttributes", Text),
];

pub fn collection(desk: &mut Desk, call: &Call<'_>) -> Result<Response, VendorRefusal> {
    match *call.method() {
        Method::GET => list(desk, call),
        Method::POST => {
            call.only(&[])?;
            let body = sent(call)?;
            shape::require(&body, &["displayName"])?;
            if body.contains_key("groupId") {
                return Err(VendorRefusal::invalid("`groupId` is foreign to a create"));
            }
            desk.groups.unique("displayName", body.get("displayName"), "")?;
            let id = format!("R{}", desk.next_id().simple());
            let entry = desk.add_group(id, body)?;
            Ok(reply::json(StatusCode::CREATED, &view_group(desk, &entry)))
        }
        _ => Err(VendorRefusal::method()),
    }
}

pub fn one(desk: &mut Desk, call: &Call<'_>, id: &str) -> Result<Response, VendorRefusal> {
    call.only(if call.method() == Method::GET { &["excludedAttributes"] } else { &[] })?;
    let group = desk.groups.get(id)?.clone();
    match *call.method() {
        Method::GET => Ok(reply::json(StatusCode::OK, &view_group(desk, &group))),
        Method::PUT => {
            let mut sent = sent(call)?;
            if sent.remove("groupId").is_some_and(|own| own != id) {
                return Err(VendorRefusal::invalid("`groupId` is not the path's"));
            }
            let mut body = group.body;
            body.extend(sent);
            write(desk, id, body)
        }
        Method::PATCH => {
            let sent = call.object(JSON)?;
            let typed = patch::is_typed(&sent);
            let sent = if typed { patch::standard(&sent, id)? } else { sent };
            let body = group_patch::apply(group.body, &sent, None)?;
            write(desk, id, body)
        }
        Method::DELETE => {
            desk.groups.remove(id)?;
            Ok(reply::json(StatusCode::OK, &json!({})))
        }
        _ => Err(VendorRefusal::method()),
    }
}

/// The group as it is answered, with the message fields that the reference mixes in.
pub fn view_group(desk: &Desk, entry: &Entry) -> Value {
    let mut body = entry.body.clone();
    let meta = json!({
        "created": entry.created,
        "location": format!("{}/scim/v2/Groups/{}", desk.options.public_url, entry.id),
        "lastModified": entry.modified,
        "resourceType": "Group",
    });
    body.entry("members").or_insert_with(|| json!([]));
    body.insert("schemas".to_owned(), json!([GROUP]));
    body.insert("id".to_owned(), entry.id.as_str().into());
    body.insert("meta".to_owned(), meta);
    body.insert("detail".to_owned(), json!(""));
    Value::Object(body)
}

fn list(desk: &Desk, call: &Call<'_>) -> Result<Response, VendorRefusal> {
    call.only(&["filter", "startIndex", "count", "excludedAttributes"])?;
    let window = call.window(desk.options.page)?;
    let wanted = filter::named(call.parameter("filter"), "displayName", &desk.options)?;
    let groups = desk.groups.iter();
    let groups =
        groups.filter(|group| wanted.as_deref().is_none_or(|it| group.is("displayName", it)));
    let all: Vec<Value> = groups.map(|group| view_group(desk, group)).collect();
    let total = all.len();
    Ok(reply::json(StatusCode::OK, &reply::list(total, window.start, window.of(all))))
}

fn sent(call: &Call<'_>) -> Result<Map<String, Value>, VendorRefusal> {
    let mut body = call.object(JSON)?;
    shape::check(&body, FIELDS)?;
    body.remove("excludedAttributes");
    Ok(body)
}

fn write(desk: &mut Desk, id: &str, body: Map<String, Value>) -> Result<Response, VendorRefusal> {
    shape::require(&body, &["displayName"])?;
    desk.groups.unique("displayName", body.get("displayName"), id)?;
    let entry = desk.write_group(id, body)?;
    Ok(reply::json(StatusCode::OK, &view_group(desk, &entry)))
}
