//! Whoever answers the gateway's calls: a real service, or a sandbox in this process.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, timeout_at};

use crate::fault::{Cause, Fault};
use crate::scim::http::{Request, Response};

const FAR: Duration = Duration::from_secs(3600);

/// One upstream. An implementation adds the authorization and the host, keeps every deadline and
/// size limit, follows no redirect, and sends a request once: it decides nothing about retries.
#[async_trait]
pub trait Upstream: Send + Sync {
    /// What stands before the path of every request: the path of the upstream's own URL.
    fn base(&self) -> &str {
        ""
    }

    /// Which services answer, by scheme, host and port, in order: two upstreams that name the same one reach the same
    /// resources. Empty: what it reaches is reached by nobody else.
    fn services(&self) -> &[String] {
        &[]
    }

    /// Sends the request and reads the whole answer, of whatever status, by a deadline: who waits before
    /// it sends something gives up in time to say so.
    ///
    /// # Errors
    /// Only where there is no whole answer: `UpstreamUnreachable`, `UpstreamTimeout`,
    /// `UpstreamCutOff` or `UpstreamTooLarge`; with `Retry-After` where nothing was sent:
    /// `UpstreamUnavailable`, `UpstreamThrottled` or `Busy`.
    async fn call_by(&self, request: &Request, deadline: Instant) -> Result<Response, Fault>;

    /// As [`Upstream::call_by`], for who sets no deadline.
    ///
    /// # Errors
    /// Those of [`Upstream::call_by`].
    async fn call(&self, request: Request) -> Result<Response, Fault> {
        self.call_by(&request, far_deadline()).await
    }

    /// Whether a part of it is known to be well, so that a call that failed says nothing of the whole.
    fn is_partly_well(&self) -> bool {
        false
    }
}

/// The deadline where nobody says when an answer is too late.
fn far_deadline() -> Instant {
    Instant::now() + FAR
}

/// What comes by the deadline.
///
/// # Errors
/// `UpstreamTimeout` at the deadline.
pub async fn within_deadline<T>(
    deadline: Instant,
    coming: impl Future<Output = T> + Send,
) -> Result<T, Fault> {
    timeout_at(deadline, coming).await.map_err(|_| deadline_fault())
}

/// The exchange's deadline has come.
pub fn deadline_fault() -> Fault {
    Fault::new(
        Cause::UpstreamTimeout,
        "The upstream did not answer within the time that this gateway allows an exchange. \
         Look what is there before you send it again.",
    )
}
