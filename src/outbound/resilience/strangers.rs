//! What the calls of each stranger come to, by itself: on a route that forwards its clients' credentials an upstream
//! may fail one of them, for its rate or for its tenant, and be well for all others. So each has a breaker and a
//! budget of retries of its own, and costs nobody else's.
//!
//! So many are remembered; for one more the one that has called least lately is forgotten, as if it had never failed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::breaker::CircuitBreaker;
use super::retry::Retries;
use crate::config;

/// Strangers that are remembered at once.
const MOST: usize = 1_024;

#[derive(Debug)]
pub(super) struct Strangers {
    breaker: Option<config::Breaker>,
    retries: config::Retries,
    known: Mutex<HashMap<u64, Known>>,
}

/// What there is for one of them alone.
#[derive(Clone, Debug)]
pub(super) struct Own {
    /// `None`: it never opens.
    pub breaker: Option<Arc<CircuitBreaker>>,
    pub retries: Arc<Retries>,
}

#[derive(Debug)]
struct Known {
    own: Own,
    called: Instant,
}

impl Strangers {
    pub(super) fn new(settings: &config::Care) -> Self {
        let (breaker, retries) = (settings.breaker.clone(), settings.retries.clone());
        Self { breaker, retries, known: Mutex::default() }
    }

    /// What there is for the one that calls now.
    pub(super) fn of(&self, who: u64, now: Instant) -> Own {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(one) = known.get_mut(&who) {
            one.called = now;
            return one.own.clone();
        }
        if known.len() >= MOST
            && let Some(last) = known.iter().min_by_key(|(_, one)| one.called).map(|(who, _)| *who)
        {
            known.remove(&last);
        }
        let breaker = self.breaker.clone().map(CircuitBreaker::new).map(Arc::new);
        let own = Own { breaker, retries: Arc::new(Retries::new(&self.retries)) };
        known.insert(who, Known { own: own.clone(), called: now });
        own
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::verdict::CallVerdict;
    use super::*;

    // Breaker and budget were shared by all credentials.
    #[test]
    fn what_one_of_them_fails_and_spends_is_its_own_and_no_flood_fills_memory() {
        let (strangers, start) = (Strangers::new(&config::Care::ordinary()), Instant::now());
        let one = strangers.of(1, start);
        let breaker = one.breaker.clone().unwrap();
        while breaker.shut(start).is_none() {
            breaker.admit(start).unwrap().learn(CallVerdict::Failed, start);
        }
        while one.retries.spend() {}
        assert!(strangers.of(1, start).breaker.unwrap().is_open(), "it is remembered");
        let other = strangers.of(2, start);
        assert!(!other.breaker.unwrap().is_open() && other.retries.spend());
        for who in 3..5_000 {
            let now = start + Duration::from_millis(who);
            strangers.of(who, now);
            strangers.of(1, now);
        }
        assert!(strangers.of(1, start).breaker.unwrap().is_open(), "whoever calls is remembered");
        assert!(strangers.known.lock().unwrap().len() <= MOST);
    }
}
