//! POST of a resource, and what is known of it where the upstream's answer says too little: an account
//! that was created is never told as if it were not.

use super::context::Exchange;
use super::emulate::Emulation;
use super::lock::LockMode;
use super::record::ResourceId;
use crate::fault::{Cause, Fault};
use crate::gateway::message::Location;
use crate::gateway::pair::{Kind, Losses};
use crate::gateway::view::{ListPlan, Page, Start, Stored};
use crate::gateway::write::{Lifted, created_otherwise, guard, may_deactivate};
use crate::rewrite::translate::Message;
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::http::Response;
use crate::scim::query::Query;
use crate::scim::schema::Operation;
use crate::scim::{Object, Path, Value};

/// POST: one call; a second one where the upstream does not create what is inactive (docs/semantics.md 8.3).
pub async fn create(mut exchange: Exchange<'_>) -> Result<Response, Fault> {
    exchange.projection()?;
    let user = exchange.taken(Operation::Create, None)?;
    let policies = &exchange.route.spec.policies;
    let pair = exchange.pair;
    let canonical = pair.client.lift(&user, Message::Request(Operation::Create));
    let lifted = pair.lifted_whole(&canonical.object, Operation::Create, policies);
    exchange.caller.record.places = lifted.names().to_vec();
    let lowered = pair.create_lifted(canonical)?;
    exchange.caller.record.lose(&lowered.losses, "request");
    guard(exchange.pair, &lowered.losses, &lifted, policies)?;
    may_deactivate(&lifted, policies)?;
    exchange.able(Operation::Create)?;
    if lowered.deactivate {
        exchange.able_to_write()?;
    }
    let request = exchange.route.call_with(exchange.pair, Operation::Create, None, &lowered.object);
    let response = exchange.call(Operation::Create, request).await?;
    let made = match exchange.route.success(Operation::Create, &response) {
        Ok(()) => exchange.made(&user, &lowered.object, &response).await,
        Err(fault) => Err(fault),
    };
    let mut stored = match made {
        Ok(Some(stored)) => stored,
        Ok(None) if lowered.deactivate => return Err(still_active()),
        Ok(None) => return Err(nameless()),
        Err(fault) => return exchange.adopt(&user, fault).await,
    };
    exchange.caller.record.subject = stored.frame.id.clone().map(ResourceId::new);
    let stays = lifted.deactivates()
        && exchange.pair.kind == Kind::User
        && !stored.unseen
        && exchange.pair.shown_active(&stored.object) == Some(true);
    if lowered.deactivate || stays {
        let location = exchange.location(&stored);
        stored =
            exchange.deactivate(stored).await.map_err(|fault| fault.with_location(location))?;
    }
    let mut losses = lowered.losses;
    losses.extend(exchange.made_as_asked(lowered.object, &stored)?);
    Ok(exchange.answer(Operation::Create, &stored, losses))
}

