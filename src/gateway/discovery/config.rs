//! `/ServiceProviderConfig` (RFC 7643 section 5).

use serde_json::{Value, json};

/// What works on a route, by the upstream itself or by emulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    pub patch: bool,
    pub bulk: Option<Bulk>,
    pub filter: bool,
    /// The most resources that one list answer holds.
    pub max_results: usize,
    pub change_password: bool,
    pub sort: bool,
    pub etag: bool,
    /// Whether clients have to send a bearer token.
    pub bearer: bool,
}

/// The bounds of a bulk request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bulk {
    pub max_operations: usize,
    /// In bytes.
    pub max_payload: usize,
}

pub(super) fn service_provider_config(capabilities: &Capabilities, base: &str) -> Value {
    // A new capability is a compile error here.
    let Capabilities { patch, bulk, filter, max_results, change_password, sort, etag, bearer } =
        capabilities;
    let (operations, payload) = bulk.map_or((0, 0), |bulk| (bulk.max_operations, bulk.max_payload));
    let schemes = if *bearer { vec![bearer_scheme()] } else { Vec::new() };
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": patch },
        "bulk": {
            "supported": bulk.is_some(),
            "maxOperations": operations,
            "maxPayloadSize": payload,
        },
        "filter": { "supported": filter, "maxResults": if *filter { *max_results } else { 0 } },
        "changePassword": { "supported": change_password },
        "sort": { "supported": sort },
        "etag": { "supported": etag },
        "authenticationSchemes": schemes,
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base}/ServiceProviderConfig"),
        },
    })
}

fn bearer_scheme() -> Value {
    json!({
        "type": "oauthbearertoken",
        "name": "Bearer token",
        "description": "A bearer token in the Authorization header, given out by the gateway's operator",
        "specUri": "https://www.rfc-editor.org/info/rfc6750",
        "primary": true,
    })
}
