//! Mistakes in rules and configuration: code, place in the file, label, hint.
//!
//! A diagnostic is data; rendering it for people or as JSON is a function of it and the sources. Files are read
//! by [`toml`], whose readers report what they find and tell what they ask for; of that the JSON Schemas are made.
//! This room knows neither rules nor configuration: those rooms bring their own codes.

mod annotation;
mod form;
mod json_schema;
mod likely;
mod mistakes;
mod render;
mod report;
mod shape;
mod source;
pub mod toml;

pub use form::{Clause, Form};
pub use json_schema::json_schema;
pub use likely::did_you_mean;
pub use mistakes::Mistakes;
pub use render::{json, text};
pub use report::{Code, Diagnostic, Label, Severity, any_error, sort};
pub use shape::{Shape, TableKind, recorded};
pub use source::{Position, Source};
pub use toml::CODES;
