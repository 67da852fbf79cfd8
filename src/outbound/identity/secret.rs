//! A secret in force, followed where it comes from a file.

use std::sync::{Mutex, PoisonError};

use crate::config::{Held, Origin, Secret};
use crate::material::{Looked, Watched};

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
