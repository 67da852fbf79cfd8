//! What an exchange is made of: reading requests, planning, translating, judging losses, answering.
//!
//! No I/O and no Pingora here: the exchange room makes the calls, the rooms after it move bytes.

mod array;
pub mod askable;
mod asked;
pub mod bulk;
pub mod columns;
pub mod cursor;
mod demand;
mod derived;
mod discover;
pub mod discovery;
pub mod example;
mod feeds;
mod fixed;
mod foreign;
pub mod guard;
mod informative;
mod kept;
pub mod known;
pub mod lifted;
mod likeness;
pub mod list;
mod lookup;
pub mod merge;
pub mod message;
pub mod needs;
mod once;
pub mod pair;
mod pair_spec;
pub mod patch;
mod places;
mod print;
pub mod push;
mod reach;
pub mod receive;
pub mod reply;
pub mod report;
pub mod rights;
pub mod route;
pub mod safety;
pub mod sort;
pub mod table;
pub mod taken;
pub mod truth;
pub mod twin;
mod undeclared;
mod unreturned;
mod version;
pub mod view;
mod writable;
mod write;

pub use route::{Gateway, Route, RouteSpec};
