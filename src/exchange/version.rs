//! Preconditions: what a client demands of a resource's version (RFC 7644 section 3.14).

use http::header::{ETAG, IF_MATCH};
use http::{HeaderValue, StatusCode};

use super::lock::Held;
use super::run::Exchange;
use crate::fault::{Cause, Fault};
use crate::gateway::message::version::Versions;
use crate::gateway::reply::Stored;
use crate::scim::http::Response;

impl<'e> Exchange<'e> {
    /// What `If-Match` demands of a resource that is to be changed. `*` demands nothing: a resource
    /// that is not there is a 404 anyway.
    ///
    /// # Errors
    /// `NotImplemented` where the upstream keeps no versions: to ignore the demand would lose what
    /// someone else wrote.
    pub fn demanded(&self) -> Result<Option<Versions>, Fault> {
        let versions = Versions::read(&self.request.headers, &IF_MATCH)?;
        let demanded = versions.filter(|versions| !versions.any);
        let pair = self.pair;
        let has = pair.upstream_resource.etag || self.route.makes_versions(pair);
        if demanded.is_some() && !has {
            return Err(no_versions());
        }
        Ok(demanded)
    }

    /// Makes sure that a plain write finds the version that the client demands: the upstream compares
    /// it, by the header that comes back, or it is compared here, under the lock that comes back.
    ///
    /// # Errors
    /// `PreconditionFailed`.
    pub async fn held(
        &mut self,
        id: &str,
        demanded: Option<&Versions>,
    ) -> Result<(Option<Held<'e>>, Option<HeaderValue>), Fault> {
        let Some(versions) = demanded else { return Ok((None, None)) };
        if !self.route.makes_versions(self.pair) {
            let header = versions.passed(&self.route.spec.rules).ok_or_else(changed)?;
            return Ok((None, Some(header)));
        }
        let held = self.lock(id).await?;
        self.caller.record.emulated = true;
        let stored = self.read(id).await?;
        admits(demanded, &stored)?;
        Ok((Some(held), None))
    }
}

/// Whether the resource that was read has the version that the client demands.
///
/// # Errors
/// `PreconditionFailed`; `NotImplemented` where the upstream named no version.
pub fn admits(demanded: Option<&Versions>, stored: &Stored) -> Result<(), Fault> {
    match (demanded, &stored.version) {
        (None, _) => Ok(()),
        (Some(versions), Some(tag)) if versions.has(tag) => Ok(()),
        (Some(_), Some(_)) => Err(changed()),
        (Some(_), None) => Err(no_versions()),
    }
}

/// The answer to a read of a version that the client has (RFC 9110 section 15.4.5).
pub fn unchanged(tag: &HeaderValue) -> Response {
    let mut response = Response::new(StatusCode::NOT_MODIFIED);
    response.headers.insert(ETAG, tag.clone());
    response
}

fn changed() -> Fault {
    Fault::new(
        Cause::PreconditionFailed,
        "The resource was changed since the version in If-Match. Read it again, and repeat the \
         change on what is there now.",
    )
}

fn no_versions() -> Fault {
    Fault::new(
        Cause::NotImplemented,
        "The upstream of this route names no versions of its resources, so If-Match cannot be \
         checked. Send the request without If-Match.",
    )
}
