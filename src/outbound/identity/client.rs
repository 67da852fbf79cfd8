//! How the gateway shows a token endpoint which client it is: by a secret, by an assertion that it signs
//! for one request (RFC 7523 section 2.2), or by the certificate of its connection (RFC 8705 section 2).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, Header, encode};
use oauth2::{AuthType, ClientSecret};
use serde_json::json;
use uuid::Uuid;

use super::secret::InForce;
use crate::config::{Assertion, ClientAuth, Method, PrivateKey, is_text};
use crate::material::{Looked, install};

/// RFC 7523 section 2.2.
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How long an assertion can be used: for one request, and clocks that differ.
const LIFETIME: Duration = Duration::from_secs(60);

pub(super) enum Client {
    Secret(InForce, Method),
    PrivateKey { key: InForce, algorithm: Option<Algorithm>, kid: Option<String>, audience: String },
    Certificate,
}

/// What one token request carries.
pub(super) struct Shown {
    pub secret: Option<ClientSecret>,
    pub method: AuthType,
    pub params: Vec<(&'static str, String)>,
}

impl Client {
    pub fn new(client: &ClientAuth) -> Self {
        match client {
            ClientAuth::Secret(held, method) => Self::Secret(InForce::new(held, is_text), *method),
            ClientAuth::PrivateKey(Assertion { key, algorithm, kid, audience }) => {
                install();
                let (algorithm, kid) = (*algorithm, kid.clone());
                let fits = move |text: &str| {
                    let key = PrivateKey::read(text);
                    key.is_some_and(|key| algorithm.is_none_or(|a| key.signer(a).is_some()))
                };
                let key = InForce::new(key, fits);
                Self::PrivateKey { key, algorithm, kid, audience: audience.clone() }
            }
            ClientAuth::Certificate => Self::Certificate,
        }
    }

    /// What the client of this id shows now; `None` where its key cannot sign.
    pub fn show(&self, id: &str) -> Option<Shown> {
        let (secret, params) = match self {
            Self::Secret(secret, _) => {
                (Some(ClientSecret::new(secret.current().1.reveal().to_owned())), Vec::new())
            }
            Self::PrivateKey { key, algorithm, kid, audience } => {
                let key = PrivateKey::read(key.current().1.reveal())?;
                let algorithm = algorithm.or_else(|| key.usual())?;
                let assertion = assertion(&key, algorithm, kid.as_ref(), [id, audience])?;
                let kind = TYPE.to_owned();
                (None, vec![("client_assertion_type", kind), ("client_assertion", assertion)])
            }
            Self::Certificate => (None, Vec::new()),
        };
        let method = match self {
            Self::Secret(_, Method::Basic) => AuthType::BasicAuth,
            // The id alone, where there is no secret (RFC 7521 section 4.2, RFC 8705 section 2).
            _ => AuthType::RequestBody,
        };
        Some(Shown { secret, method, params })
    }

    /// Grows with each change of its secret or key.
    pub fn serial(&self) -> u64 {
        self.held().map_or(0, |held| held.current().0)
    }

    pub fn has_file(&self) -> bool {
        self.held().is_some_and(InForce::has_file)
    }

    /// Reads its file again, where it has one.
    pub async fn look(&self) -> Option<Looked> {
        self.held()?.look().await
    }

    /// # Errors
    /// A sentence that names the file; the secret or key before stays.
    pub fn look_now(&self) -> Result<bool, String> {
        self.held().map_or(Ok(false), InForce::look_now)
    }

    fn held(&self) -> Option<&InForce> {
        match self {
            Self::Secret(held, _) | Self::PrivateKey { key: held, .. } => Some(held),
            Self::Certificate => None,
        }
    }
}

/// RFC 7523 section 3: who it is, for whom, from when to when, and that it is none that was seen.
fn assertion(
    key: &PrivateKey,
    algorithm: Algorithm,
    kid: Option<&String>,
    [id, audience]: [&str; 2],
) -> Option<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let claims = json!({
        "iss": id,
        "sub": id,
        "aud": audience,
        "iat": now.as_secs(),
        "exp": (now + LIFETIME).as_secs(),
        "jti": Uuid::new_v4().to_string(),
    });
    let header = Header { kid: kid.cloned(), ..Header::new(algorithm) };
    encode(&header, &claims, &key.encoding(algorithm)).ok()
}
