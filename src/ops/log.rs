//! The log: exactly one line for each answered request, and no value, token or query in it; the id of
//! a resource as its keyed hash alone.

use std::time::Duration;

use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::ids::Ids;
use crate::config::model::{Log, LogFormat};
use crate::diagnostic::{Diagnostic, Mistakes};
use crate::exchange::record::CallRecord;
use crate::proxy::{Event, Refusal, Seen};

/// The target of this crate's events. Libraries are heard from a warning on: Pingora's lines of
/// information hold paths and addresses.
const OWN: &str = env!("CARGO_CRATE_NAME");
/// Words of one kind in one line: a scan makes many calls.
const LISTED: usize = 16;

/// Starts logging to standard error; a second call has no effect.
pub fn start(log: &Log) {
    let registry = tracing_subscriber::registry().with(targets(log.level));
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    // An error means that there is a subscriber already.
    let _ = match log.format {
        LogFormat::Text => registry.with(layer.with_ansi(false)).try_init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
    };
}

/// Who is heard from which level on.
pub fn targets(level: Level) -> Targets {
    let own = LevelFilter::from_level(level);
    Targets::new().with_target(OWN, own).with_default(LevelFilter::WARN.min(own))
}

/// An event of one level: tracing wants the level where the event stands.
macro_rules! event {
    ($level:expr, $($fields:tt)*) => {
        match $level {
            Level::ERROR => tracing::error!($($fields)*),
            Level::WARN => tracing::warn!($($fields)*),
            _ => tracing::info!($($fields)*),
        }
    };
}

/// The line of one answered request.
pub(super) fn line(seen: &Seen<'_>, ids: &Ids) {
    let record = seen.record;
    let upstream: Duration = record.calls.iter().map(|call| call.duration).sum();
    let fault = record.fault.as_ref();
    let level = fault.map_or(Level::INFO, |fault| fault.cause.level());
    event!(
        if record.alarm.is_some() { level.min(Level::WARN) } else { level },
        request_id = seen.request_id,
        trace_id = hex::encode(seen.trace.id),
        route = seen.route,
        credential = seen.credential,
        refused = seen.refused.map(Refusal::label),
        translated = seen.translated,
        resource = record.resource,
        operation = record.operation.map(|operation| operation.name()),
        id = record.subject.as_ref().map(|subject| ids.hash(subject)),
        status = seen.status.map(|status| status.as_u16()),
        upstream = seen.upstream,
        calls = record.calls.len(),
        answers = listed(record.calls.iter().map(answer)),
        losses = record.losses.len(),
        lost = listed(record.losses.iter().map(|loss| loss.place.clone())),
        emulated = record.emulated,
        adopted = record.adopted,
        removals = record.removals.len(),
        alarm = record.alarm,
        ms = milliseconds(seen.duration),
        upstream_ms = milliseconds(upstream),
        side = fault.map(|fault| fault.cause.side().label()),
        cause = fault.map(|fault| fault.cause.label()),
        more = fault.and_then(|fault| fault.log.as_deref()),
        "exchange"
    );
}

/// What came of one call: `patch:204`, or `patch:none` without a whole answer.
fn answer(call: &CallRecord) -> String {
    let status = call.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    format!("{}:{status}", call.operation.name())
}

/// The first words of many; nothing where there is none.
fn listed(mut words: impl ExactSizeIterator<Item = String>) -> Option<String> {
    let more = words.len().saturating_sub(LISTED);
    let first: Vec<_> = words.by_ref().take(LISTED).collect();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!first.is_empty()).then(|| format!("{}{rest}", first.join(" ")))
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A line for each thing that a configuration is allowed and its operator should know.
pub fn warnings(found: &Mistakes) {
    for Diagnostic { code, message, labels, .. } in &found.diagnostics {
        let at = labels.first().map(|label| found.place(label));
        tracing::warn!(code = code.id, at, "{message}");
    }
}

/// The line of something that is no request's answer.
pub(super) fn event(event: &Event) {
    match event {
        Event::Ready(true) => tracing::info!("requests are welcome"),
        Event::Ready(false) => tracing::info!("no more requests are taken; those under way go on"),
        Event::Keys(true) => tracing::debug!("an issuer's keys were read"),
        Event::Keys(false) => tracing::warn!("an issuer's keys cannot be read; those known go on"),
        Event::Certificates(true) => tracing::info!("changed certificates are in force"),
        Event::Certificates(false) => {
            tracing::error!("changed certificates cannot be used; the old ones stay in force");
        }
        Event::Rules(hash) => tracing::info!(rules = hash.as_str(), "rules in force"),
        Event::Reloaded(by) => tracing::info!(by = by.label(), "reloaded"),
        Event::ReloadRefused(by, why) => {
            tracing::error!(
                by = by.label(),
                "not reloaded, the configuration before goes on:\n{why}"
            );
        }
        Event::Unwatched(why) => {
            tracing::warn!("changes of files are not noticed, reload by signal or request: {why}");
        }
        Event::NoSuccessor => {
            tracing::error!("no new process waits at the upgrade socket; this one goes on");
        }
        Event::TokenRequest { upstream, outcome: outcome @ "ok" } => {
            tracing::info!(upstream, outcome, "token");
        }
        Event::TokenRequest { upstream, outcome } => tracing::warn!(upstream, outcome, "token"),
        Event::SecretReload { upstream, outcome: outcome @ "changed" } => {
            tracing::info!(upstream, outcome, "secret or certificate");
        }
        Event::SecretReload { upstream, outcome } => {
            tracing::warn!(upstream, outcome, "secret or certificate: the old one stays in force");
        }
        Event::Breaker { upstream, open: true } => {
            tracing::warn!(%upstream, "upstream fails: its breaker is open");
        }
        Event::Breaker { upstream, open: false } => {
            tracing::info!(%upstream, "upstream answers again: its breaker is closed");
        }
        Event::Node { upstream, node, up: false } => {
            tracing::warn!(%upstream, node, "node is down, say its health checks");
        }
        Event::Node { upstream, node, up: true } => {
            tracing::info!(%upstream, node, "node is up, say its health checks");
        }
        Event::Ejected { upstream, node, out: true } => {
            tracing::warn!(%upstream, node, "node fails calls and is left out for a while");
        }
        Event::Ejected { upstream, node, out: false } => {
            tracing::info!(%upstream, node, "node takes calls again");
        }
        // Counted only: there may be as many as requests.
        Event::Connection { .. }
        | Event::Cared { .. }
        | Event::Probed { .. }
        | Event::Calling { .. }
        | Event::Waiting { .. }
        | Event::Refused { .. }
        | Event::Retried { .. } => {}
    }
}
