//! Who comes in and who is called, joined: routes with their callers and upstreams, a request's way through Pingora's
//! hooks, and the life of the process that serves.
//!
//! It knows nothing of SCIM: a translated route's bytes go to [`crate::exchange`] and come back.

mod account;
mod answer;
mod broken;
mod context;
mod edge;
mod enter;
mod forward;
mod heart;
mod library;
mod life;
mod live;
mod passthrough;
mod server;
mod service;
mod signals;
mod streaming;
mod translating;

pub use edge::{Edge, Handler, RouteEntry};
pub use library::{LIBRARY, library_part};
pub use life::Life;
pub use live::Live;
pub use server::{Stopped, bind, serve};
