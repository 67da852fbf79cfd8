//! How answered requests and events are counted, by the one table of metrics.
//!
//! Every label is bounded: names from the configuration, words of closed sets, places of the
//! compiled loss table.

#[cfg(target_os = "linux")]
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::MetricFamily;
use prometheus::{
    Encoder, Histogram, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

use crate::exchange::Record;
use crate::gateway::write::Removal;
use crate::observe::{AccessRecord, Event};

mod care;
mod family;
mod label;
mod metric;
mod now;
mod process;
mod table;

use self::care::CareMetrics;
use self::family::{Family, counters, histograms};
use self::label::{NONE, class, result};
pub use self::metric::{Kind, Metric};
pub use self::now::Now;
pub use self::table::METRICS;
use self::table::*;

/// The counters of this process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    care: CareMetrics,
    audit_failing: IntGauge,
    audited: IntCounter,
    audit_lost: Family<IntCounter>,
    audit_refused: Family<IntCounter>,
    auth_failures: Family<IntCounter>,
    calls: Family<Histogram>,
    authenticated: Family<IntCounter>,
    certificates: Family<IntCounter>,
    emulations: Family<IntCounter>,
    faults: Family<IntCounter>,
    filters_ignored: Family<IntCounter>,
    keys: Family<IntCounter>,
    library_messages: IntCounterVec,
    log_lost: IntCounter,
    losses: Family<IntCounter>,
    removals: Family<IntCounter>,
    removal_alarms: Family<IntCounter>,
    adoptions: Family<IntCounter>,
    reload_success: IntGauge,
    reloads: Family<IntCounter>,
    duration: Family<Histogram>,
    requests: Family<IntCounter>,
    secret_reloads: Family<IntCounter>,
    token_requests: Family<IntCounter>,
    spans_lost: IntCounter,
    state_writes: Family<IntCounter>,
    upstream_duration: Family<Histogram>,
    upstream_calls: Family<IntCounter>,
}

