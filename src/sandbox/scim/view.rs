//! A resource of the plain server as it is answered.

use serde_json::{Value, json};

use super::schema::{Type, schemas};
use crate::sandbox::store::{Desk, Entry};

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

pub fn version(entry: &Entry) -> String {
    format!("W/\"{}\"", entry.version)
}

pub fn location(desk: &Desk, entry: &Entry, kind: Type) -> String {
    format!("{}/scim/v2/{}s/{}", desk.options.public_url, kind.name(), entry.id)
}
