//! Runs plans: straight-line async over [`Upstream`].

pub mod upstream;

pub use upstream::Upstream;
