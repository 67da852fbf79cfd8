//! Leave to make one call: what it has to pass before, and what its outcome does to the calls after.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, StatusCode};
use tokio::time::{Instant, sleep_until};

use super::breaker::{Change, CircuitBreaker, Ticket};
use super::gate::{Full, Gate, GatePermit, Seat};
use super::rate::Bucket;
use super::retry::Retries;
use super::retry_after_hold::{Held, RetryAfterHold};
use super::strangers::{Own, Strangers};
use super::told;
use super::verdict::CallVerdicts;
use crate::config;
use crate::fault::Fault;
use crate::observe::{Event, Observer, Reason};
use crate::outbound::standing::UpstreamStanding;

/// All state of one upstream's care.
pub struct Resilience {
    pub(super) name: Arc<str>,
    pub(super) observer: Arc<dyn Observer>,
    retries: Arc<Retries>,
    gate: Gate,
    /// Streams last as long as their readers are slow: they have places of their own.
    streams: Gate,
    bucket: Option<Bucket>,
    hold: RetryAfterHold,
    /// Keyed anew in each process.
    hasher: RandomState,
    strangers: Strangers,
    breaker: Option<Arc<CircuitBreaker>>,
}

/// Leave to make one call. Its outcome is told with [`Permit::done`]; dropped without, it was given up.
#[must_use = "dropped, nobody learns what the call came to"]
pub struct Permit {
    resilience: Arc<Resilience>,
    /// Given back before the rest is told.
    place: Option<GatePermit>,
    tickets: Tickets,
    /// Whether it is a stranger's.
    strange: bool,
}

/// What learns of a call: the upstream's breaker, and the stranger's own.
#[derive(Debug)]
struct Tickets {
    all: Option<Ticket>,
    own: Option<Ticket>,
}

/// Whose call it is.
struct Caller {
    who: Option<u64>,
    /// Of a stranger.
    own: Option<Own>,
}

impl Resilience {
    pub fn new(name: &str, settings: &config::Care, observer: Arc<dyn Observer>) -> Self {
        let name: Arc<str> = name.into();
        Self {
            name,
            observer,
            retries: Arc::new(Retries::new(&settings.retries)),
            gate: Gate::new(&settings.limits),
            streams: Gate::new(&settings.limits),
            bucket: settings.rate.as_ref().map(Bucket::new),
            hold: RetryAfterHold::default(),
            hasher: RandomState::new(),
            strangers: Strangers::new(settings),
            breaker: settings.breaker.clone().map(CircuitBreaker::new).map(Arc::new),
        }
    }

    /// Waits for leave to make one call for somebody (`None`: the gateway itself), within the queue's bounds and the deadline.
    ///
    /// # Errors
    /// With `Retry-After`: `UpstreamUnavailable` (breaker, hold), `UpstreamThrottled` (rate, hold),
    /// `Busy` (queue). Nothing was sent.
    pub async fn permit(
        self: &Arc<Self>,
        who: Option<u64>,
        deadline: Instant,
    ) -> Result<Permit, Fault> {
        self.permit_by(&self.gate, who, deadline).await
    }

    /// As [`Resilience::permit`], for a call whose bodies stream.
    ///
    /// # Errors
    /// Those of [`Resilience::permit`].
    pub async fn permit_to_stream(
        self: &Arc<Self>,
        who: Option<u64>,
        deadline: Instant,
    ) -> Result<Permit, Fault> {
        self.permit_by(&self.streams, who, deadline).await
    }

    async fn permit_by(
        self: &Arc<Self>,
        gate: &Gate,
        who: Option<u64>,
        deadline: Instant,
    ) -> Result<Permit, Fault> {
        let now = Instant::now();
        let caller = Caller { who, own: who.map(|who| self.strangers.of(who, now)) };
        self.closed(&caller, now)?;
        let (place, tickets) = match self.at_once(gate, &caller)? {
            Some(both) => both,
            None => self.wait(gate, &caller, deadline).await?,
        };
        let place = Some(place);
        Ok(Permit { resilience: Arc::clone(self), place, tickets, strange: who.is_some() })
    }

    /// What somebody's calls may add by retries: each stranger has a budget of its own.
    pub(super) fn retries(&self, who: Option<u64>) -> Arc<Retries> {
        let own = who.map(|who| self.strangers.of(who, Instant::now()).retries);
        own.unwrap_or_else(|| Arc::clone(&self.retries))
    }

