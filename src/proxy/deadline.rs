//! One exchange's deadline, held over every call that it makes.
//!
//! The exchange itself is never cut off: it learns of the time by a fault, and can still say what
//! was done.

use async_trait::async_trait;
use tokio::time::{Instant, timeout_at};

use crate::exchange::Upstream;
use crate::fault::{Cause, Fault};
use crate::scim::http::{Request, Response};

pub(super) struct Bounded<'a> {
    pub upstream: &'a dyn Upstream,
    pub deadline: Instant,
}

#[async_trait]
impl Upstream for Bounded<'_> {
    async fn call(&self, request: Request) -> Result<Response, Fault> {
        timeout_at(self.deadline, self.upstream.call(request)).await.unwrap_or_else(|_| {
            Err(Fault::new(
                Cause::UpstreamTimeout,
                "The upstream did not answer within the time that this gateway allows an exchange. \
                 Look what is there before you send it again.",
            ))
        })
    }
}
