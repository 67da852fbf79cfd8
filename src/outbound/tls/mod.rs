//! TLS toward servers: the gateway's own certificate, and whom it believes about theirs.

mod authorities;
mod certificate;
mod connector;

pub use authorities::Authorities;
pub use certificate::Certificate;
pub use connector::connector;
