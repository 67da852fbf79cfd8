//! What keeps a route's directory safe: `delete`, `create_conflict` and `[route.removals]`.

use super::value::{duration, number};
use crate::diagnostic::toml::Table;
use crate::gateway::route::{Act, CreateConflict, Delete, RemovalLimits, Safety};

const DELETES: &[(&str, Delete)] =
    &[("forward", Delete::Forward), ("deactivate", Delete::Deactivate), ("refuse", Delete::Refuse)];
const CONFLICTS: &[(&str, CreateConflict)] = &[
    ("pass", CreateConflict::Pass),
    ("adopt", CreateConflict::Adopt),
    ("update", CreateConflict::Update),
];
const ACTS: &[(&str, Act)] = &[("off", Act::Off), ("warn", Act::Warn), ("trip", Act::Trip)];

pub(super) fn safety(route: &Table<'_>) -> Safety {
    Safety {
        delete: route.item("delete").and_then(|item| item.word(DELETES)).unwrap_or_default(),
        create_conflict: route
            .item("create_conflict")
            .and_then(|item| item.word(CONFLICTS))
            .unwrap_or_default(),
        removals: route.table("removals").map(removals).unwrap_or_default(),
    }
}

fn removals(table: Table<'_>) -> RemovalLimits {
    let default = RemovalLimits::default();
    let limits = RemovalLimits {
        act: table.item("act").and_then(|item| item.word(ACTS)).unwrap_or(default.act),
        window: table.item("window").and_then(duration).unwrap_or(default.window),
        count: table.item("count").and_then(|i| number(i, 1..=60_000)).unwrap_or(default.count),
        share: table.item("share").and_then(|i| number(i, 1..=100)).unwrap_or(default.share),
        member_count: table
            .item("member_count")
            .and_then(|i| number(i, 1..=60_000))
            .unwrap_or(default.member_count),
        member_share: table
            .item("member_share")
            .and_then(|i| number(i, 1..=100))
            .unwrap_or(default.member_share),
    };
    table.close();
    limits
}
