//! Who may use a route: by a bearer token, user and password, an access key, a client certificate, an
//! issuer's signed token or one that the client signs itself.
//!
//! Secrets are known by their SHA-256 and compared in constant time. Nothing of what a caller shows
//! is kept, logged or told.

use std::sync::Arc;

use http::HeaderValue;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use super::assertion::Own;
use super::jwt::Terms;
use super::refusal::fault;
use super::sets::KeySets;
use super::shown::{Authorization, PresentedCredentials};
use crate::config::{Auth, ClientAssertion, Credential, Holder, Proof};
use crate::fault::{Cause, Fault};
use crate::inbound::tls::Peer;
use crate::observe::{AuthRefusal, Observer, Principal};

/// Who may use one route.
pub struct Callers {
    auth: Auth,
    /// The signed tokens among the credentials, with the name of each.
    signed: Vec<(String, Terms)>,
    /// What the route takes, for the client that showed nothing of it.
    forms: String,
}

impl Callers {
    /// `sets` has the issuers' keys that other routes use, too.
    ///
    /// # Errors
    /// A sentence, where an issuer's keys cannot be used.
    pub fn new(auth: Auth, sets: &mut KeySets) -> Result<Self, String> {
        let mut signed = Vec::new();
        for Credential { name, proof } in auth.listed() {
            let (jwt, own) = match proof {
                Proof::Jwt(jwt) => (jwt, None),
                Proof::Assertion(ClientAssertion { jwt, lifetime }) => {
                    (jwt, Some(Own::new(*lifetime, sets.used(&jwt.issuer))))
                }
                _ => continue,
            };
            let keys = sets.keys(&jwt.keys)?;
            signed.push((name.clone(), Terms::new(jwt.clone(), keys, own)));
        }
        let forms = forms(auth.listed());
        Ok(Self { auth, signed, forms })
    }

    /// Everybody: for a listener on loopback.
    pub fn everybody() -> Self {
        Self { auth: Auth::None, signed: Vec::new(), forms: String::new() }
    }

    /// Whether the gateway lets everybody in: who may use the route is nobody's or the upstream's
    /// question.
    pub fn open(&self) -> bool {
        matches!(self.auth, Auth::None | Auth::Forward)
    }

    /// Who the request shows that it comes from.
    ///
    /// # Errors
    /// Why it is not let in.
    pub async fn admit(
        &self,
        shown: &PresentedCredentials,
        observer: &Arc<dyn Observer>,
    ) -> Result<Principal, AuthRefusal> {
        let by_header = match &shown.authorization {
            Authorization::Missing => Err(AuthRefusal::Missing),
            Authorization::Malformed => Err(AuthRefusal::Malformed),
            Authorization::Basic(pair) if self.auth.by_basic() => {
                self.basic(pair).map(Principal::of)
            }
            Authorization::Bearer(token) if self.auth.by_bearer() => {
                self.bearer(token, observer).await
            }
            Authorization::Basic(_) | Authorization::Bearer(_) => Err(AuthRefusal::Malformed),
        };
        let refusal = match by_header {
            Ok(principal) => return Ok(principal),
            Err(refusal) => refusal,
        };
        match shown.peer.as_deref().map(|peer| self.certificate(peer)) {
            Some(Ok(name)) => Ok(Principal::of(name)),
            // A wrong token beside a certificate is told as what it is.
            Some(Err(of_peer)) if refusal == AuthRefusal::Missing => Err(of_peer),
            _ => Err(refusal),
        }
    }

    /// What to tell a client that is not let in.
    pub fn fault(&self, refusal: AuthRefusal) -> Fault {
        let mut fault = fault(refusal, &self.forms);
        // A 401 must name a scheme (RFC 9110 section 15.5.2), and certificates have none.
        if self.challenges(refusal).is_empty() && fault.cause == Cause::Unauthenticated {
            fault.cause = Cause::Forbidden;
        }
        fault
    }

