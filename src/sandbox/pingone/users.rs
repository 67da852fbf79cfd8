//! PingOne's users, from its pages: 26 properties and `active`, one value of everything that is many,
//! a population, a PUT that replaces all, an atomic PATCH with paths, 200 results and no paging.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::patch;
use super::properties::{CORE, EXTENSION, FIELDS};
use crate::sandbox::call::{Call, JSON};
use crate::sandbox::reply::{self, VendorRefusal};
use crate::sandbox::shape;
use crate::sandbox::store::{Desk, Entry};
use crate::scim::http::Response;

/// The user as it is answered.
pub fn view_user(desk: &Desk, entry: &Entry) -> Value {
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
fn stored(
    mut body: Map<String, Value>,
    population: &Value,
) -> Result<Map<String, Value>, VendorRefusal> {
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

pub fn create(desk: &mut Desk, call: &Call<'_>) -> Result<Response, VendorRefusal> {
    call.only(&[])?;
    let population = json!(desk.options.pingone_population);
    let body = stored(call.object(JSON)?, &population)?;
    desk.users.unique("userName", body.get("userName"), "")?;
    let id = desk.next_id().to_string();
    let entry = desk.add_user(id, body)?;
    Ok(reply::json(StatusCode::CREATED, &view_user(desk, &entry)))
}

pub fn one(desk: &mut Desk, call: &Call<'_>, id: &str) -> Result<Response, VendorRefusal> {
    call.only(&[])?;
    if Uuid::try_parse(id).is_err() {
        return Err(VendorRefusal::missing());
    }
    let entry = desk.users.get(id)?.clone();
    let extension = entry.body.get(EXTENSION);
    let population = extension.and_then(|it| it.pointer("/population/id")).cloned();
    let population = population.unwrap_or_else(|| json!(desk.options.pingone_population));
    match *call.method() {
        Method::GET => Ok(reply::json(StatusCode::OK, &view_user(desk, &entry))),
        Method::PUT => {
            let body = stored(call.object(JSON)?, &population)?;
            write(desk, id, body)
        }
        Method::PATCH => {
            let patched = patch::apply(entry.body, &call.object(JSON)?)?;
            let body = stored(patched, &population)?;
            write(desk, id, body)
        }
        Method::DELETE => {
            desk.remove_user(id)?;
            Ok(reply::empty())
        }
        _ => Err(VendorRefusal::method()),
    }
}

fn write(desk: &mut Desk, id: &str, body: Map<String, Value>) -> Result<Response, VendorRefusal> {
    desk.users.unique("userName", body.get("userName"), id)?;
    let entry = desk.write_user(id, body)?;
    Ok(reply::json(StatusCode::OK, &view_user(desk, &entry)))
}
