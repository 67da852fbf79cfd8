//! TOML files, read key by key with every mistake.
//!
//! A [`Reader`] is one file; its [`Table`]s are asked for keys, its [`Item`]s for values. It knows the shapes of
//! TOML and no file format.

mod code;
mod item;
mod reader;
mod table;
mod value;

pub use code::CODES;
pub use reader::Reader;
pub use value::{Item, Table};
