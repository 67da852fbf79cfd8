//! Whoever is called: an upstream's nodes, what protects it and us from each other, who the gateway is there, and one
//! call.
//!
//! It knows no client and no route: a call comes through the `Upstream` that an exchange asks. An answer is bytes
//! with a status; what they mean is not known here.

mod authenticated;
mod broken;
mod endpoints;
mod identity;
mod proof;
mod reach;
mod remote;
mod reporter;
mod resilience;
mod standing;
mod talk;
mod tls;

pub use authenticated::Authenticated;
pub use broken::{is_not_done, of_stream, unformed};
pub use endpoints::{EndpointPick, EndpointSettings, UpstreamEndpoint};
pub use identity::GatewayIdentity;
pub use proof::{AuthHeader, Prover};
pub use reach::UpstreamView;
pub use remote::Remote;
pub use resilience::{
    CallVerdict, CallVerdicts, Full, Gate, GatePermit, Permit, Resilience, Resilient, asked,
    crowded,
};
pub use standing::{EndpointStanding, UpstreamStanding};
pub use tls::Certificate;
