//! What is known of one request while it is served. It is told once, whatever becomes of the request:
//! who drops it untold (the end of the process, a task that failed) tells that nobody knows the outcome.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::time::Instant;

use super::edge::Edge;
use super::life::Underway;
use super::stream::Stream;
use crate::exchange::{Record, Trace};
use crate::fault::{Cause, Fault};
use crate::gateway::Route;
use crate::gateway::rights::Rights;
use crate::observe::{Observer, Seen, Slot};
use crate::observe::{Principal, Refusal};
use crate::outbound::Place;

pub struct Context {
    pub(super) began: Instant,
    /// The edge that this request met; it stays whatever takes its place.
    pub(super) edge: Arc<Edge>,
    observer: Arc<dyn Observer>,
    pub(super) request_id: String,
    pub(super) method: &'static str,
    pub(super) writes: bool,
    pub(super) trace: Trace,
    pub(super) route: Option<Arc<Route>>,
    pub(super) caller: Option<Principal>,
    /// What the caller may do; `None`: everything.
    pub(super) rights: Option<Rights>,
    /// Why the caller was not let in, and how it could be.
    pub(super) refused: Option<Refusal>,
    pub(super) challenges: Vec<HeaderValue>,
    /// Held until the request is told.
    pub(super) place: Option<Place>,
    /// Held until what is recorded of a write is told.
    pub(super) slot: Option<Slot>,
    /// Set on a pass-through route.
    pub(super) stream: Option<Stream>,
    /// The client's Authorization on a route that forwards it.
    pub(super) forwarded: Option<HeaderValue>,
    pub(super) record: Record,
    pub(super) status: Option<StatusCode>,
    /// Whether the answer is made: what becomes of the connection from here on changes nothing in it.
    pub(super) answered: bool,
    pub(super) delivered: bool,
    told: bool,
    /// Set from the request's header on; the end of the process waits for it.
    pub(super) underway: Option<Underway>,
}

impl Context {
    pub(super) fn new(edge: Arc<Edge>, observer: Arc<dyn Observer>) -> Self {
        Self {
            began: Instant::now(),
            edge,
            observer,
            request_id: String::new(),
            method: "",
            writes: false,
            trace: Trace::of(&HeaderMap::new(), |_| false),
            route: None,
            caller: None,
            rights: None,
            refused: None,
            challenges: Vec::new(),
            place: None,
            slot: None,
            stream: None,
            forwarded: None,
            record: Record::default(),
            status: None,
            answered: false,
            delivered: false,
            told: false,
            underway: None,
        }
    }

    /// Gives back what others may wait for.
    pub(super) fn let_go(&mut self) {
        self.place = None;
        if let Some(stream) = &mut self.stream {
            stream.end(self.record.fault.as_ref());
        }
    }

    /// Tells what the request came to; `written` is the status that Pingora wrote.
    pub(super) fn tell(&mut self, written: Option<StatusCode>) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        self.let_go();
        if let (Some(told), Some(stream)) = (&mut self.record.streamed, &self.stream) {
            (told.sent, told.got) = stream.sizes();
        }
        let route = self.route.as_deref().map(|route| &route.spec);
        self.observer.answered(&Seen {
            request_id: &self.request_id,
            method: self.method,
            writes: self.writes,
            route: route.map(|spec| spec.name.as_str()),
            upstream: route.map(|spec| spec.upstream_name.as_str()),
            credential: self.caller.as_ref().map(|caller| caller.credential.as_str()),
            caller: self.caller.as_ref(),
            refused: self.refused,
            translated: self.stream.is_none(),
            status: self.status.or(written),
            delivered: self.delivered,
            duration: self.began.elapsed(),
            trace: &self.trace,
            record: &self.record,
        });
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // One that waits for the next request on its connection has nothing to tell.
        if self.underway.is_some() && !self.told {
            self.record.cut_off(interrupted());
            self.tell(None);
        }
    }
}

fn interrupted() -> Fault {
    let detail = "The gateway ended before the request did; whether it was done is not known. Look \
                  before you send it again.";
    Fault::new(Cause::Interrupted, detail)
}
