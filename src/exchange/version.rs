//! Preconditions: what a client demands of a resource's version (RFC 7644 section 3.14, RFC 9110
//! section 13.1).

use http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderValue, StatusCode};

use super::context::Exchange;
use super::lock::{LockGuard, LockMode};
use crate::fault::{Cause, Fault};
use crate::gateway::message::Versions;
use crate::gateway::view::Stored;
use crate::scim::http::Response;
use crate::scim::schema::Operation;

/// What a client demands of the version that a resource has.
pub struct Demanded {
    /// `If-Match`: it is one of these.
    pub one_of: Option<Versions>,
    /// `If-None-Match` of a write: it is none of these; with `*`, the resource is not there.
    none_of: Option<Versions>,
}

impl<'e> Exchange<'e> {
    /// What is demanded of a resource that is to be changed.
    ///
    /// # Errors
    /// As [`demanded_to_read`](Self::demanded_to_read). `If-None-Match: *` needs no versions.
    pub fn demanded(&self) -> Result<Option<Demanded>, Fault> {
        let none_of = Versions::read(&self.request.headers, &IF_NONE_MATCH)?;
        if none_of.as_ref().is_some_and(|versions| !versions.any) && !self.has_versions() {
            return Err(no_versions());
        }
        let read = self.demanded_to_read()?;
        let one_of = read.and_then(|demanded| demanded.one_of);
        let some = one_of.is_some() || none_of.is_some();
        Ok(some.then_some(Demanded { one_of, none_of }))
    }

    /// What `If-Match` demands. `*` demands nothing: a resource that is not there is a 404 anyway.
    ///
    /// # Errors
    /// `NotImplemented` where the upstream keeps no versions: to ignore the demand would lose what
    /// someone else wrote.
    pub fn demanded_to_read(&self) -> Result<Option<Demanded>, Fault> {
        let versions = Versions::read(&self.request.headers, &IF_MATCH)?;
        let one_of = versions.filter(|versions| !versions.any);
        if one_of.is_some() && !self.has_versions() {
            return Err(no_versions());
        }
        Ok(one_of.map(|versions| Demanded { one_of: Some(versions), none_of: None }))
    }

    fn has_versions(&self) -> bool {
        self.pair.upstream_resource.etag || self.route.makes_versions()
    }

    /// Holds the resource for a plain write and makes sure that it finds the version that the client
    /// demands: the upstream compares it, by the header that comes back, where its dialect says so, or it is
    /// compared here, under the lock. What it must not be is compared here; the upstream then writes over the version that
    /// was seen.
    ///
    /// # Errors
    /// `PreconditionFailed`, and `Busy` at the deadline.
    pub async fn held(
        &mut self,
        operation: Operation,
        id: &str,
        demanded: Option<&Demanded>,
        way: LockMode,
    ) -> Result<(LockGuard<'e>, Option<HeaderValue>), Fault> {
        let Some(Demanded { one_of, none_of }) = demanded else {
            return Ok((self.lock(id, way).await?, None));
        };
        let passes = !self.route.makes_versions();
        // Most servers that name versions ignore `If-Match` somewhere.
        let compares = passes && self.pair.upstream_resource.if_match.has(operation);
        if let (true, Some(versions), None) = (compares, one_of, none_of) {
            let header = versions.passed(&self.route.spec.rules).ok_or_else(changed)?;
            return Ok((self.lock(id, way).await?, Some(header)));
        }
        let held = self.lock(id, LockMode::Alone).await?;
        self.caller.record.emulated = true;
        let stored = self.read(id).await?;
        admits(demanded, &stored)?;
        Ok((held, stored.etag.filter(|_| passes)))
    }
}

/// Whether the resource that was read has the version that the client demands.
///
/// # Errors
/// `PreconditionFailed`; `NotImplemented` where the upstream named no version.
pub fn admits(demanded: Option<&Demanded>, stored: &Stored) -> Result<(), Fault> {
    let Some(Demanded { one_of, none_of }) = demanded else { return Ok(()) };
    match (one_of, &stored.version) {
        (None, _) => {}
        (Some(versions), Some(tag)) if versions.has(tag) => {}
        (Some(_), Some(_)) => return Err(changed()),
        (Some(_), None) => return Err(no_versions()),
    }
    match (none_of, &stored.version) {
        (None, _) => Ok(()),
        (Some(versions), _) if versions.any => Err(excluded()),
        (Some(versions), Some(tag)) if versions.has(tag) => Err(excluded()),
        (Some(_), Some(_)) => Ok(()),
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

fn excluded() -> Fault {
    Fault::new(
        Cause::PreconditionFailed,
        "The resource is there, in a version that If-None-Match excludes; nothing was written. Send \
         the request without If-None-Match, or with If-Match and the version that is meant.",
    )
}

fn no_versions() -> Fault {
    Fault::new(
        Cause::NotImplemented,
        "The upstream of this route names no versions of its resources, so If-Match and \
         If-None-Match cannot be checked. Send the request without them.",
    )
}
