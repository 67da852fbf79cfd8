//! Whoever comes in: connections and their TLS, the bounds of a request, the callers of a route, and the answer as it
//! is written.
//!
//! It knows neither what a request means nor where it leads. It asks [`crate::outbound`] for one thing: an issuer's
//! keys are read by a call like any other.

mod attempts;
mod auth;
mod balancer;
mod connections;
pub mod reply;
pub mod request;
mod tls;

pub use attempts::Attempts;
pub use auth::{Callers, KeySets, Shown};
pub use connections::{Connections, HEARING, InForce, Used, arrived};
pub use tls::{Certificates, settings as tls_settings};
