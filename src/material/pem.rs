//! Certificates in PEM files: what is in them, or what is wrong with them.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The certificates of authorities that a file holds, and nothing else.
///
/// # Errors
/// A sentence that names the file.
pub fn trusted(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = || format!("{}: not PEM certificates of authorities", path.display());
    let text = std::fs::read(path).map_err(|_| wrong())?;
    let all = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    let all = all.map_err(|_| wrong())?;
    let mut store = RootCertStore::empty();
    let fit = all.iter().all(|der| store.add(der.clone()).is_ok());
    if fit && !all.is_empty() { Ok(all) } else { Err(wrong()) }
}
