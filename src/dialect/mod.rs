//! `rules/` -> ready dialects: the embedded set and the operator's directory.

pub mod model;

pub use model::Dialect;
