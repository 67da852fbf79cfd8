//! Tests of the memory of removals.

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

fn verdicts(guard: &RemovalGuard, limits: &RemovalLimits, ids: &[u64]) -> Vec<RemovalVerdict> {
    let now = Instant::now();
    ids.iter().map(|id| guard.remove(&id.to_string(), limits, now)).collect()
}

const FIRST: RemovalVerdict = RemovalVerdict::Refuse { first: true };
const LATER: RemovalVerdict = RemovalVerdict::Refuse { first: false };

#[tokio::test]
async fn one_resource_counts_once() {
    let guard = RemovalGuard::default();
    let limits = limits(Act::Trip, 2, 100);
    let all = verdicts(&guard, &limits, &[1, 1, 1, 2, 2, 1]);
    assert_eq!(all, [RemovalVerdict::Pass; 6]);
    assert_eq!(verdicts(&guard, &limits, &[3, 1]), [FIRST, LATER]);
    assert_eq!(guard.standing(), Standing { removed: 2, seen: 3, tripped: true });
}

#[tokio::test]
async fn it_stays_tripped_until_it_is_rearmed() {
    let guard = RemovalGuard::default();
    let limits = limits(Act::Trip, 1, 100);
    let late = Instant::now() + Duration::from_secs(3_600);
    assert_eq!(verdicts(&guard, &limits, &[1, 2]), [RemovalVerdict::Pass, FIRST]);
    assert_eq!(guard.remove("4", &limits, late), LATER, "time alone does not re-arm it");
    guard.rearm();
    assert_eq!(guard.remove("4", &limits, late), RemovalVerdict::Pass);
}

#[tokio::test]
async fn old_removals_and_refused_ones_do_not_count() {
    let guard = RemovalGuard::default();
    let limits = limits(Act::Trip, 1, 100);
    assert_eq!(verdicts(&guard, &limits, &[1]), [RemovalVerdict::Pass]);
    guard.kept("1");
    assert_eq!(verdicts(&guard, &limits, &[2]), [RemovalVerdict::Pass]);
    let late = Instant::now() + Duration::from_secs(61);
    assert_eq!(guard.remove("3", &limits, late), RemovalVerdict::Pass);
}

#[tokio::test]
async fn a_share_means_something_once_enough_was_seen() {
    let limits = limits(Act::Trip, 1_000, 10);
    let few = RemovalGuard::default();
    (0..98).for_each(|id| few.saw(&id.to_string(), None));
    assert_eq!(verdicts(&few, &limits, &(0..98).collect::<Vec<_>>()), [RemovalVerdict::Pass; 98]);
    let many = RemovalGuard::default();
    many.listed("", 100);
    let ids: Vec<u64> = (0..10).collect();
    assert_eq!(verdicts(&many, &limits, &ids), [RemovalVerdict::Pass; 10]);
    assert_eq!(verdicts(&many, &limits, &[10]), [FIRST]);
}

#[tokio::test]
async fn a_warning_is_given_once_for_each_crossing() {
    let guard = RemovalGuard::default();
    let limits = limits(Act::Warn, 1, 100);
    let pass = RemovalVerdict::Pass;
    assert_eq!(verdicts(&guard, &limits, &[1, 2, 3]), [pass, RemovalVerdict::Warn, pass]);
    let late = Instant::now() + Duration::from_secs(61);
    assert_eq!(guard.remove("4", &limits, late), pass);
    assert_eq!(guard.remove("5", &limits, late), RemovalVerdict::Warn);
}

// The longest list was remembered for ever, so that a share of what is gone long ago was let through.
#[tokio::test]
async fn what_a_share_is_of_is_the_last_whole_list_of_each_type_and_what_came_since() {
    let guard = RemovalGuard::default();
    guard.listed("Users", 10_000);
    guard.saw("Users/1", None);
    guard.listed("Groups", 50);
    assert_eq!(guard.standing().seen, 10_050, "a list of groups says nothing of users");
    guard.listed("Users", 200);
    assert_eq!(guard.standing().seen, 250);
    (0..300).for_each(|id| guard.saw(&format!("Users/{id}"), None));
    assert_eq!(guard.standing().seen, 350, "what came since may be more");
    guard.listed("Users", 200);
    let limits = limits(Act::Trip, 1_000, 10);
    let now = Instant::now();
    let remove = |id: u64| guard.remove(&format!("Users/{id}"), &limits, now);
    assert!((0..25).all(|id| remove(id) == RemovalVerdict::Pass));
    assert_eq!(remove(25), FIRST);
}

// Each removal that was taken back was looked for among all that were remembered.
#[tokio::test]
async fn what_is_taken_back_is_no_removal_wherever_it_stands() {
    let guard = RemovalGuard::default();
    let limits = limits(Act::Warn, usize::MAX, 100);
    let now = Instant::now();
    let ids: Vec<String> = (0..MOST).map(|id| format!("Users/{id}")).collect();
    for _ in 0..3 {
        for id in &ids {
            assert_eq!(guard.remove(id, &limits, now), RemovalVerdict::Pass);
        }
        assert_eq!(guard.standing().removed, MOST);
        ids.iter().rev().for_each(|id| guard.kept(id));
        assert_eq!(guard.standing().removed, 0);
    }
    let state = lock(&guard.resources);
    assert!(state.removed.is_empty() && state.removed_at.is_empty());
}

#[tokio::test]
async fn its_memory_is_bounded() {
    let guard = RemovalGuard::default();
    let limits = limits(Act::Warn, usize::MAX, 100);
    let now = Instant::now();
    for id in 0..MOST + 10 {
        guard.remove(&id.to_string(), &limits, now);
    }
    let standing = guard.standing();
    assert!(standing.removed <= MOST + 1 && standing.seen <= MOST, "{standing:?}");
}

// Members have a count and a share of their own.
#[tokio::test]
async fn members_and_accounts_do_not_trip_each_other() {
    let guard = RemovalGuard::default();
    let limits = limits(Act::Trip, 2, 100);
    let now = Instant::now();
    let take = |group: &str, members: &[&str]| {
        let members: Vec<String> = members.iter().map(|one| (*one).to_owned()).collect();
        guard.remove_members(group, &members, &limits, now)
    };
    assert_eq!(
        [take("g", &["1"]), take("g", &["1"]), take("h", &["1"])],
        [RemovalVerdict::Pass; 3]
    );
    assert_eq!(take("g", &["2", "3"]), FIRST, "all or none");
    assert_eq!(guard.member_standing().removed, 2);
    assert_eq!(take("g", &["1"]), LATER);
    assert_eq!(verdicts(&guard, &limits, &[1, 2]), [RemovalVerdict::Pass; 2]);
    assert!(!guard.standing().tripped);
    guard.rearm();
    assert_eq!(take("g", &["2", "3"]), RemovalVerdict::Pass);
    guard.kept_members("g", &["2".to_owned(), "3".to_owned()]);
    assert_eq!(guard.member_standing().removed, 0);
}

#[tokio::test]
async fn a_share_of_the_members_that_were_seen_trips() {
    let guard = RemovalGuard::default();
    let limits = limits(Act::Trip, 1_000, 10);
    guard.saw_members("g", 60);
    guard.saw_members("g", 20);
    guard.saw_members("h", 40);
    assert_eq!(guard.member_standing().seen, 100);
    let members: Vec<String> = (0..11).map(|id| id.to_string()).collect();
    let now = Instant::now();
    assert_eq!(guard.remove_members("g", &members[..10], &limits, now), RemovalVerdict::Pass);
    assert_eq!(guard.remove_members("g", &members, &limits, now), FIRST);
}
