//! A circuit breaker as a state machine: closed, open for a growing time, then one probe at a time.
//!
//! It knows no call and no clock: who asks says what time it is. The libraries there are read the
//! clock themselves, and let everybody through as soon as they are half open.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::verdict::CallVerdict;
use super::window::Window;
use crate::config;

/// What the state has changed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Opened { pause: Duration },
    Closed,
}

/// Leave to make one call; its outcome is told with [`Ticket::learn`]. Dropped without, the call was given
/// up: that says nothing, and a probe's turn goes to the next.
#[derive(Debug)]
#[must_use = "dropped, nobody learns what the call came to"]
pub struct Ticket {
    breaker: Arc<CircuitBreaker>,
    /// Which state gave it: what comes from an earlier one is old news.
    era: u64,
    told: bool,
}

impl Ticket {
    /// Whether the state that gave it still holds.
    pub fn holds(&self) -> bool {
        self.breaker.lock().era == self.era
    }

    /// Takes the outcome of the call, and tells what it changed.
    pub fn learn(mut self, verdict: CallVerdict, now: Instant) -> Option<Change> {
        self.told = true;
        self.breaker.learn(self.era, verdict, now)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.told {
            self.breaker.lock().give_up(self.era);
        }
    }
}

#[derive(Debug)]
pub struct CircuitBreaker {
    settings: config::Breaker,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: State,
    era: u64,
    /// How often it opened without a good call since.
    times: u32,
}

#[derive(Debug)]
enum State {
    Closed {
        in_a_row: u32,
        window: Window,
    },
    Open {
        until: Instant,
    },
    /// One call is under way, admitted at this time.
    Probing {
        since: Instant,
    },
}

impl CircuitBreaker {
    pub fn new(settings: config::Breaker) -> Self {
        let inner = Inner { state: State::closed(), era: 0, times: 0 };
        Self { settings, inner: Mutex::new(inner) }
    }

    /// Whether it lets nobody or only a probe through.
    pub fn is_open(&self) -> bool {
        !matches!(self.lock().state, State::Closed { .. })
    }

    /// How long it still lets nobody through, if it does not now.
    pub fn shut(&self, now: Instant) -> Option<Duration> {
        match self.lock().state {
            State::Closed { .. } => None,
            State::Open { until } => {
                Some(until.saturating_duration_since(now)).filter(|wait| !wait.is_zero())
            }
            State::Probing { .. } => Some(self.settings.pause),
        }
    }

    /// Whether it knows of no failure since the last good call.
    pub fn is_well(&self) -> bool {
        matches!(self.lock().state, State::Closed { in_a_row: 0, .. })
    }

    /// Leave to call.
    ///
    /// # Errors
    /// The time after which it is worth to ask again.
    pub fn admit(self: &Arc<Self>, now: Instant) -> Result<Ticket, Duration> {
        let mut inner = self.lock();
        match inner.state {
            State::Closed { .. } => {}
            State::Open { until } if until > now => return Err(until - now),
            State::Open { .. } => inner.enter(State::Probing { since: now }),
            State::Probing { .. } => return Err(self.settings.pause),
        }
        Ok(Ticket { breaker: Arc::clone(self), era: inner.era, told: false })
    }

    fn learn(&self, era: u64, verdict: CallVerdict, now: Instant) -> Option<Change> {
        let inner = &mut *self.lock();
        if era != inner.era {
            return None;
        }
        match (&mut inner.state, verdict) {
            (State::Closed { in_a_row, window }, CallVerdict::Good) => {
                *in_a_row = 0;
                window.count(now, self.settings.window, false);
                // As many good calls as failures were allowed forgive that it was open.
                let (calls, failed) = window.sum();
                if calls.saturating_sub(failed) >= self.settings.failures {
                    inner.times = 0;
                }
                None
            }
            (State::Closed { in_a_row, window }, CallVerdict::Failed) => {
                *in_a_row = in_a_row.saturating_add(1);
                window.count(now, self.settings.window, true);
                let (calls, failed) = window.sum();
                let shared = calls >= self.settings.least
                    && u64::from(failed) * 100 >= u64::from(calls) * u64::from(self.settings.share);
                let open = *in_a_row >= self.settings.failures || shared;
                open.then(|| self.open(inner, now))
            }
            (State::Probing { .. }, CallVerdict::Good) => {
                inner.enter(State::closed());
                Some(Change::Closed)
            }
            (State::Probing { .. }, CallVerdict::Failed) => Some(self.open(inner, now)),
            (_, CallVerdict::Unknown) => {
                inner.give_up(era);
                None
            }
            (State::Open { .. }, _) => None,
        }
    }

