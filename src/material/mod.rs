//! Key material: what is in files of secrets, keys and certificates, how they are followed there, and what signs
//! and verifies with them.
//!
//! A room of its own, since whoever calls the gateway and whoever is called by it are both known by such files. It
//! knows neither of them, no socket and no configuration beyond a path.

mod crypto;
mod pem;
mod watched;

pub use crypto::install;
pub use pem::{of_pair, pair, trusted};
pub use watched::{Followed, LOOK, Looked, Watched, follow};