    /// One `WWW-Authenticate` for each scheme that the route takes.
    pub fn challenges(&self, refusal: AuthRefusal) -> Vec<HeaderValue> {
        let mut all = Vec::new();
        if self.auth.by_bearer() {
            // RFC 6750 section 3.1: no error where the client showed nothing.
            all.push(HeaderValue::from_static(match refusal {
                refusal if refusal.of_token() => "Bearer realm=\"scim\", error=\"invalid_token\"",
                _ => "Bearer realm=\"scim\"",
            }));
        }
        if self.auth.by_basic() {
            all.push(HeaderValue::from_static("Basic realm=\"scim\", charset=\"UTF-8\""));
        }
        all
    }

    fn basic(&self, pair: &[u8]) -> Result<String, AuthRefusal> {
        let shown: [u8; 32] = Sha256::digest(pair).into();
        self.chosen(|proof| match proof {
            Proof::Basic(sha256) => shown.ct_eq(sha256),
            _ => Choice::from(0),
        })
        .ok_or(AuthRefusal::Unknown)
    }

    async fn bearer(
        &self,
        token: &[u8],
        observer: &Arc<dyn Observer>,
    ) -> Result<Principal, AuthRefusal> {
        let whole: [u8; 32] = Sha256::digest(token).into();
        let colon = token.iter().position(|byte| *byte == b':');
        let (project, key) = colon.and_then(|at| token.split_at_checked(at)).unwrap_or_default();
        let key: [u8; 32] = Sha256::digest(key.get(1..).unwrap_or_default()).into();
        let known = self.chosen(|proof| match proof {
            Proof::Bearer(sha256) => whole.ct_eq(sha256),
            // The project is no secret, but its hash costs nothing to compare alike.
            Proof::AccessKey { project: wanted, sha256 } => {
                Sha256::digest(project).ct_eq(&Sha256::digest(wanted)) & key.ct_eq(sha256)
            }
            _ => Choice::from(0),
        });
        if let Some(name) = known {
            return Ok(Principal::of(name));
        }
        let mut worst = AuthRefusal::Unknown;
        for (name, terms) in &self.signed {
            match terms.admit(token, observer).await {
                Ok(claims) => return Ok(Principal::by_claims(name, &claims)),
                Err(refusal) => worst = worst.max(refusal),
            }
        }
        Err(worst)
    }

    fn certificate(&self, peer: &Peer) -> Result<String, AuthRefusal> {
        if !self.auth.by_certificate() || !peer.trusted() {
            return Err(AuthRefusal::Missing);
        }
        let holds = |credential: &&Credential| match &credential.proof {
            Proof::Certificate(Holder::Subject(subject)) => *subject == peer.names.subject,
            Proof::Certificate(Holder::San(name)) => peer.names.alternative.contains(name),
            _ => false,
        };
        let found = self.auth.listed().iter().find(holds);
        found.map(|credential| credential.name.clone()).ok_or(AuthRefusal::NotAllowed)
    }

    /// The name of the last credential that is equal. Every one is compared, so the time tells
    /// neither which one matched nor whether.
    fn chosen(&self, equal: impl Fn(&Proof) -> Choice) -> Option<String> {
        let credentials = self.auth.listed();
        let mut found = u64::MAX;
        for (index, credential) in (0_u64..).zip(credentials) {
            found.conditional_assign(&index, equal(&credential.proof));
        }
        let found = usize::try_from(found).ok().and_then(|index| credentials.get(index));
        found.map(|credential| credential.name.clone())
    }
}

/// What a client has to send, in words.
fn forms(credentials: &[Credential]) -> String {
    let mut forms = Vec::new();
    for credential in credentials {
        let form = match credential.proof {
            Proof::Bearer(_) | Proof::Jwt(_) => {
                "one Authorization header of the form `Bearer <token>`"
            }
            Proof::Assertion(_) => {
                "one Authorization header of the form `Bearer <assertion>`, signed for this request alone"
            }
            Proof::AccessKey { .. } => {
                "one Authorization header of the form `Bearer <project>:<key>`"
            }
            Proof::Basic(_) => {
                "one Authorization header of the form `Basic <base64 of user:password>`"
            }
            Proof::Certificate(_) => "a client certificate",
        };
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms.join(", or ")
}
