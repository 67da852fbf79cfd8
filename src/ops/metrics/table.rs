//! The metrics as one table: `docs/metrics.md` is generated from it, and every counter is made of it.

use super::metric::{Kind, Metric};
use super::process::*;

/// Every metric, sorted by name.
pub const METRICS: &[Metric] = &[
    PROCESS_CPU,
    PROCESS_MAX_FDS,
    PROCESS_OPEN_FDS,
    PROCESS_MEMORY,
    PROCESS_START,
    PROCESS_THREADS,
    PROCESS_VIRTUAL,
    ADOPTIONS,
    AUDIT_FAILING,
    AUDITED,
    AUDIT_LOST,
    AUDIT_REFUSED,
    AUTH_FAILURES,
    AUTHENTICATED,
    BUILD,
    CALLS_PER_EXCHANGE,
    CERTIFICATES,
    CONNECTIONS,
    EMULATIONS,
    FAULTS,
    FILTERS_IGNORED,
    KEYS,
    LIBRARY_MESSAGES,
    LOG_LOST,
    LOSSES,
    READY,
    REFUSED,
    RELOAD_SUCCESS,
    RELOADS,
    REMOVAL_ALARMS,
    TRIPPED,
    REMOVALS,
    DURATION,
    REQUESTS,
    PAUSED,
    RULES,
    SECRET_RELOADS,
    SPANS_LOST,
    STATE_WRITES,
    TOKEN_REQUESTS,
    BREAKER,
    UPSTREAM_DURATION,
    UPSTREAM_CALLS,
    IN_FLIGHT,
    LOOKUPS,
    NODE_EJECTED,
    NODE_UP,
    RETRIES,
    WAITING,
];

pub(super) const AUDIT_FAILING: Metric = Metric {
    name: "scim_gateway_audit_failing",
    kind: Kind::Gauge,
    help: "1 while the audit file takes no lines and writes are answered 503.",
    labels: &[],
};

pub(super) const AUDITED: Metric = Metric {
    name: "scim_gateway_audit_lines_total",
    kind: Kind::Counter,
    help: "Lines that the audit file has: writes, refused requests, operators' acts.",
    labels: &[],
};

pub(super) const AUDIT_LOST: Metric = Metric {
    name: "scim_gateway_audit_lost_total",
    kind: Kind::Counter,
    help: "Lines that the audit file has not: the queue was full or, where writes go on all the same, the file took none.",
    labels: &["reason"],
};

pub(super) const AUDIT_REFUSED: Metric = Metric {
    name: "scim_gateway_audit_refused_total",
    kind: Kind::Counter,
    help: "Writes that were not made because they could not be recorded: the queue was full or the file took no lines.",
    labels: &["reason"],
};

pub(super) const STATE_WRITES: Metric = Metric {
    name: "scim_gateway_state_writes_total",
    kind: Kind::Counter,
    help: "Writings of the file that keeps which routes are paused and whose removals are held back.",
    labels: &["result"],
};

pub(super) const SPANS_LOST: Metric = Metric {
    name: "scim_gateway_spans_lost_total",
    kind: Kind::Counter,
    help: "Spans that the collector did not get.",
    labels: &[],
};

pub(super) const LIBRARY_MESSAGES: Metric = Metric {
    name: "scim_gateway_library_messages_total",
    kind: Kind::Counter,
    help: "Warnings and errors of the HTTP library, which hold addresses and are not in the log.",
    labels: &["part", "level"],
};

pub(super) const LOG_LOST: Metric = Metric {
    name: "scim_gateway_log_lost_total",
    kind: Kind::Counter,
    help: "Lines that the log has not, since nobody reads it fast enough.",
    labels: &[],
};

pub(super) const AUTH_FAILURES: Metric = Metric {
    name: "scim_gateway_auth_failures_total",
    kind: Kind::Counter,
    help: "Requests that their route does not let in, by what is wrong with the credential.",
    labels: &["route", "reason"],
};

pub(super) const AUTHENTICATED: Metric = Metric {
    name: "scim_gateway_authenticated_total",
    kind: Kind::Counter,
    help: "Requests by the credential that let them in; one without any can be taken away.",
    labels: &["route", "credential"],
};

