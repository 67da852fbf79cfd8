//! The listener's certificates and the authorities of its clients, exchanged while it serves.
//!
//! A handshake takes what is in force. Files that cannot be used change nothing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use pingora::tls::sign::CertifiedKey;
use pingora::tls::{CertificateDer, ClientCertVerifier, UnixTime};
use sha2::{Digest, Sha256};

use super::files::{certified, client_authorities};
use super::names::CertificateNames;
use crate::config::Tls;

/// What the listener shows its clients, and whom it believes about them.
pub struct Certificates {
    files: Mutex<Files>,
    serving: ArcSwap<Serving>,
    generation: AtomicU64,
}

/// The files, and what they held when they were last looked at.
struct Files {
    tls: Tls,
    seen: Option<[u8; 32]>,
}

pub struct Serving {
    first: Arc<CertifiedKey>,
    /// By DNS name, in lower case; `*.` stands for one label.
    named: HashMap<String, Arc<CertifiedKey>>,
    pub clients: Option<Arc<dyn ClientCertVerifier>>,
}

impl Certificates {
    /// # Errors
    /// A sentence that names the file that cannot be used.
    pub fn new(tls: &Tls) -> Result<Self, String> {
        let seen = fingerprint(tls);
        let serving = Serving::load(tls)?;
        Ok(Self {
            files: Mutex::new(Files { tls: tls.clone(), seen }),
            serving: ArcSwap::from_pointee(serving),
            generation: AtomicU64::new(0),
        })
    }

    /// Puts these files in force.
    ///
    /// # Errors
    /// A sentence that names the file that cannot be used; then nothing has changed.
    pub fn replace(&self, tls: &Tls) -> Result<(), String> {
        let mut files = self.files.lock().map_err(|_| "the certificates are locked".to_owned())?;
        files.seen = fingerprint(tls);
        let serving = Serving::load(tls)?;
        files.tls = tls.clone();
        self.serving.store(Arc::new(serving));
        self.generation.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    /// Reads the files again where their content has changed since the last look; `None`: it has not.
    ///
    /// # Errors
    /// As for [`Certificates::replace`]; told once for each change.
    pub fn look(&self) -> Option<Result<(), String>> {
        let tls = {
            let files = self.files.lock().ok()?;
            if fingerprint(&files.tls) == files.seen {
                return None;
            }
            files.tls.clone()
        };
        Some(self.replace(&tls))
    }

    pub fn serving(&self) -> Arc<Serving> {
        self.serving.load_full()
    }

    /// Changes whenever certificates or authorities do.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Whether the authorities in force vouch for a client's chain now.
    pub fn trusts(&self, chain: &[CertificateDer<'static>]) -> bool {
        let serving = self.serving.load();
        let (Some(clients), Some((own, others))) = (&serving.clients, chain.split_first()) else {
            return false;
        };
        clients.verify_client_cert(own, others, UnixTime::now()).is_ok()
    }
}

impl Serving {
    fn load(tls: &Tls) -> Result<Self, String> {
        let first = Arc::new(certified(&tls.pair)?);
        let mut named = HashMap::new();
        for pair in &tls.also {
            let key = Arc::new(certified(pair)?);
            let names = key.cert.first().and_then(|own| CertificateNames::of(own));
            let names = names.map(|names| names.alternative).unwrap_or_default();
            for name in names.iter().filter_map(|name| name.strip_prefix("dns:")) {
                named.entry(name.to_owned()).or_insert_with(|| Arc::clone(&key));
            }
        }
        let clients = tls.client_ca.as_deref().map(client_authorities).transpose()?;
        Ok(Self { first, named, clients })
    }

    /// The certificate for the name that a client asks for (RFC 6066 section 3).
    pub fn key(&self, name: Option<&str>) -> Arc<CertifiedKey> {
        let found = name.and_then(|name| {
            let name = name.to_ascii_lowercase();
            let any = name.split_once('.').map(|(_, rest)| format!("*.{rest}"));
            self.named.get(&name).or_else(|| self.named.get(&any?))
        });
        Arc::clone(found.unwrap_or(&self.first))
    }
}

/// Of the content of all files; `None` where one cannot be read.
fn fingerprint(tls: &Tls) -> Option<[u8; 32]> {
    let pairs = std::iter::once(&tls.pair).chain(&tls.also);
    let paths = pairs.flat_map(|pair| [&pair.cert, &pair.key]).chain(&tls.client_ca);
    let mut hash = Sha256::new();
    for path in paths {
        hash.update(Sha256::digest(std::fs::read(path).ok()?));
    }
    Some(hash.finalize().into())
}
