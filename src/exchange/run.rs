//! One exchange: a client's request, all the upstream calls made for it, and the answer. What is asked of
//! the route as a whole is told apart here; one operation is `serve.rs`.

use std::pin::pin;

use http::header::HeaderName;
use tokio::time::Instant;

use super::aside::{Weighed, Weight, aside};
use super::caller::Caller;
use super::context::{Asking, Shared};
use super::record::Record;
use super::serve::serve;
use super::{Trace, Upstream, bulk, me, search};
use crate::fault::Fault;
use crate::gateway::Route;
use crate::gateway::message::write_error;
use crate::gateway::route::{Asked, Rights};
use crate::scim::http::{Request, Response};
use crate::scim::schema::Operation;

/// What an exchange came to: the answer, and what is counted and logged of it.
#[derive(Debug)]
pub struct Outcome {
    pub response: Response,
    pub record: Record,
}

/// What a request is called, by whoever sends it or by the gateway.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// As [`run_into`], for a client that may do everything.
pub async fn run(
    route: &Route,
    request: Request,
    upstream: &dyn Upstream,
    shared: &Shared,
    deadline: Instant,
) -> Outcome {
    let (mut record, rights) = (Record::default(), Rights::all());
    let response = run_into(&mut record, &rights, route, request, upstream, shared, deadline).await;
    Outcome { response, record }
}

/// Runs an exchange for a client with these rights, with a record of the caller's: what was done is in it whenever this is given up.
pub async fn run_into(
    record: &mut Record,
    rights: &Rights,
    route: &Route,
    request: Request,
    upstream: &dyn Upstream,
    shared: &Shared,
    deadline: Instant,
) -> Response {
    record.wire = shared.wire.is_on(&route.spec.name);
    let trace = Trace::read(&request.headers);
    let weight = Weight::default();
    weight.add(request.body.len());
    let upstream = Weighed { upstream, weight: &weight };
    let (trace, again) = (trace.as_ref(), &mut *record);
    let caller = Caller { route, upstream: &upstream, rights, deadline, record: again, trace };
    let done = {
        let exchange = pin!(dispatch(route, &request, caller, shared));
        aside(&weight, deadline, exchange).await
    };
    match done {
        Ok(response) => response,
        Err(fault) => {
            let id = request.headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
            let response = write_error(&route.spec.client, &fault, id.unwrap_or_default());
            record.fault = Some(fault);
            response
        }
    }
}

/// The answer to a request that fails before or outside an exchange (401, 413, 504 …), in the
/// route's client dialect.
pub fn fail(route: &Route, fault: Fault) -> Outcome {
    let response = write_error(&route.spec.client, &fault, "");
    Outcome { response, record: Record { fault: Some(fault), ..Record::default() } }
}

async fn dispatch(
    route: &Route,
    request: &Request,
    caller: Caller<'_>,
    shared: &Shared,
) -> Result<Response, Fault> {
    shared.safeguards.admit(&route.spec.name)?;
    let asking = Asking { route, shared };
    // What is asked less often is boxed: a future is moved as large as its largest part.
    match route.receive(request)? {
        Asked::Bulk => {
            caller.rights.demand_bulk()?;
            Box::pin(bulk::bulk(asking, request, caller)).await
        }
        Asked::All => {
            caller.record.operation = Some(Operation::Search);
            caller.rights.demand_all(route.pairs().map(|pair| pair.kind))?;
            Box::pin(search::search_all(asking, request, caller)).await
        }
        Asked::Me(operation) => Box::pin(me::me(asking, operation, request, caller)).await,
        asked @ (Asked::Discovery(_) | Asked::Resource { .. }) => {
            serve(asking, Ok(asked), request, caller).await
        }
    }
}
