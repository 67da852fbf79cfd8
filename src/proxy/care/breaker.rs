//! A circuit breaker as a state machine: closed, open for a growing time, then one probe at a time.
//!
//! It knows no call and no clock: who asks says what time it is. The libraries there are read the
//! clock themselves, and let everybody through as soon as they are half open.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

use crate::config::care;
use crate::fault::{Cause, Fault};

/// Parts of the window, each forgotten as a whole.
const SLICES: usize = 10;

/// What one call says of whom it was made to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Verdict {
    Good,
    Failed,
    /// It was given up, or says nothing of the other side's health.
    Unknown,
}

/// What an answer says of its sender's health. A 500 is mostly about one resource, and 429 is no
/// failure.
pub(in crate::proxy) fn verdict(answer: Result<StatusCode, &Fault>) -> Verdict {
    match answer {
        Ok(status) if matches!(status.as_u16(), 502..=504) => Verdict::Failed,
        Ok(_) => Verdict::Good,
        Err(fault) => match fault.cause {
            Cause::UpstreamUnreachable | Cause::UpstreamTimeout | Cause::UpstreamCutOff => {
                Verdict::Failed
            }
            _ => Verdict::Unknown,
        },
    }
}

/// What the state has changed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Change {
    Opened { pause: Duration },
    Closed,
}

/// Leave to make one call; its outcome is told with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) struct Ticket {
    /// Which state gave it: what comes from an earlier one is old news.
    era: u64,
}

#[derive(Debug)]
pub(in crate::proxy) struct Breaker {
    settings: care::Breaker,
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
    Closed { in_a_row: u32, window: Window },
    Open { until: Instant },
    Probing,
}

#[derive(Debug, Default)]
struct Window {
    /// Calls and failures in each slice, the newest at `now % SLICES`.
    slices: [(u32, u32); SLICES],
    newest: u128,
    began: Option<Instant>,
}

impl Breaker {
    pub(in crate::proxy) fn new(settings: care::Breaker) -> Self {
        let inner = Inner { state: State::closed(), era: 0, times: 0 };
        Self { settings, inner: Mutex::new(inner) }
    }

    /// How long it still lets nobody through, if it does not now.
    pub(in crate::proxy) fn shut(&self, now: Instant) -> Option<Duration> {
        match self.lock().state {
            State::Closed { .. } => None,
            State::Open { until } => {
                Some(until.saturating_duration_since(now)).filter(|wait| !wait.is_zero())
            }
            State::Probing => Some(self.settings.pause),
        }
    }

    /// Leave to call.
    ///
    /// # Errors
    /// The time after which it is worth to ask again.
    pub(in crate::proxy) fn admit(&self, now: Instant) -> Result<Ticket, Duration> {
        let mut inner = self.lock();
        match inner.state {
            State::Closed { .. } => {}
            State::Open { until } if until > now => return Err(until - now),
            State::Open { .. } => inner.enter(State::Probing),
            State::Probing => return Err(self.settings.pause),
        }
        Ok(Ticket { era: inner.era })
    }

