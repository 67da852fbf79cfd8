//! Omni's groups: ids of eight characters, members who must exist, a PUT that wants every member's
//! name, four forms of PATCH.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::sandbox::call::{Call, JSON};
use crate::sandbox::reply::{self, VendorRefusal};
use crate::sandbox::shape::{self, FieldShape, Fields};
use crate::sandbox::store::{Desk, Entry};
use crate::sandbox::{filter, group_patch};
use crate::scim::http::Response;

const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// The longest `displayName`, in characters.
const NAME: usize = 64;

/// The length of a user's id in the path of a removal.
const USER_ID: usize = 36;

const CREATE: Fields = &[
    ("schemas", FieldShape::Names(&[GROUP])),
    ("displayName", FieldShape::Text),
    ("members", FieldShape::List(&[("value", FieldShape::Uuid)], 10_000)),
];

const REPLACE: Fields = &[
    ("schemas", FieldShape::Names(&[GROUP])),
    ("displayName", FieldShape::Text),
    (
        "members",
        FieldShape::List(&[("value", FieldShape::Uuid), ("display", FieldShape::Text)], 10_000),
    ),
];

pub fn collection(desk: &mut Desk, call: &Call<'_>) -> Result<Response, VendorRefusal> {
    match *call.method() {
        Method::GET => list(desk, call),
        Method::POST => {
            call.only(&[])?;
            let body = call.object(JSON)?;
            shape::check(&body, CREATE)?;
            let body = accepted(desk, body, "")?;
            let id = desk.next_id().simple().to_string().chars().take(8).collect();
            let entry = desk.add_group(id, body)?;
            Ok(reply::json(StatusCode::CREATED, &view_group(desk, &entry)))
        }
        _ => Err(VendorRefusal::method()),
    }
}

pub fn one(desk: &mut Desk, call: &Call<'_>, id: &str) -> Result<Response, VendorRefusal> {
    let group = desk.groups.get(id)?.clone();
    match *call.method() {
        Method::GET => {
            let without = without_members(call, &["excludedAttributes"])?;
            let view = shown(view_group(desk, &group), without);
            Ok(reply::json(StatusCode::OK, &view))
        }
        Method::PUT => {
            call.only(&[])?;
            let body = call.object(JSON)?;
            shape::check(&body, REPLACE)?;
            shape::require(&body, &["displayName", "members"])?;
            for member in members(&body) {
                let member = member.as_object().cloned().unwrap_or_default();
                shape::require(&member, &["value", "display"])?;
            }
            write(desk, id, body)
        }
        Method::PATCH => {
            call.only(&[])?;
            let body = group_patch::apply(group.body, &call.object(JSON)?, Some(USER_ID))?;
            write(desk, id, body)
        }
        Method::DELETE => {
            call.only(&[])?;
            desk.groups.remove(id)?;
            Ok(reply::empty())
        }
        _ => Err(VendorRefusal::method()),
    }
}

/// The group as it is answered; a member's name is its user's e-mail address.
pub fn view_group(desk: &Desk, entry: &Entry) -> Value {
    let member = |member: &Value| {
        let id = member.get("value").and_then(Value::as_str).unwrap_or_default();
        let name = desk.users.get(id).ok().and_then(|user| user.text("userName"));
        json!({"value": id, "display": name})
    };
    json!({
        "schemas": [GROUP],
        "id": entry.id,
        "displayName": entry.text("displayName"),
        "members": members(&entry.body).map(member).collect::<Vec<_>>(),
        "meta": {
            "created": entry.created,
            "lastModified": entry.modified,
            "resourceType": "Group",
        },
    })
}

fn list(desk: &Desk, call: &Call<'_>) -> Result<Response, VendorRefusal> {
    let parameters = ["filter", "startIndex", "count", "excludedAttributes"];
    let without = without_members(call, &parameters)?;
    let window = call.window(desk.options.page)?;
    let wanted = filter::named(call.parameter("filter"), "displayName", &desk.options)?;
    let groups = desk.groups.iter();
    let groups =
        groups.filter(|group| wanted.as_deref().is_none_or(|it| group.is("displayName", it)));
    let all: Vec<Value> = groups.map(|group| shown(view_group(desk, group), without)).collect();
    let total = all.len();
    Ok(reply::json(StatusCode::OK, &reply::list(total, window.start, window.of(all))))
}

/// Whether `excludedAttributes` leaves out the members: the only thing that it may say.
fn without_members(call: &Call<'_>, documented: &[&str]) -> Result<bool, VendorRefusal> {
    call.only(documented)?;
    match call.parameter("excludedAttributes") {
        None => Ok(false),
        Some("members") => Ok(true),
        Some(_) => Err(VendorRefusal::invalid("`excludedAttributes` is not `members`")),
    }
}

fn shown(mut group: Value, without_members: bool) -> Value {
    if let (true, Some(group)) = (without_members, group.as_object_mut()) {
        group.remove("members");
    }
    group
}

fn write(desk: &mut Desk, id: &str, body: Map<String, Value>) -> Result<Response, VendorRefusal> {
    let body = accepted(desk, body, id)?;
    let entry = desk.write_group(id, body)?;
    Ok(reply::json(StatusCode::OK, &view_group(desk, &entry)))
}

fn accepted(
    desk: &Desk,
    mut body: Map<String, Value>,
    id: &str,
) -> Result<Map<String, Value>, VendorRefusal> {
    shape::require(&body, &["displayName"])?;
    let name = body.get("displayName").and_then(Value::as_str).unwrap_or_default();
    if name.chars().count() > NAME {
        return Err(VendorRefusal::invalid("`displayName` is longer than 64 characters"));
    }
    for member in members(&body) {
        let user = member.get("value").and_then(Value::as_str).unwrap_or_default();
        desk.users.get(user).map_err(|_| VendorRefusal::stale("a member is no user"))?;
    }
    desk.groups.unique("displayName", body.get("displayName"), id)?;
    body.remove("schemas");
    Ok(body)
}

fn members(body: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    body.get("members").and_then(Value::as_array).into_iter().flatten()
}
