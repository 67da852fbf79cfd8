//! The gateway's own certificate and key, shown in TLS to one upstream or token endpoint and followed in
//! their files.

use std::sync::Arc;

use pingora::tls::{ServerConfig, install_default_crypto_provider};
use pingora::upstreams::peer::HttpPeer;
use pingora::utils::tls::CertKey;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::config::CertificatePair;
use crate::material::{Looked, Watched, of_pair, pair};

/// A certificate for an upstream (RFC 8446 section 4.4.2).
pub struct Certificate(Watched<Pair>);

struct Pair {
    /// Of the chain and the key.
    digest: [u8; 8],
    key: Arc<CertKey>,
}

impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Certificate {
    /// # Errors
    /// A sentence that names the files.
    pub fn read(files: &CertificatePair) -> Result<Self, String> {
        install_default_crypto_provider();
        let files = files.clone();
        Watched::read(move || tried(&files)).map(Self)
    }

    /// Makes connections to the peer show this certificate, and no connection serve two: Pingora's own
    /// key for its pool holds serial numbers alone, and a renewed certificate may keep its own.
    pub fn stand_for(&self, peer: &mut HttpPeer) {
        let (_, pair) = &*self.0.current();
        peer.client_cert_key = Some(Arc::clone(&pair.key));
        peer.group_key = u64::from_be_bytes(pair.digest);
    }

    /// Grows with each change.
    pub fn serial(&self) -> u64 {
        self.0.current().0
    }

    /// Reads the files again.
    pub async fn look(&self) -> Option<Looked> {
        self.0.look().await
    }

    /// # Errors
    /// A sentence that names the files; the pair before stays.
    pub fn look_now(&self) -> Result<bool, String> {
        self.0.look_now()
    }
}

/// Certificate and key, tried before Pingora has them: it panics on what it cannot read.
fn tried(files: &CertificatePair) -> Result<Pair, String> {
    let (chain, private) = pair(files)?;
    let readable =
        |der: &[u8]| X509Certificate::from_der(der).is_ok_and(|(rest, _)| rest.is_empty());
    if !chain.iter().all(|der| readable(der)) {
        return Err(of_pair(files, "the certificate cannot be read"));
    }
    let ders: Vec<Vec<u8>> = chain.iter().map(|der| der.to_vec()).collect();
    let secret = private.secret_der().to_vec();
    // What is here asked of a server's pair holds of a client's: the key can sign, and is the chain's.
    ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| of_pair(files, &error.to_string()))?;
    let digest = ders.iter().chain([&secret]).fold(Sha256::new(), |hash, der| {
        hash.chain_update(der.len().to_be_bytes()).chain_update(der)
    });
    let mut short = [0; 8];
    short.iter_mut().zip(digest.finalize()).for_each(|(to, from)| *to = from);
    Ok(Pair { digest: short, key: Arc::new(CertKey::new(ders, secret)) })
}
