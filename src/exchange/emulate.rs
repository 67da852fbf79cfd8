//! Read, merge, write: under a lock, over the version that was read, and once more where someone
//! else was faster (docs/semantics.md 5.4).

use std::time::Duration;

use super::context::Exchange;
use super::lock::{LockGuard, LockMode};
use super::version::{Demanded, admits};
use crate::fault::{Cause, Fault};
use crate::gateway::pair::Losses;
use crate::gateway::view::Stored;
use crate::gateway::write::{Lifted, Merged, Removal, Removals, guard, may_deactivate};
use crate::scim::schema::Operation;

/// What a client asks of a resource that is read before it is written.
pub struct Emulation<'a, 'e> {
    pub operation: Operation,
    /// What the client says.
    pub request: &'a Lifted,
    pub demanded: Option<Demanded>,
    /// Whether what it takes away is counted.
    pub counts: bool,
    /// The resource's lock, where it is held already.
    pub held: Option<LockGuard<'e>>,
}

impl<'e> Exchange<'e> {
    /// Makes the change that `change` plans over what is stored, which comes with what the client then
    /// wants of the whole; with what it loses. What it takes away is judged by what it changes.
    ///
    /// # Errors
    /// `PreconditionFailed` where the client's demand does not hold, `Busy` where others write the
    /// resource all the time, `Forbidden` and `Tripped` where it may not take away what it does.
    pub async fn emulate(
        &mut self,
        id: &str,
        asked: Emulation<'_, 'e>,
        change: impl Fn(&Stored) -> Result<(Merged, Lifted), Fault>,
    ) -> Result<(Stored<'static>, Losses), Fault> {
        let Emulation { operation, request, demanded, counts, held } = asked;
        self.able_to_emulate()?;
        let policies = &self.route.spec.policies;
        let _held = match held {
            Some(held) => held,
            None => self.lock(id, LockMode::Alone).await?,
        };
        self.caller.record.emulated = true;
        let named = demanded.as_ref().is_some_and(|demanded| demanded.one_of.is_some());
        let mut raced = false;
        loop {
            let stored = self.read(id).await?;
            admits(demanded.as_ref(), &stored)?;
            let (merged, wanted) = change(&stored)?;
            self.caller.record.lose(&merged.losses, "request");
            guard(self.pair, &merged.losses, &wanted, policies)?;
            if !merged.changed {
                return Ok((stored, merged.losses));
            }
            let writes = self.pair.written(&merged, operation)?;
            let changes = self.pair.lifted_change(&merged.before, &merged.after);
            may_deactivate(&changes, policies)?;
            let claim = self.claim(taken_away(counts, request, &changes), id)?;
            let written = self.write_all(id, &writes, stored.etag).await;
            self.settle(claim, id, &written);
            match written {
                Err(fault) if fault.cause != Cause::PreconditionFailed => return Err(fault),
                Err(fault) if raced && named => return Err(fault),
                Err(_) if raced => return Err(outpaced()),
                Err(_) => raced = true,
                Ok(mut written) => {
                    if written.unseen {
                        written.object = self.pair.known_of(&merged.after, &written.object);
                    }
                    let mut losses = merged.losses;
                    losses.extend(self.carried_out(&writes, Some(&stored.object), &written)?);
                    return Ok((written, losses));
                }
            }
        }
    }

    /// Waits for the resource's lock, which every write of it holds: also where this pair need not read
    /// first, since another route to the upstream may. By its alias it is read first: whoever writes it
    /// by its own id holds the same lock.
    ///
    /// # Errors
    /// `Busy` at the deadline; for an alias, what its read meets.
    pub async fn lock(&mut self, id: &str, way: LockMode) -> Result<LockGuard<'e>, Fault> {
        let alias = if self.me { self.read(id).await?.frame.id } else { None };
        let id = alias.as_deref().unwrap_or(id);
        let (upstream, deadline) = (self.caller.upstream, self.caller.deadline);
        let kind = &self.pair.upstream_resource.path;
        let Some((first, others)) = upstream.services().split_first() else {
            let key = format!("{}\n{kind}\n{id}", self.route.spec.upstream_name);
            return self.shared.locks.lock(key, way, deadline).await;
        };
        // Another upstream may be the same service, by one of its nodes at least. All take their locks in one order.
        let (base, inner) = (upstream.base(), &self.route.upstream_base);
        let key = |service: &String| format!("{service}{base}{inner}/{kind}\n{id}");
        let mut held = self.shared.locks.lock(key(first), way, deadline).await?;
        for other in others {
            held.with(self.shared.locks.lock(key(other), way, deadline).await?);
        }
        Ok(held)
    }
}

/// What a change takes away. A group is emptied at once by who says so, or takes several.
fn taken_away(counts: bool, request: &Lifted, changes: &Lifted) -> Removals {
    let mut removals = if counts { changes.removals(None) } else { Removals::default() };
    if request.empties() && !removals.members.is_empty() {
        removals.resource = removals.resource.or(Some(Removal::Emptying));
    }
    removals
}

fn outpaced() -> Fault {
    Fault::new(
        Cause::Busy,
        "The resource is being changed by someone else at the upstream; nothing was written. Try \
         again in a moment.",
    )
    .with_retry_after(Duration::from_secs(1))
}