    fn open(&self, inner: &mut Inner, now: Instant) -> Change {
        let doubled = 2_u32.checked_pow(inner.times).unwrap_or(u32::MAX);
        let pause = self.settings.pause.saturating_mul(doubled).min(self.settings.longest);
        inner.times = inner.times.saturating_add(1);
        inner.enter(State::Open { until: now + pause });
        Change::Opened { pause }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn enter(&mut self, state: State) {
        self.state = state;
        self.era = self.era.wrapping_add(1);
    }

    /// Nobody will know what a call came to; after a probe the next call is one.
    fn give_up(&mut self, era: u64) {
        if era == self.era
            && let State::Probing { since } = self.state
        {
            self.enter(State::Open { until: since });
        }
    }
}

impl State {
    fn closed() -> Self {
        Self::Closed { in_a_row: 0, window: Window::default() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn settings() -> config::Breaker {
        config::Breaker {
            failures: 3,
            share: 50,
            least: 10,
            window: 10 * SECOND,
            pause: SECOND,
            longest: 4 * SECOND,
        }
    }

    fn fail(breaker: &Arc<CircuitBreaker>, now: Instant) -> Option<Change> {
        breaker.admit(now).unwrap().learn(CallVerdict::Failed, now)
    }

    fn work(breaker: &Arc<CircuitBreaker>, now: Instant) -> Option<Change> {
        breaker.admit(now).unwrap().learn(CallVerdict::Good, now)
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_good_probe_closes_it() {
        let (breaker, start) = (Arc::new(CircuitBreaker::new(settings())), Instant::now());
        assert_eq!(fail(&breaker, start), None);
        assert_eq!(fail(&breaker, start), None);
        assert_eq!(work(&breaker, start), None, "a good call begins the row anew");
        assert_eq!(fail(&breaker, start), None);
        assert_eq!(fail(&breaker, start), None);
        assert_eq!(fail(&breaker, start), Some(Change::Opened { pause: SECOND }));
        assert_eq!(breaker.admit(start).err(), Some(SECOND));
        let later = start + SECOND;
        let probe = breaker.admit(later).unwrap();
        assert!(breaker.admit(later).is_err(), "one probe at a time");
        assert_eq!(probe.learn(CallVerdict::Good, later), Some(Change::Closed));
        assert!(breaker.admit(later).is_ok() && breaker.admit(later).is_ok());
    }

    #[test]
    fn each_failed_probe_doubles_the_pause_up_to_the_longest() {
        let (breaker, mut now) = (Arc::new(CircuitBreaker::new(settings())), Instant::now());
        (0..3).for_each(|_| {
            fail(&breaker, now);
        });
        for pause in [2, 4, 4, 4] {
            now += 60 * SECOND;
            assert_eq!(fail(&breaker, now), Some(Change::Opened { pause: pause * SECOND }));
            assert_eq!(breaker.shut(now), Some(pause * SECOND));
        }
        // It is forgiven by good calls, not by one.
        now += 60 * SECOND;
        assert_eq!(work(&breaker, now), Some(Change::Closed));
        (0..3).for_each(|_| {
            work(&breaker, now);
        });
        (0..2).for_each(|_| {
            fail(&breaker, now);
        });
        assert_eq!(fail(&breaker, now), Some(Change::Opened { pause: SECOND }));
    }

    #[test]
    fn a_share_of_failures_opens_it_within_the_window_only() {
        let (breaker, start) = (Arc::new(CircuitBreaker::new(settings())), Instant::now());
        let mut opened = None;
        for at in 0..10 {
            let now = start + at * SECOND / 10;
            opened = if at % 2 == 0 { work(&breaker, now) } else { fail(&breaker, now) };
        }
        assert_eq!(opened, Some(Change::Opened { pause: SECOND }), "five of ten");
        // The same spread over more than the window says nothing.
        let breaker = Arc::new(CircuitBreaker::new(settings()));
        for at in 0..40 {
            let now = start + at * 2 * SECOND;
            let change = if at % 2 == 0 { work(&breaker, now) } else { fail(&breaker, now) };
            assert_eq!(change, None, "call {at}");
        }
    }

    #[test]
    fn what_was_admitted_before_it_opened_is_old_news() {
        let (breaker, now) = (Arc::new(CircuitBreaker::new(settings())), Instant::now());
        let early = breaker.admit(now).unwrap();
        (0..3).for_each(|_| {
            fail(&breaker, now);
        });
        assert_eq!(early.learn(CallVerdict::Good, now), None);
        assert!(breaker.shut(now).is_some(), "a late answer does not close it");
    }

    #[test]
    fn a_probe_that_is_given_up_leaves_its_turn_to_the_next() {
        let (breaker, now) = (Arc::new(CircuitBreaker::new(settings())), Instant::now());
        (0..3).for_each(|_| {
            fail(&breaker, now);
        });
        let later = now + SECOND;
        let probe = breaker.admit(later).unwrap();
        assert_eq!(probe.learn(CallVerdict::Unknown, later), None);
        // One that is dropped, as a call is at a deadline, is given up, too.
        drop(breaker.admit(later).unwrap());
        assert_eq!(work(&breaker, later), Some(Change::Closed));
    }

    #[test]
    fn an_old_ticket_that_is_dropped_frees_nobody_elses_probe() {
        let (breaker, now) = (Arc::new(CircuitBreaker::new(settings())), Instant::now());
        let old = breaker.admit(now).unwrap();
        assert!(old.holds());
        (0..3).for_each(|_| {
            fail(&breaker, now);
        });
        assert!(!old.holds() && !breaker.is_well());
        let _probe = breaker.admit(now + SECOND).unwrap();
        drop(old);
        assert!(breaker.admit(now + SECOND).is_err(), "one probe at a time");
    }

    proptest! {
        /// Whatever happens, and whoever drops a ticket: never more than one probe, never shut for longer
        /// than the longest pause, and open only by a failure.
        #[test]
        fn it_keeps_its_promises(steps in prop::collection::vec((0_u64..3_000, 0_u8..4), 1..200)) {
            let breaker = Arc::new(CircuitBreaker::new(settings()));
            let mut now = Instant::now();
            let mut open = false;
            for (wait, verdict) in steps {
                now += Duration::from_millis(wait);
                match breaker.admit(now) {
                    Err(wait) => {
                        prop_assert!(open);
                        prop_assert!(wait <= 4 * SECOND && !wait.is_zero());
                    }
                    Ok(ticket) => {
                        prop_assert!(!open || breaker.admit(now).is_err());
                        let verdicts = [CallVerdict::Good, CallVerdict::Failed, CallVerdict::Unknown];
                        let Some(verdict) = verdicts.get(usize::from(verdict)).copied() else {
                            drop(ticket);
                            prop_assert!(breaker.admit(now).is_ok(), "a cut-off probe is free");
                            continue;
                        };
                        match ticket.learn(verdict, now) {
                            Some(Change::Opened { .. }) => {
                                prop_assert_eq!(verdict, CallVerdict::Failed);
                                open = true;
                            }
                            Some(Change::Closed) => {
                                prop_assert!(open && verdict == CallVerdict::Good);
                                open = false;
                            }
                            None => {}
                        }
                    }
                }
            }
        }
    }
}
