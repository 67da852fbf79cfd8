//! The metrics: one table, and how an answered request is counted.
//!
//! Every label is bounded: names from the configuration, words of closed sets, places of the
//! compiled loss table.

use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder,
};

use crate::exchange::Record;
use crate::fault::Cause;
use crate::proxy::Seen;

/// One metric as operators read about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    pub help: &'static str,
    pub labels: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    /// In seconds.
    Histogram,
}

/// Every metric, sorted by name.
pub const METRICS: &[Metric] = &[
    AUTH_FAILURES,
    EMULATIONS,
    FAULTS,
    FILTERS_IGNORED,
    LOSSES,
    DURATION,
    REQUESTS,
    UPSTREAM_DURATION,
    UPSTREAM_CALLS,
];

const AUTH_FAILURES: Metric = Metric {
    name: "scim_gateway_auth_failures_total",
    kind: Kind::Counter,
    help: "Requests without a token that their route knows.",
    labels: &["route"],
};

const EMULATIONS: Metric = Metric {
    name: "scim_gateway_emulations_total",
    kind: Kind::Counter,
    help: "Exchanges that did with several upstream calls what the upstream cannot do in one.",
    labels: &["route", "operation"],
};

const FAULTS: Metric = Metric {
    name: "scim_gateway_faults_total",
    kind: Kind::Counter,
    help: "Failed requests by cause and by the side that is guilty.",
    labels: &["route", "cause", "side"],
};

const FILTERS_IGNORED: Metric = Metric {
    name: "scim_gateway_filters_ignored_total",
    kind: Kind::Counter,
    help: "Lists in which the upstream answered resources that its filter excludes.",
    labels: &["route"],
};

const LOSSES: Metric = Metric {
    name: "scim_gateway_losses_total",
    kind: Kind::Counter,
    help: "Information that one side said and the other cannot hold.",
    labels: &["route", "place", "cause", "direction"],
};

const DURATION: Metric = Metric {
    name: "scim_gateway_request_duration_seconds",
    kind: Kind::Histogram,
    help: "Time from the request's header to the end of the answer.",
    labels: &["route", "operation"],
};

const REQUESTS: Metric = Metric {
    name: "scim_gateway_requests_total",
    kind: Kind::Counter,
    help: "Answered requests.",
    labels: &["route", "resource", "operation", "status"],
};

const UPSTREAM_DURATION: Metric = Metric {
    name: "scim_gateway_upstream_call_duration_seconds",
    kind: Kind::Histogram,
    help: "Time of one call to an upstream.",
    labels: &["upstream", "operation"],
};

const UPSTREAM_CALLS: Metric = Metric {
    name: "scim_gateway_upstream_calls_total",
    kind: Kind::Counter,
    help: "Calls to upstreams; status is none where there was no whole answer.",
    labels: &["upstream", "operation", "status"],
};

/// Upper bounds in seconds: a translation takes less than the first, a scan more than most.
const BUCKETS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// What stands for a label that does not apply.
const NONE: &str = "none";

/// The counters of this process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    auth_failures: IntCounterVec,
    emulations: IntCounterVec,
    faults: IntCounterVec,
    filters_ignored: IntCounterVec,
    losses: IntCounterVec,
    duration: HistogramVec,
    requests: IntCounterVec,
    upstream_duration: HistogramVec,
    upstream_calls: IntCounterVec,
}

impl Metrics {
    /// # Errors
    /// Where the table has a name or label that Prometheus does not take: a test keeps that from
    /// happening.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        Ok(Self {
            auth_failures: counter(&registry, AUTH_FAILURES)?,
            emulations: counter(&registry, EMULATIONS)?,
            faults: counter(&registry, FAULTS)?,
            filters_ignored: counter(&registry, FILTERS_IGNORED)?,
            losses: counter(&registry, LOSSES)?,
            duration: histogram(&registry, DURATION)?,
            requests: counter(&registry, REQUESTS)?,
            upstream_duration: histogram(&registry, UPSTREAM_DURATION)?,
            upstream_calls: counter(&registry, UPSTREAM_CALLS)?,
            registry,
        })
    }

    pub fn count(&self, seen: &Seen<'_>) {
        let Record { resource, operation, calls, losses, fault, emulated, filter_ignored } =
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
        for loss in losses {
            let labels = [route, loss.place.as_str(), loss.cause, loss.direction];
            self.losses.with_label_values(&labels).inc();
        }
        if *emulated {
            self.emulations.with_label_values(&[route, operation]).inc();
        }
        if *filter_ignored {
            self.filters_ignored.with_label_values(&[route]).inc();
        }
        if let Some(fault) = fault {
            let labels = [route, fault.cause.label(), fault.cause.side().label()];
            self.faults.with_label_values(&labels).inc();
            if fault.cause == Cause::Unauthenticated {
                self.auth_failures.with_label_values(&[route]).inc();
            }
        }
    }

    /// The text exposition format 0.0.4.
    pub fn text(&self) -> String {
        let mut out = Vec::new();
        // Writing to memory fails only for a family without a name, which the table does not have.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

fn counter(registry: &Registry, metric: Metric) -> Result<IntCounterVec, prometheus::Error> {
    let counter = IntCounterVec::new(Opts::new(metric.name, metric.help), metric.labels)?;
    registry.register(Box::new(counter.clone()))?;
    Ok(counter)
}

fn histogram(registry: &Registry, metric: Metric) -> Result<HistogramVec, prometheus::Error> {
    let options = HistogramOpts::new(metric.name, metric.help).buckets(BUCKETS.to_vec());
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
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::exchange::record::{CallRecord, LossRecord};
    use crate::fault::Fault;
    use crate::scim::schema::Operation;

    #[test]
    fn one_exchange_shows_in_every_metric_of_the_table() {
        let metrics = Metrics::new().unwrap();
        let record = Record {
            resource: Some("User"),
            operation: Some(Operation::Patch),
            calls: vec![CallRecord {
                operation: Operation::Get,
                status: None,
                duration: Duration::from_millis(3),
            }],
            losses: vec![LossRecord {
                place: "title".into(),
                cause: "no_place",
                direction: "request",
            }],
            fault: Some(Fault::new(Cause::Unauthenticated, "who")),
            emulated: true,
            filter_ignored: true,
        };
        metrics.count(&Seen {
            request_id: "private-id",
            route: Some("/a/b"),
            upstream: Some("b"),
            credential: Some("tester"),
            translated: true,
            status: http::StatusCode::from_u16(401).ok(),
            duration: Duration::from_millis(5),
            record: &record,
        });
        let text = metrics.text();
        for metric in METRICS {
            assert!(text.contains(&format!("# HELP {} {}", metric.name, metric.help)), "{text}");
        }
        assert_eq!(text.matches("# TYPE").count(), METRICS.len(), "{text}");
        let line =
            "requests_total{operation=\"patch\",resource=\"User\",route=\"/a/b\",status=\"4xx\"} 1";
        assert!(text.contains(line), "{text}");
        assert!(!text.contains("private-id"), "{text}");
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(METRICS.is_sorted_by_key(|metric| metric.name));
    }
}
