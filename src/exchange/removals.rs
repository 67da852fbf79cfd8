//! One route's memory of removals: how many resources of those seen were taken away lately, and
//! whether that is still believed.
//!
//! A resource counts once within the window, however often its removal is asked for. It is held by a
//! hash; both memories are bounded.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::gateway::route::{Act, RemovalLimits};

/// Resources remembered as removed and as seen, each.
const MOST: usize = 65_536;
/// Resources that must have been seen before a share of them means something.
const ENOUGH: usize = 100;

/// The breaker of one route: accounts and groups, and by itself memberships, since a reorganisation takes
/// many members from groups and disables nobody.
#[derive(Debug, Default)]
pub struct RemovalGuard {
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
pub enum RemovalVerdict {
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

impl RemovalGuard {
    /// A removal of a resource is about to be asked of the upstream.
    pub fn remove(&self, resource: &str, limits: &RemovalLimits, now: Instant) -> RemovalVerdict {
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
    ) -> RemovalVerdict {
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
    ) -> RemovalVerdict {
        if self.tripped && limits.act == Act::Trip {
            return RemovalVerdict::Refuse { first: false };
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
                RemovalVerdict::Refuse { first: true }
            }
            _ if beyond => match std::mem::replace(&mut self.warned, true) {
                true => RemovalVerdict::Pass,
                false => RemovalVerdict::Warn,
            },
            _ => {
                self.warned = false;
                RemovalVerdict::Pass
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
mod tests;
