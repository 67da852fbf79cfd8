//! PATCH: natively in one call, or emulated under a lock (docs/semantics.md 5).

use super::admit::Admitted;
use super::context::Exchange;
use super::emulate::Emulation;
use super::version::admits;
use crate::fault::Fault;
use crate::gateway::view::Stored;
use crate::gateway::write::{Plan, guard, may_deactivate};
use crate::scim::http::Response;
use crate::scim::schema::Operation;

/// PATCH of one resource.
pub async fn patch(mut exchange: Exchange<'_>, id: &str) -> Result<Response, Fault> {
    exchange.projection()?;
    let body = exchange.route.document(exchange.request)?;
    let ops = exchange.pair.operations(&body)?;
    let lifted = exchange.pair.lifted_ops(&ops);
    exchange.caller.record.places = lifted.names().to_vec();
    let demanded = exchange.demanded()?;
    let planned = exchange.pair.plan_patch(&ops)?;
    let policies = &exchange.route.spec.policies;
    exchange.caller.record.lose(&planned.losses, "request");
    guard(exchange.pair, &planned.losses, &lifted, policies)?;
    may_deactivate(&lifted, policies)?;
    let (mut losses, mut held) = (planned.losses, None);
    let native = match planned.plan {
        Plan::Nothing => {
            let stored = exchange.read(id).await?;
            admits(demanded.as_ref(), &stored)?;
            Some(stored)
        }
        Plan::Native(bodies) => {
            let writes: Vec<_> = bodies.into_iter().map(|body| (Operation::Patch, body)).collect();
            let admitted = exchange
                .admitted(Operation::Patch, id, &lifted, demanded.as_ref(), writes.len())
                .await?;
            let Admitted { held: lock, alone, version, claim } = admitted;
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
                    held = alone.then_some(lock);
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
            let whole = pair.lifted_resource(&wanted, Operation::Replace, policies);
            Ok((pair.merge(&wanted, stored.old(), policies, true)?, whole))
        };
        let (operation, request) = (Operation::Patch, &lifted);
        let asked = Emulation { operation, request, demanded, counts: true, held };
        let (stored, lost) = exchange.emulate(id, asked, change).await?;
        losses.extend(lost);
        stored
    };
    Ok(exchange.answer(Operation::Patch, &stored, losses))
}
