//! `/ResourceTypes` (RFC 7643 section 6).

use serde_json::{Value, json};

use super::schema::is_demanded;
use crate::scim::schema::Schema;

/// `path` is the endpoint's segment as the client's dialect spells it.
pub(super) fn resource_type(view: &Schema, path: &str, base: &str) -> Value {
    let name = &view.resource;
    let extensions: Vec<Value> = view
        .extensions()
        .map(|extension| json!({ "schema": extension.name, "required": is_demanded(extension) }))
        .collect();
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": name,
        "name": name,
        "description": format!("The {name}s of this route"),
        "endpoint": format!("/{path}"),
        "schema": view.urn,
        "schemaExtensions": extensions,
        "meta": {
            "resourceType": "ResourceType",
            "location": format!("{base}/ResourceTypes/{name}"),
        },
    })
}
