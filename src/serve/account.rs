//! What is known of one request while it is served, told once.

use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use super::life::Underway;
use crate::exchange::{Record, Trace};
use crate::gateway::Route;
use crate::observe::{AccessRecord, AuthRefusal, Observer, Principal, Slot};

/// One request, for whoever is told of it.
pub(super) struct Account {
    observer: Arc<dyn Observer>,
    pub began: Instant,
    pub request_id: String,
    pub method: &'static str,
    pub writes: bool,
    pub trace: Trace,
    /// The one that holds the path.
    pub route: Option<Arc<Route>>,
    pub caller: Option<Principal>,
    /// Why the caller was not let in.
    pub refused: Option<AuthRefusal>,
    /// Held until what is recorded of a write is told.
    pub slot: Option<Slot>,
    pub record: Record,
    pub answer: Answer,
    told: bool,
    /// Set from the request's header on; the end of the process waits for it.
    pub underway: Option<Underway>,
}

/// How far the answer to the client is.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    /// Not begun, or in Pingora's hands.
    Open,
    /// The upstream's own, as it streams.
    Streams(StatusCode),
    /// Made: what becomes of the connection from here on changes nothing in it.
    Made { status: StatusCode, delivered: bool },
}

impl Account {
    pub fn new(observer: Arc<dyn Observer>) -> Self {
        Self {
            observer,
            began: Instant::now(),
            request_id: String::new(),
            method: "",
            writes: false,
            trace: Trace::of(&HeaderMap::new(), |_| false),
            route: None,
            caller: None,
            refused: None,
            slot: None,
            record: Record::default(),
            answer: Answer::Open,
            told: false,
            underway: None,
        }
    }

    /// Whether a request came, and nobody was told yet what became of it.
    pub fn is_owed(&self) -> bool {
        self.underway.is_some() && !self.told
    }

    pub fn is_told(&self) -> bool {
        self.told
    }

    /// Tells what the request came to; `written` is the status that Pingora wrote.
    pub fn tell(&mut self, translated: bool, written: Option<StatusCode>) {
        self.told = true;
        let route = self.route.as_deref().map(|route| &route.spec);
        self.observer.answered(&AccessRecord {
            request_id: &self.request_id,
            method: self.method,
            writes: self.writes,
            route: route.map(|spec| spec.name.as_str()),
            upstream: route.map(|spec| spec.upstream_name.as_str()),
            credential: self.caller.as_ref().map(|caller| caller.credential.as_str()),
            caller: self.caller.as_ref(),
            refused: self.refused,
            translated,
            status: self.answer.status().or(written),
            delivered: matches!(self.answer, Answer::Made { delivered: true, .. }),
            duration: self.began.elapsed(),
            trace: &self.trace,
            record: &self.record,
        });
    }
}

impl Answer {
    pub fn is_made(self) -> bool {
        matches!(self, Self::Made { .. })
    }

    fn status(self) -> Option<StatusCode> {
        match self {
            Self::Open => None,
            Self::Streams(status) | Self::Made { status, .. } => Some(status),
        }
    }
}
