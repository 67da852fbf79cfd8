//! One exchange: a client's request, all the upstream calls made for it, and the answer.

use std::time::Duration;

use tokio::time::Instant;

use super::Upstream;
use crate::fault::{Cause, Fault};
use crate::gateway::Route;
use crate::scim::http::{Request, Response};
use crate::scim::schema::Operation;

/// What an exchange came to: the answer, and what is counted and logged of it.
#[derive(Debug)]
pub struct Outcome {
    pub response: Response,
    pub record: Record,
}

/// For metrics and the log: bounded labels, no value of any attribute.
#[derive(Debug, Default)]
pub struct Record {
    /// `User`, `Group`, or `None` for discovery and unknown endpoints.
    pub resource: Option<&'static str>,
    pub operation: Option<Operation>,
    pub calls: Vec<CallRecord>,
    pub losses: Vec<LossRecord>,
    pub fault: Option<Fault>,
    /// Whether several upstream calls did what the upstream cannot do in one.
    pub emulated: bool,
}

#[derive(Debug)]
pub struct CallRecord {
    pub operation: Operation,
    /// `None` where there was no whole answer.
    pub status: Option<u16>,
    pub duration: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LossRecord {
    /// A place of the compiled table; a free key is `<urn>.*`.
    pub place: String,
    /// `rule`, `no_place`, `shadowed`, `picked` or `converted`.
    pub cause: &'static str,
    /// `request` or `response`.
    pub direction: &'static str,
}

/// What exchanges share: locks by resource.
#[derive(Debug, Default)]
pub struct Shared {}

/// Runs one exchange on a translated route. Always answers, in the client's dialect.
///
/// `request.path` is the whole path with the route's prefix; headers are those of the allow-list.
pub async fn run(
    route: &Route,
    request: Request,
    upstream: &dyn Upstream,
    shared: &Shared,
    deadline: Instant,
) -> Outcome {
    let _ = (route, request, upstream, shared, deadline);
    fail(route, Fault::new(Cause::NotImplemented, "not built yet"))
}

/// The answer to a request that fails before or outside an exchange (401, 413, 504 …), in the
/// route's client dialect.
pub fn fail(route: &Route, fault: Fault) -> Outcome {
    let _ = route;
    Outcome {
        response: Response::new(fault.status()),
        record: Record { fault: Some(fault), ..Record::default() },
    }
}
