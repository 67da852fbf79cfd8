//! Ids of resources as keyed hashes: lines about one resource can be brought together, and none tells
//! which it is. Without the key nobody can try ids against a hash.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::config::Secret;
use crate::exchange::ResourceId;

/// Of a hash, in bytes: two of a million resources share one with a chance of one in thirty million.
const LENGTH: usize = 8;

/// The key of this process's hashes.
#[derive(Clone)]
pub(super) struct Ids(Hmac<Sha256>);

impl Ids {
    /// Without a salt the hashes of another process, and those after a restart, are different.
    pub fn new(salt: Option<&Secret>) -> Self {
        let random = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
        let key = salt.map_or(random.as_slice(), |salt| salt.reveal().as_bytes());
        // HMAC takes a key of any length (RFC 2104 section 2).
        let block = hmac::digest::block_api::Block::<Sha256>::default();
        Self(Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&block)))
    }

    /// HMAC-SHA-256, cut: 16 hexadecimal digits.
    pub fn hash(&self, subject: &ResourceId) -> String {
        let whole = self.0.clone().chain_update(subject.reveal()).finalize().into_bytes();
        hex::encode(whole.get(..LENGTH).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_salt_decides_and_the_id_is_not_in_it() {
        let subject = ResourceId::new("2819c223-7f76-453a-919d-413861904646");
        let salted = |salt| Ids::new(Some(&Secret::new(salt))).hash(&subject);
        assert_eq!(salted("a long salt"), salted("a long salt"));
        assert_ne!(salted("a long salt"), salted("another"));
        assert_ne!(Ids::new(None).hash(&subject), Ids::new(None).hash(&subject));
        let same = Ids::new(None);
        assert_eq!(same.hash(&subject), same.hash(&subject));
        assert_ne!(same.hash(&subject), same.hash(&ResourceId::new("another")));
        assert_eq!(salted("s").len(), 16);
        // RFC 4231 section 4.3, test case 2.
        let told = Ids::new(Some(&Secret::new("Jefe")))
            .hash(&ResourceId::new("what do ya want for nothing?"));
        assert_eq!(told, "5bdcc146bf60754e");
    }
}
