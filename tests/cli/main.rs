//! The program as operators meet it: configuration, verbs, exit codes, admin answers.
//!
//! (`cfg(test)` tells clippy that helpers are tests, too.)

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[cfg(test)]
mod admin;
#[cfg(test)]
mod asserted;
mod at_once;
#[cfg(test)]
mod audited;
mod cleartext;
#[cfg(test)]
mod deploy;
mod groups;
#[cfg(test)]
mod manager;
mod manners;
mod mistakes;
#[cfg(test)]
mod moved;
#[cfg(test)]
mod newcomer;
mod program;
mod reference;
mod reload;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod running;
mod scale;
mod schema;
mod schema_mistakes;
mod schema_readers;
#[cfg(test)]
mod shells;
mod ship;
mod shipped;
#[cfg(test)]
mod tended;
#[cfg(test)]
mod unread;
#[cfg(test)]
mod unstarted;
mod upgrade;
mod verbs;
mod watched;
#[cfg(test)]
mod wired;
