//! Create, read, replace and delete one resource.

use std::time::Duration;

use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderValue, Method, StatusCode};

use super::emulate::Asked;
use super::lock::Way;
use super::record::Subject;
use super::run::Exchange;
use super::version::{Demanded, admits, unchanged};
use crate::fault::{Cause, Fault};
use crate::gateway::guard::{carried_out, guard, may_deactivate, report};
use crate::gateway::message::resource::read_request;
use crate::gateway::message::version::Versions;
use crate::gateway::pair::Losses;
use crate::gateway::reply::Stored;
use crate::gateway::route::{Kind, Replace};
use crate::gateway::safety::{Delete, Removal};
use crate::scim::http::Response;
use crate::scim::projection::Projection;
use crate::scim::schema::Operation;
use crate::scim::{Object, Value};

/// POST: one call; a second one where the upstream cannot create what is inactive (design 7).
pub async fn create(mut exchange: Exchange<'_>) -> Result<Response, Fault> {
    let user = exchange.taken(Operation::Create, None)?;
    exchange.caller.record.places = exchange.pair.named(&user);
    let lowered = exchange.pair.create(&user)?;
    exchange.caller.record.lose(&lowered.losses, "request");
    guard(&lowered.losses, &user, &exchange.route.spec.policies)?;
    may_deactivate(&user, &exchange.route.spec.policies)?;
    let request = exchange.route.call_with(exchange.pair, Operation::Create, None, &lowered.object);
    let response = exchange.caller.call(Operation::Create, request).await?;
    if let Err(fault) = exchange.route.success(Operation::Create, &response) {
        return exchange.adopt(&user, fault).await;
    }
    let mut stored = match exchange.route.stored(exchange.pair, Operation::Create, &response) {
        Ok(stored) if stored.frame.id.is_some() => stored,
        Ok(_) | Err(_) if lowered.deactivate => return Err(still_active()),
        Ok(_) | Err(_) => return Err(done_unreadable("created")),
    };
    exchange.caller.record.subject = stored.frame.id.clone().map(Subject::new);
    if lowered.deactivate {
        stored = exchange.deactivate(stored).await?;
    }
    Ok(exchange.answer(Operation::Create, &stored, lowered.losses))
}

/// GET of one resource.
pub async fn get(mut exchange: Exchange<'_>, id: &str) -> Result<Response, Fault> {
    let query = exchange.pair.query(exchange.request.query.as_deref())?;
    let known = Versions::read(&exchange.request.headers, &IF_NONE_MATCH)?;
    let demanded = exchange.demanded_to_read()?;
    let stored = exchange.read(id).await?;
    admits(demanded.as_ref(), &stored)?;
    if let (Some(known), Some(tag)) = (&known, &stored.version)
        && known.has(tag)
    {
        return Ok(unchanged(tag));
    }
    exchange.sighted(stored.frame.id.as_deref().unwrap_or_default());
    let mut losses = Losses::default();
    let (route, pair) = (exchange.route, exchange.pair);
    let response = route.answer(pair, Operation::Get, &stored, &query.projection, &mut losses);
    let mut response = exchange.located(response, &stored);
    exchange.caller.record.lose(&losses, "response");
    report(&mut response, &losses, &route.spec.policies);
    Ok(response)
}

/// PUT: put over what is there (design 6c), or plainly where there is nothing to keep.
pub async fn replace(mut exchange: Exchange<'_>, id: &str) -> Result<Response, Fault> {
    let user = exchange.taken(Operation::Replace, exchange.known(id))?;
    exchange.caller.record.places = exchange.pair.named(&user);
    let demanded = exchange.demanded()?;
    let policies = &exchange.route.spec.policies;
    may_deactivate(&user, policies)?;
    let removal = exchange.pair.replacement_removes(&user, policies);
    let plain = policies.replace == Replace::Reset || !exchange.pair.needs_read(&user, policies);
    if plain && exchange.pair.upstream_resource.operations.has(Operation::Replace) {
        let lowered = exchange.pair.replace(&user)?;
        exchange.caller.record.lose(&lowered.losses, "request");
        guard(&lowered.losses, &user, policies)?;
        let (_held, version) = exchange.held(id, demanded.as_ref(), Way::Shared).await?;
        let claim = exchange.claim(removal, id)?;
        let written = exchange.write(Operation::Replace, id, &lowered.object, version).await;
        exchange.settle(claim, id, &written);
        let stored = written?;
        let mut losses = lowered.losses;
        let writes = [(Operation::Replace, lowered.object)];
        losses.extend(exchange.carried_out(&writes, None, &stored)?);
        return Ok(exchange.answer(Operation::Replace, &stored, losses));
    }
    // Refused before any call where it can be: put checks again over the old resource.
    let losses = exchange.pair.replace_losses(&user)?;
    guard(&losses, &user, policies)?;
    let pair = exchange.pair;
    let change = |stored: &Stored| pair.merge(&user, stored.old(), policies, false);
    let asked = Asked { operation: Operation::Replace, said: &user, demanded, removal, held: None };
    let (stored, losses) = exchange.emulate(id, asked, change).await?;
    Ok(exchange.answer(Operation::Replace, &stored, losses))
}

