//! Where what calls carry comes from, and how it stays fresh: one object for each upstream.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use tokio::task::AbortHandle;
use zeroize::Zeroizing;

use super::secret::InForce;
use super::token::Tokens;
use super::token_endpoint::TokenEndpoint;
use crate::config::{self, is_text, stands_in_header};
use crate::fault::{Cause, Fault};
use crate::material::{Followed, follow};
use crate::observe::Observer;
use crate::outbound::proof::{AuthHeader, Prover};
use crate::outbound::reporter::Reporter;
use crate::outbound::tls::Certificate;

/// Who the gateway is to one upstream.
pub struct GatewayIdentity {
    shown: Shown,
    certificate: Option<Arc<Certificate>>,
    reporter: Reporter,
    looking: Mutex<Option<AbortHandle>>,
}

/// What calls carry.
enum Shown {
    Nothing,
    /// A secret in a header: its name, how the value is made, and the secret.
    Kept(HeaderName, Form, InForce),
    /// An access token, in the dialect's authorization form.
    Token(Form, Tokens),
}

/// How a header's value is made of a secret.
enum Form {
    /// This text, with the secret in place of `{token}`.
    Text(String),
    /// RFC 7617, for this user.
    Basic(String),
}

impl GatewayIdentity {
    /// `form` is the dialect's authorization with `{token}` in it.
    ///
    /// # Errors
    /// A sentence, where a certificate or an authority cannot be used.
    pub fn new(
        upstream: &config::Upstream,
        form: &str,
        observer: &Arc<dyn Observer>,
    ) -> Result<Arc<Self>, String> {
        let reporter = Reporter::new(&upstream.name, observer);
        let kept = |name, form, held: &_, fits: fn(&str) -> bool| {
            Shown::Kept(name, form, InForce::new(held, fits))
        };
        let text = || Form::Text(form.to_owned());
        let pair = upstream.client_cert.as_ref();
        let certificate = pair.map(|pair| Certificate::read(pair).map(Arc::new)).transpose();
        let shown = match &upstream.identity {
            config::Identity::None => Ok(Shown::Nothing),
            config::Identity::Bearer(held) => {
                Ok(kept(AUTHORIZATION, text(), held, stands_in_header))
            }
            config::Identity::Basic { user, password } => {
                Ok(kept(AUTHORIZATION, Form::Basic(user.clone()), password, is_text))
            }
            config::Identity::Header { name, value } => {
                let form = Form::Text("{token}".to_owned());
                Ok(kept(name.clone(), form, value, stands_in_header))
            }
            config::Identity::OAuth(oauth) => {
                // One object for one pair of files: tokens may be bound to what the upstream sees.
                let same = oauth.client_cert.as_ref() == pair;
                let own = certificate.clone().ok().flatten().filter(|_| same);
                TokenEndpoint::new(oauth, own, &reporter)
                    .map(|endpoint| Shown::Token(text(), Tokens::new(endpoint, reporter.clone())))
                    .map_err(|why| format!("oauth: {why}"))
            }
        };
        let (shown, certificate) = match (shown, certificate) {
            (Ok(shown), Ok(certificate)) => (shown, certificate),
            (Err(one), Err(other)) if one != other => return Err(format!("{one}; {other}")),
            (Err(why), _) | (_, Err(why)) => return Err(why),
        };
        Ok(Arc::new(Self { shown, certificate, reporter, looking: Mutex::default() }))
    }

    /// What the gateway shows in TLS.
    pub fn certificate(&self) -> Option<Arc<Certificate>> {
        self.certificate.clone()
    }

    /// Begins to look after files and tokens, where there are some; a second call has no effect.
    pub fn tend(self: &Arc<Self>) {
        if let Shown::Token(_, tokens) = &self.shown {
            tokens.tend();
        }
        if !self.has_files() {
            return;
        }
        let mut looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        if looking.as_ref().is_none_or(AbortHandle::is_finished) {
            *looking = Some(tokio::spawn(follow(Arc::downgrade(self))).abort_handle());
        }
    }

