//! One route's memory of removals: how many resources of those seen were taken away lately, and
//! whether that is still believed.
//!
//! A resource counts once within the window, however often its removal is asked for. It is held by a
//! hash; both memories are bounded.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::gateway::safety::{Act, RemovalLimits};

/// Resources remembered as removed and as seen, each.
const MOST: usize = 65_536;
/// Resources that must have been seen before a share of them means something.
const ENOUGH: usize = 100;

/// The breaker of one route: accounts and groups, and by itself memberships, since a reorganisation takes
/// many members from groups and disables nobody.
#[derive(Debug, Default)]
pub struct Breaker {
    hasher: RandomState,
    resources: Mutex<State>,
    members: Mutex<State>,
    /// Resources that were last seen inactive.
    inactive: Mutex<HashSet<u64>>,
}

#[derive(Debug, Default)]
struct State {
    /// Oldest first, each with its number, so that two of one moment differ.
    removed: BTreeMap<(Instant, u64), u64>,
    /// Where each stands among them.
    removed_at: HashMap<u64, (Instant, u64)>,
    number: u64,
    /// By type; few.
    seen: HashMap<u64, Sight>,
    warned: bool,
    tripped: bool,
}

/// What was seen of one type.
#[derive(Debug, Default)]
struct Sight {
    /// Since the last whole list; how many each stands for.
    each: HashMap<u64, usize>,
    all: usize,
    /// Of the last whole list.
    listed: usize,
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

/// One half of the breaker as operators see it.
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
        let bounds = (limits.count, limits.share);
        let key = self.key(resource);
        let mut state = lock(&self.resources);
        if !state.removed_at.contains_key(&key) {
            state.see(self.kind(resource), key, 1);
        }
        state.remove(&[key], bounds, limits, now)
    }

    /// Members are about to be taken from a group, all or none of them.
    pub fn remove_members(
        &self,
        group: &str,
        members: &[String],
        limits: &RemovalLimits,
        now: Instant,
    ) -> Verdict {
        let bounds = (limits.member_count, limits.member_share);
        let keys = self.keys(group, members);
        lock(&self.members).remove(&keys, bounds, limits, now)
    }

    /// The upstream refused to remove it: it is still there.
    pub fn kept(&self, resource: &str) {
        lock(&self.resources).take_back(&[self.key(resource)]);
    }

    /// The upstream refused to take members from a group.
    pub fn kept_members(&self, group: &str, members: &[String]) {
        lock(&self.members).take_back(&self.keys(group, members));
    }

    /// A resource was shown or written; whether it is active, where that is known.
    pub fn saw(&self, resource: &str, active: Option<bool>) {
        let key = self.key(resource);
        lock(&self.resources).see(self.kind(resource), key, 1);
        let mut inactive = lock(&self.inactive);
        match active {
            Some(false) if inactive.len() < MOST => drop(inactive.insert(key)),
            Some(true) => drop(inactive.remove(&key)),
            _ => {}
        }
    }

    /// A group was shown or written with so many members.
    pub fn saw_members(&self, group: &str, members: usize) {
        lock(&self.members).see(self.kind(group), self.key(group), members);
    }

    /// Whether the resource was inactive when it was last seen.
    pub fn is_inactive(&self, resource: &str) -> bool {
        lock(&self.inactive).contains(&self.key(resource))
    }

    /// A whole list of one type is this long. It is what there is now: what was seen before is in it, or gone.
    pub fn listed(&self, kind: &str, total: usize) {
        let sight = Sight { listed: total, ..Sight::default() };
        lock(&self.resources).seen.insert(self.hasher.hash_one(kind), sight);
    }

    /// An operator looked: what was removed is believed, and counting begins anew.
    pub fn rearm(&self) {
        for half in [&self.resources, &self.members] {
            lock(half).rearm();
        }
    }

    /// Of resources and of members: what is tripped as in the first is from now on as in the second.
    pub fn adopt(&self, resources: (bool, bool), members: (bool, bool)) {
        for (half, (from, to)) in [(&self.resources, resources), (&self.members, members)] {
            let mut state = lock(half);
            match (state.tripped == from && from != to, to) {
                (true, true) => state.tripped = true,
                (true, false) => state.rearm(),
                (false, _) => {}
            }
        }
    }

    /// Holds back again what was held back in the process before.
    pub fn restore(&self, resources: bool, members: bool) {
        lock(&self.resources).tripped = resources;
        lock(&self.members).tripped = members;
    }

    /// Of accounts and groups.
    pub fn standing(&self) -> Standing {
        lock(&self.resources).standing()
    }

    /// Of memberships.
    pub fn member_standing(&self) -> Standing {
        lock(&self.members).standing()
    }

    /// Of `Users/7`: all that stands before the last slash.
    fn kind(&self, resource: &str) -> u64 {
        self.hasher.hash_one(resource.rsplit_once('/').map_or("", |(kind, _)| kind))
    }

    fn key(&self, resource: &str) -> u64 {
        self.hasher.hash_one(resource)
    }

    fn keys(&self, group: &str, members: &[String]) -> Vec<u64> {
        members.iter().take(MOST).map(|member| self.hasher.hash_one((group, member))).collect()
    }
}

fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn remove(
        &mut self,
        keys: &[u64],
        (count, share): (usize, usize),
        limits: &RemovalLimits,
        now: Instant,
    ) -> Verdict {
        if self.tripped && limits.act == Act::Trip {
            return Verdict::Refuse { first: false };
        }
        self.forget_old(limits, now);
        let mut new = Vec::new();
        for key in keys {
            if !self.removed_at.contains_key(key) {
                self.number = self.number.wrapping_add(1);
                self.removed_at.insert(*key, (now, self.number));
                self.removed.insert((now, self.number), *key);
                new.push(*key);
            }
        }
        let beyond = self.beyond(count, share);
        match limits.act {
            Act::Trip if beyond => {
                self.tripped = true;
                self.take_back(&new);
                Verdict::Refuse { first: true }
            }
            _ if beyond => match std::mem::replace(&mut self.warned, true) {
                true => Verdict::Pass,
                false => Verdict::Warn,
            },
            _ => {
                self.warned = false;
                Verdict::Pass
            }
        }
    }

    fn rearm(&mut self) {
        self.removed.clear();
        self.removed_at.clear();
        (self.warned, self.tripped) = (false, false);
    }

    fn standing(&self) -> Standing {
        Standing { removed: self.removed.len(), seen: self.all(), tripped: self.tripped }
    }

    fn forget_old(&mut self, limits: &RemovalLimits, now: Instant) {
        let old = |at: Instant| now.saturating_duration_since(at) >= limits.window;
        while let Some(first) = self.removed.first_entry() {
            if !old(first.key().0) && self.removed_at.len() <= MOST {
                return;
            }
            self.removed_at.remove(&first.remove());
        }
    }

    fn all(&self) -> usize {
        self.seen.values().map(|sight| sight.all.max(sight.listed)).sum()
    }

    fn beyond(&self, count: usize, share: usize) -> bool {
        let (removed, seen) = (self.removed.len(), self.all());
        removed > count
            || (seen >= ENOUGH && removed.saturating_mul(100) > seen.saturating_mul(share))
    }

    fn see(&mut self, kind: u64, key: u64, stands_for: usize) {
        let known: usize = self.seen.values().map(|sight| sight.each.len()).sum();
        let sight = self.seen.entry(kind).or_default();
        if let Some(before) = sight.each.get_mut(&key) {
            // What was taken away since was seen all the same.
            sight.all += stands_for.saturating_sub(*before);
            *before = stands_for.max(*before);
        } else if known < MOST {
            sight.each.insert(key, stands_for);
            sight.all += stands_for;
        }
    }

    fn take_back(&mut self, keys: &[u64]) {
        for key in keys {
            if let Some(at) = self.removed_at.remove(key) {
                self.removed.remove(&at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limits(act: Act, count: usize, share: usize) -> RemovalLimits {
        RemovalLimits {
            act,
            window: Duration::from_secs(60),
            count,
            share,
            member_count: count,
            member_share: share,
        }
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
        (0..98).for_each(|id| few.saw(&id.to_string(), None));
        assert_eq!(verdicts(&few, &limits, &(0..98).collect::<Vec<_>>()), [Verdict::Pass; 98]);
        let many = Breaker::default();
        many.listed("", 100);
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

    // Edge 28: the longest list was remembered for ever, so that a share of what is gone long ago was let through.
    #[tokio::test]
    async fn what_a_share_is_of_is_the_last_whole_list_of_each_type_and_what_came_since() {
        let breaker = Breaker::default();
        breaker.listed("Users", 10_000);
        breaker.saw("Users/1", None);
        breaker.listed("Groups", 50);
        assert_eq!(breaker.standing().seen, 10_050, "a list of groups says nothing of users");
        breaker.listed("Users", 200);
        assert_eq!(breaker.standing().seen, 250);
        (0..300).for_each(|id| breaker.saw(&format!("Users/{id}"), None));
        assert_eq!(breaker.standing().seen, 350, "what came since may be more");
        breaker.listed("Users", 200);
        let limits = limits(Act::Trip, 1_000, 10);
        let now = Instant::now();
        let remove = |id: u64| breaker.remove(&format!("Users/{id}"), &limits, now);
        assert!((0..25).all(|id| remove(id) == Verdict::Pass));
        assert_eq!(remove(25), FIRST);
    }

    // Edge 28: each removal that was taken back was looked for among all that were remembered.
    #[tokio::test]
    async fn what_is_taken_back_is_no_removal_wherever_it_stands() {
        let breaker = Breaker::default();
        let limits = limits(Act::Warn, usize::MAX, 100);
        let now = Instant::now();
        let ids: Vec<String> = (0..MOST).map(|id| format!("Users/{id}")).collect();
        for _ in 0..3 {
            ids.iter().for_each(|id| drop(breaker.remove(id, &limits, now)));
            assert_eq!(breaker.standing().removed, MOST);
            ids.iter().rev().for_each(|id| breaker.kept(id));
            assert_eq!(breaker.standing().removed, 0);
        }
        let state = lock(&breaker.resources);
        assert!(state.removed.is_empty() && state.removed_at.is_empty());
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

    // Edge review 17: members have a count and a share of their own.
    #[tokio::test]
    async fn members_and_accounts_do_not_trip_each_other() {
        let breaker = Breaker::default();
        let limits = limits(Act::Trip, 2, 100);
        let now = Instant::now();
        let take = |group: &str, members: &[&str]| {
            let members: Vec<String> = members.iter().map(|one| (*one).to_owned()).collect();
            breaker.remove_members(group, &members, &limits, now)
        };
        assert_eq!([take("g", &["1"]), take("g", &["1"]), take("h", &["1"])], [Verdict::Pass; 3]);
        assert_eq!(take("g", &["2", "3"]), FIRST, "all or none");
        assert_eq!(breaker.member_standing().removed, 2);
        assert_eq!(take("g", &["1"]), LATER);
        assert_eq!(verdicts(&breaker, &limits, &[1, 2]), [Verdict::Pass; 2]);
        assert!(!breaker.standing().tripped);
        breaker.rearm();
        assert_eq!(take("g", &["2", "3"]), Verdict::Pass);
        breaker.kept_members("g", &["2".to_owned(), "3".to_owned()]);
        assert_eq!(breaker.member_standing().removed, 0);
    }

    // Edge review 17
    #[tokio::test]
    async fn a_share_of_the_members_that_were_seen_trips() {
        let breaker = Breaker::default();
        let limits = limits(Act::Trip, 1_000, 10);
        breaker.saw_members("g", 60);
        breaker.saw_members("g", 20);
        breaker.saw_members("h", 40);
        assert_eq!(breaker.member_standing().seen, 100);
        let members: Vec<String> = (0..11).map(|id| id.to_string()).collect();
        let now = Instant::now();
        assert_eq!(breaker.remove_members("g", &members[..10], &limits, now), Verdict::Pass);
        assert_eq!(breaker.remove_members("g", &members, &limits, now), FIRST);
    }
}
