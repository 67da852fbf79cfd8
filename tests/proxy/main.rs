//! The edge over real sockets: admission, bounds, bad upstreams, pass-through.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on panics")]

mod edge;
mod exchange;
mod harness;
#[path = "../seeds/page.rs"]
mod page;
mod passthrough;
mod remote;
mod seeds;
mod tls;
