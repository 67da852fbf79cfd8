//! What may be lost: decided on the request, before the first call (docs/semantics.md 9.3).

use http::header::{HeaderName, HeaderValue};

use super::judged::Judged;
use super::lifted::Lifted;
use crate::fault::{Cause, Fault};
use crate::gateway::pair::{Losses, Pair};
use crate::gateway::route::{Irreversible, LossPolicy, Policies};
use crate::rewrite::translate::Loss;
use crate::scim::http::Response;

/// Places whose loss is a security decision.
pub const GUARDED: [&str; 3] = ["active", "members", "userName"];

/// Names the places, never the values.
pub const LOSS_HEADER: HeaderName = HeaderName::from_static("scim-gateway-loss");

/// Refuses a request whose losses the route does not allow.
///
/// # Errors
/// `LossRefused`, naming the places.
pub fn guard(
    pair: &Pair,
    losses: &Losses,
    request: &Lifted,
    policies: &Policies,
) -> Result<(), Fault> {
    let refused: Vec<&str> = pair
        .canonical_losses(losses)
        .filter(|loss| {
            policies.loss == LossPolicy::Refuse
                || policies.refuse.iter().any(|refused| {
                    within(loss.told, refused)
                        || loss.canonical.iter().any(|at| within(at, refused))
                })
                || is_guarded(loss, request.deactivates(), policies)
        })
        .map(|loss| loss.told)
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    let places = listed(&refused);
    Err(Fault::new(
        Cause::LossRefused,
        format!(
            "The upstream cannot hold {places}, and this route refuses to lose it. Leave it out, \
             map it in an overlay, or allow the loss on the route."
        ),
    ))
}

/// Refuses a request that deactivates the resource, where the route says so.
///
/// # Errors
/// `Forbidden`.
pub fn may_deactivate(request: &Lifted, policies: &Policies) -> Result<(), Fault> {
    if request.deactivates() && policies.irreversible == Irreversible::Refuse {
        return Err(Fault::new(
            Cause::Forbidden,
            "This route refuses deactivations (irreversible = \"refuse\"). Deactivate the account \
             at the upstream, or allow it on the route.",
        ));
    }
    Ok(())
}

/// Refuses to tell the client that a security decision was carried out which the upstream's own answer
/// shows was not, though its status says so.
///
/// # Errors
/// `UpstreamUnexpected`, naming the places that the route does not waive.
pub fn carried_out(pair: &Pair, untaken: &[Loss], policies: &Policies) -> Result<(), Fault> {
    let refused = guarded(pair, untaken, policies);
    if refused.is_empty() {
        return Ok(());
    }
    Err(Fault::new(
        Cause::UpstreamUnexpected,
        format!(
            "The upstream answered that the change was made, and its own answer shows {} as before. \
             Look the resource up and try again; what else the request asked for may be done.",
            listed(&refused)
        ),
    ))
}

/// As [`carried_out`], for what was created and is not as it was asked for.
///
/// # Errors
/// `PartlyDone`, naming the places that the route does not waive.
pub fn created_otherwise(pair: &Pair, untaken: &[Loss], policies: &Policies) -> Result<(), Fault> {
    let refused = guarded(pair, untaken, policies);
    if refused.is_empty() {
        return Ok(());
    }
    Err(Fault::new(
        Cause::PartlyDone,
        format!(
            "The resource was created, and the upstream shows that it did not take {}. Look it up and \
             send that with another request: do not create it again.",
            listed(&refused)
        ),
    ))
}

/// What of it is a security decision that the route does not waive, by name.
fn guarded<'l>(pair: &'l Pair, untaken: &'l [Loss], policies: &Policies) -> Vec<&'l str> {
    let judged = pair.canonical_untaken(untaken);
    judged.filter(|loss| is_guarded(loss, true, policies)).map(|loss| loss.told).collect()
}

fn is_guarded(loss: &Judged<'_>, inactive: bool, policies: &Policies) -> bool {
    let waived = |guarded: &str| policies.waive.iter().any(|one| one.eq_ignore_ascii_case(guarded));
    let guards = |place: &str| {
        GUARDED
            .iter()
            .filter(|guarded| !waived(guarded))
            .any(|guarded| within(place, guarded) && (*guarded != "active" || inactive))
            && !describes(place)
    };
    loss.canonical.iter().any(|place| guards(place))
}

/// Whether a place only says more about a member, whose `value` alone is the membership.
fn describes(place: &str) -> bool {
    within(place, "members")
        && place.rsplit_once('.').is_some_and(|(_, sub)| ["display", "type", "$ref"].contains(&sub))
}

/// Whether the place is that attribute or lies in it.
fn within(place: &str, attribute: &str) -> bool {
    let head = place.get(..attribute.len());
    let rest = place.get(attribute.len()..).unwrap_or_default();
    head.is_some_and(|head| head.eq_ignore_ascii_case(attribute))
        && (rest.is_empty() || rest.starts_with(['.', ':', '[']))
}

/// Says in the answer what was lost, if the route reports it.
pub fn report(response: &mut Response, losses: &Losses, policies: &Policies) {
    if policies.loss == LossPolicy::Count {
        return;
    }
    let places: Vec<&str> = losses.all().map(Loss::name).collect();
    if places.is_empty() {
        return;
    }
    if let Ok(value) = HeaderValue::from_str(&listed(&places)) {
        response.headers.insert(LOSS_HEADER, value);
    }
}

/// At most eight places, and how many more.
fn listed(places: &[&str]) -> String {
    const MOST: usize = 8;
    let mut places: Vec<&str> = places.to_vec();
    places.sort_unstable();
    places.dedup();
    let more = places.len().saturating_sub(MOST);
    places.truncate(MOST);
    let mut text = places.join(", ");
    if more > 0 {
        text.push_str(&format!(", +{more}"));
    }
    text
}
