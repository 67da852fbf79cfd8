//! What an operator does to one route while it serves: pause it, resume it, and let removals through
//! again after its breaker tripped. How long it is known is not decided here.

use std::time::Duration;

use serde_json::{Value, json};
use url::form_urlencoded;

use crate::config::time;
use crate::exchange::Shared;

/// What is done to a route.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    Pause,
    Resume,
    Rearm,
}

impl Act {
    /// As the record of writes calls it.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Rearm => "rearm",
        }
    }

    fn done(self) -> &'static str {
        match self {
            Self::Pause => "paused",
            Self::Resume => "resumed",
            Self::Rearm => "re-armed",
        }
    }
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

/// Does it to the route that the query names, `route=<name>`; the route, and what it is now. `None` where the
/// query names none. `operator` is the name of whoever asks.
pub(super) fn act(
    shared: &Shared,
    act: Act,
    query: Option<&str>,
    operator: &str,
) -> Option<(String, &'static str)> {
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let (_, name) = pairs.find(|(key, _)| key == "route")?;
    let safeguard = shared.safeguards.find(&name)?;
    match act {
        Act::Pause => safeguard.pause(true),
        Act::Resume => safeguard.pause(false),
        Act::Rearm => safeguard.rearm(),
    }
    tracing::warn!(route = &*name, operator, "an operator {} the route", act.done());
    Some((name.into_owned(), act.done()))
}

/// Why the calls of a route are not told.
#[derive(Clone, Copy, Debug)]
pub(super) enum NotWired {
    Unknown,
    Time,
}

/// Where nobody says for how long.
const LOOK: Duration = Duration::from_secs(60);
const LONGEST_LOOK: Duration = Duration::from_secs(3600);

/// Has the log tell each upstream call of a route, `route=<name>&for=60s`, without values.
pub(super) fn wire(shared: &Shared, query: Option<&str>) -> Result<Value, NotWired> {
    let pairs: Vec<_> = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).collect();
    let of = |wanted: &str| pairs.iter().find(|(key, _)| key == wanted).map(|(_, value)| value);
    let name = of("route").ok_or(NotWired::Unknown)?;
    shared.safeguards.find(name).ok_or(NotWired::Unknown)?;
    let time = of("for").map_or(Some(LOOK), |text| time(text)).ok_or(NotWired::Time)?;
    if time > LONGEST_LOOK || !shared.wire.look(name, time) {
        return Err(NotWired::Time);
    }
    let seconds = time.as_secs();
    tracing::warn!(route = &**name, seconds, "an operator looks at the route's upstream calls");
    Ok(json!({ "route": name, "outcome": "wire", "seconds": seconds }))
}
