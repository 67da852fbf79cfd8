//! One route's memory of removals: how many resources of those seen were taken away lately, and
//! whether that is still believed.
//!
//! A resource counts once within the window, however often its removal is asked for. It is held by a
//! hash; both memories are bounded.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::gateway::safety::{Act, RemovalLimits};

/// Resources remembered as removed and as seen, each.
const MOST: usize = 65_536;
/// Resources that must have been seen before a share of them means something.
const ENOUGH: usize = 100;

/// The breaker of one route.
#[derive(Debug, Default)]
pub struct Breaker {
    hasher: RandomState,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Oldest first.
    removed: VecDeque<(Instant, u64)>,
    removed_set: HashSet<u64>,
    seen: HashSet<u64>,
    /// The longest whole list that was seen.
    listed: usize,
    warned: bool,
    tripped: bool,
}

/// What is to become of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    /// It passes, and is the one that crosses the limit.
    Warn,
    /// It is refused; whether it is the one that trips the breaker.
    Refuse {
        first: bool,
    },
}

/// The breaker as operators see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Within the window, when last asked.
    pub removed: usize,
    pub seen: usize,
    pub tripped: bool,
}

impl Breaker {
    /// A removal of a resource is about to be asked of the upstream.
    pub fn remove(&self, resource: &str, limits: &RemovalLimits, now: Instant) -> Verdict {
        let key = self.hasher.hash_one(resource);
        let mut state = self.state();
        if state.tripped && limits.act == Act::Trip {
            return Verdict::Refuse { first: false };
        }
        state.forget_old(limits, now);
        if !state.removed_set.contains(&key) {
            state.removed.push_back((now, key));
            state.removed_set.insert(key);
            state.see(key);
        }
        let beyond = state.beyond(limits);
        match limits.act {
            Act::Trip if beyond => {
                state.tripped = true;
                state.take_back(key);
                Verdict::Refuse { first: true }
            }
            _ if beyond => match std::mem::replace(&mut state.warned, true) {
                true => Verdict::Pass,
                false => Verdict::Warn,
            },
            _ => {
                state.warned = false;
                Verdict::Pass
            }
        }
    }

    /// The upstream refused to remove it: it is still there.
    pub fn kept(&self, resource: &str) {
        let key = self.hasher.hash_one(resource);
        self.state().take_back(key);
    }

    /// A resource was shown or written.
    pub fn saw(&self, resource: &str) {
        let key = self.hasher.hash_one(resource);
        self.state().see(key);
    }

    /// A whole list is this long.
    pub fn listed(&self, total: usize) {
        let mut state = self.state();
        state.listed = state.listed.max(total);
    }

    /// An operator looked: what was removed is believed, and counting begins anew.
    pub fn rearm(&self) {
        let mut state = self.state();
        state.removed.clear();
        state.removed_set.clear();
        (state.warned, state.tripped) = (false, false);
    }