impl Metrics {
    /// # Errors
    /// Where the table has a name or label that Prometheus does not take: a test keeps that from
    /// happening.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        #[cfg(target_os = "linux")]
        registry.register(Box::new(ProcessCollector::for_self()))?;
        Ok(Self {
            care: CareMetrics::new(),
            audit_failing: gauge(&registry, AUDIT_FAILING)?,
            audited: plain(&registry, AUDITED)?,
            audit_lost: counters(AUDIT_LOST),
            audit_refused: counters(AUDIT_REFUSED),
            auth_failures: counters(AUTH_FAILURES),
            calls: histograms(CALLS_PER_EXCHANGE),
            authenticated: counters(AUTHENTICATED),
            certificates: counters(CERTIFICATES),
            keys: counters(KEYS),
            emulations: counters(EMULATIONS),
            faults: counters(FAULTS),
            filters_ignored: counters(FILTERS_IGNORED),
            library_messages: counter(&registry, LIBRARY_MESSAGES)?,
            log_lost: plain(&registry, LOG_LOST)?,
            losses: counters(LOSSES),
            removals: counters(REMOVALS),
            removal_alarms: counters(REMOVAL_ALARMS),
            adoptions: counters(ADOPTIONS),
            reload_success: gauge(&registry, RELOAD_SUCCESS)?,
            reloads: counters(RELOADS),
            duration: histograms(DURATION),
            requests: counters(REQUESTS),
            secret_reloads: counters(SECRET_RELOADS),
            token_requests: counters(TOKEN_REQUESTS),
            spans_lost: plain(&registry, SPANS_LOST)?,
            state_writes: counters(STATE_WRITES),
            upstream_duration: histograms(UPSTREAM_DURATION),
            upstream_calls: counters(UPSTREAM_CALLS),
            registry,
        })
    }

    pub fn count(&self, seen: &AccessRecord<'_>) {
        let Record { resource, operation, calls, losses, fault, emulated, filter_ignored, .. } =
            seen.record;
        let route = seen.route.unwrap_or(NONE);
        let operation = operation.map_or(NONE, |operation| operation.name());
        let status = seen.status.map_or(NONE, |status| class(status.as_u16()));
        self.requests.with(&[route, resource.unwrap_or(NONE), operation, status], IntCounter::inc);
        self.duration.with(&[route, operation], |d| d.observe(seen.duration.as_secs_f64()));
        let upstream = seen.upstream.unwrap_or(NONE);
        for call in calls {
            let operation = call.operation.name();
            let status = call.status.map_or(NONE, class);
            self.upstream_calls.with(&[upstream, operation, status], IntCounter::inc);
            let seconds = call.duration.as_secs_f64();
            self.upstream_duration.with(&[upstream, operation], |d| d.observe(seconds));
        }
        if seen.translated {
            let made = u32::try_from(calls.len()).unwrap_or(u32::MAX);
            self.calls.with(&[route, operation], |calls| calls.observe(f64::from(made)));
        }
        for loss in losses {
            let labels = [route, loss.place.as_str(), loss.cause, loss.direction];
            self.losses.with(&labels, IntCounter::inc);
        }
        if let Some(credential) = seen.credential {
            self.authenticated.with(&[route, credential], IntCounter::inc);
        }
        if let Some(refused) = seen.refused {
            self.auth_failures.with(&[route, refused.label()], IntCounter::inc);
        }
        if *emulated {
            self.emulations.with(&[route, operation], IntCounter::inc);
        }
        if *filter_ignored {
            self.filters_ignored.with(&[route], IntCounter::inc);
        }
        self.safety(route, seen.record);
        if let Some(fault) = fault {
            let labels = [route, fault.cause.label(), fault.cause.side().label()];
            self.faults.with(&labels, IntCounter::inc);
        }
    }

    /// What was removed, held back and adopted.
    fn safety(&self, route: &str, record: &Record) {
        let memberships = u64::try_from(record.memberships).unwrap_or(u64::MAX);
        if memberships > 0 {
            let labels = [route, Removal::Membership.label()];
            self.removals.with(&labels, |removals| removals.inc_by(memberships));
        }
        for kind in &record.removals {
            self.removals.with(&[route, kind], IntCounter::inc);
        }
        if let Some(act) = record.alarm {
            self.removal_alarms.with(&[route, act], IntCounter::inc);
        }
        if record.adopted {
            self.adoptions.with(&[route], IntCounter::inc);
        }
    }

    pub fn happened(&self, event: &Event) {
        let one = IntCounter::inc;
        match event {
            Event::Keys(read) => self.keys.with(&[result(read.is_ok())], one),
            Event::Certificates(used) => self.certificates.with(&[result(used.is_ok())], one),
            Event::Rules(_) => self.reload_success.set(jiff::Timestamp::now().as_second()),
            Event::Reloaded(_) => self.reloads.with(&["applied"], one),
            Event::ReloadRefused(..) => self.reloads.with(&["refused"], one),
            Event::Ready(_) | Event::Unwatched(_) | Event::NoSuccessor | Event::Operated { .. } => {
            }
            Event::TokenRequest { upstream, outcome } => {
                self.token_requests.with(&[upstream.as_str(), outcome], one);
            }
            Event::SecretReload { upstream, outcome, .. } => {
                self.secret_reloads.with(&[upstream.as_str(), outcome], one);
            }
            other => self.care.happened(other),
        }
    }

    /// Lines that the audit file has.
    pub fn audited(&self, lines: u64) {
        self.audited.inc_by(lines);
    }

    /// Lines that it has not; `reason` is `queue` or `file`.
    pub fn audit_lost(&self, reason: &'static str, lines: u64) {
        self.audit_lost.with(&[reason], |lost| lost.inc_by(lines));
    }

    pub fn state_written(&self, well: bool) {
        self.state_writes.with(&[result(well)], IntCounter::inc);
    }

    /// A write that was not made; `reason` as before.
    pub fn audit_refused(&self, reason: &'static str) {
        self.audit_refused.with(&[reason], IntCounter::inc);
    }

    pub fn audit_failing(&self, failing: bool) {
        self.audit_failing.set(i64::from(failing));
    }

    /// Spans that the collector did not get.
    pub(super) fn spans_lost(&self) -> IntCounter {
        self.spans_lost.clone()
    }

    /// Lines that the log has not.
    pub(super) fn log_lost(&self) -> IntCounter {
        self.log_lost.clone()
    }

    /// What libraries said and the log does not repeat: by part and level.
    pub(super) fn library_messages(&self) -> IntCounterVec {
        self.library_messages.clone()
    }

    /// The text exposition format 0.0.4, of the counters and of what stands now.
    pub fn scrape(&self, now: &Now) -> String {
        let mut families = self.registry.gather();
        families.extend(self.families());
        families.extend(now.families());
        written(families)
    }

    /// The counters alone, in the same format.
    pub fn text(&self) -> String {
        let mut families = self.registry.gather();
        families.extend(self.families());
        written(families)
    }

    /// What is counted by labels.
    fn families(&self) -> Vec<MetricFamily> {
        let counters = [
            &self.audit_lost,
            &self.audit_refused,
            &self.auth_failures,
            &self.authenticated,
            &self.certificates,
            &self.emulations,
            &self.faults,
            &self.filters_ignored,
            &self.keys,
            &self.losses,
            &self.removals,
            &self.removal_alarms,
            &self.adoptions,
            &self.reloads,
            &self.requests,
            &self.secret_reloads,
            &self.state_writes,
            &self.token_requests,
            &self.upstream_calls,
        ];
        let histograms = [&self.calls, &self.duration, &self.upstream_duration];
        let counters = counters.into_iter().chain(self.care.counters()).map(Family::gather);
        counters.chain(histograms.into_iter().map(Family::gather)).flatten().collect()
    }
}

fn written(mut families: Vec<MetricFamily>) -> String {
    families.sort_by(|one, other| one.name().cmp(other.name()));
    let mut out = Vec::new();
    // Writing to memory fails only for a family without a name, which the table does not have.
    let _ = TextEncoder::new().encode(&families, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// A counter that somebody else counts with.
fn counter(registry: &Registry, metric: Metric) -> Result<IntCounterVec, prometheus::Error> {
    let counter = IntCounterVec::new(Opts::new(metric.name, metric.help), metric.labels)?;
    registry.register(Box::new(counter.clone()))?;
    Ok(counter)
}

/// A counter without labels.
fn plain(registry: &Registry, metric: Metric) -> Result<IntCounter, prometheus::Error> {
    let counter = IntCounter::new(metric.name, metric.help)?;
    registry.register(Box::new(counter.clone()))?;
    Ok(counter)
}

fn gauge(registry: &Registry, metric: Metric) -> Result<IntGauge, prometheus::Error> {
    let gauge = IntGauge::new(metric.name, metric.help)?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}

#[cfg(test)]
mod tests;
