//! What a client asks for: the path below the route's base and the method (RFC 7644 section 3.2).

use http::Method;

use super::served::Route;
use crate::dialect::MissingResource;
use crate::fault::{Cause, Fault};
use crate::gateway::pair::{Kind, Pair};
use crate::scim::endpoint::{Endpoint, EndpointError, Id, classify};
use crate::scim::http::Request;
use crate::scim::schema::Operation;

/// A request that names something the route serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Resource {
        kind: Kind,
        operation: Operation,
        id: Option<Id>,
    },
    /// `.search` over all resource types (RFC 7644 section 3.4.3).
    All,
    /// `/Me` (RFC 7644 section 3.11).
    Me(Operation),
    /// Several operations (RFC 7644 section 3.7).
    Bulk,
    /// ServiceProviderConfig, ResourceTypes or Schemas (RFC 7644 section 4).
    Discovery(Endpoint),
}

impl Route {
    /// Reads the path and the method.
    ///
    /// # Errors
    /// `UnknownResource`, `BadId`, `MethodNotAllowed` (with `Allow`) and `NotImplemented`.
    pub fn receive(&self, request: &Request) -> Result<Asked, Fault> {
        let below = request
            .path
            .get(..self.client_base.len())
            .filter(|base| base.eq_ignore_ascii_case(&self.client_base))
            .and_then(|base| request.path.get(base.len()..))
            .filter(|below| below.is_empty() || below.starts_with('/'))
            .ok_or_else(|| self.unknown())?;
        let endpoint = classify(below).map_err(|error| match error {
            EndpointError::Unknown => self.unknown(),
            EndpointError::Id | EndpointError::Encoding => {
                Fault::new(Cause::BadId, error.to_string())
            }
        })?;
        let method = &request.method;
        match endpoint {
            Endpoint::Resource { segment, id } => self.resource(method, &segment, id),
            Endpoint::Search { segment: Some(segment) } => {
                let kind = self.kind(&segment)?;
                allow(method, &[Method::POST])?;
                Ok(Asked::Resource { kind, operation: Operation::Search, id: None })
            }
            Endpoint::ServiceProviderConfig | Endpoint::ResourceTypes(_) | Endpoint::Schemas(_) => {
                allow(method, &[Method::GET])?;
                Ok(Asked::Discovery(endpoint))
            }
            Endpoint::Bulk => {
                allow(method, &[Method::POST])?;
                Ok(Asked::Bulk)
            }
            Endpoint::Search { segment: None } => {
                allow(method, &[Method::POST])?;
                Ok(Asked::All)
            }
            Endpoint::Me => self.me(method),
            Endpoint::Root => Err(self.unknown()),
        }
    }

    fn resource(&self, method: &Method, segment: &str, id: Option<Id>) -> Result<Asked, Fault> {
        let kind = self.kind(segment)?;
        let operation = match (&id, method) {
            (None, &Method::GET) => Operation::List,
            (None, &Method::POST) => Operation::Create,
            (Some(_), &Method::GET) => Operation::Get,
            (Some(_), &Method::PUT) => Operation::Replace,
            (Some(_), &Method::PATCH) => Operation::Patch,
            (Some(_), &Method::DELETE) => Operation::Delete,
            (None, _) => return Err(not_allowed("GET, POST")),
            (Some(_), _) => return Err(not_allowed("GET, PUT, PATCH, DELETE")),
        };
        Ok(Asked::Resource { kind, operation, id })
    }

    fn me(&self, method: &Method) -> Result<Asked, Fault> {
        if !self.users.as_ref().is_some_and(|pair| pair.upstream_resource.me) {
            return Err(not_implemented(
                "The upstream of this route has no /Me: use the endpoints of the resources themselves.",
            ));
        }
        match *method {
            Method::GET => Ok(Asked::Me(Operation::Get)),
            Method::PUT => Ok(Asked::Me(Operation::Replace)),
            Method::PATCH => Ok(Asked::Me(Operation::Patch)),
            Method::DELETE => Ok(Asked::Me(Operation::Delete)),
            _ => Err(not_allowed("GET, PUT, PATCH, DELETE")),
        }
    }

    fn kind(&self, segment: &str) -> Result<Kind, Fault> {
        let named = |path: &str| segment.eq_ignore_ascii_case(path);
        let resource = self.spec.client.resources.iter().find(|r| named(&r.path));
        let kind = |name: &str| Kind::ALL.into_iter().find(|kind| kind.name() == name);
        resource.and_then(|r| kind(&r.schema.resource)).ok_or_else(|| self.unknown())
    }

    /// The pair of a resource type, if the upstream has it.
    ///
    /// # Errors
    /// `NotImplemented`.
    pub fn translated(&self, kind: Kind) -> Result<&Pair, Fault> {
        self.pair(kind).ok_or_else(|| {
            let name = kind.name();
            not_implemented(&format!(
                "The upstream of this route has no resources of type {name}. Do not send any."
            ))
        })
    }

    /// Whether lists of a resource type that the upstream lacks are empty.
    pub fn empty_if_missing(&self) -> bool {
        let own = self.spec.upstream.missing_resource;
        self.spec.policies.missing_resource.unwrap_or(own) == MissingResource::Empty
    }

    fn unknown(&self) -> Fault {
        let base = &self.client_base;
        Fault::new(
            Cause::UnknownResource,
            format!("There is no such endpoint. Use {base}/Users or discovery."),
        )
    }
}

fn allow(method: &Method, allowed: &[Method]) -> Result<(), Fault> {
    if allowed.contains(method) {
        return Ok(());
    }
    let names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
    Err(not_allowed(&names.join(", ")))
}

fn not_allowed(allowed: &str) -> Fault {
    let detail = format!("The endpoint does not take this method. It takes {allowed}.");
    Fault { allow: Some(allowed.into()), ..Fault::new(Cause::MethodNotAllowed, detail) }
}

fn not_implemented(detail: &str) -> Fault {
    Fault::new(Cause::NotImplemented, detail)
}
