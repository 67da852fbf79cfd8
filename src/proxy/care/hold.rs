//! An upstream that said `Retry-After` is left alone until then, by every call.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

/// The longest time for which one answer keeps all other calls away.
const LONGEST: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Hold(Mutex<Option<Held>>);

/// Until when, and by which answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub until: Instant,
    pub status: StatusCode,
}

impl Hold {
    /// Takes what an upstream asked for; a shorter wait does not end a longer one.
    pub(super) fn back(&self, wait: Duration, status: StatusCode, now: Instant) {
        let until = now + wait.min(LONGEST);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_none_or(|held| held.until < until) {
            *held = Some(Held { until, status });
        }
    }

    /// What holds calls back now.
    pub(super) fn now(&self, now: Instant) -> Option<Held> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.filter(|held| held.until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_wait_holds_and_none_holds_for_more_than_a_minute() {
        let (hold, now) = (Hold::default(), Instant::now());
        let second = Duration::from_secs(1);
        assert_eq!(hold.now(now), None);
        hold.back(9 * second, StatusCode::TOO_MANY_REQUESTS, now);
        hold.back(2 * second, StatusCode::SERVICE_UNAVAILABLE, now);
        let held = hold.now(now).unwrap();
        assert_eq!((held.until - now, held.status.as_u16()), (9 * second, 429));
        assert_eq!(hold.now(now + 9 * second), None, "it ends by itself");
        hold.back(3_600 * second, StatusCode::SERVICE_UNAVAILABLE, now);
        assert_eq!(hold.now(now).unwrap().until - now, LONGEST);
    }
}
