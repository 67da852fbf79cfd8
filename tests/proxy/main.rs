//! The edge over real sockets: admission, bounds, bad upstreams, pass-through.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod assertions;
mod authority;
mod balancer;
mod callers;
mod care;
mod client_auth;
mod edge;
mod exchange;
mod forward;
mod guilt;
mod harness;
mod identity;
mod leavers;
mod limits;
mod listener;
mod mutual;
mod nodes;
mod oauth;
#[path = "../seeds/page.rs"]
mod page;
mod passthrough;
mod pooled;
mod remote;
mod rotated;
mod secrets;
mod seeds;
mod signed;
mod streams;
mod tls;
