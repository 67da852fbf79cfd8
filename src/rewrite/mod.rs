//! The rule language: text -> checked program -> the four views, put, trace, loss.

pub mod place;
pub mod rule;
