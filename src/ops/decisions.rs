//! What was decided of routes, each with the time when: two processes that decide at the same time, as during an
//! upgrade, come to the same. Knows no file.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::exchange::Decided;

/// How long it is known of what binds nobody any more, or a route that is not known here: longer than two processes
/// are there at once.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// By the route's name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Decisions(BTreeMap<String, Entry>);

/// What was decided of one route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    paused: bool,
    tripped: bool,
    members_tripped: bool,
    /// When each of the three was decided, in milliseconds of Unix time; 0: it is not known.
    #[serde(default)]
    at: [u64; 3],
}

impl Decisions {
    pub fn decided(&self) -> BTreeMap<String, Decided> {
        self.0.iter().map(|(route, entry)| (route.clone(), entry.decided())).collect()
    }

    /// What is in force of a route.
    pub fn of(&self, route: &str) -> Decided {
        self.0.get(route).copied().unwrap_or_default().decided()
    }

    /// These decisions of others, and those of here: `own` is what is in force here, and `known` what was the last
    /// time, so that what differs was decided since, by now (in milliseconds of Unix time). Of each decision the
    /// last one counts.
    pub fn merged(&self, known: &Self, own: &BTreeMap<String, Decided>, now: u64) -> Self {
        let mut all = self.clone();
        for (route, decided) in own {
            let before = known.0.get(route).copied().unwrap_or_default();
            let entry = all.0.entry(route.clone()).or_default();
            *entry = entry.later(before.followed(*decided, now));
        }
        let long = u64::try_from(REMEMBERED.as_millis()).unwrap_or(u64::MAX);
        all.0.retain(|route, entry| {
            let holds = entry.decided() != Decided::default();
            let young = entry.at.iter().any(|at| at.saturating_add(long) > now);
            young || (holds && own.contains_key(route))
        });
        all
    }
}

impl Entry {
    fn decided(self) -> Decided {
        let Self { paused, tripped, members_tripped, .. } = self;
        Decided { paused, tripped, members_tripped }
    }

    fn said(self) -> [(u64, bool); 3] {
        let [paused, tripped, members_tripped] = self.at;
        [(paused, self.paused), (tripped, self.tripped), (members_tripped, self.members_tripped)]
    }

    fn of([paused, tripped, members_tripped]: [(u64, bool); 3]) -> Self {
        Self {
            paused: paused.1,
            tripped: tripped.1,
            members_tripped: members_tripped.1,
            at: [paused.0, tripped.0, members_tripped.0],
        }
    }

    /// This, and after it what is in force now. A clock that was set back makes no later decision an earlier one.
    fn followed(self, now_is: Decided, now: u64) -> Self {
        let [paused, tripped, members_tripped] = self.said();
        let next = |(at, before): (u64, bool), is: bool| {
            if is == before { (at, is) } else { (now.max(at.saturating_add(1)), is) }
        };
        Self::of([
            next(paused, now_is.paused),
            next(tripped, now_is.tripped),
            next(members_tripped, now_is.members_tripped),
        ])
    }

    /// Of each the later one; of two at the same time the one that holds back.
    fn later(self, other: Self) -> Self {
        let ([a, b, c], [x, y, z]) = (self.said(), other.said());
        Self::of([a.max(x), b.max(y), c.max(z)])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: u64 = 3_600_000;

    fn one(paused: bool) -> BTreeMap<String, Decided> {
        BTreeMap::from([("/a".to_owned(), Decided { paused, ..Decided::default() })])
    }

    #[test]
    fn the_last_decision_counts_wherever_it_was_made() {
        let none = Decisions::default();
        let paused = none.merged(&none, &one(true), 5 * HOUR);
        assert!(paused.of("/a").paused);
        // Who has not heard of it decides nothing by that.
        assert_eq!(paused.merged(&none, &one(false), 5 * HOUR + 1), paused);
        // Who has, and differs, does; with a clock that was set back, too.
        for now in [5 * HOUR + 1, HOUR] {
            let resumed = paused.merged(&paused, &one(false), now);
            assert!(!resumed.of("/a").paused);
            assert_eq!(paused.merged(&resumed, &one(false), now), resumed);
            assert_eq!(resumed.merged(&paused, &one(true), now), resumed, "the same as before");
        }
    }

    #[test]
    fn what_binds_nobody_is_forgotten_in_time() {
        let none = Decisions::default();
        let paused = none.merged(&none, &one(true), HOUR);
        assert_eq!(paused.merged(&none, &BTreeMap::new(), HOUR + 1), paused, "another's route");
        assert_eq!(paused.merged(&paused, &BTreeMap::new(), 9 * HOUR), none);
        assert_eq!(paused.merged(&paused, &one(true), 9 * HOUR), paused, "it binds still");
        let resumed = paused.merged(&paused, &one(false), 2 * HOUR);
        assert_eq!(resumed.merged(&resumed, &one(false), 9 * HOUR), none);
    }

    fn entry() -> impl Strategy<Value = Entry> {
        let field = (0_u64..4, any::<bool>());
        [field.clone(), field.clone(), field].prop_map(Entry::of)
    }

    proptest! {
        #[test]
        fn in_which_order_others_are_heard_makes_no_difference(
            a in entry(), b in entry(), c in entry(),
        ) {
            prop_assert_eq!(a.later(b), b.later(a));
            prop_assert_eq!(a.later(b).later(c), a.later(b.later(c)));
            prop_assert_eq!(a.later(a), a);
        }
    }
}
