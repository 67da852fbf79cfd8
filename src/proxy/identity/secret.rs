//! A secret in force, followed where it comes from a file.

use super::Reporter;
use super::fresh::{Fresh, Looked};
use crate::config::Secret;
use crate::config::secret::{Held, Origin};
use crate::proxy::observer::Event;

pub(super) struct Watched {
    origin: Origin,
    fits: fn(&str) -> bool,
    secret: Fresh<Secret>,
}

impl Watched {
    /// `fits` is what a secret must be to take another's place.
    pub fn new(held: &Held, fits: fn(&str) -> bool) -> Self {
        let Held { secret, origin } = held.clone();
        Self { origin, fits, secret: Fresh::new(secret) }
    }

    /// The secret and its serial number.
    pub fn current(&self) -> (u64, Secret) {
        let (serial, secret) = &*self.secret.current();
        (*serial, secret.clone())
    }

    pub fn has_file(&self) -> bool {
        self.origin != Origin::Fixed
    }

    /// Reads the secret's file again, where it has one.
    pub async fn look(&self) -> Option<Looked> {
        let Origin::File(path) = &self.origin else { return None };
        let (path, fits) = (path.clone(), self.fits);
        let read = move || Secret::read(&path).filter(|secret| fits(secret.reveal()));
        self.secret.look(read).await
    }
}

impl Reporter {
    /// Tells what came of a look at the files.
    pub(super) fn secret(&self, looked: Option<Looked>) {
        let outcome = match looked {
            None => return,
            Some(Looked::Changed) => "changed",
            Some(Looked::Failed) => "failed",
        };
        let upstream = self.upstream.to_string();
        self.observer.happened(&Event::SecretReload { upstream, outcome });
    }

    /// Tells what came of a token request.
    pub(super) fn token(&self, outcome: &'static str) {
        let upstream = self.upstream.to_string();
        self.observer.happened(&Event::TokenRequest { upstream, outcome });
    }
}