    /// Takes the outcome of a call, and tells what it changed.
    pub(in crate::proxy) fn learn(
        &self,
        ticket: Ticket,
        verdict: Verdict,
        now: Instant,
    ) -> Option<Change> {
        let inner = &mut *self.lock();
        if ticket.era != inner.era {
            return None;
        }
        match (&mut inner.state, verdict) {
            (State::Closed { in_a_row, window }, Verdict::Good) => {
                *in_a_row = 0;
                window.count(now, self.settings.window, false);
                // As many good calls as failures were allowed forgive that it was open.
                let (calls, failed) = window.sum();
                if calls.saturating_sub(failed) >= self.settings.failures {
                    inner.times = 0;
                }
                None
            }
            (State::Closed { in_a_row, window }, Verdict::Failed) => {
                *in_a_row = in_a_row.saturating_add(1);
                window.count(now, self.settings.window, true);
                let (calls, failed) = window.sum();
                let shared = calls >= self.settings.least
                    && u64::from(failed) * 100 >= u64::from(calls) * u64::from(self.settings.share);
                let open = *in_a_row >= self.settings.failures || shared;
                open.then(|| self.open(inner, now))
            }
            (State::Probing, Verdict::Good) => {
                inner.enter(State::closed());
                Some(Change::Closed)
            }
            (State::Probing, Verdict::Failed) => Some(self.open(inner, now)),
            // The next call is the probe then.
            (State::Probing, Verdict::Unknown) => {
                inner.enter(State::Open { until: now });
                None
            }
            (State::Closed { .. }, Verdict::Unknown) | (State::Open { .. }, _) => None,
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
}

impl State {
    fn closed() -> Self {
        Self::Closed { in_a_row: 0, window: Window::default() }
    }
}

impl Window {
    fn count(&mut self, now: Instant, length: Duration, failed: bool) {
        let began = *self.began.get_or_insert(now);
        let slice = (length.as_nanos() / SLICES as u128).max(1);
        let newest = now.saturating_duration_since(began).as_nanos() / slice;
        let passed = newest.saturating_sub(self.newest).min(SLICES as u128);
        for step in 1..=passed {
            if let Some(old) = self.at(self.newest + step) {
                *old = (0, 0);
            }
        }
        self.newest = self.newest.max(newest);
        if let Some((calls, failures)) = self.at(self.newest) {
            *calls = calls.saturating_add(1);
            *failures = failures.saturating_add(u32::from(failed));
        }
    }

    fn at(&mut self, slice: u128) -> Option<&mut (u32, u32)> {
        usize::try_from(slice % SLICES as u128).ok().and_then(|at| self.slices.get_mut(at))
    }

    fn sum(&self) -> (u32, u32) {
        self.slices.iter().fold((0, 0), |(calls, failures), (more, failed)| {
            (calls.saturating_add(*more), failures.saturating_add(*failed))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn settings() -> care::Breaker {
        care::Breaker {
            failures: 3,
            share: 50,
            least: 10,
            window: 10 * SECOND,
            pause: SECOND,
            longest: 4 * SECOND,
        }
    }

    fn fail(breaker: &Breaker, now: Instant) -> Option<Change> {
        let ticket = breaker.admit(now).unwrap();
        breaker.learn(ticket, Verdict::Failed, now)
    }

    fn work(breaker: &Breaker, now: Instant) -> Option<Change> {
        let ticket = breaker.admit(now).unwrap();
        breaker.learn(ticket, Verdict::Good, now)
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_good_probe_closes_it() {
        let (breaker, start) = (Breaker::new(settings()), Instant::now());
        assert_eq!(fail(&breaker, start), None);
        assert_eq!(fail(&breaker, start), None);
        assert_eq!(work(&breaker, start), None, "a good call begins the row anew");
        assert_eq!(fail(&breaker, start), None);
        assert_eq!(fail(&breaker, start), None);
        assert_eq!(fail(&breaker, start), Some(Change::Opened { pause: SECOND }));
        assert_eq!(breaker.admit(start), Err(SECOND));
        let later = start + SECOND;
        let probe = breaker.admit(later).unwrap();
        assert!(breaker.admit(later).is_err(), "one probe at a time");
        assert_eq!(breaker.learn(probe, Verdict::Good, later), Some(Change::Closed));
        assert!(breaker.admit(later).is_ok() && breaker.admit(later).is_ok());
    }

    #[test]
    fn each_failed_probe_doubles_the_pause_up_to_the_longest() {
        let (breaker, mut now) = (Breaker::new(settings()), Instant::now());
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
        let (breaker, start) = (Breaker::new(settings()), Instant::now());
        let mut opened = None;
        for at in 0..10 {
            let now = start + at * SECOND / 10;
            opened = if at % 2 == 0 { work(&breaker, now) } else { fail(&breaker, now) };
        }
        assert_eq!(opened, Some(Change::Opened { pause: SECOND }), "five of ten");
        // The same spread over more than the window says nothing.
        let breaker = Breaker::new(settings());
        for at in 0..40 {
            let now = start + at * 2 * SECOND;
            let change = if at % 2 == 0 { work(&breaker, now) } else { fail(&breaker, now) };
            assert_eq!(change, None, "call {at}");
        }
    }

    #[test]
    fn what_was_admitted_before_it_opened_is_old_news() {
        let (breaker, now) = (Breaker::new(settings()), Instant::now());
        let early = breaker.admit(now).unwrap();
        (0..3).for_each(|_| {
            fail(&breaker, now);
        });
        assert_eq!(breaker.learn(early, Verdict::Good, now), None);
        assert!(breaker.shut(now).is_some(), "a late answer does not close it");
    }

    #[test]
    fn a_probe_that_is_given_up_leaves_its_turn_to_the_next() {
        let (breaker, now) = (Breaker::new(settings()), Instant::now());
        (0..3).for_each(|_| {
            fail(&breaker, now);
        });
        let later = now + SECOND;
        let probe = breaker.admit(later).unwrap();
        assert_eq!(breaker.learn(probe, Verdict::Unknown, later), None);
        assert_eq!(work(&breaker, later), Some(Change::Closed));
    }

    proptest! {
        /// Whatever happens: never more than one probe, never shut for longer than the longest pause,
        /// and open only by a failure.
        #[test]
        fn it_keeps_its_promises(steps in prop::collection::vec((0_u64..3_000, 0_u8..3), 1..200)) {
            let breaker = Breaker::new(settings());
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
                        let verdict =
                            [Verdict::Good, Verdict::Failed, Verdict::Unknown][usize::from(verdict)];
                        match breaker.learn(ticket, verdict, now) {
                            Some(Change::Opened { .. }) => {
                                prop_assert_eq!(verdict, Verdict::Failed);
                                open = true;
                            }
                            Some(Change::Closed) => {
                                prop_assert!(open && verdict == Verdict::Good);
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
