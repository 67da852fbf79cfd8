//! Signatures of tokens made and checked by the library that TLS uses, too.
//!
//! Signatures of private keys only: a shared secret signs and verifies nothing.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey, signature,
};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use x509_parser::der_parser::der::parse_der;

use crate::config::PrivateKey;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(unsupported()),
        rsa_pub_components_from_public_key: |_| Err(unsupported()),
        ec_pub_components_from_private_key: |_, _| Err(unsupported()),
        ed_pub_components_from_private_key: |_, _| Err(unsupported()),
        compute_digest: |_, _| Err(unsupported()),
    },
};

/// Makes this the token library's cryptography; a second call has no effect.
pub fn install() {
    let _ = PROVIDER.install_default();
}

/// How one algorithm's signatures are checked.
#[derive(Clone, Copy)]
enum Check {
    Rsa(&'static RsaParameters),
    Curve(&'static dyn VerificationAlgorithm),
}

struct Verifier {
    algorithm: Algorithm,
    check: Check,
    key: DecodingKey,
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    let check = check(*algorithm).ok_or_else(unsupported)?;
    // A key of one family never verifies a signature of another, whatever the token says.
    let family = match check {
        Check::Rsa(_) => AlgorithmFamily::Rsa,
        Check::Curve(_) if *algorithm == Algorithm::EdDSA => AlgorithmFamily::Ed,
        Check::Curve(_) => AlgorithmFamily::Ec,
    };
    if key.family() != family {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    Ok(Box::new(Verifier { algorithm: *algorithm, check, key: key.clone() }))
}

fn check(algorithm: Algorithm) -> Option<Check> {
    Some(match algorithm {
        Algorithm::RS256 => Check::Rsa(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Check::Rsa(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Check::Rsa(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Check::Rsa(&RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Check::Rsa(&RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Check::Rsa(&RSA_PSS_2048_8192_SHA512),
        Algorithm::ES256 => Check::Curve(&ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => Check::Curve(&ECDSA_P384_SHA384_FIXED),
        Algorithm::EdDSA => Check::Curve(&ED25519),
        _ => return None,
    })
}

impl signature::Verifier<Vec<u8>> for Verifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let checked = match (self.check, self.key.kind()) {
            (Check::Rsa(parameters), DecodingKeyKind::RsaModulusExponent { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature)
            }
            (Check::Curve(algorithm), DecodingKeyKind::SecretOrDer(key)) => {
                UnparsedPublicKey::new(algorithm, key).verify(message, signature)
            }
            _ => return Err(signature::Error::new()),
        };
        checked.map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Verifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

struct Signer {
    algorithm: Algorithm,
    signer: Box<dyn rustls::sign::Signer>,
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    let key = PrivateKey::of_der(key.as_bytes());
    let signer = key.and_then(|key| key.signer(*algorithm)).ok_or_else(unsupported)?;
    Ok(Box::new(Signer { algorithm: *algorithm, signer }))
}

impl signature::Signer<Vec<u8>> for Signer {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let made = self.signer.sign(message).map_err(|_| signature::Error::new())?;
        let made = match self.algorithm {
            Algorithm::ES256 => fixed(&made, 32),
            Algorithm::ES384 => fixed(&made, 48),
            _ => Some(made),
        };
        made.ok_or_else(signature::Error::new)
    }
}

impl JwtSigner for Signer {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// The two numbers of an ECDSA signature as TLS has it, as RFC 7518 section 3.4 has them: one behind
/// the other, each at its full length.
fn fixed(der: &[u8], size: usize) -> Option<Vec<u8>> {
    let (_, pair) = parse_der(der).ok()?;
    let mut numbers = Vec::with_capacity(2 * size);
    for number in pair.as_sequence().ok()? {
        let bytes = number.as_slice().ok()?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let digits = bytes.get(zeros..)?;
        numbers.resize(numbers.len() + size.checked_sub(digits.len())?, 0);
        numbers.extend_from_slice(digits);
    }
    (numbers.len() == 2 * size).then_some(numbers)
}

fn unsupported() -> Error {
    ErrorKind::InvalidAlgorithm.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_numbers_of_a_signature_have_their_full_length() {
        let der = [0x30, 7, 0x02, 1, 5, 0x02, 2, 0, 0x80];
        assert_eq!(fixed(&der, 2), Some(vec![0, 5, 0, 0x80]));
        assert_eq!(fixed(&der, 1), Some(vec![5, 0x80]));
        for wrong in [&der[..6], &[0x30, 3, 0x02, 1, 5], &[0x30, 4, 0x02, 2, 1, 1], &[]] {
            assert_eq!(fixed(wrong, 1), None, "{wrong:?}");
        }
    }
}