pub(super) const CERTIFICATES: Metric = Metric {
    name: "scim_gateway_certificate_reloads_total",
    kind: Kind::Counter,
    help: "Changed certificate files of the listener; after `failed` the old ones stay in force.",
    labels: &["result"],
};

pub(super) const CALLS_PER_EXCHANGE: Metric = Metric {
    name: "scim_gateway_calls_per_exchange",
    kind: Kind::Histogram,
    help: "Calls to the upstream made for one request on a translated route.",
    labels: &["route", "operation"],
};

pub(super) const EMULATIONS: Metric = Metric {
    name: "scim_gateway_emulations_total",
    kind: Kind::Counter,
    help: "Exchanges that did with several upstream calls what the upstream cannot do in one.",
    labels: &["route", "operation"],
};

pub(super) const FAULTS: Metric = Metric {
    name: "scim_gateway_faults_total",
    kind: Kind::Counter,
    help: "Failed requests by cause and by the side that is guilty.",
    labels: &["route", "cause", "side"],
};

pub(super) const FILTERS_IGNORED: Metric = Metric {
    name: "scim_gateway_filters_ignored_total",
    kind: Kind::Counter,
    help: "Lists in which the upstream answered resources that its filter excludes.",
    labels: &["route"],
};

pub(super) const KEYS: Metric = Metric {
    name: "scim_gateway_key_set_reads_total",
    kind: Kind::Counter,
    help: "Readings of the key sets that signed tokens are checked with.",
    labels: &["result"],
};

pub(super) const LOSSES: Metric = Metric {
    name: "scim_gateway_losses_total",
    kind: Kind::Counter,
    help: "Information that one side said and the other cannot hold.",
    labels: &["route", "place", "cause", "direction"],
};

pub(super) const ADOPTIONS: Metric = Metric {
    name: "scim_gateway_adoptions_total",
    kind: Kind::Counter,
    help: "Creations that were answered with the resource that was there already.",
    labels: &["route"],
};

pub(super) const PAUSED: Metric = Metric {
    name: "scim_gateway_route_paused",
    kind: Kind::Gauge,
    help: "1 while an operator has paused the route.",
    labels: &["route"],
};

pub(super) const REMOVAL_ALARMS: Metric = Metric {
    name: "scim_gateway_removal_alarms_total",
    kind: Kind::Counter,
    help: "Times that removals went beyond the route's limits; act is warned or tripped.",
    labels: &["route", "act"],
};

pub(super) const REMOVALS: Metric = Metric {
    name: "scim_gateway_removals_total",
    kind: Kind::Counter,
    help: "Resources deleted or deactivated, groups emptied, and members that groups lost.",
    labels: &["route", "kind"],
};

pub(super) const TRIPPED: Metric = Metric {
    name: "scim_gateway_removal_breaker_tripped",
    kind: Kind::Gauge,
    help: "1 while the route's breaker holds removals back until an operator re-arms it.",
    labels: &["route"],
};

pub(super) const READY: Metric = Metric {
    name: "scim_gateway_ready",
    kind: Kind::Gauge,
    help: "1 while requests are welcome, 0 before and in the graceful end.",
    labels: &[],
};

pub(super) const RELOAD_SUCCESS: Metric = Metric {
    name: "scim_gateway_reload_success_timestamp_seconds",
    kind: Kind::Gauge,
    help: "When the configuration in force was read, in seconds since 1970.",
    labels: &[],
};

pub(super) const RELOADS: Metric = Metric {
    name: "scim_gateway_reloads_total",
    kind: Kind::Counter,
    help: "Reloads: applied, or refused, where the configuration before goes on.",
    labels: &["outcome"],
};

pub(super) const RULES: Metric = Metric {
    name: "scim_gateway_rules_info",
    kind: Kind::Gauge,
    help: "1 for the hash of the rules in force.",
    labels: &["hash"],
};

pub(super) const DURATION: Metric = Metric {
    name: "scim_gateway_request_duration_seconds",
    kind: Kind::Histogram,
    help: "Time from the request's header to the end of the answer.",
    labels: &["route", "operation"],
};

