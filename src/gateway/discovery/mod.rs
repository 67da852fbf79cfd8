//! Discovery: ServiceProviderConfig, ResourceTypes and Schemas (RFC 7644 section 4) of one route.
//!
//! What they say comes in: the capabilities and the schema views that work on the route. Nothing is
//! computed here, and nothing asked of the upstream.

mod config;
mod name;
mod resource_type;
mod route;
mod schema;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::dialect::Dialect;
use crate::fault::{Cause, Fault};
use crate::scim::endpoint::Endpoint;
use crate::scim::message::LIST_RESPONSE;
use crate::scim::schema::Schema;

pub use config::{BulkSupport, Capabilities, Pagination};

/// What a route tells its clients about itself.
#[derive(Clone, Copy, Debug)]
pub struct Discovery<'d> {
    /// The client's.
    pub dialect: &'d Dialect,
    pub capabilities: &'d Capabilities,
    /// For each resource type that works on the route, what of its schema works.
    pub views: &'d [Schema],
    /// Public URL, route prefix and the client's base path; no trailing slash.
    pub base: &'d str,
}

impl Discovery<'_> {
    /// The document at an endpoint. `query` is the request's, without the `?`; only a filter in it
    /// matters.
    ///
    /// # Errors
    /// [`Cause::Forbidden`] for a filter (RFC 7644 section 4); [`Cause::UnknownResource`] for an
    /// endpoint that is not discovery, or names what the route has not.
    pub fn answer(&self, endpoint: &Endpoint, query: Option<&str>) -> Result<Value, Fault> {
        if query.is_some_and(has_filter) {
            let detail = "The discovery endpoints take no filter (RFC 7644 section 4).";
            return Err(Fault::new(Cause::Forbidden, detail));
        }
        match endpoint {
            Endpoint::ServiceProviderConfig => Ok(self.service_provider_config()),
            Endpoint::ResourceTypes(None) => Ok(list(self.resource_types())),
            Endpoint::ResourceTypes(Some(name)) => named(self.resource_types(), name),
            Endpoint::Schemas(None) => Ok(list(self.schemas())),
            Endpoint::Schemas(Some(urn)) => named(self.schemas(), urn),
            _ => Err(Fault::new(Cause::UnknownResource, "This endpoint is not discovery.")),
        }
    }

    /// RFC 7643 section 5.
    pub fn service_provider_config(&self) -> Value {
        let paged = self.dialect.discovery.pagination;
        config::service_provider_config(self.capabilities, self.base, paged)
    }

    /// RFC 7643 section 6.
    pub fn resource_types(&self) -> Vec<Value> {
        let path = |view: &Schema| {
            let known = &self.dialect.resources;
            known.iter().find(|resource| resource.schema.resource == view.resource)
        };
        self.views
            .iter()
            .filter_map(|view| {
                Some(resource_type::resource_type(view, &path(view)?.path, self.base))
            })
            .collect()
    }

    /// RFC 7643 section 7: the core schema of each view, then its extensions. A URN that several
    /// resource types share is listed once.
    pub fn schemas(&self) -> Vec<Value> {
        let mut schemas: Vec<Value> = Vec::new();
        let names = name::names(self.views);
        let documents = |view| schema::documents(view, &names, self.base);
        for document in self.views.iter().flat_map(documents) {
            if !schemas.iter().any(|known| known.get("id") == document.get("id")) {
                schemas.push(document);
            }
        }
        schemas
    }
}

/// Discovery lists are never paged (RFC 7644 section 4).
fn list(resources: Vec<Value>) -> Value {
    json!({
        "schemas": [LIST_RESPONSE],
        "totalResults": resources.len(),
        "itemsPerPage": resources.len(),
        "startIndex": 1,
        "Resources": resources,
    })
}

fn named(documents: Vec<Value>, id: &str) -> Result<Value, Fault> {
    let is = |document: &Value| {
        document
            .get("id")
            .and_then(Value::as_str)
            .is_some_and(|known| known.eq_ignore_ascii_case(id))
    };
    documents.into_iter().find(is).ok_or_else(|| {
        Fault::new(Cause::UnknownResource, "This route has no document of that name.")
    })
}

fn has_filter(query: &str) -> bool {
    query.split('&').any(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        percent_decode_str(name).decode_utf8_lossy().eq_ignore_ascii_case("filter")
    })
}
