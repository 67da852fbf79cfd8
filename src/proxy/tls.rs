//! TLS of the listener, and the files of both sides: tried before Pingora reads them, since it
//! panics on those that it cannot use.

mod files;
mod handshake;
mod listener;
mod trust;

pub(super) use files::connector;
pub use listener::Certificates;
pub(super) use trust::Authorities;
