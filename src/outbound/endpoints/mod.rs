//! The nodes of one upstream: whose turn it is, how they stand, and where connections to them go.

mod endpoint;
mod health;
mod peer;
mod pick;
mod resolve;

pub use endpoint::{EndpointSettings, UpstreamEndpoint};
pub use peer::{Connected, set_apart};
pub use pick::{EndpointPick, Endpoints};
