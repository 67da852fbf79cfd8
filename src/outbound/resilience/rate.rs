//! The token bucket of an upstream (GCRA, by the governor library), on tokio's clock.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout_at};

use crate::config::Rate;

#[derive(Debug)]
pub(super) struct Bucket {
    limiter: RateLimiter<NotKeyed, InMemoryState, Ticking, NoOpMiddleware<Duration>>,
    /// Between two tokens.
    interval: Duration,
    /// Held by who waits for the next token, so that tokens go out in the order of coming.
    turn: Mutex<()>,
}

/// Time since the bucket was made; tokio's, so that tests can hold it.
#[derive(Clone, Debug)]
struct Ticking(Instant);

impl Clock for Ticking {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Bucket {
    pub(super) fn new(rate: &Rate) -> Self {
        let whole = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let interval = (rate.per / whole(rate.calls).get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(interval)
            .unwrap_or(Quota::per_second(whole(rate.calls)))
            .allow_burst(whole(rate.burst));
        let limiter = RateLimiter::direct_with_clock(quota, Ticking(Instant::now()));
        Self { limiter, interval, turn: Mutex::new(()) }
    }

    /// A token without any wait. Nobody overtakes who waits for one.
    pub(super) fn at_once(&self) -> bool {
        self.turn.try_lock().is_ok_and(|_turn| self.limiter.check().is_ok())
    }

    /// The next token.
    ///
    /// # Errors
    /// How long after now there would be one, where that is after `until`.
    pub(super) async fn token(&self, until: Instant) -> Result<(), Duration> {
        let Ok(_turn) = timeout_at(until, self.turn.lock()).await else {
            return Err(self.interval);
        };
        while let Err(not_until) = self.limiter.check() {
            let wait = not_until.wait_time_from(self.limiter.clock().now());
            if Instant::now() + wait > until {
                return Err(wait);
            }
            sleep(wait).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn no_more_tokens_than_the_burst_and_the_time_allow() {
        let rate = Rate { calls: 1_000, per: Duration::from_secs(1), burst: 5 };
        let (bucket, began) = (Arc::new(Bucket::new(&rate)), Instant::now());
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let bucket = Arc::clone(&bucket);
            all.spawn(async move { bucket.token(Instant::now() + Duration::from_secs(60)).await });
        }
        assert!(all.join_all().await.iter().all(Result::is_ok));
        let least = Duration::from_millis(45);
        assert!(
            began.elapsed() >= least,
            "{:?}: 5 at once, 45 more at one a millisecond",
            began.elapsed()
        );
    }

    #[tokio::test]
    async fn who_would_wait_too_long_is_told_how_long_at_once() {
        let rate = Rate { calls: 1, per: Duration::from_secs(600), burst: 2 };
        let bucket = Bucket::new(&rate);
        assert!(bucket.at_once() && bucket.at_once() && !bucket.at_once());
        let began = Instant::now();
        let wait = bucket.token(began + Duration::from_secs(5)).await.unwrap_err();
        assert!(wait > Duration::from_secs(500) && wait <= Duration::from_secs(600), "{wait:?}");
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}
