//! One exchange: a client's request, all the upstream calls made for it, and the answer.

use http::header::{HeaderName, HeaderValue};
use tokio::time::Instant;

use super::aside::{Weighed, Weight, aside};
use super::caller::Caller;
use super::lock::Locks;
use super::record::{Record, Subject};
use super::safeguard::Safeguards;
use super::wire::Wire;
use super::{Trace, Upstream, bulk, create, list, me, patch, search, user};
use crate::fault::{Cause, Fault};
use crate::gateway::Route;
use crate::gateway::message::error::write_error;
use crate::gateway::message::list::Head;
use crate::gateway::pair::Pair;
use crate::gateway::receive::Asked;
use crate::gateway::rights::Rights;
use crate::scim::http::{Request, Response};
use crate::scim::schema::Operation;

/// What an exchange came to: the answer, and what is counted and logged of it.
#[derive(Debug)]
pub struct Outcome {
    pub response: Response,
    pub record: Record,
}

/// What exchanges share: locks by resource, safeguards by route, and whose calls are told.
#[derive(Debug, Default)]
pub struct Shared {
    pub locks: Locks,
    pub safeguards: Safeguards,
    pub wire: Wire,
}

/// What every operation of an exchange has at hand.
pub struct Exchange<'e> {
    pub route: &'e Route,
    pub pair: &'e Pair,
    pub request: &'e Request,
    pub caller: Caller<'e>,
    pub shared: &'e Shared,
    /// Whether the client names the resource by its alias, `/Me`.
    pub me: bool,
    /// Whether the upstream was found to have no `.search`.
    pub no_search: bool,
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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
    let exchange = dispatch(route, &request, caller, shared);
    match aside(&weight, deadline, exchange).await {
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
    let mut response = write_error(&route.spec.client, &fault, "");
    if fault.cause == Cause::MethodNotAllowed
        && let Some(allow) = fault.allow.as_deref().and_then(|a| HeaderValue::from_str(a).ok())
    {
        response.headers.insert(http::header::ALLOW, allow);
    }
    Outcome { response, record: Record { fault: Some(fault), ..Record::default() } }
}

/// Where an operation is asked, and what exchanges share.
#[derive(Clone, Copy)]
pub struct Asking<'e> {
    pub route: &'e Route,
    pub shared: &'e Shared,
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

/// Serves one operation, alone or as one of a bulk request, with what the route takes it for.
pub async fn serve(
    asking: Asking<'_>,
    asked: Result<Asked, Fault>,
    request: &Request,
    mut caller: Caller<'_>,
) -> Result<Response, Fault> {
    caller.record.begin();
    let outcome = match asked {
        Ok(asked) => operate(asking, asked, request, caller.again()).await,
        Err(fault) => Err(fault),
    };
    caller.record.end(&outcome);
    outcome
}

async fn operate(
    asking: Asking<'_>,
    asked: Asked,
    request: &Request,
    caller: Caller<'_>,
) -> Result<Response, Fault> {
    let Asking { route, shared } = asking;
    let (kind, operation, id) = match asked {
        Asked::Discovery(document) => {
            caller.record.document = document.discovery();
            return route.discover(&document, request.query.as_deref());
        }
        Asked::Resource { kind, operation, id } => (kind, operation, id),
        Asked::Bulk | Asked::All | Asked::Me(_) => {
            let detail =
                "A bulk request must hold operations on resources only: send this by itself.";
            return Err(Fault::new(Cause::InvalidValue, detail));
        }
    };
    caller.record.resource = Some(kind.name());
    caller.record.operation = Some(operation);
    caller.record.subject = id.as_ref().map(|id| Subject::new(id.as_str()));
    caller.rights.demand(operation, kind)?;
    let lists = matches!(operation, Operation::List | Operation::Search);
    if lists && route.pair(kind).is_none() && route.empty_if_missing() {
        return Ok(route.answer_list(&Head::index(0, 1), []));
    }
    let pair = route.translated(kind)?;
    let exchange = Exchange { route, pair, request, caller, shared, me: false, no_search: false };
    let id = id.as_ref().map(|id| id.as_str()).unwrap_or_default();
    match operation {
        Operation::Create => Box::pin(create::create(exchange)).await,
        Operation::Get => user::get(exchange, id).await,
        Operation::Replace => user::replace(exchange, id).await,
        Operation::Delete => user::delete(exchange, id).await,
        Operation::Patch => Box::pin(patch::patch(exchange, id)).await,
        Operation::List | Operation::Search => Box::pin(list::list(exchange, operation)).await,
    }
}
