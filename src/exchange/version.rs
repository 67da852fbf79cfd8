//! Preconditions: what a client demands of a resource's version (RFC 7644 section 3.14).

use http::header::{ETAG, IF_MATCH};
use http::{HeaderValue, StatusCode};

use super::run::Exchange;
use crate::fault::{Cause, Fault};
use crate::gateway::message::version::Versions;
use crate::gateway::reply::Stored;
use crate::scim::http::Response;

impl Exchange<'_> {
    /// What `If-Match` demands of a resource that is to be changed. `*` demands nothing: a resource
    /// that is not there is a 404 anyway.
    ///
    /// # Errors
    /// `NotImplemented` where the upstream keeps no versions: to ignore the demand would lose what
    /// someone else wrote.
    pub fn demanded(&self) -> Result<Option<Versions>, Fault> {
        let versions = Versions::read(&self.request.headers, &IF_MATCH)?;
        let demanded = versions.filter(|versions| !versions.any);
        if demanded.is_some() && !self.pair.upstream_resource.etag {
            return Err(no_versions());
        }
        Ok(demanded)
    }
}

/// Whether the resource that was read has the version that the client demands.
///
/// # Errors
/// `PreconditionFailed`; `NotImplemented` where the upstream named no version.
pub fn admits(demanded: Option<&Versions>, stored: &Stored) -> Result<(), Fault> {
    match (demanded, &stored.etag) {
        (None, _) => Ok(()),
        (Some(versions), Some(tag)) if versions.has(tag) => Ok(()),
        (Some(_), Some(_)) => Err(Fault::new(
            Cause::PreconditionFailed,
            "The resource was changed since the version in If-Match. Read it again, and repeat the \
             change on what is there now.",
        )),
        (Some(_), None) => Err(no_versions()),
    }
}

/// The answer to a read of a version that the client has (RFC 9110 section 15.4.5).
pub fn unchanged(tag: &HeaderValue) -> Response {
    let mut response = Response::new(StatusCode::NOT_MODIFIED);
    response.headers.insert(ETAG, tag.clone());
    response
}

fn no_versions() -> Fault {
    Fault::new(
        Cause::NotImplemented,
        "The upstream of this route names no versions of its resources, so If-Match cannot be \
         checked. Send the request without If-Match.",
    )
}
