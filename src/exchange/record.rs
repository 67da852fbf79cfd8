//! What is counted and logged of an exchange: bounded labels, no value of any attribute.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use super::wire::Wired;
use crate::fault::{Cause, Fault};
use crate::gateway::pair::Losses;
use crate::rewrite::translate::Loss;
use crate::scim::http::Response;
use crate::scim::schema::Operation;

/// For metrics and the log.
#[derive(Debug, Default)]
pub struct Record {
    /// `User`, `Group`, or `None` for discovery and unknown endpoints.
    pub resource: Option<&'static str>,
    pub operation: Option<Operation>,
    /// The kind of discovery document that was asked for, found or not.
    pub document: Option<&'static str>,
    /// The resource that was asked for or made.
    pub subject: Option<ResourceId>,
    /// What the request is about: attributes and extensions by their canonical names.
    pub places: Vec<String>,
    /// Each create, replace, patch and delete, done or not; several in a bulk request.
    pub writes: Vec<WriteRecord>,
    pub calls: Vec<CallRecord>,
    pub losses: Vec<LossRecord>,
    pub fault: Option<Fault>,
    /// Whether several upstream calls did what the upstream cannot do in one.
    pub emulated: bool,
    /// Whether the upstream was found to ignore a filter that it declares.
    pub filter_ignored: bool,
    /// What was removed: `deletion`, `deactivation` or `emptying`, each once for a resource.
    pub removals: Vec<&'static str>,
    /// How many members groups lost.
    pub memberships: usize,
    /// What the breaker on mass removal did: `warned` or `tripped`.
    pub alarm: Option<&'static str>,
    /// Whether a creation was answered with what was there already.
    pub adopted: bool,
    /// Whether the calls are told in full.
    pub wire: bool,
    /// The call that streamed through, where somebody wants to see it.
    pub streamed: Option<Streamed>,
    /// Whether an operation has begun and is not over.
    pub underway: bool,
}

#[derive(Debug)]
pub struct CallRecord {
    pub operation: Operation,
    /// `None` where there was no whole answer.
    pub status: Option<u16>,
    pub began: Instant,
    pub duration: Duration,
    /// Its span, where the exchange has one.
    pub span: Option<[u8; 8]>,
    /// Method and path, ids and values masked, where the upstream has no such thing or `wired` is there.
    pub asked: Option<Box<str>>,
    /// What was sent and came back, where somebody wants to see it.
    pub wired: Option<Box<Wired>>,
}

/// A call whose bodies nobody read.
#[derive(Debug)]
pub struct Streamed {
    /// Method and path, ids and values masked.
    pub asked: Box<str>,
    /// `None` where there was no answer.
    pub status: Option<u16>,
    /// Of the answer.
    pub media_type: Option<Box<str>>,
    /// Of the request's body and of the answer's, in bytes.
    pub sent: usize,
    pub got: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LossRecord {
    /// A place of the compiled table; a free key is `<urn>.*`.
    pub place: String,
    /// `rule`, `no_place`, `shadowed`, `picked`, `converted` or `not_taken`.
    pub cause: &'static str,
    /// `request` or `response`.
    pub direction: &'static str,
}

/// The id of a resource, for its keyed hash alone. `Debug` shows none of it, and there is no
/// `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct ResourceId(String);

impl ResourceId {
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id itself: for what hashes it and for nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ResourceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("…")
    }
}

/// One write that a client asked for.
#[derive(Debug)]
pub struct WriteRecord {
    pub resource: &'static str,
    pub operation: Operation,
    pub subject: Option<ResourceId>,
    /// Of the client's answer.
    pub status: u16,
    pub cause: Option<Cause>,
    /// What the client wrote, by canonical names; a PATCH of one element names its attribute.
    pub places: Vec<String>,
}

impl Record {
    /// Begins one operation, of several in a bulk request.
    pub fn begin(&mut self) {
        (self.resource, self.operation, self.subject) = (None, None, None);
        self.places.clear();
        self.underway = true;
    }

    /// Notes that nobody will know what comes of the exchange: of a write that has begun, too.
    pub fn cut_off(&mut self, fault: Fault) {
        if std::mem::take(&mut self.underway) {
            self.end(&Err(fault.clone()));
        }
        self.fault.get_or_insert(fault);
    }

    /// Notes what the operation came to, where it is a write.
    pub fn end(&mut self, outcome: &Result<Response, Fault>) {
        self.underway = false;
        let (Some(resource), Some(operation)) = (self.resource, self.operation) else { return };
        if matches!(operation, Operation::Get | Operation::List | Operation::Search) {
            return;
        }
        let (status, cause) = match outcome {
            Ok(response) => (response.status, None),
            Err(fault) => (fault.status(), Some(fault.cause)),
        };
        let places = std::mem::take(&mut self.places);
        let (status, subject) = (status.as_u16(), self.subject.clone());
        self.writes.push(WriteRecord { resource, operation, subject, status, cause, places });
    }

    /// Counts losses of one direction, each place and cause once an exchange.
    pub fn lose(&mut self, losses: &Losses, direction: &'static str) {
        for Loss { place, cause, key: _ } in losses.all() {
            let loss = LossRecord { place: place.to_string(), cause: cause.label(), direction };
            if !self.losses.contains(&loss) {
                self.losses.push(loss);
            }
        }
    }
}
