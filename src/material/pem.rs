//! Certificates in PEM files: what is in them, or what is wrong with them.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::CertificatePair;

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

/// A chain of certificates and a private key, as their files hold them; whether they belong together is not
/// looked at.
///
/// # Errors
/// A sentence that names the files.
pub fn pair(
    files: &CertificatePair,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
    let chain = sections(&files.cert).into_iter().flatten();
    let chain = chain.filter(|(kind, _)| *kind == SectionKind::Certificate);
    let chain: Vec<_> = chain.map(|(_, der)| CertificateDer::from(der)).collect();
    let mut keys = sections(&files.key).into_iter().flatten();
    let key = keys.find_map(|(kind, der)| PrivateKeyDer::from_pem(kind, der));
    match key {
        Some(key) if !chain.is_empty() => Ok((chain, key)),
        _ => Err(of_pair(files, "not a PEM certificate and its PEM private key")),
    }
}

/// What is wrong with a pair, with the names of its files.
pub fn of_pair(CertificatePair { cert, key }: &CertificatePair, why: &str) -> String {
    format!("{} and {}: {why}", cert.display(), key.display())
}

/// All parts of a PEM file; `None` where it cannot be read, or one of them cannot.
fn sections(path: &Path) -> Option<Vec<(SectionKind, Vec<u8>)>> {
    let text = std::fs::read(path).ok()?;
    <(SectionKind, Vec<u8>)>::pem_slice_iter(&text).collect::<Result<_, _>>().ok()
}
