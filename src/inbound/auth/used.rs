//! Which assertions a client has shown already, by their `jti` (RFC 7519 section 4.1.7).
//!
//! None that could be taken again is forgotten: where there is no room for one more, it is not taken,
//! and one that may have been shown before this began is not either. Only hashes are kept.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::clock::now;
use crate::observe::AuthRefusal;

/// Assertions of one client that are remembered at once: 12 MB at most, and with those of a minute
/// 1,100 requests in a second.
const MOST: usize = 100_000;

/// What one client has shown, over all routes.
pub(super) struct Used {
    most: usize,
    seen: Mutex<Seen>,
}

/// Times are in seconds since 1970.
#[derive(Default)]
struct Seen {
    /// From when on all is known.
    since: u64,
    shown: HashSet<[u8; 16]>,
    /// The same, with the last second at which each could be taken.
    ends: BTreeSet<(u64, [u8; 16])>,
    /// The latest of those ends that were forgotten: it is over, unless the clock is put back.
    forgotten: u64,
}

impl Used {
    /// Nothing, from now on.
    pub fn new() -> Self {
        Self::since(now())
    }

    pub(super) fn since(since: u64) -> Self {
        Self { most: MOST, seen: Mutex::new(Seen { since, ..Seen::default() }) }
    }

    /// Notes an assertion that was issued then, and could be taken until and in the second `end`.
    ///
    /// # Errors
    /// Where it was shown before, or nobody can know.
    pub fn spend(&self, jti: &str, issued: f64, end: u64, now: u64) -> Result<(), AuthRefusal> {
        let mut key = [0; 16];
        key.iter_mut().zip(Sha256::digest(jti)).for_each(|(to, from)| *to = from);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget(now);
        if seen.shown.contains(&key) {
            return Err(AuthRefusal::Replayed);
        }
        if issued < seen.since as f64 || end <= seen.forgotten {
            return Err(AuthRefusal::Early);
        }
        if seen.shown.len() >= self.most {
            return Err(AuthRefusal::Full);
        }
        seen.shown.insert(key);
        seen.ends.insert((end, key));
        Ok(())
    }
}

impl Seen {
    fn forget(&mut self, now: u64) {
        // It began by a clock that was ahead: what was issued before this second is refused all the same.
        self.since = self.since.min(now);
        while let Some((end, key)) = self.ends.first().copied().filter(|(end, _)| *end < now) {
            self.ends.pop_first();
            self.shown.remove(&key);
            self.forgotten = self.forgotten.max(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn spend(used: &Used, jti: &str, end: u64, now: u64) -> Result<(), AuthRefusal> {
        used.spend(jti, now as f64, end, now)
    }

    #[test]
    fn each_is_taken_once_until_it_would_not_be_taken_any_more() {
        let used = Used::since(NOW);
        assert_eq!(spend(&used, "a", NOW + 60, NOW), Ok(()));
        // Whatever its end is said to be then.
        for (end, now) in [(NOW + 60, NOW), (NOW + 300, NOW + 1), (NOW + 90, NOW + 60)] {
            assert_eq!(spend(&used, "a", end, now), Err(AuthRefusal::Replayed));
        }
        assert_eq!(spend(&used, "b", NOW + 60, NOW), Ok(()));
        assert_eq!(spend(&used, "a", NOW + 120, NOW + 61), Ok(()));
        assert_eq!(used.seen.lock().unwrap().shown.len(), 1);
    }

    #[test]
    fn a_clock_that_was_ahead_brings_nothing_back_and_keeps_nobody_out() {
        let used = Used::since(NOW + 86_400);
        assert_eq!(used.spend("a", NOW as f64, NOW + 60, NOW), Ok(()));
        // A day ahead for a moment.
        assert_eq!(spend(&used, "b", NOW + 90_000, NOW + 86_400), Ok(()));
        for jti in ["a", "c"] {
            assert_eq!(spend(&used, jti, NOW + 60, NOW + 10), Err(AuthRefusal::Early));
        }
        assert_eq!(spend(&used, "c", NOW + 61, NOW + 11), Ok(()));
    }

    #[test]
    fn what_may_have_been_shown_before_is_not_taken() {
        let used = Used::since(NOW);
        assert_eq!(used.spend("a", (NOW - 1) as f64, NOW + 60, NOW), Err(AuthRefusal::Early));
        assert_eq!(used.spend("a", NOW as f64, NOW + 60, NOW), Ok(()));
    }

    #[test]
    fn where_it_is_full_the_next_waits_and_nothing_is_forgotten() {
        let used = Used { most: 3, ..Used::since(NOW) };
        for jti in ["a", "b", "c"] {
            assert_eq!(spend(&used, jti, NOW + 60, NOW), Ok(()));
        }
        assert_eq!(spend(&used, "d", NOW + 60, NOW + 60), Err(AuthRefusal::Full));
        assert_eq!(spend(&used, "a", NOW + 60, NOW + 60), Err(AuthRefusal::Replayed));
        assert_eq!(spend(&used, "d", NOW + 121, NOW + 61), Ok(()));
        let seen = used.seen.lock().unwrap();
        assert_eq!((seen.shown.len(), seen.ends.len()), (1, 1));
    }
}
