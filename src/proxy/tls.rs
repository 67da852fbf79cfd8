//! TLS of the listener, and the files of both sides: tried before Pingora reads them, since it
//! panics on those that it cannot use.

mod files;
mod handshake;
mod listener;

pub(super) use files::authorities;
pub use listener::Certificates;
