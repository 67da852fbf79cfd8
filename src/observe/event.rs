//! What happens beside requests: a closed list of bounded words.

use std::net::IpAddr;
use std::sync::Arc;

use super::reason::Reason;

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
