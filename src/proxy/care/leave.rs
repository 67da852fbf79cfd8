//! Leave to make one call: what it has to pass before, and what its outcome does to the calls after.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, StatusCode};
use tokio::time::{Instant, sleep_until};

use super::breaker::{Breaker, Change, Ticket, Verdict};
use super::gate::{Full, Gate, Place, Seat};
use super::hold::{Held, Hold};
use super::rate::Bucket;
use super::retry::Retries;
use super::told;
use crate::config::care;
use crate::fault::Fault;
use crate::proxy::UpstreamStanding;
use crate::proxy::observer::{Event, Observer, Reason};

/// All state of one upstream's care.
pub struct Care {
    pub(super) name: Arc<str>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) retries: Retries,
    gate: Gate,
    /// Streams last as long as their readers are slow: they have places of their own.
    streams: Gate,
    bucket: Option<Bucket>,
    hold: Hold,
    /// Keyed anew in each process.
    strangers: RandomState,
    breaker: Option<Arc<Breaker>>,
}

/// Leave to make one call. Its outcome is told with [`Leave::done`]; dropped without, it was given up.
#[must_use = "dropped, nobody learns what the call came to"]
pub struct Leave {
    care: Arc<Care>,
    /// Given back before the rest is told.
    place: Option<Place>,
    ticket: Option<Ticket>,
}

impl Care {
    pub fn new(name: &str, settings: &care::Care, observer: Arc<dyn Observer>) -> Self {
        let name: Arc<str> = name.into();
        Self {
            name,
            observer,
            retries: Retries::new(&settings.retries),
            gate: Gate::new(&settings.limits),
            streams: Gate::new(&settings.limits),
            bucket: settings.rate.as_ref().map(Bucket::new),
            hold: Hold::default(),
            strangers: RandomState::new(),
            breaker: settings.breaker.clone().map(Breaker::new).map(Arc::new),
        }
    }

    /// Waits for leave to make one call for somebody (`None`: the gateway itself), within the queue's bounds and the deadline.
    ///
    /// # Errors
    /// With `Retry-After`: `UpstreamUnavailable` (breaker, hold), `UpstreamThrottled` (rate, hold),
    /// `Busy` (queue). Nothing was sent.
    pub(in crate::proxy) async fn leave(
        self: &Arc<Self>,
        who: Option<u64>,
        deadline: Instant,
    ) -> Result<Leave, Fault> {
        self.leave_by(&self.gate, who, deadline).await
    }

    /// As [`Care::leave`], for a call whose bodies stream.
    ///
    /// # Errors
    /// Those of [`Care::leave`].
    pub(in crate::proxy) async fn leave_to_stream(
        self: &Arc<Self>,
        who: Option<u64>,
        deadline: Instant,
    ) -> Result<Leave, Fault> {
        self.leave_by(&self.streams, who, deadline).await
    }

    async fn leave_by(
        self: &Arc<Self>,
        gate: &Gate,
        who: Option<u64>,
        deadline: Instant,
    ) -> Result<Leave, Fault> {
        self.closed(Instant::now())?;
        let (place, ticket) = match self.at_once(gate, who)? {
            Some(both) => both,
            None => self.wait(gate, who, deadline).await?,
        };
        Ok(Leave { care: Arc::clone(self), place: Some(place), ticket })
    }

    /// How it stands now; of nodes it knows nothing.
    pub(in crate::proxy) fn standing(&self) -> UpstreamStanding {
        UpstreamStanding {
            name: Arc::clone(&self.name),
            breaker_open: self.breaker.as_ref().map(|breaker| breaker.is_open()),
            under_way: self.gate.under_way() + self.streams.under_way(),
            waiting: self.gate.waiting() + self.streams.waiting(),
            nodes: Vec::new(),
        }
    }

