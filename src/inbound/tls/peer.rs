//! The client certificate of a connection.
//!
//! A connection, and a session that is taken up again, may outlive the trust in a certificate: it
//! is verified anew when the authorities change, and every minute.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pingora::tls::CertificateDer;
use tokio::time::Instant;

use super::listener::Certificates;
use super::names::CertificateNames;

/// How long one verification holds.
const FRESH: Duration = Duration::from_secs(60);

/// A client that has the private key of a certificate; whether that is trusted is another question.
pub struct Peer {
    pub names: CertificateNames,
    chain: Vec<CertificateDer<'static>>,
    certificates: Arc<Certificates>,
    /// Under which certificates, and when, the chain was last found good.
    good: Mutex<Option<(u64, Instant)>>,
}

impl Peer {
    /// `None` where there is no certificate that can be read.
    pub fn new(chain: &[CertificateDer<'static>], certificates: Arc<Certificates>) -> Option<Self> {
        let names = CertificateNames::of(chain.first()?)?;
        Some(Self { names, chain: chain.to_vec(), certificates, good: Mutex::default() })
    }

    /// Whether the authorities in force vouch for it now.
    pub fn trusted(&self) -> bool {
        let Ok(mut good) = self.good.lock() else { return false };
        let generation = self.certificates.generation();
        if good.is_some_and(|(of, since)| of == generation && since.elapsed() < FRESH) {
            return true;
        }
        let trusted = self.certificates.trusts(&self.chain);
        *good = trusted.then(|| (generation, Instant::now()));
        trusted
    }
}
