//! The calls of one exchange: each is timed, counted and kept within the deadline.

use tokio::time::Instant;

use super::record::{CallRecord, Record};
use super::{Trace, Upstream};
use crate::fault::Fault;
use crate::scim::http::{Request, Response};
use crate::scim::schema::Operation;

/// Calls an upstream on behalf of one exchange.
pub struct Caller<'c> {
    pub upstream: &'c dyn Upstream,
    pub deadline: Instant,
    pub record: &'c mut Record,
    /// The exchange's span; none where nobody began one.
    pub trace: Option<&'c Trace>,
}

impl Caller<'_> {
    /// The same caller for one more of several operations.
    pub fn again(&mut self) -> Caller<'_> {
        let Self { upstream, deadline, record, trace } = self;
        Caller { upstream: *upstream, deadline: *deadline, record, trace: *trace }
    }

    /// Sends one request.
    ///
    /// # Errors
    /// The upstream's, and `UpstreamTimeout` at the deadline.
    pub async fn call(
        &mut self,
        operation: Operation,
        mut request: Request,
    ) -> Result<Response, Fault> {
        let trace = self.trace.map(Trace::child);
        if let Some(trace) = &trace {
            trace.write(&mut request.headers);
        }
        let began = Instant::now();
        let answer = self.upstream.call_by(request, self.deadline).await;
        self.record.calls.push(CallRecord {
            operation,
            status: answer.as_ref().ok().map(|response| response.status.as_u16()),
            began,
            duration: began.elapsed(),
            span: trace.map(|trace| trace.span),
        });
        answer
    }
}
