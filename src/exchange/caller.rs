//! The calls of one exchange: each is timed, counted and kept within the deadline.

use tokio::time::{Instant, timeout_at};

use super::Upstream;
use super::record::{CallRecord, Record};
use crate::fault::{Cause, Fault};
use crate::scim::http::{Request, Response};
use crate::scim::schema::Operation;

/// Calls an upstream on behalf of one exchange.
pub struct Caller<'c> {
    pub upstream: &'c dyn Upstream,
    pub deadline: Instant,
    pub record: &'c mut Record,
}

impl Caller<'_> {
    /// The same caller for one more of several operations.
    pub fn again(&mut self) -> Caller<'_> {
        Caller { upstream: self.upstream, deadline: self.deadline, record: self.record }
    }

    /// Sends one request.
    ///
    /// # Errors
    /// The upstream's, and `UpstreamTimeout` at the deadline.
    pub async fn call(
        &mut self,
        operation: Operation,
        request: Request,
    ) -> Result<Response, Fault> {
        let began = Instant::now();
        let answer = match timeout_at(self.deadline, self.upstream.call(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(Fault::new(
                Cause::UpstreamTimeout,
                "The upstream did not answer in time. Try again later.",
            )),
        };
        self.record.calls.push(CallRecord {
            operation,
            status: answer.as_ref().ok().map(|response| response.status.as_u16()),
            duration: began.elapsed(),
        });
        answer
    }
}