    /// How it stands now; of nodes it knows nothing.
    pub fn standing(&self) -> UpstreamStanding {
        UpstreamStanding {
            name: Arc::clone(&self.name),
            breaker_open: self.breaker.as_ref().map(|breaker| breaker.is_open()),
            under_way: self.gate.under_way() + self.streams.under_way(),
            waiting: self.gate.waiting() + self.streams.waiting(),
            nodes: Vec::new(),
        }
    }

    /// Takes what an upstream asked for in its answer.
    pub fn hold_back(&self, who: Option<u64>, wait: Duration, status: StatusCode) {
        self.hold.back(who, wait, status, Instant::now());
    }

    /// Whose calls those with a stranger's Authorization are: vendors throttle each by itself.
    pub fn whose(&self, authorization: Option<&HeaderValue>) -> Option<u64> {
        Some(self.hasher.hash_one(authorization.map(HeaderValue::as_bytes)))
    }

    /// Both without a wait. A token is taken last: it cannot be given back.
    fn at_once(
        &self,
        gate: &Gate,
        caller: &Caller,
    ) -> Result<Option<(GatePermit, Tickets)>, Fault> {
        if self.hold.now(caller.who, Instant::now()).is_some() {
            return Ok(None);
        }
        let Some(place) = gate.at_once() else { return Ok(None) };
        let tickets = self.tickets(caller)?;
        let token = self.bucket.as_ref().is_none_or(Bucket::at_once);
        Ok(token.then_some((place, tickets)))
    }

    async fn wait(
        &self,
        gate: &Gate,
        caller: &Caller,
        deadline: Instant,
    ) -> Result<(GatePermit, Tickets), Fault> {
        let seat = gate.sit(deadline).map_err(|full| self.full(full))?;
        self.outlast(caller.who, &seat).await?;
        let place = seat.place().await.map_err(|full| self.full(full))?;
        // The breaker may have opened meanwhile, and its probe's ticket is for whoever calls now.
        let tickets = self.tickets(caller)?;
        if let Some(bucket) = &self.bucket {
            let late = |wait| self.refused(Reason::Rate, told::rate(wait));
            bucket.token(seat.until).await.map_err(late)?;
        }
        if [&tickets.all, &tickets.own].into_iter().flatten().any(|ticket| !ticket.holds()) {
            self.closed(caller, Instant::now())?;
        }
        Ok((place, tickets))
    }

    fn tickets(&self, caller: &Caller) -> Result<Tickets, Fault> {
        let admit = |breaker: Option<&Arc<CircuitBreaker>>| {
            breaker.map(|breaker| breaker.admit(Instant::now())).transpose()
        };
        let own = caller.own.as_ref().and_then(|own| own.breaker.as_ref());
        let own = admit(own).map_err(|wait| self.failing(wait))?;
        let all = admit(self.breaker.as_ref()).map_err(|wait| self.open(wait))?;
        Ok(Tickets { all, own })
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

    fn closed(&self, caller: &Caller, now: Instant) -> Result<(), Fault> {
        if let Some(wait) = self.breaker.as_ref().and_then(|breaker| breaker.shut(now)) {
            return Err(self.open(wait));
        }
        let own = caller.own.as_ref().and_then(|own| own.breaker.as_ref());
        match own.and_then(|breaker| breaker.shut(now)) {
            Some(wait) => Err(self.failing(wait)),
            None => Ok(()),
        }
    }

    fn open(&self, wait: Duration) -> Fault {
        self.refused(Reason::Breaker, told::open(wait))
    }

    fn failing(&self, wait: Duration) -> Fault {
        self.refused(Reason::Stranger, told::failing(wait))
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

impl Permit {
    /// Tells what the call came to.
    pub fn done(mut self, says: CallVerdicts) {
        self.end(says);
    }

    fn end(&mut self, says: CallVerdicts) {
        if self.place.take().is_none() {
            return;
        }
        let (resilience, now) = (&self.resilience, Instant::now());
        // What a stranger's own breaker does concerns nobody else.
        self.tickets.own.take().map(|ticket| ticket.learn(says.own, now));
        let verdict = if self.strange { says.all } else { says.own };
        let change = self.tickets.all.take().and_then(|ticket| ticket.learn(verdict, now));
        if let Some(change) = change {
            let open = matches!(change, Change::Opened { .. });
            resilience.happened(|upstream| Event::Breaker { upstream, open });
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.end(CallVerdicts::UNKNOWN);
    }
}
