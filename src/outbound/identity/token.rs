//! The access token of one upstream. One task asks for every token, so that there is never more than
//! one token request under way, however many exchanges wait for it.
//!
//! A token is asked for anew ahead of its end, and after the upstream refused it. While the token
//! endpoint fails, an old token is used as long as it lives; then exchanges are refused at once, and
//! requests to the endpoint grow rare.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::token_endpoint::{Answer, Change, TokenEndpoint, Unanswered};
use crate::config::Secret;
use crate::fault::{Cause, Fault};
use crate::outbound::reporter::Reporter;

/// The shortest and longest wait after a failed token request.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// The longest wait that a token endpoint can ask for (RFC 9110 section 10.2.3).
const PATIENCE: Duration = Duration::from_secs(300);
/// Between two token requests because the upstream refused a token: an upstream that refuses every
/// token does not make the gateway ask for one at each call.
const FORCED: Duration = Duration::from_secs(10);
/// A token is renewed at least this long before its end, where it lives twice as long.
const AHEAD: Duration = Duration::from_secs(60);
/// No token is taken to live longer: times stay within what a clock can add.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// A token in force.
pub(super) struct Token {
    pub secret: Secret,
    pub serial: u64,
    renew: Instant,
    end: Instant,
}

pub(super) struct Tokens {
    shared: Arc<Shared>,
    task: Mutex<Option<AbortHandle>>,
}

struct Shared {
    endpoint: TokenEndpoint,
    reporter: Reporter,
    state: watch::Sender<State>,
    /// Somebody needs a token now.
    wanted: Notify,
}

#[derive(Default)]
struct State {
    token: Option<Arc<Token>>,
    /// After a failure: when the endpoint is asked again.
    again: Option<Instant>,
    failures: u32,
    /// When a refused token was last cause for a request.
    forced: Option<Instant>,
    /// The serial number of the token that the upstream refused.
    refused: Option<u64>,
}

impl Tokens {
    pub fn new(endpoint: TokenEndpoint, reporter: Reporter) -> Self {
        let state = watch::Sender::new(State::default());
        let shared = Shared { endpoint, reporter, state, wanted: Notify::new() };
        Self { shared: Arc::new(shared), task: Mutex::default() }
    }

    pub fn endpoint(&self) -> &TokenEndpoint {
        &self.shared.endpoint
    }

    /// Where the endpoint's files have changed, what failed before may go well now, and is not waited
    /// for; a token that may be bound to a certificate of before is asked for anew.
    pub fn heed(&self, change: Change) {
        if change == Change::Nothing {
            return;
        }
        self.shared.state.send_modify(|state| {
            state.relent();
            if change == Change::Certificate {
                state.refused = state.token.as_ref().map(|token| token.serial);
            }
        });
        self.shared.wanted.notify_one();
    }

    /// Makes sure that the one task is there.
    pub fn tend(&self) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.as_ref().is_none_or(AbortHandle::is_finished) {
            *task = Some(tokio::spawn(look_after(Arc::clone(&self.shared))).abort_handle());
        }
    }

    /// The token in force, or the next one where it comes in time.
    ///
    /// # Errors
    /// `NoToken`, with the time after which to come again.
    pub async fn current(&self) -> Result<Arc<Token>, Fault> {
        self.wait(|state| state.living(Instant::now())).await.ok_or_else(|| {
            let again = self.shared.state.borrow().again;
            unavailable(again.map(|again| again.saturating_duration_since(Instant::now())))
        })
    }

    /// The token that came after this one, which the upstream refused.
    pub async fn after(&self, refused: u64) -> Option<Arc<Token>> {
        let now = Instant::now();
        self.shared.state.send_if_modified(|state| state.refuse(refused, now));
        let other = |state: &State| state.living(Instant::now()).filter(|t| t.serial != refused);
        let hopeless = |state: &State| other(state).is_none() && state.refused != Some(refused);
        if hopeless(&self.shared.state.borrow()) {
            return None;
        }
        self.wait(other).await
    }

    /// Waits for what `choose` finds, as long as one token request may take; not while the endpoint is
    /// left in peace.
    async fn wait(&self, choose: impl Fn(&State) -> Option<Arc<Token>>) -> Option<Arc<Token>> {
        let mut states = self.shared.state.subscribe();
        let deadline = Instant::now() + self.shared.endpoint.timeout;
        loop {
            {
                let state = states.borrow_and_update();
                if let Some(token) = choose(&state) {
                    return Some(token);
                }
                if state.again.is_some_and(|again| Instant::now() < again) {
                    return None;
                }
            }
            self.tend();
            self.shared.wanted.notify_one();
            timeout_at(deadline, states.changed()).await.ok()?.ok()?;
        }
    }
}

impl Drop for Tokens {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task.take() {
            task.abort();
        }
    }
}

/// Asks for tokens as long as there is somebody to use them.
async fn look_after(shared: Arc<Shared>) {
    loop {
        let asked = Instant::now();
        let answer = shared.endpoint.ask().await;
        shared.reporter.token(answer.as_ref().map_or_else(|failed| failed.outcome, |_| "ok"));
        shared.state.send_modify(|state| state.take(answer, asked, shared.endpoint.lifetime));
        loop {
            let due = shared.state.borrow().due();
            tokio::select! {
                () = sleep_until(due) => break,
                () = shared.wanted.notified() => {}
            }
            if shared.state.borrow().needed(Instant::now()) {
                break;
            }
        }
    }
}

impl State {
    fn living(&self, now: Instant) -> Option<Arc<Token>> {
        self.token.clone().filter(|token| now < token.end)
    }

