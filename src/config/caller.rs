//! Who may use a route, as plain data: what callers show, and what is known of it.
//!
//! No token is in it, only hashes of tokens. It does not judge a request.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

/// Who may use a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Everybody: only on loopback.
    None,
    /// The upstream decides: the client's own Authorization goes there.
    Forward,
    /// Whoever shows one of these.
    Listed(Vec<Credential>),
}

impl Auth {
    /// Who is listed; nobody where everybody may.
    pub fn listed(&self) -> &[Credential] {
        match self {
            Self::None | Self::Forward => &[],
            Self::Listed(credentials) => credentials,
        }
    }

    /// Whether a bearer token can let in.
    pub fn by_bearer(&self) -> bool {
        let bears = |proof: &Proof| {
            matches!(
                proof,
                Proof::Bearer(_) | Proof::AccessKey { .. } | Proof::Jwt(_) | Proof::Assertion(_)
            )
        };
        self.listed().iter().any(|credential| bears(&credential.proof))
    }

    /// Whether user and password can let in.
    pub fn by_basic(&self) -> bool {
        self.listed().iter().any(|credential| matches!(credential.proof, Proof::Basic(_)))
    }

    /// Whether a client certificate can let in.
    pub fn by_certificate(&self) -> bool {
        self.listed().iter().any(|credential| matches!(credential.proof, Proof::Certificate(_)))
    }
}

/// What one caller shows, with a name for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    pub name: String,
    pub proof: Proof,
}

/// How a caller proves who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A bearer token (RFC 6750) with this SHA-256.
    Bearer([u8; 32]),
    /// `user:password` (RFC 7617) with this SHA-256.
    Basic([u8; 32]),
    /// A bearer token `<project>:<key>`; the SHA-256 is the key's.
    AccessKey { project: String, sha256: [u8; 32] },
    /// A client certificate of the listener's `client_ca`.
    Certificate(Holder),
    /// A signed bearer token (RFC 7519) of an issuer.
    Jwt(Jwt),
    /// A token that the client signs itself for one request (RFC 7523 section 3).
    Assertion(ClientAssertion),
}

/// Whose client certificate it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The subject as RFC 4514 writes it, without blanks between its parts.
    Subject(String),
    /// A subject alternative name: `dns:`, `uri:`, `email:` or `ip:` and the name.
    San(String),
}

/// Which signed tokens are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwt {
    /// The claim `iss`, to the letter.
    pub issuer: String,
    /// The claim `aud` holds one of these.
    pub audience: Vec<String>,
    pub keys: KeySource,
    /// Names of RFC 7518 section 3.1: signatures by a private key alone.
    pub algorithms: Vec<String>,
    /// Each claim named here must hold one of its values.
    pub claims: BTreeMap<String, Vec<String>>,
}

/// Which tokens of a client's own are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAssertion {
    /// What is asked of a signed token: the client is its issuer, and no claim has a list of its own.
    pub jwt: Jwt,
    /// The longest time from `iat` to `exp`.
    pub lifetime: Duration,
}

/// Where an issuer's key set (RFC 7517 section 5) is, and how long it is used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeySource {
    pub place: KeyPlace,
    /// The age after which it is read anew, in the background.
    pub refresh: Duration,
    /// The age after which it is used no more.
    pub keep: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyPlace {
    File(PathBuf),
    /// `https`, or `http` on loopback or where that is allowed; `ca` is a PEM file to trust instead of the system's authorities.
    Url {
        url: Url,
        ca: Option<PathBuf>,
    },
}
