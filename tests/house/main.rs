//! The house rules that no compiler knows: one-way rooms, names that stay in their room, tidy files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod files;
mod rooms;
mod tidy;
