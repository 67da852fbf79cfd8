//! Certificate files, tried before Pingora reads them: it panics on those that it cannot use.

use std::path::Path;

use pingora::tls::{
    RootCertStore, ServerConfig, install_default_crypto_provider, load_ca_file_into_store,
    load_certs_and_key_files, load_platform_certs_incl_env_into_store,
};

use crate::config::model::Tls;

/// Whether the listener's certificate and key can be used, and belong together.
///
/// # Errors
/// A sentence that names the files.
pub fn certificate(Tls { cert, key }: &Tls) -> Result<(), String> {
    install_default_crypto_provider();
    let told = |why: &str| format!("{} and {}: {why}", cert.display(), key.display());
    let loaded = load_certs_and_key_files(&cert.to_string_lossy(), &key.to_string_lossy());
    let Ok(Some((chain, private))) = loaded else {
        return Err(told("not a PEM certificate and its PEM private key"));
    };
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, private);
    config.map(drop).map_err(|error| told(&error.to_string()))
}

/// Whether the authorities that an upstream's certificate is checked against can be read.
pub(super) fn authorities(ca: Option<&Path>) -> Result<(), String> {
    let mut store = RootCertStore::empty();
    match ca {
        None => load_platform_certs_incl_env_into_store(&mut store)
            .map_err(|_| "the system's certificate authorities cannot be read".to_owned()),
        Some(path) => match load_ca_file_into_store(path, &mut store) {
            Ok(()) if !store.is_empty() => Ok(()),
            _ => Err(format!("{}: not PEM certificates of authorities", path.display())),
        },
    }
}
