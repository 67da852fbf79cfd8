//! Who was let in: the credential's name, and whom a signed token names.

use serde_json::{Map, Value};

use crate::exchange::ResourceId;

/// The caller of a request. What a token says is for keyed hashes alone: `Debug` shows none of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The name of the credential in the configuration.
    pub credential: String,
    /// Whom the token is about: its `sub` (RFC 7519 section 4.1.2).
    pub subject: Option<ResourceId>,
    /// For which application it was issued: `azp` (OpenID Connect Core section 2) or `client_id`
    /// (RFC 9068 section 2.2).
    pub client: Option<ResourceId>,
}

impl Principal {
    /// Somebody of whom nothing but the credential is known.
    pub fn of(credential: String) -> Self {
        Self { credential, subject: None, client: None }
    }

    /// Whom a verified token names.
    pub fn by_claims(credential: &str, claims: &Map<String, Value>) -> Self {
        let claim = |name: &str| claims.get(name).and_then(Value::as_str).map(ResourceId::new);
        Self {
            credential: credential.to_owned(),
            subject: claim("sub"),
            client: claim("azp").or_else(|| claim("client_id")),
        }
    }
}
