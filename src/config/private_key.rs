//! A private key that the gateway signs with (RFC 7518 section 3.1, RFC 8037), and which signatures it
//! can make. It knows no file: a key is a secret like any other.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, AlgorithmFamily, EncodingKey};
use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::sign::{Signer, SigningKey};
use zeroize::{Zeroize, Zeroizing};

/// Names in tokens and in TLS. The first that a key can do is what it does where nothing is said.
const SCHEMES: [(Algorithm, SignatureScheme); 9] = [
    (Algorithm::RS256, SignatureScheme::RSA_PKCS1_SHA256),
    (Algorithm::RS384, SignatureScheme::RSA_PKCS1_SHA384),
    (Algorithm::RS512, SignatureScheme::RSA_PKCS1_SHA512),
    (Algorithm::PS256, SignatureScheme::RSA_PSS_SHA256),
    (Algorithm::PS384, SignatureScheme::RSA_PSS_SHA384),
    (Algorithm::PS512, SignatureScheme::RSA_PSS_SHA512),
    (Algorithm::ES256, SignatureScheme::ECDSA_NISTP256_SHA256),
    (Algorithm::ES384, SignatureScheme::ECDSA_NISTP384_SHA384),
    (Algorithm::EdDSA, SignatureScheme::ED25519),
];

/// RSA of 2048 to 4096 bits, P-256, P-384 or Ed25519. It has no `Debug`.
pub struct PrivateKey {
    der: Zeroizing<Vec<u8>>,
    key: Arc<dyn SigningKey>,
}

impl PrivateKey {
    /// The first key of a PEM text: PKCS#8, PKCS#1 or SEC1, not encrypted; `None` where there is none, or
    /// one that cannot sign.
    pub fn read(pem: &str) -> Option<Self> {
        let mut der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).ok()?;
        let key = Self::of_der(der.secret_der());
        der.zeroize();
        let key = key?;
        // That the parts of a key belong together is looked at when it signs.
        let signed = key.signer(key.usual()?)?.sign(b"");
        signed.is_ok().then_some(key)
    }

    /// As [`PrivateKey::read`], without its PEM.
    pub fn of_der(der: &[u8]) -> Option<Self> {
        let key = any_supported_type(&PrivateKeyDer::try_from(der).ok()?).ok()?;
        Some(Self { der: Zeroizing::new(der.to_vec()), key })
    }

    /// The signatures that it can make.
    pub fn algorithms(&self) -> Vec<Algorithm> {
        let all = SCHEMES.into_iter().map(|(algorithm, _)| algorithm);
        all.filter(|algorithm| self.signer(*algorithm).is_some()).collect()
    }

    /// The one that is known best.
    pub fn usual(&self) -> Option<Algorithm> {
        self.algorithms().first().copied()
    }

    /// `None`: it makes no such signature.
    pub fn signer(&self, algorithm: Algorithm) -> Option<Box<dyn Signer>> {
        let (_, scheme) = SCHEMES.into_iter().find(|(known, _)| *known == algorithm)?;
        self.key.choose_scheme(&[scheme])
    }

    /// The key as the token library has it.
    pub fn encoding(&self, algorithm: Algorithm) -> EncodingKey {
        match algorithm.family() {
            AlgorithmFamily::Rsa => EncodingKey::from_rsa_der(&self.der),
            AlgorithmFamily::Ed => EncodingKey::from_ed_der(&self.der),
            AlgorithmFamily::Ec | AlgorithmFamily::Hmac => EncodingKey::from_ec_der(&self.der),
        }
    }
}