    pub fn standing(&self) -> Standing {
        let state = self.state();
        let (removed, seen) = (state.removed.len(), state.seen.len().max(state.listed));
        Standing { removed, seen, tripped: state.tripped }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget_old(&mut self, limits: &RemovalLimits, now: Instant) {
        let old = |at: Instant| now.saturating_duration_since(at) >= limits.window;
        while self.removed.front().is_some_and(|(at, _)| old(*at)) || self.removed.len() > MOST {
            if let Some((_, key)) = self.removed.pop_front() {
                self.removed_set.remove(&key);
            }
        }
    }

    fn beyond(&self, limits: &RemovalLimits) -> bool {
        let (removed, seen) = (self.removed.len(), self.seen.len().max(self.listed));
        let share =
            seen >= ENOUGH && removed.saturating_mul(100) > seen.saturating_mul(limits.share);
        removed > limits.count || share
    }

    fn see(&mut self, key: u64) {
        if self.seen.len() < MOST {
            self.seen.insert(key);
        }
    }

    fn take_back(&mut self, key: u64) {
        if self.removed_set.remove(&key) {
            self.removed.retain(|(_, other)| *other != key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limits(act: Act, count: usize, share: usize) -> RemovalLimits {
        RemovalLimits { act, window: Duration::from_secs(60), count, share }
    }

    fn verdicts(breaker: &Breaker, limits: &RemovalLimits, ids: &[u64]) -> Vec<Verdict> {
        let now = Instant::now();
        ids.iter().map(|id| breaker.remove(&id.to_string(), limits, now)).collect()
    }

    const FIRST: Verdict = Verdict::Refuse { first: true };
    const LATER: Verdict = Verdict::Refuse { first: false };

    #[tokio::test]
    async fn one_resource_counts_once() {
        let breaker = Breaker::default();
        let limits = limits(Act::Trip, 2, 100);
        let all = verdicts(&breaker, &limits, &[1, 1, 1, 2, 2, 1]);
        assert_eq!(all, [Verdict::Pass; 6]);
        assert_eq!(verdicts(&breaker, &limits, &[3, 1]), [FIRST, LATER]);
        assert_eq!(breaker.standing(), Standing { removed: 2, seen: 3, tripped: true });
    }

    #[tokio::test]
    async fn it_stays_tripped_until_it_is_rearmed() {
        let breaker = Breaker::default();
        let limits = limits(Act::Trip, 1, 100);
        let late = Instant::now() + Duration::from_secs(3_600);
        assert_eq!(verdicts(&breaker, &limits, &[1, 2]), [Verdict::Pass, FIRST]);
        assert_eq!(breaker.remove("4", &limits, late), LATER, "time alone does not re-arm it");
        breaker.rearm();
        assert_eq!(breaker.remove("4", &limits, late), Verdict::Pass);
    }

    #[tokio::test]
    async fn old_removals_and_refused_ones_do_not_count() {
        let breaker = Breaker::default();
        let limits = limits(Act::Trip, 1, 100);
        assert_eq!(verdicts(&breaker, &limits, &[1]), [Verdict::Pass]);
        breaker.kept("1");
        assert_eq!(verdicts(&breaker, &limits, &[2]), [Verdict::Pass]);
        let late = Instant::now() + Duration::from_secs(61);
        assert_eq!(breaker.remove("3", &limits, late), Verdict::Pass);
    }

    #[tokio::test]
    async fn a_share_means_something_once_enough_was_seen() {
        let limits = limits(Act::Trip, 1_000, 10);
        let few = Breaker::default();
        (0..98).for_each(|id| few.saw(&id.to_string()));
        assert_eq!(verdicts(&few, &limits, &(0..98).collect::<Vec<_>>()), [Verdict::Pass; 98]);
        let many = Breaker::default();
        many.listed(100);
        let ids: Vec<u64> = (0..10).collect();
        assert_eq!(verdicts(&many, &limits, &ids), [Verdict::Pass; 10]);
        assert_eq!(verdicts(&many, &limits, &[10]), [FIRST]);
    }

    #[tokio::test]
    async fn a_warning_is_given_once_for_each_crossing() {
        let breaker = Breaker::default();
        let limits = limits(Act::Warn, 1, 100);
        let pass = Verdict::Pass;
        assert_eq!(verdicts(&breaker, &limits, &[1, 2, 3]), [pass, Verdict::Warn, pass]);
        let late = Instant::now() + Duration::from_secs(61);
        assert_eq!(breaker.remove("4", &limits, late), pass);
        assert_eq!(breaker.remove("5", &limits, late), Verdict::Warn);
    }

    #[tokio::test]
    async fn its_memory_is_bounded() {
        let breaker = Breaker::default();
        let limits = limits(Act::Warn, usize::MAX, 100);
        let now = Instant::now();
        for id in 0..MOST + 10 {
            breaker.remove(&id.to_string(), &limits, now);
        }
        let standing = breaker.standing();
        assert!(standing.removed <= MOST + 1 && standing.seen <= MOST, "{standing:?}");
    }
}
