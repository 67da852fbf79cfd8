//! The rule language: text -> checked program -> the four views, put, trace, loss.

pub mod check;
pub mod code;
pub mod lookup;
pub mod parse;
pub mod place;
pub mod rule;

pub use code::CODES;
