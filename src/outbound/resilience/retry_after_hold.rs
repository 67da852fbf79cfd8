//! An upstream that said `Retry-After` is left alone until then, by every call.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

/// The longest time for which one answer keeps all other calls away.
const LONGEST: Duration = Duration::from_secs(60);

/// Those of strangers that are remembered at once.
const MOST: usize = 1_024;

/// What holds back whose calls: those of the gateway itself, and of each credential that is a stranger's.
#[derive(Debug, Default)]
pub(super) struct RetryAfterHold(Mutex<HashMap<Option<u64>, Held>>);

/// Until when, and by which answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub until: Instant,
    pub status: StatusCode,
}

impl RetryAfterHold {
    /// Takes what an upstream asked for of somebody; a shorter wait does not end a longer one.
    pub(super) fn back(&self, who: Option<u64>, wait: Duration, status: StatusCode, now: Instant) {
        let until = now + wait.min(LONGEST);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(&who).is_some_and(|held| held.until >= until) {
            return;
        }
        if all.len() >= MOST {
            all.retain(|_, held| held.until > now);
        }
        if all.len() >= MOST
            && let Some(soonest) =
                all.iter().min_by_key(|(_, held)| held.until).map(|(who, _)| *who)
        {
            all.remove(&soonest);
        }
        all.insert(who, Held { until, status });
    }

    /// What holds somebody's calls back now.
    pub(super) fn now(&self, who: Option<u64>, now: Instant) -> Option<Held> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&who).copied().filter(|held| held.until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_wait_holds_and_none_holds_for_more_than_a_minute() {
        let (hold, now) = (RetryAfterHold::default(), Instant::now());
        let second = Duration::from_secs(1);
        assert_eq!(hold.now(None, now), None);
        hold.back(None, 9 * second, StatusCode::TOO_MANY_REQUESTS, now);
        hold.back(None, 2 * second, StatusCode::SERVICE_UNAVAILABLE, now);
        let held = hold.now(None, now).unwrap();
        assert_eq!((held.until - now, held.status.as_u16()), (9 * second, 429));
        assert_eq!(hold.now(None, now + 9 * second), None, "it ends by itself");
        hold.back(None, 3_600 * second, StatusCode::SERVICE_UNAVAILABLE, now);
        assert_eq!(hold.now(None, now).unwrap().until - now, LONGEST);
    }

    /// One throttled caller of a route that forwards held everybody's calls.
    #[test]
    fn what_holds_one_holds_no_other_and_no_flood_fills_memory() {
        let (hold, now) = (RetryAfterHold::default(), Instant::now());
        let second = Duration::from_secs(1);
        hold.back(None, 60 * second, StatusCode::TOO_MANY_REQUESTS, now);
        for who in 0..5_000 {
            hold.back(Some(who), 9 * second, StatusCode::TOO_MANY_REQUESTS, now);
        }
        assert!(hold.now(Some(4_999), now).is_some() && hold.now(Some(5_000), now).is_none());
        assert!(hold.now(None, now).is_some(), "what ends last is kept");
        assert!(hold.0.lock().unwrap().len() <= MOST);
    }
}
