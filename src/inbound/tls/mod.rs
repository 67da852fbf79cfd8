//! TLS of the listener, and its files: tried before Pingora reads them, since it panics on those that it cannot
//! use.

mod files;
mod handshake;
mod listener;
mod names;
mod peer;

pub use handshake::settings;
pub use listener::Certificates;
pub use peer::Peer;
