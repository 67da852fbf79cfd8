//! What the edge tells of each request that it answered, and of its own life. Who counts and logs is not its business.

use std::sync::{Arc, OnceLock};
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

/// An observer for what is made before there is one: it tells whom it is given, and nobody before.
#[derive(Default)]
pub struct Relay(OnceLock<Arc<dyn Observer>>);

impl Relay {
    /// From now on this one is told; a second one is not.
    pub fn follow(&self, observer: Arc<dyn Observer>) {
        let _ = self.0.set(observer);
    }
}

impl Observer for Relay {
    fn samples(&self, trace: &[u8; 16]) -> bool {
        self.0.get().is_some_and(|observer| observer.samples(trace))
    }

    fn answered(&self, seen: &Seen<'_>) {
        if let Some(observer) = self.0.get() {
            observer.answered(seen);
        }
    }

    fn happened(&self, event: &Event) {
        if let Some(observer) = self.0.get() {
            observer.happened(event);
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