/// DELETE: the client dialect's status, whatever the upstream's.
pub async fn delete(mut exchange: Exchange<'_>, id: &str) -> Result<Response, Fault> {
    let demanded = exchange.demanded()?;
    match exchange.route.spec.policies.safety.delete {
        Delete::Forward => {}
        Delete::Refuse => return Err(not_deleted("This route deletes nothing")),
        Delete::Deactivate if exchange.pair.kind == Kind::Group => {
            return Err(not_deleted("This route deletes no groups, which cannot be deactivated"));
        }
        Delete::Deactivate => return deactivate(exchange, id, demanded).await,
    }
    let request = exchange.route.call(exchange.pair, Method::DELETE, Some(id), "");
    let mut request = exchange.aimed(request);
    let (_held, version) = exchange.held(id, demanded.as_ref(), Way::Shared).await?;
    request.headers.extend(version.map(|version| (IF_MATCH, version)));
    let claim = exchange.claim(Some(Removal::Deletion), id)?;
    let answer = exchange.caller.call(Operation::Delete, request).await;
    let done = answer.and_then(|response| exchange.success(Operation::Delete, &response));
    exchange.settle(claim, id, &done);
    done.map(|()| exchange.route.answer_deleted(exchange.pair))
}

/// DELETE on a route that deactivates instead: the user stays and is inactive.
async fn deactivate(
    mut exchange: Exchange<'_>,
    id: &str,
    demanded: Option<Demanded>,
) -> Result<Response, Fault> {
    let said = inactive();
    may_deactivate(&said, &exchange.route.spec.policies)?;
    let pair = exchange.pair;
    let change = |stored: &Stored| pair.deactivated(stored.old());
    let removal = Some(Removal::Deactivation);
    let asked = Asked { operation: Operation::Patch, said: &said, demanded, removal, held: None };
    exchange.emulate(id, asked, change).await?;
    Ok(exchange.route.answer_deleted(pair))
}