    /// Takes what an upstream asked for in its answer.
    pub(in crate::proxy) fn hold_back(&self, who: Option<u64>, wait: Duration, status: StatusCode) {
        self.hold.back(who, wait, status, Instant::now());
    }

    /// Whose calls those with a stranger's Authorization are: vendors throttle each by itself.
    pub(in crate::proxy) fn whose(&self, authorization: Option<&HeaderValue>) -> Option<u64> {
        Some(self.strangers.hash_one(authorization.map(HeaderValue::as_bytes)))
    }

    /// Both without a wait. A token is taken last: it cannot be given back.
    fn at_once(
        &self,
        gate: &Gate,
        who: Option<u64>,
    ) -> Result<Option<(Place, Option<Ticket>)>, Fault> {
        if self.hold.now(who, Instant::now()).is_some() {
            return Ok(None);
        }
        let Some(place) = gate.at_once() else { return Ok(None) };
        let ticket = self.ticket()?;
        let token = self.bucket.as_ref().is_none_or(Bucket::at_once);
        Ok(token.then_some((place, ticket)))
    }

    async fn wait(
        &self,
        gate: &Gate,
        who: Option<u64>,
        deadline: Instant,
    ) -> Result<(Place, Option<Ticket>), Fault> {
        let seat = gate.sit(deadline).map_err(|full| self.full(full))?;
        self.outlast(who, &seat).await?;
        let place = seat.place().await.map_err(|full| self.full(full))?;
        // The breaker may have opened meanwhile, and its probe's ticket is for whoever calls now.
        let ticket = self.ticket()?;
        if let Some(bucket) = &self.bucket {
            let late = |wait| self.refused(Reason::Rate, told::rate(wait));
            bucket.token(seat.until).await.map_err(late)?;
        }
        if ticket.as_ref().is_some_and(|ticket| !ticket.holds()) {
            self.closed(Instant::now())?;
        }
        Ok((place, ticket))
    }

    fn ticket(&self) -> Result<Option<Ticket>, Fault> {
        let ticket = self.breaker.as_ref().map(|breaker| breaker.admit(Instant::now()));
        ticket.transpose().map_err(|wait| self.refused(Reason::Breaker, told::open(wait)))
    }

    /// Waits until nothing holds calls back, unless that is too long.
    async fn outlast(&self, who: Option<u64>, seat: &Seat<'_>) -> Result<(), Fault> {
        while let Some(Held { until, status }) = self.hold.now(who, Instant::now()) {
            if until > seat.until {
                return Err(self.refused(Reason::Held, told::held(until - Instant::now(), status)));
            }
            sleep_until(until).await;
        }
        Ok(())
    }

    fn closed(&self, now: Instant) -> Result<(), Fault> {
        match self.breaker.as_ref().and_then(|breaker| breaker.shut(now)) {
            Some(wait) => Err(self.refused(Reason::Breaker, told::open(wait))),
            None => Ok(()),
        }
    }

    fn full(&self, full: Full) -> Fault {
        self.refused(full.reason(), told::busy())
    }

    fn refused(&self, reason: Reason, fault: Fault) -> Fault {
        self.happened(|upstream| Event::Refused { at: Some(upstream), reason });
        fault
    }

    pub(super) fn happened(&self, event: impl FnOnce(Arc<str>) -> Event) {
        self.observer.happened(&event(Arc::clone(&self.name)));
    }
}

impl Leave {
    /// Tells what the call came to.
    pub(in crate::proxy) fn done(mut self, verdict: Verdict) {
        self.end(verdict);
    }

    fn end(&mut self, verdict: Verdict) {
        if self.place.take().is_none() {
            return;
        }
        let care = &self.care;
        let change = self.ticket.take().and_then(|ticket| ticket.learn(verdict, Instant::now()));
        if let Some(change) = change {
            let open = matches!(change, Change::Opened { .. });
            care.happened(|upstream| Event::Breaker { upstream, open });
        }
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        self.end(Verdict::Unknown);
    }
}
