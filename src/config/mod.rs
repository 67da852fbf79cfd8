//! `config.toml` and the environment -> [`Config`], plain data that cannot be wrong.
//!
//! All mistakes come at once, each with its place. This room knows no socket and no Pingora.

pub mod model;
pub mod secret;

pub use model::Config;
pub use secret::Secret;
