//! Which assertions a client has shown already, by their `jti` (RFC 7519 section 4.1.7).
//!
//! None that could be taken again is forgotten: where there is no room for one more, it is not taken,
//! and one that may have been shown before this began is not either. Only hashes are kept.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::assertion::now;
use super::refusal::Refusal;

/// Assertions of one client that are remembered at once: 12 MB at most, and with those of a minute
/// 1,100 requests in a second.
const MOST: usize = 100_000;

/// What one client has shown, over all routes.
pub(super) struct Used {
    /// From when on all is known, in seconds since 1970.
    since: u64,
    most: usize,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    shown: HashSet<[u8; 16]>,
    /// The same, with the last second at which each could be taken.
    ends: BTreeSet<(u64, [u8; 16])>,
    /// The latest time that this has seen: what was forgotten then stays ended, also where the clock is
    /// put back.
    latest: u64,
}

impl Used {
    /// Nothing, from now on.
    pub fn new() -> Self {
        Self::since(now())
    }

    pub(super) fn since(since: u64) -> Self {
        Self { since, most: MOST, seen: Mutex::default() }
    }

    /// Notes an assertion that was issued then, and could be taken until and in the second `end`.
    ///
    /// # Errors
    /// Where it was shown before, or nobody can know.
    pub fn spend(&self, jti: &str, issued: f64, end: u64, now: u64) -> Result<(), Refusal> {
        if issued < self.since as f64 {
            return Err(Refusal::Early);
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget(now);
        if end < seen.latest {
            return Err(Refusal::Unknown);
        }
        let mut key = [0; 16];
        key.iter_mut().zip(Sha256::digest(jti)).for_each(|(to, from)| *to = from);
        if seen.shown.contains(&key) {
            return Err(Refusal::Replayed);
        }
        if seen.shown.len() >= self.most {
            return Err(Refusal::Full);
        }
        seen.shown.insert(key);
        seen.ends.insert((end, key));
        Ok(())
    }
}

impl Seen {
    fn forget(&mut self, now: u64) {
        self.latest = self.latest.max(now);
        while let Some((_, key)) = self.ends.first().copied().filter(|(end, _)| *end < self.latest)
        {
            self.ends.pop_first();
            self.shown.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn spend(used: &Used, jti: &str, end: u64, now: u64) -> Result<(), Refusal> {
        used.spend(jti, now as f64, end, now)
    }

    #[test]
    fn each_is_taken_once_until_it_would_not_be_taken_any_more() {
        let used = Used::since(NOW);
        assert_eq!(spend(&used, "a", NOW + 60, NOW), Ok(()));
        // Whatever its end is said to be then.
        for (end, now) in [(NOW + 60, NOW), (NOW + 300, NOW + 1), (NOW + 90, NOW + 60)] {
            assert_eq!(spend(&used, "a", end, now), Err(Refusal::Replayed));
        }
        assert_eq!(spend(&used, "b", NOW + 60, NOW), Ok(()));
        assert_eq!(spend(&used, "a", NOW + 120, NOW + 61), Ok(()));
        assert_eq!(used.seen.lock().unwrap().shown.len(), 1);
    }

    #[test]
    fn a_clock_that_is_put_back_brings_nothing_back() {
        let used = Used::since(NOW);
        assert_eq!(spend(&used, "a", NOW + 60, NOW), Ok(()));
        assert_eq!(spend(&used, "b", NOW + 200, NOW + 100), Ok(()));
        assert_eq!(spend(&used, "a", NOW + 60, NOW + 10), Err(Refusal::Unknown));
    }

    #[test]
    fn what_may_have_been_shown_before_is_not_taken() {
        let used = Used::since(NOW);
        assert_eq!(used.spend("a", (NOW - 1) as f64, NOW + 60, NOW), Err(Refusal::Early));
        assert_eq!(used.spend("a", NOW as f64, NOW + 60, NOW), Ok(()));
    }

    #[test]
    fn where_it_is_full_the_next_waits_and_nothing_is_forgotten() {
        let used = Used { most: 3, ..Used::since(NOW) };
        for jti in ["a", "b", "c"] {
            assert_eq!(spend(&used, jti, NOW + 60, NOW), Ok(()));
        }
        assert_eq!(spend(&used, "d", NOW + 60, NOW + 60), Err(Refusal::Full));
        assert_eq!(spend(&used, "a", NOW + 60, NOW + 60), Err(Refusal::Replayed));
        assert_eq!(spend(&used, "d", NOW + 121, NOW + 61), Ok(()));
        let seen = used.seen.lock().unwrap();
        assert_eq!((seen.shown.len(), seen.ends.len()), (1, 1));
    }
}
