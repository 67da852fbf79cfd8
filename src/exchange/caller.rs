//! The calls of one exchange: each is timed, counted and kept within the deadline.

use http::StatusCode;
use tokio::time::Instant;

use super::record::{CallRecord, Record};
use super::wire::{self, Sent, Wired};
use super::{Trace, Upstream};
use crate::fault::Fault;
use crate::gateway::Route;
use crate::gateway::route::Rights;
use crate::scim::http::{Request, Response};
use crate::scim::schema::Operation;

/// Calls an upstream on behalf of one exchange.
pub struct Caller<'c> {
    pub route: &'c Route,
    pub upstream: &'c dyn Upstream,
    /// What the client may do.
    pub rights: &'c Rights,
    pub deadline: Instant,
    pub record: &'c mut Record,
    /// The exchange's span; none where nobody began one.
    pub trace: Option<&'c Trace>,
}

impl Caller<'_> {
    /// The same caller for one more of several operations.
    pub fn again(&mut self) -> Caller<'_> {
        let Self { route, upstream, rights, deadline, record, trace } = self;
        let (deadline, trace) = (*deadline, *trace);
        Caller { route, upstream: *upstream, rights, deadline, record, trace }
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
        let sent = Sent::of(&request);
        let answer = self.upstream.call_by(&request, self.deadline).await;
        let duration = began.elapsed();
        let (asked, wired) = self.told(&sent, answer.as_ref().ok());
        self.record.calls.push(CallRecord {
            operation,
            status: answer.as_ref().ok().map(|response| response.status.as_u16()),
            began,
            duration,
            span: trace.map(|trace| trace.span),
            asked,
            wired,
        });
        answer
    }

    /// What was asked for, where it was not found or the calls of this route are told; and then how.
    fn told(
        &self,
        sent: &Sent,
        answer: Option<&Response>,
    ) -> (Option<Box<str>>, Option<Box<Wired>>) {
        let told = self.record.calls.iter().filter(|call| call.wired.is_some()).count();
        let wire = self.record.wire && told < wire::CALLS;
        if !wire && answer.is_none_or(|answer| answer.status != StatusCode::NOT_FOUND) {
            return (None, None);
        }
        let asked = wire::describe_request(self.route, self.upstream.base(), sent);
        let wired = wire.then(|| Box::new(wire::describe_call(self.route, &sent.body, answer)));
        (Some(asked.into()), wired)
    }
}
