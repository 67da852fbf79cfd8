//! The log: exactly one line for each answered request, and no value, token or query in it; the id of
//! a resource as its keyed hash alone.
//!
//! Lines go to standard error by a thread of their own. Nobody waits for whoever reads them: what does
//! not fit into the queue is lost and counted, and so is what cannot be written.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use tracing::{Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;

use super::ids::Ids;
use super::libraries::Libraries;
use super::lossy::{Batches, Lossy};
use super::metrics::Metrics;
use crate::config::{Log, LogFormat};
use crate::diagnostic::{Diagnostic, Mistakes};
use crate::exchange::CallRecord;
use crate::observe::{AccessRecord, AuthRefusal, Event};

/// The target of this crate's events. Libraries are heard from a warning on: what they say below it
/// holds paths and addresses.
const OWN: &str = env!("CARGO_CRATE_NAME");
/// Words of one kind in one line: a scan makes many calls.
const LISTED: usize = 16;
/// Lines that may wait to be written.
const QUEUE: usize = 8192;
const BATCHES: Batches = Batches { most: 64, delay: Duration::ZERO };
/// What is written at once: what a pipe takes whole (`PIPE_BUF` of pipe(7)), so that the lines of two
/// processes on one pipe stay lines.
const WHOLE: usize = 4096;
/// How long the end of the process waits for lines to be written.
const LAST: Duration = Duration::from_secs(2);

/// The log of this process.
pub struct Logging {
    lines: Arc<Lossy<Vec<u8>>>,
    change: Box<dyn Fn(&Log) + Send + Sync>,
}

impl Logging {
    /// Starts logging to standard error.
    ///
    /// # Errors
    /// A sentence, where standard error or a thread for it cannot be had.
    pub fn start(log: &Log, metrics: &Metrics) -> Result<Self, String> {
        let mut out = standard_error().map_err(|error| format!("log: {error}"))?;
        let sink = move |lines: Vec<Vec<u8>>| write(&mut out, &lines);
        let lines = Lossy::start("log", QUEUE, BATCHES, metrics.log_lost(), sink);
        let lines = Arc::new(lines.map_err(|error| format!("log: {error}"))?);
        // How loud libraries may ever be is fixed here; `change` says how loud they are.
        let (filter, filters) = reload::Layer::new(log_levels(Level::WARN));
        let (layer, layers) = reload::Layer::new(layer(log.format, &lines));
        let libraries = Libraries::new(metrics.library_messages());
        // An error means that there is a subscriber already.
        let _ = tracing_subscriber::registry().with(libraries).with(filter).with(layer).try_init();
        let own = Arc::clone(&lines);
        let change = move |log: &Log| {
            // They fail where the subscriber is gone, and it stays as long as the process.
            let _ = filters.reload(log_levels(log.level));
            let _ = layers.reload(self::layer(log.format, &own));
        };
        change(log);
        std::panic::set_hook(Box::new(|panic| {
            let at = panic.location().map(|at| format!("{}:{}", at.file(), at.line()));
            tracing::error!(at, "a panic, which is a defect of this program: report it");
        }));
        Ok(Self { lines, change: Box::new(change) })
    }

    /// Goes on with another level and format.
    pub fn change(&self, log: &Log) {
        (self.change)(log);
    }

    /// A line that is not an event, such as why the process ends.
    pub fn say(&self, line: &str) {
        self.lines.push(format!("{line}\n").into_bytes());
    }

    /// Waits until what was logged is written, two seconds at most.
    pub fn finish(&self) {
        self.lines.finish(LAST);
    }
}

/// Standard error apart from the handle that everything else in the process shares: who writes to a
/// reader that does not read holds that one's lock.
fn standard_error() -> io::Result<File> {
    Ok(File::from(io::stderr().as_fd().try_clone_to_owned()?))
}

/// Writes lines, as many at once as go whole; how many could not be written.
fn write(out: &mut impl Write, lines: &[Vec<u8>]) -> usize {
    let mut lost = 0;
    let (mut together, mut count) = (Vec::new(), 0);
    for line in lines {
        if together.len() + line.len() > WHOLE {
            lost += if out.write_all(&together).is_ok() { 0 } else { count };
            (together, count) = (Vec::new(), 0);
        }
        together.extend_from_slice(line);
        count += 1;
    }
    lost + if out.write_all(&together).is_ok() { 0 } else { count }
}

/// Puts each line into the queue.
struct Lines(Arc<Lossy<Vec<u8>>>);

impl<'l> MakeWriter<'l> for Lines {
    type Writer = Line<'l>;