impl Exchange<'_> {
    /// The resource that a POST made: from its answer, or read once where that leaves out what was
    /// asked; else what is known of it. None where nothing names it.
    ///
    /// # Errors
    /// The upstream's error, where its answer is one in spite of its status.
    async fn made(
        &mut self,
        sent: &Object<'_>,
        lowered: &Object<'static>,
        response: &Response,
    ) -> Result<Option<Stored<'static>>, Fault> {
        let shown = self.route.answered(self.pair, Operation::Create, response)?;
        let shown = shown.map(Stored::into_owned).unwrap_or_default();
        let own = shown.frame.id.clone();
        let thin = self.pair.is_thin(Operation::Create, lowered, shown.said());
        if own.is_some() && !thin {
            return Ok(Some(shown));
        }
        let named = own.clone().or_else(|| self.route.located_id(self.pair, response));
        if let Some(id) = named {
            match self.read(&id).await {
                // A URL can be anybody's.
                Ok(stored) if own.is_some() || self.pair.is_of(lowered, &stored.object) => {
                    return Ok(Some(stored));
                }
                Ok(_) => {}
                Err(_) => return Ok(Some(self.unseen(Some(&id), Some(lowered), Some(shown)))),
            }
        }
        Ok(self.twin(sent).await.unwrap_or_default())
    }

    /// What a create asked for and the upstream does not show, as losses.
    ///
    /// # Errors
    /// `PartlyDone` where that is a security decision: it was created, and is not as was asked.
    fn made_as_asked(
        &mut self,
        lowered: Object<'static>,
        stored: &Stored,
    ) -> Result<Losses, Fault> {
        if stored.unseen {
            return Ok(Losses::default());
        }
        let untaken = self.pair.untaken(&[(Operation::Create, lowered)], None, &stored.object);
        let lowering = untaken.sure.iter().chain(&untaken.losses).cloned().collect();
        let losses = Losses { lifting: Vec::new(), lowering };
        self.caller.record.lose(&losses, "request");
        let location = self.location(stored);
        created_otherwise(self.pair, &untaken.sure, &self.route.spec.policies)
            .map_err(|fault| fault.with_location(location))?;
        Ok(losses)
    }

    /// The one resource with the value of a matching attribute that the client sent; none where there is
    /// no such resource.
    ///
    /// # Errors
    /// What the list met; `UpstreamUnexpected` where there are several.
    pub async fn twin(&mut self, sent: &Object<'_>) -> Result<Option<Stored<'static>>, Fault> {
        for name in self.pair.client_resource.matches_on.clone() {
            let Some(filter) = same(&name, sent) else { continue };
            let Ok(plan) = self.pair.plan_list(Query::of(filter)) else { continue };
            // A search that stops at the first match would not see a second one.
            let plan = ListPlan { unique: false, ..plan };
            let page = self.found(&plan, &Start::Index(1)).await?;
            match page {
                Page { total: Some(1), mut items, .. } if items.len() == 1 => {
                    return Ok(items.pop());
                }
                Page { total: Some(0), .. } => {}
                _ => {
                    let detail = "Several resources have the same identifying value. Look them up.";
                    return Err(Fault::new(Cause::UpstreamUnexpected, detail));
                }
            }
        }
        Ok(None)
    }

    /// Where the client finds a resource.
    fn location(&self, stored: &Stored) -> Option<String> {
        let resources = &self.route.spec.client.resources;
        let place = Location { base: &self.route.public_base, resources };
        stored.frame.id.as_deref().map(|id| place.of(&self.pair.client_resource, id))
    }

    /// The update that makes a new resource inactive.
    async fn deactivate(&mut self, stored: Stored<'static>) -> Result<Stored<'static>, Fault> {
        self.caller.record.emulated = true;
        let id = stored.frame.id.clone().unwrap_or_default();
        let outcome = self.made_inactive(&id, stored).await;
        outcome.map_err(|fault| still_active().with_log(fault.cause.label()))
    }

    async fn made_inactive(
        &mut self,
        id: &str,
        made: Stored<'static>,
    ) -> Result<Stored<'static>, Fault> {
        let pair = self.pair;
        let merged = pair.deactivated(made.old())?;
        if !merged.changed {
            return Ok(made);
        }
        let writes = pair.written(&merged, Operation::Patch)?;
        if let [(Operation::Patch, _)] = writes.as_slice() {
            let _held = self.lock(id, LockMode::Shared).await?;
            let mut stored = self.write_all(id, &writes, None).await?;
            self.carried_out(&writes, None, &stored)?;
            if stored.unseen {
                stored.object = pair.known_of(&merged.after, &stored.object);
            }
            return Ok(stored);
        }
        // What says more is said over what is there by now: others may have found it already.
        let lifted = Lifted::deactivation();
        let (operation, request) = (Operation::Patch, &lifted);
        let asked = Emulation { operation, request, demanded: None, counts: false, held: None };
        let change = |stored: &Stored| Ok((pair.deactivated(stored.old())?, lifted.clone()));
        let (stored, _) = self.emulate(id, asked, change).await?;
        Ok(stored)
    }
}

/// A filter for resources with the same value there; `None` where none was sent.
fn same(name: &str, sent: &Object<'_>) -> Option<Filter> {
    let Some(Value::String(text)) = sent.get(name) else { return None };
    Some(Filter::Compare {
        path: Path::core(name),
        operator: Operator::Eq,
        literal: Literal::String(text.clone().into_owned()),
    })
}

fn still_active() -> Fault {
    Fault::new(
        Cause::PartlyDone,
        "The account was created and is ACTIVE: the update that deactivates it failed. Look it up \
         and deactivate it with another request.",
    )
}

fn nameless() -> Fault {
    let detail = "The resource was created, but the upstream's answer does not name it in a way that a \
                  request could, and it cannot be found. Look it up before trying again.";
    Fault::new(Cause::UpstreamUnexpected, detail)
}
