//! Removals of an exchange against its route's breaker: claimed before their call, settled after it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::context::Exchange;
use super::removals::RemovalVerdict;
use super::safeguard::Safeguard;
use crate::fault::{Cause, Fault, Side};
use crate::gateway::pair::Kind;
use crate::gateway::route::Act;
use crate::gateway::view::Stored;
use crate::gateway::write::{Removal, Removals};

/// When a client whose removal was not believed may come again: an operator must look first.
const LOOK: Duration = Duration::from_secs(300);

/// What was believed when a removal was let through.
#[derive(Debug, Default)]
pub struct Claim(Removals);

impl Exchange<'_> {
    /// Asks whether removals are believed; what comes of them goes to [`Exchange::settle`].
    ///
    /// # Errors
    /// `Tripped`, with `Retry-After`, where the route's breaker holds removals back.
    pub fn claim(&mut self, removals: Removals, id: &str) -> Result<Claim, Fault> {
        let limits = &self.route.spec.policies.safety.removals;
        if removals.is_none() || limits.act == Act::Off {
            return Ok(Claim(removals));
        }
        let (safeguard, resource, now) = (self.safeguard(), self.resource(id), Instant::now());
        let guard = &safeguard.guard;
        if removals.resource.is_some() {
            self.heed(guard.remove(&resource, limits, now))?;
        }
        if !removals.members.is_empty() {
            let verdict = guard.remove_members(&resource, &removals.members, limits, now);
            let heeded = self.heed(verdict);
            if heeded.is_err() && removals.resource.is_some() {
                guard.kept(&resource);
            }
            heeded?;
        }
        Ok(Claim(removals))
    }

    fn heed(&mut self, verdict: RemovalVerdict) -> Result<(), Fault> {
        match verdict {
            RemovalVerdict::Pass => Ok(()),
            RemovalVerdict::Warn => {
                self.caller.record.alarm = Some("warned");
                Ok(())
            }
            RemovalVerdict::Refuse { first } => {
                if first {
                    self.shared.safeguards.note();
                    self.caller.record.alarm = Some("tripped");
                }
                Err(tripped())
            }
        }
    }

    /// Counts removals that were done, and takes back those that the upstream refused.
    pub fn settle<T>(&mut self, claim: Claim, id: &str, outcome: &Result<T, Fault>) {
        let Claim(Removals { resource, members }) = claim;
        match outcome {
            Ok(_) => {
                self.caller.record.removals.extend(resource.map(Removal::label));
                self.caller.record.memberships += members.len();
            }
            // Whatever is the upstream's fault may have been done.
            Err(fault) if fault.cause.side() != Side::Upstream => {
                let (safeguard, id) = (self.safeguard(), self.resource(id));
                if resource.is_some() {
                    safeguard.guard.kept(&id);
                }
                if !members.is_empty() {
                    safeguard.guard.kept_members(&id, &members);
                }
            }
            Err(_) => {}
        }
    }

    /// A resource was shown or written.
    pub fn sighted(&self, stored: &Stored) {
        if self.route.spec.policies.safety.removals.act == Act::Off {
            return;
        }
        let (safeguard, pair) = (self.safeguard(), self.pair);
        let resource = self.resource(stored.frame.id.as_deref().unwrap_or_default());
        match pair.kind {
            Kind::User => safeguard.guard.saw(&resource, pair.is_active(&stored.object)),
            Kind::Group => {
                safeguard.guard.saw(&resource, None);
                safeguard.guard.saw_members(&resource, pair.member_count(&stored.object));
            }
        }
    }

    /// Whether the resource was inactive when it was last seen.
    pub fn was_inactive(&self, id: &str) -> bool {
        self.safeguard().guard.is_inactive(&self.resource(id))
    }

    /// A list that nothing was left out of is this long.
    pub fn listed(&self, total: usize) {
        if self.route.spec.policies.safety.removals.act != Act::Off {
            self.safeguard().guard.listed(&self.pair.upstream_resource.path, total);
        }
    }

    fn safeguard(&self) -> Arc<Safeguard> {
        self.shared.safeguards.of(&self.route.spec.name)
    }

    fn resource(&self, id: &str) -> String {
        format!("{}/{id}", self.pair.upstream_resource.path)
    }
}

fn tripped() -> Fault {
    let detail = "So many accounts or memberships were removed through this route that the gateway \
                  holds removals back; nothing was done. Ask the gateway's operator, who can let them \
                  through.";
    Fault::new(Cause::Tripped, detail).with_retry_after(LOOK)
}
