//! The authorities that vouch for one server, as a file names them, followed while it is used.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use pingora::protocols::tls::CaType;
use pingora::tls::CertificateDer;
use pingora::upstreams::peer::HttpPeer;
use pingora::utils::tls::{WrappedX509, parse_x509};
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::material::{Followed, Watched, follow, trusted};
use crate::outbound::reporter::Reporter;

/// What connections to a server are checked against in place of the system's authorities.
pub struct Authorities {
    trusted: Watched<Trusted>,
    reporter: Reporter,
    /// Set when the file began to be followed, which needs a runtime.
    tended: OnceLock<()>,
}

struct Trusted {
    /// Of the certificates.
    digest: [u8; 8],
    list: Arc<CaType>,
}

impl PartialEq for Trusted {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Authorities {
    /// # Errors
    /// A sentence that names the file.
    pub fn read(path: &Path, reporter: Reporter) -> Result<Self, String> {
        let path = path.to_owned();
        let trusted = Watched::read(move || read(&path))?;
        Ok(Self { trusted, reporter, tended: OnceLock::new() })
    }

    /// Begins to follow the file; a second call has no effect.
    pub fn tend(self: &Arc<Self>) {
        self.tended.get_or_init(|| drop(tokio::spawn(follow(Arc::downgrade(self)))));
    }

    /// Makes new connections to the peer checked against these, and none of them serve for others: a
    /// connection that an authority vouched for ends with the trust in it.
    pub fn judge(&self, peer: &mut HttpPeer) {
        let (_, trusted) = &*self.trusted.current();
        peer.options.ca = Some(Arc::clone(&trusted.list));
        peer.group_key = peer.group_key.rotate_left(1) ^ u64::from_be_bytes(trusted.digest);
    }

    /// Grows with each change.
    pub fn serial(&self) -> u64 {
        self.trusted.current().0
    }

    /// # Errors
    /// A sentence that names the file; the authorities before stay.
    pub fn look_now(&self) -> Result<(), String> {
        self.trusted.look_now().map(drop)
    }
}

impl Followed for Authorities {
    async fn look(&self) {
        self.reporter.secret("ca", self.trusted.look().await);
    }
}

fn read(path: &Path) -> Result<Trusted, String> {
    let ders = trusted(path)?;
    // Pingora panics on what it cannot read.
    let readable = |der: &CertificateDer<'_>| {
        X509Certificate::from_der(der).is_ok_and(|(rest, _)| rest.is_empty())
    };
    if !ders.iter().all(readable) {
        return Err(format!("{}: a certificate cannot be read", path.display()));
    }
    let digest = ders.iter().fold(Sha256::new(), |hash, der| {
        hash.chain_update(der.len().to_be_bytes()).chain_update(der)
    });
    let mut short = [0; 8];
    short.iter_mut().zip(digest.finalize()).for_each(|(to, from)| *to = from);
    let list: Vec<_> = ders.iter().map(|der| WrappedX509::new(der.to_vec(), parse_x509)).collect();
    Ok(Trusted { digest: short, list: list.into() })
}