    /// Notes that the upstream refused a token; whether another is asked for because of that.
    fn refuse(&mut self, serial: u64, now: Instant) -> bool {
        let current = self.token.as_ref().is_some_and(|token| token.serial == serial);
        let calm = self.forced.is_none_or(|forced| now.duration_since(forced) >= FORCED);
        let first = current && calm && self.refused != Some(serial);
        if first {
            (self.refused, self.forced) = (Some(serial), Some(now));
        }
        first
    }

    fn needed(&self, now: Instant) -> bool {
        let useless = self.living(now).is_none_or(|token| self.refused == Some(token.serial));
        useless && self.again.is_none_or(|again| again <= now)
    }

    /// When the endpoint is asked again whoever needs it.
    fn due(&self) -> Instant {
        match (self.again, &self.token) {
            (Some(again), _) => again,
            (None, Some(token)) => token.renew,
            (None, None) => Instant::now(),
        }
    }

    fn relent(&mut self) {
        (self.again, self.failures, self.forced) = (None, 0, None);
    }

    fn take(&mut self, answer: Result<Answer, Unanswered>, asked: Instant, lifetime: Duration) {
        match answer {
            Ok(Answer { secret, expires_in }) => {
                let life = expires_in.unwrap_or(lifetime).min(LONGEST);
                let serial = self.token.as_ref().map_or(0, |token| token.serial + 1);
                let renew = asked + renewal(life);
                let token = Token { secret, serial, renew, end: asked + life };
                self.token = Some(Arc::new(token));
                (self.again, self.failures, self.refused) = (None, 0, None);
            }
            Err(Unanswered { retry_after, .. }) => {
                let wait =
                    backoff(self.failures).max(retry_after.unwrap_or_default().min(PATIENCE));
                self.failures = self.failures.saturating_add(1);
                self.again = Some(Instant::now() + wait);
            }
        }
    }
}

/// When a token that lives so long is asked for anew: at four fifths, a little earlier by chance so
/// that replicas do not ask together, and a minute before its end where it lives long enough.
fn renewal(life: Duration) -> Duration {
    let early = life.mul_f64(0.8 - 0.05 * fastrand::f64());
    let ahead = life.saturating_sub(AHEAD).max(life / 2);
    early.min(ahead).max(Duration::from_secs(1))
}

/// Doubles with each failure; the upper half is by chance.
fn backoff(failures: u32) -> Duration {
    let (least, most) = BACKOFF;
    let full = least.saturating_mul(1 << failures.min(6)).min(most);
    full.mul_f64(0.5 + fastrand::f64() / 2.0)
}

fn unavailable(wait: Option<Duration>) -> Fault {
    let detail = "The gateway has no access token for this route's upstream: the token endpoint gives \
                  none. Nothing was sent. Try again later.";
    let wait = wait.unwrap_or(BACKOFF.0).max(BACKOFF.0);
    Fault::new(Cause::NoToken, detail).with_retry_after(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_ahead_of_its_end_and_not_all_the_time() {
        for (life, least, most) in [(3600, 2700, 2880), (200, 140, 140), (100, 50, 50), (1, 1, 1)] {
            let at = renewal(Duration::from_secs(life));
            let range = Duration::from_secs(least)..=Duration::from_secs(most);
            assert!(range.contains(&at), "{life}: {at:?}");
        }
    }

    #[test]
    fn waits_after_failures_double_to_a_bound() {
        for (failures, most) in [(0, 1), (1, 2), (5, 32), (6, 60), (u32::MAX, 60)] {
            let (wait, most) = (backoff(failures), Duration::from_secs(most));
            assert!(wait >= most / 2 && wait <= most, "{failures}: {wait:?}");
        }
    }

    #[test]
    fn refusals_ask_for_one_token_and_not_again_at_once() {
        let now = Instant::now();
        let mut state = State::default();
        let answer = || Ok(Answer { secret: Secret::new("t"), expires_in: None });
        state.take(answer(), now, Duration::from_secs(300));
        assert!(!state.needed(now));
        assert!(!state.refuse(7, now), "a token that is gone already");
        assert!(state.refuse(0, now) && state.needed(now));
        assert!(!state.refuse(0, now), "the second that met the same refusal");
        state.take(answer(), now, Duration::from_secs(300));
        assert!(!state.needed(now));
        assert!(!state.refuse(1, now), "a fresh token that is refused too");
        assert!(state.refuse(1, now + FORCED) && state.needed(now + FORCED));
    }

    #[test]
    fn what_an_operator_changed_is_tried_at_once() {
        let now = Instant::now();
        let mut state = State::default();
        for _ in 0..6 {
            let refused = Unanswered { outcome: "invalid_client", retry_after: None };
            state.take(Err(refused), now, Duration::from_secs(300));
        }
        assert!(!state.needed(now + Duration::from_secs(10)));
        state.relent();
        assert!(state.needed(now) && state.due() <= Instant::now());
        let refused = Unanswered { outcome: "invalid_client", retry_after: None };
        state.take(Err(refused), now, Duration::from_secs(300));
        assert!(state.due() <= Instant::now() + Duration::from_secs(1), "it begins anew");
    }

    #[test]
    fn a_failure_keeps_the_token_and_leaves_the_endpoint_in_peace() {
        let now = Instant::now();
        let mut state = State::default();
        let life = Duration::from_secs(300);
        state.take(Ok(Answer { secret: Secret::new("t"), expires_in: None }), now, life);
        let patience = Some(Duration::from_secs(90));
        state.take(Err(Unanswered { outcome: "failed", retry_after: patience }), now, life);
        assert!(state.living(now).is_some());
        assert!(state.living(now + life).is_none());
        assert!(state.due() >= now + Duration::from_secs(90));
        assert!(!state.needed(now + Duration::from_secs(80)));
    }
}
