//! The running gateway: what loads it, puts its parts together, and follows its files while it serves.
//!
//! [`prepare`] reads a configuration and everything that it names; [`Prepared::serve`] makes the parts of all rooms,
//! joins them, and serves until the process is told to end; meanwhile one thread reloads. It does not know the
//! command line or the terminal, and what a part does is the part's own.

mod doors;
mod files;
mod gather;
mod inputs;
mod kept;
mod load;
mod reload;
mod serve;
mod taken;
mod upstreams;

pub use gather::inspect;
pub use load::{Loaded, load_all};
pub use serve::{Announce, Prepared, Unprepared, prepare, serve_alone};
pub use taken::address_taken;
