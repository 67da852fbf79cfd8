//! What the edge tells of each request that it answered, and of its own life. Who counts and logs is not its business.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;

use super::{Principal, Refusal};
use crate::exchange::{Record, Trace};

/// Told once for each request, after its answer was written or failed to be, or when it was cut off, and
/// of what happens beside requests.
pub trait Observer: Send + Sync {
    fn answered(&self, seen: &Seen<'_>);
    fn happened(&self, event: &Event);

    /// Asked before a write is made: a place for what is recorded of it, `None` where nothing can be.
    fn reserve(&self) -> Option<Slot> {
        Some(Slot::default())
    }

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

/// A place for the record of one write, from before the write is made until it was told. Dropped, it is
/// free again.
#[derive(Debug, Default)]
#[must_use = "dropped, the place is free again"]
pub struct Slot(Option<Arc<AtomicUsize>>);

impl Slot {
    /// One of the `most` places that `taken` counts; `None` where all are taken.
    pub fn among(taken: &Arc<AtomicUsize>, most: usize) -> Option<Self> {
        // Made first: it gives back what it takes.
        let slot = Self(Some(Arc::clone(taken)));
        (taken.fetch_add(1, Ordering::AcqRel) < most).then_some(slot)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(taken) = &self.0 {
            taken.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// Something that is no request's answer: bounded words, the names of files, no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Whether requests are welcome has changed.
    Ready(bool),
    /// An issuer's keys were read, or could not be, and why.
    Keys(Result<(), String>),
    /// Changed certificates of the listener are in force, or cannot be used, and why: the old ones stay.
    Certificates(Result<(), String>),
    /// The rules in force, by their hash.
    Rules(String),
    /// The configuration was read again.
    Reloaded(Trigger),
    /// The configuration was read again, and the one before goes on; the mistakes as text.
    ReloadRefused(Trigger, String),
    /// An operator did something at the admin listener, to one route or to all; `done` or refused.
    Operated { act: &'static str, route: Option<String>, from: IpAddr, done: bool },
    /// Changes of files are not noticed, and why.
    Unwatched(String),
    /// A signal to hand over, and no process that takes.
    NoSuccessor,
    /// A request to an upstream's token endpoint ended; the outcome is a word of a closed set.
    TokenRequest { upstream: String, outcome: &'static str },
    /// The file of an upstream's secret, certificate or authorities was read again: `changed` or `failed`, and why.
    /// `key` is the one of [upstream.…] that names it.
    SecretReload { upstream: String, key: &'static str, outcome: &'static str, why: Option<String> },
    /// The name of an upstream's node was looked up: its addresses were found, or those before stay.
    LookedUp { upstream: Arc<str>, found: bool },
    /// Something was not done, to keep a bound; `at` names an upstream or a route, and the listener
    /// has none.
    Refused { at: Option<Arc<str>>, reason: Reason },
    /// A call is made once more.
    Retried { upstream: Arc<str>, reason: &'static str },
    /// An upstream's breaker has changed.
    Breaker { upstream: Arc<str>, open: bool },
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
    /// A connection of a load balancer that does not begin with a header of the PROXY protocol.
    ProxyHeader,
    /// Such a header that did not come in its time.
    SlowProxyHeader,
    /// TLS that the client broke off, or could not agree on.
    Handshake,
    /// A handshake of TLS that did not end in its time.
    SlowHandshake,
    /// Requests at once on a route, or calls at once to an upstream: as many wait as may.
    Queue,
    /// The longest wait for one's turn.
    Wait,
    /// Calls in a time.
    Rate,
    /// The upstream asked to be left alone.
    Held,
    Breaker,
    /// Calls with one client's own credential failed again and again.
    Stranger,
    /// The share of calls that may be retries.
    Budget,
}

impl Reason {
    /// The value of the metrics' `reason` label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::SlowHeader => "slow_header",
            Self::ProxyHeader => "proxy_header",
            Self::SlowProxyHeader => "slow_proxy_header",
            Self::Handshake => "handshake",
            Self::SlowHandshake => "slow_handshake",
            Self::Queue => "queue",
            Self::Wait => "wait",
            Self::Rate => "rate",
            Self::Held => "held",
            Self::Breaker => "breaker",
            Self::Stranger => "client_breaker",
            Self::Budget => "retry_budget",
        }
    }
}

/// One answered request: bounded words only, no id, value, token or query.
#[derive(Debug)]
pub struct Seen<'a> {
    pub request_id: &'a str,
    /// In lower case; `other` for what HTTP and PATCH do not define.
    pub method: &'static str,
    /// Whether it may change something at the upstream.
    pub writes: bool,
    /// `None` where no route holds the path.
    pub route: Option<&'a str>,
    pub upstream: Option<&'a str>,
    /// The name of the credential that was used.
    pub credential: Option<&'a str>,
    /// Who was let in; `None` also on routes that let everybody in.
    pub caller: Option<&'a Principal>,
    /// Why the caller was not let in.
    pub refused: Option<Refusal>,
    pub translated: bool,
    /// Of the answer that was made; `None` where none was.
    pub status: Option<StatusCode>,
    /// Whether the answer was written whole: the client may have gone before.
    pub delivered: bool,
    pub duration: Duration,
    /// The exchange's span.
    pub trace: &'a Trace,
    pub record: &'a Record,
}
