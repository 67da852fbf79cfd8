//! What a route remembers between exchanges to keep the directory safe: whether an operator has
//! paused it, and its breaker on mass removal. Per replica; what is decided of a
//! route outlives the process where somebody keeps it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::removals::{RemovalGuard, Standing};
use crate::fault::{Cause, Fault};

/// When a client of a paused route may come again.
const PAUSE: Duration = Duration::from_secs(30);

/// The safeguards of all routes, by the route's name; they outlive a change of the configuration.
#[derive(Default)]
pub struct Safeguards {
    all: RwLock<HashMap<String, Arc<Safeguard>>>,
    /// Told when something was decided of a route.
    told: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

/// What is decided of a route until an operator decides otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    pub paused: bool,
    /// Its breaker holds back removals of resources.
    pub tripped: bool,
    /// Its breaker holds back removals of members.
    pub members_tripped: bool,
}

impl fmt::Debug for Safeguards {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.all.fmt(formatter)
    }
}

/// One route's.
#[derive(Debug, Default)]
pub struct Safeguard {
    paused: AtomicBool,
    pub(super) guard: RemovalGuard,
}

impl Safeguards {
    pub fn of(&self, route: &str) -> Arc<Safeguard> {
        self.find(route).unwrap_or_else(|| {
            let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(route.to_owned()).or_default())
        })
    }

    /// Whether requests of a route are taken.
    ///
    /// # Errors
    /// `Paused`, with `Retry-After`.
    pub fn admit(&self, route: &str) -> Result<(), Fault> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        if all.get(route).is_some_and(|one| one.paused.load(Ordering::Acquire)) {
            let detail = "An operator has paused this route; nothing was done. Try again later.";
            return Err(Fault::new(Cause::Paused, detail).with_retry_after(PAUSE));
        }
        Ok(())
    }

    /// The route's, where there is such a route.
    pub fn find(&self, route: &str) -> Option<Arc<Safeguard>> {
        self.all.read().unwrap_or_else(PoisonError::into_inner).get(route).cloned()
    }

    /// From now on there are these routes; what is known of those that stay is kept.
    pub fn know<'n>(&self, routes: impl Iterator<Item = &'n str>) {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *all);
        all.extend(
            routes.map(|route| (route.to_owned(), before.remove(route).unwrap_or_default())),
        );
    }

    /// Tells of every decision from now on; the second call has no effect.
    pub fn tell(&self, decided: impl Fn() + Send + Sync + 'static) {
        let _ = self.told.set(Box::new(decided));
    }

    /// Something was decided of a route.
    pub fn note(&self) {
        self.told.get().iter().for_each(|told| told());
    }

    /// What is decided of each route.
    pub fn decided(&self) -> BTreeMap<String, Decided> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|(route, one)| (route.clone(), one.decided())).collect()
    }

    /// Takes over what another process decided of a route, as far as what was decided here is still as in `from`.
    pub fn adopt(&self, route: &str, from: Decided, to: Decided) {
        let Some(one) = self.find(route).filter(|_| from != to) else { return };
        let order = (Ordering::AcqRel, Ordering::Acquire);
        let _ = one.paused.compare_exchange(from.paused, to.paused, order.0, order.1);
        one.guard.adopt((from.tripped, to.tripped), (from.members_tripped, to.members_tripped));
    }

    /// Takes over what was decided of routes before; routes that are not known are none.
    pub fn restore(&self, decided: BTreeMap<String, Decided>) {
        for (route, decided) in decided {
            let Some(one) = self.find(&route) else { continue };
            one.pause(decided.paused);
            one.guard.restore(decided.tripped, decided.members_tripped);
        }
    }

    /// All routes: whether each is paused, and its breaker, of resources and of memberships.
    pub fn standings(&self) -> BTreeMap<String, (bool, Standing, Standing)> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        let told =
            |one: &Safeguard| (one.is_paused(), one.guard.standing(), one.guard.member_standing());
        all.iter().map(|(route, one)| (route.clone(), told(one))).collect()
    }
}

impl Safeguard {
    pub fn pause(&self, paused: bool) {
        self.paused.store(paused, Ordering::Release);
    }

    pub fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Acquire)
    }

    fn decided(&self) -> Decided {
        Decided {
            paused: self.is_paused(),
            tripped: self.guard.standing().tripped,
            members_tripped: self.guard.member_standing().tripped,
        }
    }

    /// Lets removals through again after the breaker tripped, and counts anew.
    pub fn rearm(&self) {
        self.guard.rearm();
    }
}
