//! How answered requests and events are counted, by the one table of metrics.
//!
//! Every label is bounded: names from the configuration, words of closed sets, places of the
//! compiled loss table.

use std::collections::BTreeMap;

#[cfg(target_os = "linux")]
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

use crate::exchange::{Record, Standing};
use crate::gateway::safety::Removal;
use crate::proxy::{Event, Seen};

mod care;
mod table;

use self::care::CareMetrics;
use self::table::*;
pub use table::{Kind, METRICS, Metric};

/// What stands for a label that does not apply.
const NONE: &str = "none";

/// The counters of this process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    care: CareMetrics,
    audit_failing: IntGauge,
    audited: IntCounter,
    audit_lost: IntCounterVec,
    audit_refused: IntCounterVec,
    auth_failures: IntCounterVec,
    calls: HistogramVec,
    authenticated: IntCounterVec,
    certificates: IntCounterVec,
    emulations: IntCounterVec,
    faults: IntCounterVec,
    filters_ignored: IntCounterVec,
    keys: IntCounterVec,
    library_messages: IntCounterVec,
    log_lost: IntCounter,
    losses: IntCounterVec,
    ready: IntGauge,
    removals: IntCounterVec,
    removal_alarms: IntCounterVec,
    adoptions: IntCounterVec,
    paused: IntGaugeVec,
    tripped: IntGaugeVec,
    reload_success: IntGauge,
    reloads: IntCounterVec,
    rules: IntGaugeVec,
    duration: HistogramVec,
    requests: IntCounterVec,
    secret_reloads: IntCounterVec,
    token_requests: IntCounterVec,
    spans_lost: IntCounter,
    upstream_duration: HistogramVec,
    upstream_calls: IntCounterVec,
}

