//! What a handshake asks for: the certificate to show, and what to believe of a client's.
//!
//! Clients are asked for a certificate and may show none: their route decides. One that no
//! authority vouches for ends the handshake.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use pingora::listeners::TlsAccept;
use pingora::listeners::tls::TlsSettings;
use pingora::protocols::tls::TlsRef;
use pingora::tls::sign::CertifiedKey;
use pingora::tls::{
    CertificateDer, ClientCertVerified, ClientCertVerifier, ClientHello, CryptoProvider,
    DigitallySignedStruct, HandshakeSignatureValid, ResolvesServerCert, RusTlsError,
    SignatureScheme, UnixTime,
};
use rustls::DistinguishedName;
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};

use super::listener::Certificates;
use super::peer::Peer;

/// The listener's TLS: 1.2 and up, HTTP/2 by ALPN.
///
/// # Errors
/// Where the library cannot make it.
pub fn settings(certificates: &Arc<Certificates>) -> Result<TlsSettings, String> {
    let callbacks = Box::new(Handshakes(Arc::clone(certificates)));
    let mut settings = TlsSettings::with_callbacks(callbacks)
        .map_err(|error| error.etype().as_str().to_owned())?;
    settings.set_cert_resolver(Arc::new(Resolver(Arc::clone(certificates))));
    settings.set_client_cert_verifier(Arc::new(Clients(Arc::clone(certificates))));
    settings.enable_h2();
    Ok(settings)
}

struct Resolver(Arc<Certificates>);
struct Clients(Arc<Certificates>);
struct Handshakes(Arc<Certificates>);

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.serving().key(hello.server_name()))
    }
}

impl ClientCertVerifier for Clients {
    fn offer_client_auth(&self) -> bool {
        self.0.serving().clients.is_some()
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    /// None are named: the authorities may change, and their names are nobody's business.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, RusTlsError> {
        match &self.0.serving().clients {
            Some(clients) => clients.verify_client_cert(own, others, now),
            None => Err(RusTlsError::General("no certificate was asked for".to_owned())),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RusTlsError> {
        let provider = provider()?;
        verify_tls12_signature(message, own, signed, &provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RusTlsError> {
        let provider = provider()?;
        verify_tls13_signature(message, own, signed, &provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .map(|provider| provider.signature_verification_algorithms.supported_schemes())
            .unwrap_or_default()
    }
}

#[async_trait]
impl TlsAccept for Handshakes {
    async fn handshake_complete_callback(
        &self,
        tls: &TlsRef,
    ) -> Option<Arc<dyn Any + Send + Sync>> {
        let peer = Peer::new(tls.peer_cert_chain_der()?, Arc::clone(&self.0))?;
        // The request's side looks for an `Arc<Peer>`.
        Some(Arc::new(Arc::new(peer)))
    }
}

fn provider() -> Result<&'static Arc<CryptoProvider>, RusTlsError> {
    CryptoProvider::get_default()
        .ok_or_else(|| RusTlsError::General("no cryptography is installed".to_owned()))
}

impl fmt::Debug for Resolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Resolver")
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clients")
    }
}
