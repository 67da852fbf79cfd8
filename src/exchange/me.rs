//! `/Me`, the resource of whoever the upstream takes us for (RFC 7644 section 3.11).
//!
//! It goes through the same functions as any resource; only its id is not known before an answer
//! names it.

use super::caller::Caller;
use super::context::{Asking, Exchange};
use super::{patch, user};
use crate::fault::Fault;
use crate::gateway::pair::Kind;
use crate::scim::http::{Request, Response};
use crate::scim::schema::Operation;

/// One operation on `/Me`.
pub async fn me(
    asking: Asking<'_>,
    operation: Operation,
    request: &Request,
    mut caller: Caller<'_>,
) -> Result<Response, Fault> {
    caller.record.begin();
    let outcome = operate(asking, operation, request, caller.again()).await;
    caller.record.end(&outcome);
    outcome
}

async fn operate(
    asking: Asking<'_>,
    operation: Operation,
    request: &Request,
    caller: Caller<'_>,
) -> Result<Response, Fault> {
    let Asking { route, shared } = asking;
    caller.record.resource = Some(Kind::User.name());
    caller.record.operation = Some(operation);
    caller.rights.demand(operation, Kind::User)?;
    let pair = route.translated(Kind::User)?;
    let exchange = Exchange { route, pair, request, caller, shared, me: true, no_search: false };
    match operation {
        Operation::Replace => user::replace(exchange, "").await,
        Operation::Patch => patch::patch(exchange, "").await,
        Operation::Delete => user::delete(exchange, "").await,
        _ => user::get(exchange, "").await,
    }
}
