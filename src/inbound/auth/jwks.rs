//! One JSON Web Key Set (RFC 7517 section 5): the keys in it that can check signatures.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Keys of one set that are looked at.
const MOST: usize = 256;

/// The keys of one text.
#[derive(Clone)]
pub(super) struct Set {
    digest: [u8; 32],
    keys: Arc<[Key]>,
    /// Of all keys of the text, also those that are of no use here.
    names: Arc<HashSet<String>>,
}

impl PartialEq for Set {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

#[derive(Clone)]
struct Key {
    name: Option<String>,
    /// What the set says that the key is for; `None`: what its type allows.
    algorithm: Option<String>,
    key: DecodingKey,
}

impl Set {
    /// # Errors
    /// A sentence that names the file.
    pub fn in_file(path: &Path) -> Result<Self, String> {
        let told = |why: &str| format!("{}: {why}", path.display());
        let text = std::fs::read(path).map_err(|error| told(&error.to_string()))?;
        Self::read(&text).ok_or_else(|| told("has no key that can be used"))
    }

    /// `None` where a text has no key that can be used.
    pub fn read(text: &[u8]) -> Option<Self> {
        let set: Value = serde_json::from_slice(text).ok()?;
        let all = || set.get("keys").and_then(Value::as_array).into_iter().flatten().take(MOST);
        let keys: Arc<[Key]> = all().filter_map(key).collect();
        let name = |key: &Value| key.get("kid").and_then(Value::as_str).map(str::to_owned);
        let names = Arc::new(all().filter_map(name).collect());
        let digest = Sha256::digest(text).into();
        (!keys.is_empty()).then_some(Self { digest, keys, names })
    }

    /// Whether there is a key of this name, of whatever use.
    pub fn knows(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// The key that fits; without a name, the only one that does.
    pub fn fitting(&self, name: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
        let word = format!("{algorithm:?}");
        let mut fitting = self.keys.iter().filter(|key| {
            key.key.family().algorithms().contains(&algorithm)
                && key.algorithm.as_ref().is_none_or(|only| *only == word)
                && (name.is_none() || key.name.as_deref() == name)
        });
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Some(key.key.clone()),
            _ => None,
        }
    }
}

/// A public key that can check signatures. One of a kind that is not known does not spoil the others
/// (RFC 7517 section 5).
fn key(value: &Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(value.clone()).ok()?;
    let common = &jwk.common;
    let signs = common.public_key_use.as_ref().is_none_or(|u| *u == PublicKeyUse::Signature)
        && common.key_operations.as_ref().is_none_or(|o| o.contains(&KeyOperations::Verify));
    let shared = matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_));
    if !signs || shared {
        return None;
    }
    Some(Key {
        name: common.key_id.clone(),
        algorithm: value.get("alg").and_then(Value::as_str).map(str::to_owned),
        key: DecodingKey::from_jwk(&jwk).ok()?,
    })
}
