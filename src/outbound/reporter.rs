//! Tells of an upstream what no call's answer does: its files, its tokens, its names.

use std::sync::Arc;

use crate::material::Looked;
use crate::observe::{Event, Observer};

/// Tells of an upstream's files and tokens, by the upstream's name.
#[derive(Clone)]
pub struct Reporter {
    pub upstream: Arc<str>,
    pub observer: Arc<dyn Observer>,
}

impl Reporter {
    pub fn new(upstream: &str, observer: &Arc<dyn Observer>) -> Self {
        Self { upstream: upstream.into(), observer: Arc::clone(observer) }
    }

    /// Tells what came of a look at the files that a key of the upstream's table names.
    pub fn secret(&self, key: &'static str, looked: Option<Looked>) {
        let (outcome, why) = match looked {
            None => return,
            Some(Looked::Changed) => ("changed", None),
            Some(Looked::Failed(why)) => ("failed", Some(why)),
        };
        let upstream = self.upstream.to_string();
        self.observer.happened(&Event::SecretReload { upstream, key, outcome, why });
    }

    /// Tells what came of a look-up of a name.
    pub fn looked_up(&self, found: bool) {
        let upstream = Arc::clone(&self.upstream);
        self.observer.happened(&Event::LookedUp { upstream, found });
    }

    /// Tells what came of a token request.
    pub fn token(&self, outcome: &'static str) {
        let upstream = self.upstream.to_string();
        self.observer.happened(&Event::TokenRequest { upstream, outcome });
    }
}
