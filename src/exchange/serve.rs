//! One operation on one resource type, alone or as one of a bulk request: who may, and which step does it.

use super::caller::Caller;
use super::context::{Asking, Exchange};
use super::record::ResourceId;
use super::{create, list, patch, user};
use crate::fault::{Cause, Fault};
use crate::gateway::message::Head;
use crate::gateway::route::Asked;
use crate::scim::http::{Request, Response};
use crate::scim::schema::Operation;

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
    caller.record.subject = id.as_ref().map(|id| ResourceId::new(id.as_str()));
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
        Operation::Replace => Box::pin(user::replace(exchange, id)).await,
        Operation::Delete => Box::pin(user::delete(exchange, id)).await,
        Operation::Patch => Box::pin(patch::patch(exchange, id)).await,
        Operation::List | Operation::Search => Box::pin(list::list(exchange, operation)).await,
    }
}
