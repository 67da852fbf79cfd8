//! What may be asked again, and how much of it.
//!
//! Asked again is what the upstream certainly did not do, by any method: nothing was sent
//! (`unreachable`), or it refused for its rate (429). Only what reads (GET, HEAD, a search by POST) is
//! asked again where it may have been done: an answer broke off, or was 502, 503 or 504. PUT and DELETE are not, though HTTP
//! calls them idempotent: a PUT whose outcome is unknown could be laid over a newer write, and a
//! second DELETE answers 404 for what the first one did. A call that timed out is not either: the
//! time is gone, and a slow upstream is not helped by more calls.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use tower::retry::backoff::{Backoff, ExponentialBackoff, ExponentialBackoffMaker, MakeBackoff};
use tower::retry::budget::{Budget, TpsBudget};
use tower::util::rng::HasherRng;

use crate::config;
use crate::fault::{Cause, Fault};
use crate::gateway::message::retry_after;
use crate::scim::http::{Request, Response};

/// What the budget looks back on.
const WINDOW: Duration = Duration::from_secs(10);
/// Retries a second that are there whatever the share, so that an upstream with few calls has some.
const FLOOR: u32 = 1;
/// The longest pause that doubling leads to.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why a call is made once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    Unreachable,
    CutOff,
    Status(StatusCode),
}

impl Again {
    /// The value of the metrics' `reason` label.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::CutOff => "cut_off",
            Self::Status(status) => match status.as_u16() {
                429 => "429",
                502 => "502",
                503 => "503",
                _ => "504",
            },
        }
    }
}

/// Whether a call that came to this may be made once more.
pub(super) fn again(request: &Request, answer: &Result<Response, Fault>) -> Option<Again> {
    let harmless = request.is_read();
    match answer {
        Ok(response) => match response.status.as_u16() {
            429 => Some(Again::Status(response.status)),
            502..=504 if harmless => Some(Again::Status(response.status)),
            _ => None,
        },
        Err(fault) => match fault.cause {
            Cause::UpstreamUnreachable => Some(Again::Unreachable),
            Cause::UpstreamCutOff if harmless => Some(Again::CutOff),
            _ => None,
        },
    }
}

/// How long the upstream wants to be left alone, where its answer says so.
pub fn asked(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    matches!(status.as_u16(), 429 | 503).then(|| retry_after(headers)).flatten()
}

/// The retries that an upstream's calls may add, and the pauses before them.
#[derive(Debug)]
pub(super) struct Retries {
    pub(super) most: u32,
    pub(super) patience: Duration,
    budget: TpsBudget,
    pause: Duration,
}

impl Retries {
    pub(super) fn new(settings: &config::Retries) -> Self {
        let config::Retries { most, share, pause, patience } = settings;
        let share = f32::from(u16::try_from(*share).unwrap_or(100).clamp(1, 100)) / 100.0;
        Self {
            most: *most,
            patience: *patience,
            budget: TpsBudget::new(WINDOW, FLOOR, share),
            pause: *pause,
        }
    }

    /// A call is made: it adds to what may be retried.
    pub(super) fn earn(&self) {
        self.budget.deposit();
    }

    /// Takes one retry from the budget, if there is one.
    pub(super) fn spend(&self) -> bool {
        self.budget.withdraw()
    }

    /// The pauses of one call. `None` where no pause can be made of the settings, which
    /// the configuration's bounds exclude.
    pub(super) fn pauses(&self) -> Option<ExponentialBackoff> {
        let longest = LONGEST_PAUSE.max(self.pause);
        let maker = ExponentialBackoffMaker::new(self.pause, longest, 0.5, HasherRng::default());
        maker.ok().map(|mut maker| maker.make_backoff())
    }
}

/// The end of the next pause.
pub(super) fn next(pauses: &mut ExponentialBackoff) -> tokio::time::Instant {
    pauses.next_backoff().deadline()
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    fn answered(status: u16) -> Result<Response, Fault> {
        Ok(Response::new(StatusCode::from_u16(status).unwrap()))
    }

    fn failed(cause: Cause) -> Result<Response, Fault> {
        Err(Fault::new(cause, "so"))
    }

    #[test]
    fn a_write_is_made_again_only_where_it_was_certainly_not_done() {
        let certain = [answered(429), failed(Cause::UpstreamUnreachable)];
        let doubtful = [answered(502), answered(503), answered(504), failed(Cause::UpstreamCutOff)];
        let never = [
            answered(200),
            answered(400),
            answered(404),
            answered(500),
            answered(501),
            failed(Cause::UpstreamTimeout),
            failed(Cause::UpstreamTooLarge),
            failed(Cause::Busy),
            failed(Cause::UpstreamThrottled),
            failed(Cause::UpstreamUnavailable),
        ];
        let reads = [
            Request::new(Method::GET, "/Users"),
            Request::new(Method::HEAD, "/Users"),
            Request::new(Method::POST, "/Users/.search"),
        ];
        for read in &reads {
            assert!(certain.iter().chain(&doubtful).all(|a| again(read, a).is_some()), "{read:?}");
            assert!(never.iter().all(|a| again(read, a).is_none()), "{read:?}");
        }
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let write = Request::new(method, "/Users");
            assert!(certain.iter().all(|a| again(&write, a).is_some()), "{write:?}");
            assert!(doubtful.iter().all(|a| again(&write, a).is_none()), "{write:?}");
        }
    }

    #[test]
    fn retries_are_a_share_of_the_calls_and_a_floor() {
        for (share, calls) in [(20, 0), (20, 100), (50, 100), (100, 30)] {
            let retries = Retries::new(&config::Retries { share, ..config::Retries::default() });
            (0..calls).for_each(|_| retries.earn());
            let spent = (0..1_000).take_while(|_| retries.spend()).count();
            // A second of the floor may be forgotten meanwhile, where the machine is slow.
            let most = 10 + (calls * share / 100) as usize;
            assert!(spent <= most && spent + 1 >= most, "{share} % of {calls}: {spent}");
        }
    }

    #[tokio::test]
    async fn pauses_grow_and_differ() {
        let retries = Retries::new(&config::Retries::default());
        let pause = |pauses: &mut ExponentialBackoff| {
            let now = tokio::time::Instant::now();
            next(pauses) - now
        };
        let mut first = retries.pauses().unwrap();
        let (one, two) = (pause(&mut first), pause(&mut first));
        let (least, most) = (Duration::from_millis(100), Duration::from_millis(160));
        assert!(one >= least && one < most, "{one:?}");
        assert!(two >= 2 * least && two < 2 * most, "{two:?}");
    }

    #[test]
    fn only_429_and_503_ask_to_be_left_alone() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "7".parse().unwrap());
        for (status, wanted) in [(429, true), (503, true), (500, false), (301, false)] {
            let asked = asked(StatusCode::from_u16(status).unwrap(), &headers);
            assert_eq!(asked, wanted.then_some(Duration::from_secs(7)), "{status}");
        }
        assert_eq!(asked(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new()), None);
    }
}
