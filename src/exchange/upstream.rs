//! Whoever answers the gateway's calls: a real service, or a sandbox in this process.

use async_trait::async_trait;

use crate::fault::Fault;
use crate::scim::http::{Request, Response};

/// One upstream. An implementation adds the authorization and the host, keeps every deadline and
/// size limit, follows no redirect, and sends a request once: it decides nothing about retries.
#[async_trait]
pub trait Upstream: Send + Sync {
    /// Sends the request and reads the whole answer, of whatever status.
    ///
    /// # Errors
    /// Only where there is no whole answer: `UpstreamUnreachable`, `UpstreamTimeout`,
    /// `UpstreamCutOff` or `UpstreamTooLarge`.
    async fn call(&self, request: Request) -> Result<Response, Fault>;
}
