//! The edge: sockets, TLS, pools, limits and authentication. The only room that names Pingora.
//!
//! It knows nothing of SCIM: a translated route's bytes go to [`crate::exchange`] and come back.

mod attempts;
mod auth;
mod balancer;
mod broken;
mod care;
mod connections;
mod crypto;
mod edge;
mod forward;
mod heart;
mod identity;
mod library;
mod life;
mod live;
mod observer;
mod passthrough;
mod peer;
mod remote;
mod reply;
mod request;
mod resolve;
mod server;
mod service;
mod signals;
mod signed;
mod standing;
mod stream;
mod talk;
mod tls;
mod watched;

pub use auth::{Callers, KeySets, Principal, Refusal};
pub use care::{Care, Cared, Gate, Making};
pub use edge::{Door, Edge, Way};
pub use identity::{Certificate, Identity};
pub use library::{LIBRARY, library_part};
pub use life::Life;
pub use live::Live;
pub use observer::{Event, Observer, Reason, Seen, Silent, Slot, Trigger};
pub use remote::Remote;
pub use server::{Stopped, bind, serve};
pub use signed::Signed;
pub use standing::{NodeStanding, Reach, UpstreamStanding};
pub use tls::Certificates;