impl<'e> Exchange<'e> {
    /// The client's resource, checked against its own dialect.
    fn taken(&self, operation: Operation, id: Option<&str>) -> Result<Object<'e>, Fault> {
        let body = self.route.document(self.request)?;
        let object = read_request(&self.pair.client_resource, operation, id, body)?;
        self.pair.intake(object, operation)
    }

    /// Reads the resource that is to be changed or shown.
    pub async fn read(&mut self, id: &str) -> Result<Stored, Fault> {
        let request = self.aimed(self.route.call(self.pair, Method::GET, Some(id), ""));
        let response = self.caller.call(Operation::Get, request).await?;
        self.success(Operation::Get, &response)?;
        let stored = self.route.stored(self.pair, Operation::Get, &response)?;
        self.named(stored, id)
    }

    /// Writes and reads the answer; where that cannot be read, one GET says what is there now. With
    /// a version, the upstream writes only over that one.
    pub async fn write(
        &mut self,
        operation: Operation,
        id: &str,
        object: &Object<'_>,
        version: Option<HeaderValue>,
    ) -> Result<Stored, Fault> {
        let request = self.route.call_with(self.pair, operation, self.known(id), object);
        let mut request = self.aimed(request);
        request.headers.extend(version.map(|version| (IF_MATCH, version)));
        let response = self.caller.call(operation, request).await?;
        self.success(operation, &response)?;
        let stored = self.route.stored(self.pair, operation, &response);
        match stored.and_then(|stored| self.named(stored, id)) {
            Ok(stored) if !stored.object.is_empty() => Ok(stored),
            Ok(_) | Err(_) => self.read(id).await.map_err(|_| done_unreadable("written")),
        }
    }

    /// Writes one after the other. Only changes of members are several (design 6e.6): each can be
    /// repeated, so a failure part-way says that the whole may be; `noTarget` is no failure of these, and
    /// is told as it is. `version` is for the first.
    pub async fn write_all(
        &mut self,
        id: &str,
        writes: &[(Operation, Object<'static>)],
        mut version: Option<HeaderValue>,
    ) -> Result<Stored, Fault> {
        let mut stored = Stored::default();
        for (at, (operation, body)) in writes.iter().enumerate() {
            let written = self.write(*operation, id, body, version.take()).await;
            stored = written.map_err(|fault| {
                let plain = at == 0 || fault.scim_type() == Some("noTarget");
                if plain { fault } else { partly_done(&fault) }
            })?;
        }
        Ok(stored)
    }

    /// What the writes asked for and the upstream's answer does not show, as losses; `before` is what
    /// was read before.
    ///
    /// # Errors
    /// `UpstreamUnexpected` where that is a security decision.
    pub fn carried_out(
        &mut self,
        writes: &[(Operation, Object<'static>)],
        before: Option<&Object<'_>>,
        stored: &Stored,
    ) -> Result<Losses, Fault> {
        let untaken = self.pair.untaken(writes, before, &stored.object);
        let lowering = untaken.sure.iter().chain(&untaken.losses).cloned().collect();
        let losses = Losses { lifting: Vec::new(), lowering };
        self.caller.record.lose(&losses, "request");
        carried_out(&untaken.sure, &self.route.spec.policies)?;
        Ok(losses)
    }

    /// The answer to a write, with the losses of both directions counted and reported.
    pub fn answer(
        &mut self,
        operation: Operation,
        stored: &Stored,
        request_losses: Losses,
    ) -> Response {
        self.sighted(stored.frame.id.as_deref().unwrap_or_default());
        let mut losses = Losses::default();
        let projection = Projection::Default;
        let (route, pair) = (self.route, self.pair);
        let response = route.answer(pair, operation, stored, &projection, &mut losses);
        let mut response = self.located(response, stored);
        self.caller.record.lose(&losses, "response");
        losses.extend(request_losses);
        report(&mut response, &losses, &route.spec.policies);
        response
    }

    /// The update that makes a new resource inactive.
    async fn deactivate(&mut self, stored: Stored) -> Result<Stored, Fault> {
        self.caller.record.emulated = true;
        let id = stored.frame.id.clone().unwrap_or_default();
        let outcome = self.made_inactive(&id, stored).await;
        outcome.map_err(|fault| still_active().with_log(fault.cause.label()))
    }

    async fn made_inactive(&mut self, id: &str, made: Stored) -> Result<Stored, Fault> {
        let pair = self.pair;
        let merged = pair.deactivated(made.old())?;
        if !merged.changed {
            return Ok(made);
        }
        let writes = pair.written(&merged, Operation::Patch)?;
        if let [(Operation::Patch, _)] = writes.as_slice() {
            let _held = self.lock(id, Way::Shared).await?;
            let stored = self.write_all(id, &writes, None).await?;
            self.carried_out(&writes, None, &stored)?;
            return Ok(stored);
        }
        // What says more is said over what is there by now: others may have found it already.
        let said = inactive();
        let asked = Asked {
            operation: Operation::Patch,
            said: &said,
            demanded: None,
            removal: None,
            held: None,
        };
        let change = |stored: &Stored| pair.deactivated(stored.old());
        let (stored, _) = self.emulate(id, asked, change).await?;
        Ok(stored)
    }
}

fn inactive() -> Object<'static> {
    let mut said = Object::new();
    said.push("active", Value::Bool(false));
    said
}

fn not_deleted(what: &str) -> Fault {
    let detail = format!("{what}, and nothing was done. Delete it at the upstream instead.");
    Fault::new(Cause::Forbidden, detail)
}

fn still_active() -> Fault {
    Fault::new(
        Cause::PartlyDone,
        "The account was created and is ACTIVE: the update that deactivates it failed. Look it up \
         and deactivate it with another request.",
    )
}

fn partly_done(fault: &Fault) -> Fault {
    let detail = "Some of the members were changed before the upstream failed. Send the same \
                  request again: it is safe to repeat.";
    Fault {
        status: Some(StatusCode::SERVICE_UNAVAILABLE),
        ..Fault::new(Cause::PartlyDone, detail)
            .with_log(fault.cause.label())
            .with_retry_after(Duration::from_secs(5))
    }
}

fn done_unreadable(what: &str) -> Fault {
    let detail = format!(
        "The resource was {what}, but the upstream's answer cannot be read. Look it up before \
         trying again."
    );
    Fault::new(Cause::UpstreamUnexpected, detail)
}
