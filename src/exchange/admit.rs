//! Writes that are planned whatever is stored: the lock that they hold, and whether what they take away
//! is believed. Only what cannot be counted otherwise is read first.

use http::HeaderValue;

use super::claim::Claim;
use super::context::Exchange;
use super::lock::{LockGuard, LockMode};
use super::version::Demanded;
use crate::fault::Fault;
use crate::gateway::route::Act;
use crate::gateway::write::Lifted;
use crate::scim::schema::Operation;

/// What was let through.
pub struct Admitted<'e> {
    pub held: LockGuard<'e>,
    /// Whether the lock is held alone.
    pub alone: bool,
    /// Over which version the first write is to be.
    pub version: Option<HeaderValue>,
    pub claim: Claim,
}

impl<'e> Exchange<'e> {
    /// Holds the resource for some calls and claims what they take away. Which members are gone after
    /// all were replaced, and whether an account is inactive already, is told by what is there before: it
    /// is read where a breaker may trip. What cannot be read is taken for there.
    ///
    /// # Errors
    /// `PreconditionFailed`, `Busy`, and `Tripped` where the removals are not believed.
    pub async fn admitted(
        &mut self,
        operation: Operation,
        id: &str,
        request: &Lifted,
        demanded: Option<&Demanded>,
        calls: usize,
    ) -> Result<Admitted<'e>, Fault> {
        let act = self.route.spec.policies.safety.removals.act;
        let told_by_what_is_there = request.takes_what_is_stored() || request.deactivates();
        let looks = told_by_what_is_there && act == Act::Trip;
        // Between two calls of one write nobody else may write.
        let alone = looks || calls > 1;
        let way = if alone { LockMode::Alone } else { LockMode::Shared };
        let (held, version) = self.held(operation, id, demanded, way).await?;
        let stored = if looks { self.read(id).await.ok() } else { None };
        let stored = stored.as_ref().map(|stored| &stored.object);
        let mut removals = self.pair.removals(request, stored);
        if stored.is_none() && request.deactivates() && self.was_inactive(id) {
            removals.resource = None;
        }
        let claim = self.claim(removals, id)?;
        Ok(Admitted { held, alone, version, claim })
    }
}
