//! `/ServiceProviderConfig` (RFC 7643 section 5).

use serde_json::{Value, json};

/// What works on a route, by the upstream itself or by emulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    pub patch: bool,
    pub bulk: Option<BulkSupport>,
    pub filter: bool,
    /// The most resources that one list answer holds.
    pub max_results: usize,
    pub change_password: bool,
    pub sort: bool,
    pub etag: bool,
    pub pagination: Pagination,
    /// Whether clients can show a bearer token.
    pub bearer: bool,
    /// Whether clients can show user and password.
    pub basic: bool,
}

/// How lists are paged (RFC 9865 section 4). Every route takes an index and a cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pagination {
    /// Whether a list goes by cursor where the request does not say.
    pub cursor_by_default: bool,
    /// Resources on a page where the request does not say; `None` where it depends on the type.
    pub default_size: Option<usize>,
    pub max_size: usize,
    /// How long a cursor is good for at least, in seconds; `None` where it does not age, or nobody says.
    pub cursor_timeout: Option<usize>,
}

impl Pagination {
    fn document(&self) -> Value {
        // A new member is a compile error here.
        let Self { cursor_by_default, default_size, max_size, cursor_timeout } = self;
        let mut document = json!({
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": if *cursor_by_default { "cursor" } else { "index" },
            "maxPageSize": max_size,
        });
        let known = [("defaultPageSize", default_size), ("cursorTimeout", cursor_timeout)];
        for (name, value) in known.into_iter().filter_map(|(name, value)| Some((name, (*value)?))) {
            document.as_object_mut().map(|document| document.insert(name.into(), value.into()));
        }
        document
    }
}

/// The bounds of a bulk request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulkSupport {
    pub max_operations: usize,
    /// In bytes.
    pub max_payload: usize,
}

/// `paged`: whether it tells of pages.
pub(super) fn service_provider_config(
    capabilities: &Capabilities,
    base: &str,
    paged: bool,
) -> Value {
    // A new capability is a compile error here.
    let Capabilities {
        patch,
        bulk,
        filter,
        max_results,
        change_password,
        sort,
        etag,
        pagination,
        bearer,
        basic,
    } = capabilities;
    let (operations, payload) = bulk.map_or((0, 0), |bulk| (bulk.max_operations, bulk.max_payload));
    let schemes =
        bearer.then(bearer_scheme).into_iter().chain(basic.then(|| basic_scheme(!bearer)));
    let schemes: Vec<Value> = schemes.collect();
    let mut document = json!({
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
    });
    if let Some(document) = document.as_object_mut().filter(|_| paged) {
        document.insert("pagination".to_owned(), pagination.document());
    }
    document
}

fn basic_scheme(primary: bool) -> Value {
    json!({
        "type": "httpbasic",
        "name": "HTTP Basic",
        "description": "User and password in the Authorization header, given out by the gateway's operator",
        "specUri": "https://www.rfc-editor.org/info/rfc7617",
        "primary": primary,
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
