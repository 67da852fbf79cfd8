//! PATCH: natively in one call, or emulated under a lock (design 6e).

use super::emulate::Asked;
use super::lock::Way;
use super::run::Exchange;
use super::version::admits;
use crate::fault::Fault;
use crate::gateway::guard::{guard, may_deactivate};
use crate::gateway::patch::Plan;
use crate::gateway::reply::Stored;
use crate::scim::http::Response;
use crate::scim::schema::Operation;

/// PATCH of one resource.
pub async fn patch(mut exchange: Exchange<'_>, id: &str) -> Result<Response, Fault> {
    let body = exchange.route.document(exchange.request)?;
    let ops = exchange.pair.operations(&body)?;
    exchange.caller.record.places = exchange.pair.patched(&ops);
    let demanded = exchange.demanded()?;
    let planned = exchange.pair.plan_patch(&ops)?;
    let policies = &exchange.route.spec.policies;
    let said = planned.said();
    exchange.caller.record.lose(&planned.losses, "request");
    guard(&planned.losses, &said, policies)?;
    may_deactivate(&said, policies)?;
    let removal = exchange.pair.patch_removes(&ops, planned.deactivates);
    let (mut losses, mut held) = (planned.losses, None);
    let native = match planned.plan {
        Plan::Nothing => {
            let stored = exchange.read(id).await?;
            admits(demanded.as_ref(), &stored)?;
            Some(stored)
        }
        Plan::Native(bodies) => {
            // Between two calls of one PATCH nobody else may write.
            let way = if bodies.len() == 1 { Way::Shared } else { Way::Alone };
            let (lock, version) =
                exchange.held(Operation::Patch, id, demanded.as_ref(), way).await?;
            let writes: Vec<_> = bodies.into_iter().map(|body| (Operation::Patch, body)).collect();
            let claim = exchange.claim(removal, id)?;
            let written = exchange.write_all(id, &writes, version).await;
            exchange.settle(claim, id, &written);
            match written {
                // An upstream that finds no such element refuses the whole; taking away what is not
                // there is no mistake of the client's (RFC 7644 section 3.5.2.2).
                Err(fault)
                    if fault.scim_type() == Some("noTarget")
                        && exchange.able_to_emulate().is_ok() =>
                {
                    // Of several calls some may be done: nobody may come between.
                    held = (way == Way::Alone).then_some(lock);
                    None
                }
                written => {
                    let stored = written?;
                    losses.extend(exchange.carried_out(&writes, None, &stored)?);
                    Some(stored)
                }
            }
        }
        Plan::Emulate => None,
    };
    let stored = if let Some(stored) = native {
        stored
    } else {
        let pair = exchange.pair;
        let change = |stored: &Stored| {
            let wanted = pair.applied(stored.old(), &ops)?;
            pair.merge(&wanted, stored.old(), policies, true)
        };
        let asked = Asked { operation: Operation::Patch, said: &said, demanded, removal, held };
        let (stored, lost) = exchange.emulate(id, asked, change).await?;
        losses.extend(lost);
        stored
    };
    Ok(exchange.answer(Operation::Patch, &stored, losses))
}
