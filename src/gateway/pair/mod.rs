//! A client dialect and an upstream dialect, compiled against each other for one resource type: what is
//! known before any request, and the way of one resource between the two sides' words.
//!
//! It says what is carried, lost, demanded, immutable, unreturned and listed. It does not know routes,
//! policies or messages, and decides nothing about a request.

mod compiled;
mod feeds;
mod fixed;
mod foreign;
mod kind;
mod known;
mod listed;
mod losses;
mod mistakes;
mod needs;
mod once;
mod places;
mod row;
mod spec;
mod table;
mod unreturned;
mod walk;
mod words;

pub use compiled::Pair;
pub use feeds::{Feed, overlap, same};
pub use fixed::Fixed;
pub use kind::Kind;
pub use losses::Losses;
pub use mistakes::{checked, quoted, refuse};
pub use once::{Alike, once};
pub use row::{Fate, Row, described, is_free, many_to_one};
pub use spec::PairSpec;
pub use table::PairTable;
pub use unreturned::{Unseen, begins, unseen};
pub use walk::{is_common, path, said_at, value_at};
pub use words::Shown;
