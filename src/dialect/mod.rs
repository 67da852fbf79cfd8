//! `rules/` -> ready dialects: the embedded set and the operator's directory.

pub mod cases;
pub mod code;
mod files;
pub mod model;
mod patch;
mod resource;
pub mod schema;
mod set;
mod surface;
mod verify;

pub use code::CODES;
pub use files::hold_a_dialect;
pub use model::Dialect;
pub use schema::override_schema;
pub use set::Dialects;
