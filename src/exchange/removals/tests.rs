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
        for id in &ids {
            assert_eq!(breaker.remove(id, &limits, now), Verdict::Pass);
        }
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