pub(super) const REQUESTS: Metric = Metric {
    name: "scim_gateway_requests_total",
    kind: Kind::Counter,
    help: "Answered requests.",
    labels: &["route", "resource", "operation", "status"],
};

pub(super) const SECRET_RELOADS: Metric = Metric {
    name: "scim_gateway_secret_reloads_total",
    kind: Kind::Counter,
    help: "Files of an upstream's secret, certificate or authorities that were read again: changed, or failed.",
    labels: &["upstream", "outcome"],
};

pub(super) const TOKEN_REQUESTS: Metric = Metric {
    name: "scim_gateway_token_requests_total",
    kind: Kind::Counter,
    help: "Requests to an upstream's token endpoint by what came of them.",
    labels: &["upstream", "outcome"],
};

pub(super) const UPSTREAM_DURATION: Metric = Metric {
    name: "scim_gateway_upstream_call_duration_seconds",
    kind: Kind::Histogram,
    help: "Time of one call to an upstream.",
    labels: &["upstream", "operation"],
};

pub(super) const UPSTREAM_CALLS: Metric = Metric {
    name: "scim_gateway_upstream_calls_total",
    kind: Kind::Counter,
    help: "Calls to upstreams; status is none where there was no whole answer.",
    labels: &["upstream", "operation", "status"],
};

pub(super) const BUILD: Metric = Metric {
    name: "scim_gateway_build_info",
    kind: Kind::Gauge,
    help: "1, with the version of this program.",
    labels: &["version"],
};

pub(super) const CONNECTIONS: Metric = Metric {
    name: "scim_gateway_connections",
    kind: Kind::Gauge,
    help: "Client connections that are open.",
    labels: &[],
};

pub(super) const REFUSED: Metric = Metric {
    name: "scim_gateway_refused_total",
    kind: Kind::Counter,
    help: "What was not done to keep a bound; at is an upstream, a route, or none for the listener.",
    labels: &["at", "reason"],
};

pub(super) const BREAKER: Metric = Metric {
    name: "scim_gateway_upstream_breaker_open",
    kind: Kind::Gauge,
    help: "1 while the breaker lets no call or only a probe through.",
    labels: &["upstream"],
};

pub(super) const IN_FLIGHT: Metric = Metric {
    name: "scim_gateway_upstream_in_flight",
    kind: Kind::Gauge,
    help: "Calls under way, streams too.",
    labels: &["upstream"],
};

pub(super) const LOOKUPS: Metric = Metric {
    name: "scim_gateway_upstream_name_lookups_total",
    kind: Kind::Counter,
    help: "Look-ups of the names of upstreams' nodes; after `failed` the last good addresses are used.",
    labels: &["upstream", "result"],
};

pub(super) const NODE_EJECTED: Metric = Metric {
    name: "scim_gateway_upstream_node_ejected",
    kind: Kind::Gauge,
    help: "1 while a node is left out for its failed calls.",
    labels: &["upstream", "node"],
};

pub(super) const NODE_UP: Metric = Metric {
    name: "scim_gateway_upstream_node_up",
    kind: Kind::Gauge,
    help: "What health checks say: 1 up, 0 down.",
    labels: &["upstream", "node"],
};

pub(super) const RETRIES: Metric = Metric {
    name: "scim_gateway_upstream_retries_total",
    kind: Kind::Counter,
    help: "Calls that were made once more.",
    labels: &["upstream", "reason"],
};

pub(super) const WAITING: Metric = Metric {
    name: "scim_gateway_upstream_waiting",
    kind: Kind::Gauge,
    help: "Calls that wait for their turn.",
    labels: &["upstream"],
};

impl Metric {
    /// Upper bounds of a histogram: of calls where its name says so, else in seconds.
    pub(super) fn buckets(&self) -> &'static [f64] {
        if self.name == CALLS_PER_EXCHANGE.name { CALL_BUCKETS } else { BUCKETS }
    }
}

/// Upper bounds in seconds: a translation takes less than the first, a scan more than most.
const BUCKETS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Upper bounds in calls: none, one, an emulation, a scan of more and more pages.
const CALL_BUCKETS: &[f64] = &[0.0, 1.0, 2.0, 3.0, 5.0, 10.0, 25.0, 50.0, 100.0];
