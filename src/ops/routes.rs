//! What an operator does to one route while it serves: pause it, resume it, and let removals through
//! again after its breaker tripped. Nothing of it outlives the process.

use serde_json::{Value, json};
use url::form_urlencoded;

use crate::exchange::Shared;

/// What is done to a route.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    Pause,
    Resume,
    Rearm,
}

/// Every route with how it stands, by name.
pub(super) fn all(shared: &Shared) -> Value {
    let routes = shared.safeguards.standings();
    let told = routes.iter().map(|(name, (paused, breaker, members))| {
        json!({
            "route": name,
            "paused": paused,
            "removals": { "removed": breaker.removed, "seen": breaker.seen, "tripped": breaker.tripped },
            "members": { "removed": members.removed, "seen": members.seen, "tripped": members.tripped },
        })
    });
    json!({ "routes": told.collect::<Vec<_>>() })
}

/// Does it to the route that the query names, `route=<name>`; how the route stands then, and `None`
/// where it names no route.
pub(super) fn act(shared: &Shared, act: Act, query: Option<&str>) -> Option<Value> {
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let (_, name) = pairs.find(|(key, _)| key == "route")?;
    let safeguard = shared.safeguards.find(&name)?;
    match act {
        Act::Pause => safeguard.pause(true),
        Act::Resume => safeguard.pause(false),
        Act::Rearm => safeguard.rearm(),
    }
    let done = match act {
        Act::Pause => "paused",
        Act::Resume => "resumed",
        Act::Rearm => "re-armed",
    };
    tracing::warn!(route = &*name, "an operator {done} the route");
    Some(json!({ "route": name, "outcome": done }))
}
