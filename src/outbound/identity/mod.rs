//! Who the gateway is to one upstream: what it puts into each call, where that comes from, and how it
//! stays fresh.
//!
//! It knows neither what a call is for nor whether it may be sent again; it answers one question after
//! a 401: is there something newer to show?

mod client;
mod secret;
mod source;
mod token;
mod token_endpoint;

pub use source::GatewayIdentity;
