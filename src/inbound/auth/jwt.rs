//! Signed bearer tokens (RFC 7519) of the issuers and clients that a route names.
//!
//! Taken are only signatures that a private key makes, by an algorithm that the configuration
//! allows and the key's own type fits (RFC 8725 section 3.1). A key that the token brings itself,
//! or an address of one, is not looked at.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header};
use serde_json::{Map, Value};

use super::assertion::Own;
use super::clock::LEEWAY;
use super::keys::{KeySet, NoKey};
use crate::config::Jwt;
use crate::material::install;
use crate::observe::{AuthRefusal, Observer};

/// Of a token, in bytes.
const LIMIT: usize = 16 << 10;

/// What one credential asks of a token.
pub(super) struct Terms {
    jwt: Jwt,
    algorithms: Vec<Algorithm>,
    keys: Arc<KeySet>,
    /// What is more asked of a client's own.
    own: Option<Own>,
}

impl Terms {
    pub(super) fn new(jwt: Jwt, keys: Arc<KeySet>, own: Option<Own>) -> Self {
        install();
        let algorithms = jwt.algorithms.iter().filter_map(|name| name.parse().ok()).collect();
        Self { jwt, algorithms, keys, own }
    }

    /// The token's claims.
    ///
    /// # Errors
    /// Why this credential is not shown by the token.
    pub(super) async fn admit(
        &self,
        token: &[u8],
        observer: &Arc<dyn Observer>,
    ) -> Result<Map<String, Value>, AuthRefusal> {
        let header = self.header(token).ok_or(AuthRefusal::Unknown)?;
        let key = self.keys.find(header.kid.as_deref(), header.alg, observer).await;
        let key = key.map_err(|why| match why {
            NoKey::Unknown => AuthRefusal::Unknown,
            NoKey::Unavailable => AuthRefusal::Unavailable,
        })?;
        let verified = decode::<Map<String, Value>>(token, &key, &self.validation(header.alg));
        let claims = verified.map_err(|_| AuthRefusal::Unknown)?.claims;
        // The library also takes a list of issuers, of which one fits.
        if claims.get("iss").and_then(Value::as_str) != Some(&self.jwt.issuer) {
            return Err(AuthRefusal::Unknown);
        }
        if !self.jwt.claims.iter().all(|(name, allowed)| holds(claims.get(name), allowed)) {
            return Err(AuthRefusal::NotAllowed);
        }
        self.own.as_ref().map_or(Ok(()), |own| own.admit(&claims))?;
        Ok(claims)
    }

    /// The header of a token that is worth asking for a key.
    fn header(&self, token: &[u8]) -> Option<Header> {
        if token.len() > LIMIT {
            return None;
        }
        let header = decode_header(token).ok()?;
        // Whoever does not understand what is critical must refuse (RFC 7515 section 4.1.11).
        let plain = header.crit.is_none();
        // Unverified as yet: it only spares the other issuers' keys.
        let claims = jsonwebtoken::dangerous::insecure_decode_claims::<Map<String, Value>>(token);
        let ours = claims.is_ok_and(|claims| {
            claims.get("iss").and_then(Value::as_str) == Some(&self.jwt.issuer)
        });
        (plain && ours && self.algorithms.contains(&header.alg)).then_some(header)
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.set_audience(&self.jwt.audience);
        validation.set_issuer(&[&self.jwt.issuer]);
        validation
    }
}

/// Whether a claim is, or as a list holds, one of the allowed texts.
fn holds(claim: Option<&Value>, allowed: &[String]) -> bool {
    let is = |value: &Value| value.as_str().is_some_and(|text| allowed.iter().any(|a| a == text));
    match claim {
        Some(Value::Array(values)) => values.iter().any(is),
        Some(value) => is(value),
        None => false,
    }
}