    fn make_writer(&'l self) -> Line<'l> {
        Line(&self.0)
    }
}

/// Is written to once, with a whole line.
struct Line<'l>(&'l Lossy<Vec<u8>>);

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn layer<S>(format: LogFormat, lines: &Arc<Lossy<Vec<u8>>>) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(Lines(Arc::clone(lines)))
        .with_target(false)
        .with_ansi(false)
        .log_internal_errors(false);
    match format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    }
}

/// Who is heard from which level on.
pub fn log_levels(level: Level) -> Targets {
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
pub(super) fn line(seen: &AccessRecord<'_>, ids: &Ids) {
    let record = seen.record;
    let upstream: Duration = record.calls.iter().map(|call| call.duration).sum();
    wired(seen);
    streamed(seen);
    let fault = record.fault.as_ref();
    let missing = record.calls.iter().filter(|call| call.status == Some(404));
    let missing: Vec<_> = missing.filter_map(|call| call.asked.as_deref()).collect();
    let level = fault.map_or(Level::INFO, |fault| fault.cause.level());
    event!(
        if record.alarm.is_some() { level.min(Level::WARN) } else { level },
        request_id = seen.request_id,
        trace_id = hex::encode(seen.trace.id),
        route = seen.route,
        credential = seen.credential,
        refused = seen.refused.map(AuthRefusal::label),
        translated = seen.translated,
        resource = record.resource,
        operation = record.operation.map(|operation| operation.name()).or(record.document),
        id = record.subject.as_ref().map(|subject| ids.hash(subject)),
        status = seen.status.map(|status| status.as_u16()),
        upstream = seen.upstream,
        calls = record.calls.len(),
        answers = listed(record.calls.iter().map(answer)),
        missing = listed(missing.into_iter().map(str::to_owned)),
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

/// A line for each call of an exchange that somebody looks at.
fn wired(seen: &AccessRecord<'_>) {
    for call in &seen.record.calls {
        let Some(wired) = &call.wired else { continue };
        tracing::info!(
            request_id = seen.request_id,
            trace_id = hex::encode(seen.trace.id),
            route = seen.route,
            upstream = seen.upstream,
            call = call.operation.name(),
            asked = call.asked.as_deref(),
            sent = wired.sent.as_deref(),
            status = call.status,
            got = wired.got.as_deref(),
            ms = milliseconds(call.duration),
            "wire"
        );
    }
}

/// The line of a call that streamed through.
fn streamed(seen: &AccessRecord<'_>) {
    let Some(call) = &seen.record.streamed else { return };
    let got = call.status.map(|_| match &call.media_type {
        Some(media_type) => format!("{media_type} stream({})", call.got),
        None => format!("stream({})", call.got),
    });
    tracing::info!(
        request_id = seen.request_id,
        trace_id = hex::encode(seen.trace.id),
        route = seen.route,
        upstream = seen.upstream,
        call = "stream",
        asked = &*call.asked,
        sent = (call.sent > 0).then(|| format!("stream({})", call.sent)),
        status = call.status,
        got,
        ms = milliseconds(seen.duration),
        "wire"
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
pub fn log_warnings(found: &Mistakes) {
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
        Event::Keys(Ok(())) => tracing::debug!("an issuer's keys were read"),
        Event::Keys(Err(why)) => {
            tracing::warn!("an issuer's keys (jwt) cannot be read; those known go on: {why}");
        }
        Event::Certificates(Ok(())) => tracing::info!("changed certificates are in force"),
        Event::Certificates(Err(why)) => {
            tracing::error!(
                "changed certificates ([server.tls]) cannot be used; the old ones stay in force: {why}"
            );
        }
        Event::Rules(hash) => tracing::info!(rules = hash.as_str(), "rules in force"),
        Event::Reloaded(by) => tracing::info!(by = by.label(), "reloaded"),
        Event::ReloadRefused(by, why) => {
            // Last, since it has several lines.
            let by = by.label();
            tracing::error!(by, mistakes = %why, "not reloaded, the configuration before goes on");
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
        Event::SecretReload { upstream, key, outcome, why: None } => {
            tracing::info!(upstream, key, outcome, "secret, certificate or authorities");
        }
        Event::SecretReload { upstream, key, outcome, why: Some(why) } => {
            tracing::warn!(
                upstream,
                key,
                outcome,
                "secret, certificate or authorities: the old one stays in force: {why}"
            );
        }
        Event::LookedUp { upstream, found: false } => {
            tracing::warn!(%upstream, "name lookup failed; the last good addresses are used");
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
        // Told where it is done.
        Event::Operated { .. } => {}
        // Counted only: there may be as many as requests.
        Event::LookedUp { .. } | Event::Refused { .. } | Event::Retried { .. } => {}
    }
}
