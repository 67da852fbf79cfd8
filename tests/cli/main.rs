//! The program as operators meet it: configuration, verbs, exit codes, admin answers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[cfg(test)]
mod deploy;
mod groups;
mod mistakes;
mod program;
mod reference;
mod ship;
mod shipped;
mod verbs;
mod watched;
