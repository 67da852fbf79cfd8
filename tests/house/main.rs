//! The house rules that no compiler knows: one-way rooms, names that stay in their room, tidy files.
//!
//! (`cfg(test)` tells clippy that helpers are tests, too.)

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod absence;
#[cfg(test)]
mod circles;
#[cfg(test)]
mod citations;
#[cfg(test)]
mod dialects;
#[cfg(test)]
mod docs;
mod files;
mod guards;
mod rooms;
#[cfg(test)]
mod tidy;