    /// The header for one call; `None` where the gateway is nobody.
    ///
    /// # Errors
    /// `NoToken` where there is no token and none comes within the time for one.
    pub async fn proof(self: &Arc<Self>) -> Result<Option<AuthHeader>, Fault> {
        self.tend();
        match &self.shown {
            Shown::Nothing => Ok(None),
            Shown::Kept(name, form, secret) => {
                let (serial, secret) = secret.current();
                form.proof(name, secret.reveal(), serial).map(Some)
            }
            Shown::Token(form, tokens) => {
                let token = tokens.current().await?;
                form.proof(&AUTHORIZATION, token.secret.reveal(), token.serial).map(Some)
            }
        }
    }

    /// Something newer than what the upstream refused with a 401, if there is: a secret's file is read
    /// at once, a token is asked for at once, both by one for all who wait.
    pub async fn renew(self: &Arc<Self>, refused: &AuthHeader) -> Option<AuthHeader> {
        match &self.shown {
            Shown::Nothing => None,
            Shown::Kept(name, form, watched) => {
                let (serial, _) = watched.current();
                if serial == refused.serial {
                    self.reporter.secret("auth", watched.look().await);
                }
                let (serial, secret) = watched.current();
                let newer = serial != refused.serial;
                newer.then(|| form.proof(name, secret.reveal(), serial).ok()).flatten()
            }
            Shown::Token(form, tokens) => {
                let token = tokens.after(refused.serial).await?;
                form.proof(&AUTHORIZATION, token.secret.reveal(), token.serial).ok()
            }
        }
    }

    /// Reads every file again at once, on this thread: what a reload calls applied, is.
    ///
    /// # Errors
    /// A sentence that names a file that cannot be used; what it held before stays in force.
    pub fn look_now(&self) -> Result<(), String> {
        match &self.shown {
            Shown::Nothing => {}
            Shown::Kept(_, _, secret) => drop(secret.look_now()?),
            Shown::Token(_, tokens) => tokens.heed(tokens.endpoint().look_now()?),
        }
        self.certificate.as_ref().map_or(Ok(false), |certificate| certificate.look_now()).map(drop)
    }

    fn has_files(&self) -> bool {
        let watched = match &self.shown {
            Shown::Nothing => false,
            Shown::Kept(_, _, secret) => secret.has_file(),
            Shown::Token(_, tokens) => tokens.endpoint().has_files(),
        };
        watched || self.certificate.is_some()
    }
}

#[async_trait]
impl Prover for GatewayIdentity {
    async fn prove(self: Arc<Self>) -> Result<Option<AuthHeader>, Fault> {
        self.proof().await
    }

    async fn prove_anew(self: Arc<Self>, refused: &AuthHeader) -> Option<AuthHeader> {
        self.renew(refused).await
    }
}

impl Followed for GatewayIdentity {
    async fn look(&self) {
        match &self.shown {
            Shown::Nothing => {}
            Shown::Kept(_, _, secret) => self.reporter.secret("auth", secret.look().await),
            Shown::Token(_, tokens) => {
                let (change, looked) = tokens.endpoint().look().await;
                tokens.heed(change);
                looked.into_iter().for_each(|looked| self.reporter.secret("auth.oauth", looked));
            }
        }
        if let Some(certificate) = &self.certificate {
            self.reporter.secret("client_cert", certificate.look().await);
        }
    }
}

impl Drop for GatewayIdentity {
    fn drop(&mut self) {
        let looking = self.looking.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = looking.take() {
            task.abort();
        }
    }
}

impl Form {
    fn proof(&self, name: &HeaderName, secret: &str, serial: u64) -> Result<AuthHeader, Fault> {
        let text = Zeroizing::new(match self {
            Self::Text(form) => form.replace("{token}", secret),
            Self::Basic(user) => {
                let pair = Zeroizing::new(format!("{user}:{secret}"));
                format!("Basic {}", BASE64_STANDARD.encode(pair.as_bytes()))
            }
        });
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            let detail =
                "The gateway's own credential for the upstream cannot be sent; nothing was.";
            Fault::new(Cause::Internal, detail)
        })?;
        value.set_sensitive(true);
        Ok(AuthHeader { name: name.clone(), value, serial })
    }
}
