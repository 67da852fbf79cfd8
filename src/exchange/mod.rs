//! Runs plans: straight-line async over [`Upstream`].

mod bulk;
mod caller;
mod emulate;
mod list;
mod lock;
mod patch;
pub mod record;
pub mod run;
pub mod upstream;
mod user;
mod version;

pub use record::Record;
pub use run::{Outcome, Shared, fail, run};
pub use upstream::Upstream;
