//! A creation that meets what is there already, on a route that adopts: the one resource with the
//! same matching attribute is the answer, as it is or updated with what the client sent. It is told as
//! created only where it is what was asked for, as far as access goes.

use super::context::Exchange;
use super::emulate::Emulation;
use super::record::ResourceId;
use crate::fault::{Cause, Fault};
use crate::gateway::pair::{Kind, Losses};
use crate::gateway::route::{CreateConflict, Omitted, Policies, Right};
use crate::gateway::view::Stored;
use crate::gateway::write::Access;
use crate::scim::Object;
use crate::scim::http::Response;
use crate::scim::schema::Operation;

impl Exchange<'_> {
    /// The answer to a creation that the upstream refused with `fault`. What the client did not send
    /// stays as it is.
    ///
    /// # Errors
    /// The fault itself, where the route does not adopt, it was no conflict, there is not exactly one
    /// such resource, that one has another state or other members than were asked for, or the client may
    /// not read (and replace) resources; what an update meets.
    pub async fn adopt(mut self, sent: &Object<'_>, fault: Fault) -> Result<Response, Fault> {
        let policies = &self.route.spec.policies;
        let how = policies.safety.create_conflict;
        let needed: &[Right] = match how {
            CreateConflict::Update => &[Right::Read, Right::Replace],
            CreateConflict::Adopt | CreateConflict::Pass => &[Right::Read],
        };
        let may = needed.iter().all(|right| self.caller.rights.may(*right));
        if how == CreateConflict::Pass || fault.cause != Cause::UpstreamConflict || !may {
            return Err(fault);
        }
        let found = match self.twin(sent).await {
            Ok(Some(found)) => self.whole(sent, found).await,
            Ok(None) => return Err(fault),
            Err(error) => return Err(fault.with_log(error.cause.label())),
        };
        let updates = how == CreateConflict::Update;
        // Who was deactivated is not activated by a creation that does not say so.
        let inactive =
            self.pair.kind == Kind::User && self.pair.shown_active(&found.object) == Some(false);
        let differs = match updates {
            true => inactive && !self.pair.says_state(sent),
            false => self.pair.access(sent, &found.object) != Access::Same,
        };
        if differs {
            return Err(otherwise(fault));
        }
        self.caller.record.subject = found.frame.id.clone().map(ResourceId::new);
        self.caller.record.adopted = true;
        if !updates {
            return Ok(self.answer(Operation::Create, &found, Losses::default()));
        }
        let kept = Policies { omitted: Some(Omitted::Keep), ..policies.clone() };
        let pair = self.pair;
        let lifted = pair.lifted_resource(sent, Operation::Replace, &kept);
        let change = |stored: &Stored| {
            let merged = pair.merge(sent, stored.old(), &kept, false)?;
            Ok((merged, lifted.clone()))
        };
        let (operation, request) = (Operation::Replace, &lifted);
        let asked = Emulation { operation, request, demanded: None, counts: true, held: None };
        let id = found.frame.id.unwrap_or_default();
        let (stored, losses) = self.emulate(&id, asked, change).await?;
        if !stored.unseen && pair.access(sent, &stored.object) == Access::Other {
            return Err(otherwise(fault));
        }
        Ok(self.answer(Operation::Create, &stored, losses))
    }

    /// A list may leave out what decides: then the resource is read.
    async fn whole(&mut self, sent: &Object<'_>, found: Stored<'static>) -> Stored<'static> {
        if self.pair.access(sent, &found.object) != Access::Unknown {
            return found;
        }
        let id = found.frame.id.clone().unwrap_or_default();
        self.read(&id).await.unwrap_or(found)
    }
}

fn otherwise(fault: Fault) -> Fault {
    let detail = "the resource that is there has another state or other members than were asked for, so \
                  it was not adopted: look it up, and change it with another request.";
    Fault { detail: format!("{}; {detail}", fault.detail.trim_end_matches('.')), ..fault }
}
