//! Certificate files: what is in them, or what is wrong with them.

use std::path::Path;
use std::sync::Arc;

use pingora::tls::sign::CertifiedKey;
use pingora::tls::{
    ClientCertVerifier, CryptoProvider, RootCertStore, WebPkiClientVerifier,
    install_default_crypto_provider,
};

use crate::config::CertificatePair;
use crate::material::{of_pair, pair, trusted};

/// A certificate with the key that belongs to it.
///
/// # Errors
/// A sentence that names the files.
pub(super) fn certified(files: &CertificatePair) -> Result<CertifiedKey, String> {
    install_default_crypto_provider();
    let told = |why: &str| of_pair(files, why);
    let (chain, private) = pair(files)?;
    let provider = CryptoProvider::get_default().ok_or_else(|| told("no cryptography"))?;
    CertifiedKey::from_der(chain, private, provider).map_err(|error| told(&error.to_string()))
}

/// Whether a client's certificate comes from these authorities.
///
/// # Errors
/// A sentence that names the file.
pub(super) fn client_authorities(path: &Path) -> Result<Arc<dyn ClientCertVerifier>, String> {
    install_default_crypto_provider();
    let store = store(path)?;
    let built = WebPkiClientVerifier::builder(Arc::new(store)).build();
    built.map(|verifier| verifier as _).map_err(|error| format!("{}: {error}", path.display()))
}

fn store(path: &Path) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    for der in trusted(path)? {
        store.add(der).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(store)
}
