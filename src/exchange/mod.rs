//! Runs plans: straight-line async over [`Upstream`].

pub mod run;
pub mod upstream;

pub use run::{Outcome, Record, Shared, fail, run};
pub use upstream::Upstream;
