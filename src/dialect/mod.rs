//! `rules/` -> ready dialects: the embedded set and the operator's directory.
//!
//! A [`Dialect`] is how one vendor speaks, as data; [`cases`] are the executed examples of its page. This room does
//! not know routes, and translates nothing.

pub mod cases;
mod code;
mod files;
mod forms;
mod model;
mod patch;
mod resource;
mod schema;
mod set;
mod surface;
mod value;
mod verify;

pub use code::CODES;
pub use files::hold_a_dialect;
pub use forms::{
    Clear, FilterAttribute, FilterForms, IdForm, ListForms, Paging, PatchForms, Put, Resource,
    Schemas, SearchForms, SearchWhen, TypedPatch,
};
pub use model::{Dialect, Discovery, ErrorCode, Errors, MissingResource, Quirk, Undeclared};
pub use schema::{override_schema, schemas};
pub use set::Dialects;
