//! PATCH: natively in one call, or emulated under a lock (design 6e).

use super::run::Exchange;
use crate::fault::Fault;
use crate::gateway::guard::guard;
use crate::gateway::patch::Plan;
use crate::scim::http::Response;
use crate::scim::schema::Operation;
use crate::scim::{Object, Value};

/// PATCH of one resource.
pub async fn patch(mut exchange: Exchange<'_>, id: &str) -> Result<Response, Fault> {
    let body = exchange.route.document(exchange.request)?;
    let ops = exchange.pair.operations(&body)?;
    let planned = exchange.pair.plan_patch(&ops)?;
    let policies = &exchange.route.spec.policies;
    let mut said = Object::new();
    if planned.deactivates {
        said.push("active", Value::Bool(false));
    }
    exchange.caller.record.lose(&planned.losses, "request");
    guard(&planned.losses, &said, policies)?;
    exchange.may_deactivate(&said)?;
    let mut losses = planned.losses;
    let stored = match planned.plan {
        Plan::Nothing => exchange.read(id).await?,
        Plan::Native(body) => exchange.write(Operation::Patch, id, &body).await?,
        Plan::Emulate => {
            let _held = exchange.lock(id).await?;
            let stored = exchange.read(id).await?;
            let wanted = exchange.pair.applied(&stored.object, &ops)?;
            let merged = exchange.pair.merge(&wanted, &stored.object, policies, true)?;
            exchange.caller.record.lose(&merged.losses, "request");
            guard(&merged.losses, &said, policies)?;
            losses.extend(merged.losses.clone());
            exchange.settle(id, merged, stored).await?
        }
    };
    Ok(exchange.answer(Operation::Patch, &stored, losses))
}
