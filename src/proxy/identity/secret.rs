//! A secret in force, followed where it comes from a file.

use std::sync::{Arc, Mutex, PoisonError};

use super::Reporter;
use crate::config::Secret;
use crate::config::secret::{Held, Origin};
use crate::proxy::observer::{Event, Observer};
use crate::proxy::watched::{Looked, Watched};

pub(super) struct InForce {
    has_file: bool,
    secret: Watched<Secret>,
}

impl InForce {
    /// `fits` is what a secret must be to take another's place; it is asked of each one once.
    pub fn new(held: &Held, fits: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        let Held { secret, origin } = held.clone();
        let has_file = origin != Origin::Fixed;
        let secret = match origin {
            Origin::Fixed => Watched::holding(secret.clone(), move || Ok(secret.clone())),
            Origin::File(path) => {
                let known = Mutex::new(secret.clone());
                Watched::holding(secret, move || {
                    let told = || format!("{}: no secret that can be used", path.display());
                    let secret = Secret::read(&path).ok_or_else(told)?;
                    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
                    if *known != secret {
                        fits(secret.reveal()).then_some(()).ok_or_else(told)?;
                        *known = secret.clone();
                    }
                    Ok(secret)
                })
            }
        };
        Self { has_file, secret }
    }

    /// The secret and its serial number.
    pub fn current(&self) -> (u64, Secret) {
        let (serial, secret) = &*self.secret.current();
        (*serial, secret.clone())
    }

    pub fn has_file(&self) -> bool {
        self.has_file
    }

    /// Reads the secret's file again, where it has one.
    pub async fn look(&self) -> Option<Looked> {
        if self.has_file { self.secret.look().await } else { None }
    }

    /// # Errors
    /// A sentence that names the file; the secret before stays.
    pub fn look_now(&self) -> Result<bool, String> {
        self.secret.look_now()
    }
}

impl Reporter {
    pub(in crate::proxy) fn new(upstream: &str, observer: &Arc<dyn Observer>) -> Self {
        Self { upstream: upstream.into(), observer: Arc::clone(observer) }
    }

    /// Tells what came of a look at the files that a key of the upstream's table names.
    pub(in crate::proxy) fn secret(&self, key: &'static str, looked: Option<Looked>) {
        let (outcome, why) = match looked {
            None => return,
            Some(Looked::Changed) => ("changed", None),
            Some(Looked::Failed(why)) => ("failed", Some(why)),
        };
        let upstream = self.upstream.to_string();
        self.observer.happened(&Event::SecretReload { upstream, key, outcome, why });
    }

    /// Tells what came of a look-up of a name.
    pub(in crate::proxy) fn looked_up(&self, found: bool) {
        let upstream = Arc::clone(&self.upstream);
        self.observer.happened(&Event::LookedUp { upstream, found });
    }

    /// Tells what came of a token request.
    pub(super) fn token(&self, outcome: &'static str) {
        let upstream = self.upstream.to_string();
        self.observer.happened(&Event::TokenRequest { upstream, outcome });
    }
}
