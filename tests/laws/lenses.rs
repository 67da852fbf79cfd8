//! Laws 1 to 4 for every ordered pair.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value as Json;

use super::laws::{self, Law};
use super::oracle::pairs;
use super::people::{arbitrary_user, cases, config};
use super::world::World;

/// Holds a law to every pair, over users of these dialects; the first failure is shrunk.
fn every_pair<const N: usize>(
    of: impl Fn(&World) -> [&'static str; N],
    law: impl Fn(&World, &[Json]) -> Law,
) {
    let mut failures = Vec::new();
    for (client, upstream) in pairs() {
        let world = World::new(client, upstream);
        let users: Vec<_> = of(&world).into_iter().map(arbitrary_user).collect();
        let mut runner = TestRunner::new(ProptestConfig { cases: cases(64), ..config() });
        let outcome = runner.run(&users, |users| law(&world, &users).map_err(TestCaseError::fail));
        failures.extend(outcome.err().map(|failure| format!("{client} -> {upstream}: {failure}")));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn law_1_a_create_comes_back_as_its_norm() {
    every_pair(|w| [w.client], |world, users| laws::create(world, &users[0]));
}

#[test]
fn views_show_what_the_client_has_room_for() {
    every_pair(|w| [w.upstream], |world, users| laws::view(world, &users[0]));
}

#[test]
fn law_2_putting_the_view_changes_nothing() {
    every_pair(|w| [w.upstream], |world, users| laws::get_put(world, &users[0]));
}

#[test]
fn law_3_what_is_put_is_there_and_what_is_hidden_stays() {
    every_pair(
        |w| [w.client, w.upstream],
        |world, users| laws::put_get(world, &users[0], &users[1]),
    );
}

#[test]
fn law_4_a_put_forgets_the_one_before() {
    every_pair(
        |w| [w.client, w.client, w.upstream],
        |world, users| laws::put_put(world, &users[0], &users[1], &users[2]),
    );
}
