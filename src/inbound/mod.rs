//! Whoever comes in: connections and their TLS, the bounds of a request, the callers of a route, and the answer as it
//! is written.
//!
//! It knows neither what a request means nor where it leads. It asks [`crate::outbound`] for one thing: an issuer's
//! keys are read by a call like any other.

mod address;
mod auth;
mod auth_throttle;
mod balancer;
mod connections;
mod reply;
mod request;
mod tls;

pub use address::client_address;
pub use auth::{Callers, KeySets, PresentedCredentials};
pub use auth_throttle::AuthThrottle;
pub use connections::{Connections, HEARING, LimitsInForce, Used, arrived};
pub use reply::{add_fault_headers, answer_routeless, write_answer};
pub use request::{
    body_too_large, body_too_slow, check_bounds, client_certificate, host_of, linger, may_write,
    method_label, read_request, request_id, send_continue, stream_too_long,
};
pub use tls::{Certificates, settings as tls_settings};
