//! Certificate files: what is in them, or what is wrong with them.

use std::path::Path;
use std::sync::Arc;

use pingora::connectors::ConnectorOptions;
use pingora::tls::sign::CertifiedKey;
use pingora::tls::{
    CertificateDer, ClientCertVerifier, CryptoProvider, RootCertStore, WebPkiClientVerifier,
    install_default_crypto_provider, load_certs_and_key_files,
    load_platform_certs_incl_env_into_store,
};
use rustls::pki_types::pem::PemObject;

use crate::config::model::CertificatePair;

/// A file of certificates that holds none.
const NOBODY: &str = "/dev/null";

/// A certificate with the key that belongs to it.
///
/// # Errors
/// A sentence that names the files.
pub(super) fn certified(
    CertificatePair { cert, key }: &CertificatePair,
) -> Result<CertifiedKey, String> {
    install_default_crypto_provider();
    let told = |why: &str| format!("{} and {}: {why}", cert.display(), key.display());
    let loaded = load_certs_and_key_files(&cert.to_string_lossy(), &key.to_string_lossy());
    let Ok(Some((chain, private))) = loaded else {
        return Err(told("not a PEM certificate and its PEM private key"));
    };
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

/// The certificates of authorities that a file holds, and nothing else.
///
/// # Errors
/// A sentence that names the file.
pub(super) fn trusted(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = || format!("{}: not PEM certificates of authorities", path.display());
    let text = std::fs::read(path).map_err(|_| wrong())?;
    let all = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    let all = all.map_err(|_| wrong())?;
    let mut store = RootCertStore::empty();
    let fit = all.iter().all(|der| store.add(der.clone()).is_ok());
    if fit && !all.is_empty() { Ok(all) } else { Err(wrong()) }
}

/// How connections to servers are made: checked against the system's authorities, or by itself against
/// none, where each peer brings its own.
///
/// # Errors
/// A sentence, where the system's authorities cannot be read.
pub(in crate::proxy) fn connector(pool: usize, own: bool) -> Result<ConnectorOptions, String> {
    let mut options = ConnectorOptions::new(pool);
    if own {
        options.ca_file = Some(NOBODY.to_owned());
    } else {
        load_platform_certs_incl_env_into_store(&mut RootCertStore::empty())
            .map_err(|_| "the system's certificate authorities cannot be read".to_owned())?;
    }
    Ok(options)
}

fn store(path: &Path) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    for der in trusted(path)? {
        store.add(der).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(store)
}
