//! The plain server's own description (RFC 7644 section 4).

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::schema::{ENTERPRISE, GROUP, Type, USER};
use crate::sandbox::call::Call;
use crate::sandbox::reply::{self, VendorRefusal};
use crate::sandbox::store::Desk;
use crate::scim::http::Response;

pub fn answer(desk: &Desk, call: &Call<'_>, rest: &[&str]) -> Result<Response, VendorRefusal> {
    let body = match rest {
        ["ServiceProviderConfig"] => service_provider_config(desk.options.scim_cursors),
        ["ResourceTypes"] => all(vec![resource_type(Type::User), resource_type(Type::Group)]),
        ["ResourceTypes", "User"] => resource_type(Type::User),
        ["ResourceTypes", "Group"] => resource_type(Type::Group),
        ["Schemas"] => all([USER, GROUP, ENTERPRISE].map(schema).into()),
        ["Schemas", urn] if [USER, GROUP, ENTERPRISE].contains(urn) => schema(urn),
        _ => return Err(VendorRefusal::unknown_path()),
    };
    match *call.method() {
        Method::GET => Ok(reply::scim(StatusCode::OK, &body)),
        _ => Err(VendorRefusal::method()),
    }
}

fn all(resources: Vec<Value>) -> Value {
    reply::list(resources.len(), 1, resources)
}

fn service_provider_config(cursors: bool) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": true, "maxResults": 100},
        "changePassword": {"supported": true},
        "sort": {"supported": true},
        "etag": {"supported": true},
        "pagination": {"cursor": cursors, "index": !cursors},
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "A bearer token (RFC 6750)",
            "primary": true,
        }],
        "meta": {"resourceType": "ServiceProviderConfig"},
    })
}

fn resource_type(kind: Type) -> Value {
    let extensions = match kind {
        Type::User => json!([{"schema": ENTERPRISE, "required": false}]),
        Type::Group => json!([]),
    };
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": kind.name(),
        "name": kind.name(),
        "endpoint": format!("/{}s", kind.name()),
        "schema": kind.urn(),
        "schemaExtensions": extensions,
        "meta": {"resourceType": "ResourceType"},
    })
}

/// The schema's name only: whoever needs the attributes reads RFC 7643 section 8.7.
fn schema(urn: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": urn,
        "name": urn.rsplit(':').next(),
        "attributes": [],
        "meta": {"resourceType": "Schema"},
    })
}
