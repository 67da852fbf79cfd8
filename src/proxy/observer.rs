//! What the edge tells of each request that it answered, and of its own life. Who counts and logs is not its business.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::Refusal;
use crate::exchange::{Record, Trace};

/// Told once for each request, after its answer was written or failed to be, and of what happens
/// beside requests.
pub trait Observer: Send + Sync {
    fn answered(&self, seen: &Seen<'_>);
    fn happened(&self, event: &Event);

    /// Whether the spans of a trace that begins here are kept.
    fn samples(&self, _trace: &[u8; 16]) -> bool {
        false
    }
}

/// Observes nothing.
pub struct Silent;

impl Observer for Silent {
    fn answered(&self, _: &Seen<'_>) {}

    fn happened(&self, _: &Event) {}
}

/// Something that is no request's answer: bounded words only, no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Whether requests are welcome has changed.
    Ready(bool),
    /// An issuer's keys were read, or could not be.
    Keys(bool),
    /// Changed certificates of the listener are in force, or cannot be used and the old ones stay.
    Certificates(bool),
    /// The rules in force, by their hash.
    Rules(String),
    /// The configuration was read again.
    Reloaded(Trigger),
    /// The configuration was read again, and the one before goes on; the mistakes as text.
    ReloadRefused(Trigger, String),
    /// Changes of files are not noticed, and why.
    Unwatched(String),
    /// A signal to hand over, and no process that takes.
    NoSuccessor,
    /// A request to an upstream's token endpoint ended; the outcome is a word of a closed set.
    TokenRequest { upstream: String, outcome: &'static str },
    /// The file of an upstream's secret or certificate was read again: `changed` or `failed`.
    SecretReload { upstream: String, outcome: &'static str },
    /// A client's connection was taken or has ended.
    Connection { began: bool },
    /// An upstream's care has begun: nothing is under way yet.
    Cared { upstream: Arc<str> },
    /// A call to an upstream has begun or ended.
    Calling { upstream: Arc<str>, began: bool },
    /// A call has begun or ceased to wait for leave.
    Waiting { upstream: Arc<str>, began: bool },
    /// Something was not done, to keep a bound; `at` names an upstream or a route, and the listener
    /// has none.
    Refused { at: Option<Arc<str>>, reason: Reason },
    /// A call is made once more.
    Retried { upstream: Arc<str>, reason: &'static str },
    /// An upstream's breaker has changed.
    Breaker { upstream: Arc<str>, open: bool },
    /// The health checks of an upstream's nodes begin; until they say otherwise all are up.
    Probed { upstream: Arc<str>, nodes: u16 },
    /// What health checks say of a node has changed; nodes count from 1, in the configuration's order.
    Node { upstream: Arc<str>, node: u16, up: bool },
    /// A node is left out for its failed calls, or taken in again.
    Ejected { upstream: Arc<str>, node: u16, out: bool },
}

/// Why the configuration was read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    Signal,
    File,
    Request,
}

impl Trigger {
    pub fn label(self) -> &'static str {
        match self {
            Self::Signal => "signal",
            Self::File => "file",
            Self::Request => "request",
        }
    }
}

/// Which bound was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Client connections at once.
    Connections,
    /// A request header that did not come in its time.
    SlowHeader,
    /// Requests at once on a route, or calls at once to an upstream: as many wait as may.
    Queue,
    /// The longest wait for one's turn.
    Wait,
    /// Calls in a time.
    Rate,
    /// The upstream asked to be left alone.
    Held,
    Breaker,
    /// The share of calls that may be retries.
    Budget,
}

impl Reason {
    /// The value of the metrics' `reason` label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::SlowHeader => "slow_header",
            Self::Queue => "queue",
            Self::Wait => "wait",
            Self::Rate => "rate",
            Self::Held => "held",
            Self::Breaker => "breaker",
            Self::Budget => "retry_budget",
        }
    }
}

/// One answered request: bounded words only, no id, value, token or query.
#[derive(Debug)]
pub struct Seen<'a> {
    pub request_id: &'a str,
    /// `None` where no route holds the path.
    pub route: Option<&'a str>,
    pub upstream: Option<&'a str>,
    /// The name of the credential that was used.
    pub credential: Option<&'a str>,
    /// Why the caller was not let in.
    pub refused: Option<Refusal>,
    pub translated: bool,
    /// `None` where no answer could be written.
    pub status: Option<StatusCode>,
    pub duration: Duration,
    /// The exchange's span.
    pub trace: &'a Trace,
    pub record: &'a Record,
}