impl Metrics {
    /// # Errors
    /// Where the table has a name or label that Prometheus does not take: a test keeps that from
    /// happening.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        #[cfg(target_os = "linux")]
        registry.register(Box::new(ProcessCollector::for_self()))?;
        let build = gauges(&registry, BUILD)?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        Ok(Self {
            care: CareMetrics::new(&registry)?,
            audit_failing: gauge(&registry, AUDIT_FAILING)?,
            audited: plain(&registry, AUDITED)?,
            audit_lost: counter(&registry, AUDIT_LOST)?,
            audit_refused: counter(&registry, AUDIT_REFUSED)?,
            auth_failures: counter(&registry, AUTH_FAILURES)?,
            calls: histogram(&registry, CALLS_PER_EXCHANGE, CALL_BUCKETS)?,
            authenticated: counter(&registry, AUTHENTICATED)?,
            certificates: counter(&registry, CERTIFICATES)?,
            keys: counter(&registry, KEYS)?,
            emulations: counter(&registry, EMULATIONS)?,
            faults: counter(&registry, FAULTS)?,
            filters_ignored: counter(&registry, FILTERS_IGNORED)?,
            library_messages: counter(&registry, LIBRARY_MESSAGES)?,
            log_lost: plain(&registry, LOG_LOST)?,
            losses: counter(&registry, LOSSES)?,
            ready: gauge(&registry, READY)?,
            removals: counter(&registry, REMOVALS)?,
            removal_alarms: counter(&registry, REMOVAL_ALARMS)?,
            adoptions: counter(&registry, ADOPTIONS)?,
            paused: gauges(&registry, PAUSED)?,
            tripped: gauges(&registry, TRIPPED)?,
            reload_success: gauge(&registry, RELOAD_SUCCESS)?,
            reloads: counter(&registry, RELOADS)?,
            rules: gauges(&registry, RULES)?,
            duration: histogram(&registry, DURATION, BUCKETS)?,
            requests: counter(&registry, REQUESTS)?,
            secret_reloads: counter(&registry, SECRET_RELOADS)?,
            token_requests: counter(&registry, TOKEN_REQUESTS)?,
            spans_lost: plain(&registry, SPANS_LOST)?,
            upstream_duration: histogram(&registry, UPSTREAM_DURATION, BUCKETS)?,
            upstream_calls: counter(&registry, UPSTREAM_CALLS)?,
            registry,
        })
    }

    pub fn count(&self, seen: &Seen<'_>) {
        let Record { resource, operation, calls, losses, fault, emulated, filter_ignored, .. } =
            seen.record;
        let route = seen.route.unwrap_or(NONE);
        let operation = operation.map_or(NONE, |operation| operation.name());
        let status = seen.status.map_or(NONE, |status| class(status.as_u16()));
        self.requests
            .with_label_values(&[route, resource.unwrap_or(NONE), operation, status])
            .inc();
        self.duration.with_label_values(&[route, operation]).observe(seen.duration.as_secs_f64());
        let upstream = seen.upstream.unwrap_or(NONE);
        for call in calls {
            let operation = call.operation.name();
            let status = call.status.map_or(NONE, class);
            self.upstream_calls.with_label_values(&[upstream, operation, status]).inc();
            let duration = self.upstream_duration.with_label_values(&[upstream, operation]);
            duration.observe(call.duration.as_secs_f64());
        }
        if seen.translated {
            let made = u32::try_from(calls.len()).unwrap_or(u32::MAX);
            self.calls.with_label_values(&[route, operation]).observe(f64::from(made));
        }
        for loss in losses {
            let labels = [route, loss.place.as_str(), loss.cause, loss.direction];
            self.losses.with_label_values(&labels).inc();
        }
        if let Some(credential) = seen.credential {
            self.authenticated.with_label_values(&[route, credential]).inc();
        }
        if let Some(refused) = seen.refused {
            self.auth_failures.with_label_values(&[route, refused.label()]).inc();
        }
        if *emulated {
            self.emulations.with_label_values(&[route, operation]).inc();
        }
        if *filter_ignored {
            self.filters_ignored.with_label_values(&[route]).inc();
        }
        self.safety(route, seen.record);
        if let Some(fault) = fault {
            let labels = [route, fault.cause.label(), fault.cause.side().label()];
            self.faults.with_label_values(&labels).inc();
        }
    }

    /// What was removed, held back and adopted.
    fn safety(&self, route: &str, record: &Record) {
        let memberships = u64::try_from(record.memberships).unwrap_or(u64::MAX);
        if memberships > 0 {
            self.removals
                .with_label_values(&[route, Removal::Membership.label()])
                .inc_by(memberships);
        }
        for kind in &record.removals {
            self.removals.with_label_values(&[route, kind]).inc();
        }
        if let Some(act) = record.alarm {
            self.removal_alarms.with_label_values(&[route, act]).inc();
        }
        if record.adopted {
            self.adoptions.with_label_values(&[route]).inc();
        }
    }

    /// How the routes stand, for the gauges.
    pub fn stand(&self, standings: &BTreeMap<String, (bool, Standing, Standing)>) {
        self.paused.reset();
        self.tripped.reset();
        for (route, (paused, breaker, members)) in standings {
            self.paused.with_label_values(&[route.as_str()]).set(i64::from(*paused));
            self.tripped
                .with_label_values(&[route.as_str()])
                .set(i64::from(breaker.tripped || members.tripped));
        }
    }

    pub fn happened(&self, event: &Event) {
        match event {
            Event::Ready(ready) => self.ready.set(i64::from(*ready)),
            Event::Keys(read) => self.keys.with_label_values(&[result(*read)]).inc(),
            Event::Certificates(used) => {
                self.certificates.with_label_values(&[result(*used)]).inc();
            }
            Event::Rules(hash) => {
                self.rules.reset();
                self.rules.with_label_values(&[hash]).set(1);
                self.reload_success.set(jiff::Timestamp::now().as_second());
            }
            Event::Reloaded(_) => self.reloads.with_label_values(&["applied"]).inc(),
            Event::ReloadRefused(..) => self.reloads.with_label_values(&["refused"]).inc(),
            Event::Unwatched(_) | Event::NoSuccessor | Event::Operated { .. } => {}
            Event::TokenRequest { upstream, outcome } => {
                self.token_requests.with_label_values(&[upstream.as_str(), outcome]).inc();
            }
            Event::SecretReload { upstream, outcome } => {
                self.secret_reloads.with_label_values(&[upstream.as_str(), outcome]).inc();
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
        self.audit_lost.with_label_values(&[reason]).inc_by(lines);
    }

    /// A write that was not made; `reason` as before.
    pub fn audit_refused(&self, reason: &'static str) {
        self.audit_refused.with_label_values(&[reason]).inc();
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

    /// The text exposition format 0.0.4.
    pub fn text(&self) -> String {
        let mut out = Vec::new();
        // Writing to memory fails only for a family without a name, which the table does not have.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

fn result(well: bool) -> &'static str {
    if well { "ok" } else { "failed" }
}

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

fn gauges(registry: &Registry, metric: Metric) -> Result<IntGaugeVec, prometheus::Error> {
    let gauges = IntGaugeVec::new(Opts::new(metric.name, metric.help), metric.labels)?;
    registry.register(Box::new(gauges.clone()))?;
    Ok(gauges)
}

fn histogram(
    registry: &Registry,
    metric: Metric,
    buckets: &[f64],
) -> Result<HistogramVec, prometheus::Error> {
    let options = HistogramOpts::new(metric.name, metric.help).buckets(buckets.to_vec());
    let histogram = HistogramVec::new(options, metric.labels)?;
    registry.register(Box::new(histogram.clone()))?;
    Ok(histogram)
}

fn class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests;
