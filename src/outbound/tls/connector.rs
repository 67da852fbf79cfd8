//! How connections to servers are made in TLS.

use pingora::connectors::ConnectorOptions;
use pingora::tls::{RootCertStore, load_platform_certs_incl_env_into_store};

/// A file of certificates that holds none.
const NOBODY: &str = "/dev/null";

/// How connections to servers are made: checked against the system's authorities, or by itself against
/// none, where each peer brings its own.
///
/// # Errors
/// A sentence, where the system's authorities cannot be read.
pub fn connector(pool: usize, own: bool) -> Result<ConnectorOptions, String> {
    let mut options = ConnectorOptions::new(pool);
    if own {
        options.ca_file = Some(NOBODY.to_owned());
    } else {
        load_platform_certs_incl_env_into_store(&mut RootCertStore::empty())
            .map_err(|_| "the system's certificate authorities cannot be read".to_owned())?;
    }
    Ok(options)
}
