//! Read, replace and delete one resource.

use http::Method;
use http::header::IF_NONE_MATCH;

use super::admit::Admitted;
use super::context::Exchange;
use super::emulate::Emulation;
use super::lock::LockMode;
use super::version::{Demanded, admits, unchanged};
use crate::fault::{Cause, Fault};
use crate::gateway::message::{Versions, read_request};
use crate::gateway::pair::{Kind, Losses};
use crate::gateway::route::{Delete, Replace};
use crate::gateway::view::{Columns, Stored};
use crate::gateway::write::{Lifted, Removal, guard, may_deactivate, report};
use crate::rewrite::translate::Message;
use crate::scim::Object;
use crate::scim::http::Response;
use crate::scim::projection::Projection;
use crate::scim::schema::Operation;

/// GET of one resource.
pub async fn get(mut exchange: Exchange<'_>, id: &str) -> Result<Response, Fault> {
    let query = exchange.pair.query(exchange.request.query.as_deref())?;
    let known = Versions::read(&exchange.request.headers, &IF_NONE_MATCH)?;
    let demanded = exchange.demanded_to_read()?;
    let columns = exchange.pair.columns(&query.projection, None, None);
    // A version that is compared is the whole resource's.
    let columns = columns.filter(|_| known.is_none() && demanded.is_none());
    let response = exchange.fetch(id, columns.as_ref()).await?;
    let stored = exchange.route.stored(exchange.pair, Operation::Get, &response)?;
    let stored = exchange.named(stored, id)?;
    admits(demanded.as_ref(), &stored)?;
    if let (Some(known), Some(tag)) = (&known, &stored.version)
        && known.has(tag)
    {
        return Ok(unchanged(tag));
    }
    exchange.sighted(&stored);
    let mut losses = Losses::default();
    let (route, pair) = (exchange.route, exchange.pair);
    let response = route.answer(pair, Operation::Get, &stored, &query.projection, &mut losses);
    let mut response = exchange.located(response, &stored);
    exchange.caller.record.lose(&losses, "response");
    report(&mut response, &losses, &route.spec.policies);
    Ok(response)
}

/// PUT: put over what is there (docs/semantics.md 4), or plainly where the route keeps nothing.
pub async fn replace(mut exchange: Exchange<'_>, id: &str) -> Result<Response, Fault> {
    exchange.projection()?;
    let user = exchange.taken(Operation::Replace, exchange.known(id))?;
    let policies = &exchange.route.spec.policies;
    let pair = exchange.pair;
    let canonical = pair.client.lift(&user, Message::Request(Operation::Replace));
    let lifted = pair.lifted_whole(&canonical.object, Operation::Replace, policies);
    exchange.caller.record.places = lifted.names().to_vec();
    let demanded = exchange.demanded()?;
    may_deactivate(&lifted, policies)?;
    if policies.replace == Replace::Reset
        && pair.upstream_resource.operations.has(Operation::Replace)
    {
        let lowered = pair.replace_lifted(&user, canonical)?;
        exchange.caller.record.lose(&lowered.losses, "request");
        guard(pair, &lowered.losses, &lifted, policies)?;
        let admitted =
            exchange.admitted(Operation::Replace, id, &lifted, demanded.as_ref(), 1).await?;
        let Admitted { held: _held, version, claim, .. } = admitted;
        let written = exchange.write(Operation::Replace, id, &lowered.object, version).await;
        exchange.settle(claim, id, &written);
        let stored = written?;
        let mut losses = lowered.losses;
        let writes = [(Operation::Replace, lowered.object)];
        losses.extend(exchange.carried_out(&writes, None, &stored)?);
        return Ok(exchange.answer(Operation::Replace, &stored, losses));
    }
    // Refused before any call where it can be: put checks again over the old resource.
    let losses = pair.replace_losses(canonical)?;
    guard(pair, &losses, &lifted, policies)?;
    let change = |stored: &Stored| {
        let merged = pair.merge(&user, stored.old(), policies, false)?;
        Ok((merged, lifted.clone()))
    };
    let (operation, request) = (Operation::Replace, &lifted);
    let asked = Emulation { operation, request, demanded, counts: true, held: None };
    let (stored, losses) = exchange.emulate(id, asked, change).await?;
    Ok(exchange.answer(Operation::Replace, &stored, losses))
}

/// DELETE: the client dialect's status, whatever the upstream's.
pub async fn delete(mut exchange: Exchange<'_>, id: &str) -> Result<Response, Fault> {
    let demanded = exchange.demanded()?;
    match exchange.route.spec.policies.safety.delete {
        Delete::Forward => exchange.able(Operation::Delete)?,
        Delete::Refuse => return Err(not_deleted("This route deletes nothing")),
        Delete::Deactivate if exchange.pair.kind == Kind::Group => {
            return Err(not_deleted("This route deletes no groups, which cannot be deactivated"));
        }
        Delete::Deactivate => return deactivate(exchange, id, demanded).await,
    }
    let (_held, version) =
        exchange.held(Operation::Delete, id, demanded.as_ref(), LockMode::Shared).await?;
    let claim = exchange.claim(Removal::Deletion.into(), id)?;
    let done = exchange.remove(id, version).await;
    exchange.settle(claim, id, &done);
    done.map(|()| exchange.route.answer_deleted(exchange.pair))
}

/// DELETE on a route that deactivates instead: the user stays and is inactive.
async fn deactivate(
    mut exchange: Exchange<'_>,
    id: &str,
    demanded: Option<Demanded>,
) -> Result<Response, Fault> {
    let lifted = Lifted::deactivation();
    may_deactivate(&lifted, &exchange.route.spec.policies)?;
    let pair = exchange.pair;
    let change = |stored: &Stored| Ok((pair.deactivated(stored.old())?, lifted.clone()));
    let (operation, request) = (Operation::Patch, &lifted);
    let asked = Emulation { operation, request, demanded, counts: true, held: None };
    exchange.emulate(id, asked, change).await?;
    Ok(exchange.route.answer_deleted(pair))
}

impl<'e> Exchange<'e> {
    /// The client's resource, checked against its own dialect.
    pub fn taken(&self, operation: Operation, id: Option<&str>) -> Result<Object<'e>, Fault> {
        let body = self.route.document(self.request)?;
        let object = read_request(&self.pair.client_resource, operation, id, body)?;
        self.pair.intake(object, operation)
    }

    /// What the request says of the attributes of its answer (RFC 7644 section 3.9).
    ///
    /// # Errors
    /// `InvalidValue`.
    pub fn projection(&self) -> Result<Projection, Fault> {
        self.pair.projection(self.request.query.as_deref())
    }

    /// Reads the resource that is to be changed or shown.
    pub async fn read(&mut self, id: &str) -> Result<Stored<'static>, Fault> {
        self.read_with(id, None).await
    }

    /// Reads as much of the resource as its reader needs.
    pub async fn read_with(
        &mut self,
        id: &str,
        columns: Option<&Columns>,
    ) -> Result<Stored<'static>, Fault> {
        let response = self.fetch(id, columns).await?;
        let stored = self.route.stored(self.pair, Operation::Get, &response)?;
        self.named(stored.into_owned(), id)
    }

    /// The answer that holds as much of the resource as its reader needs. What feeds a write or a made version
    /// is read whole.
    async fn fetch(&mut self, id: &str, columns: Option<&Columns>) -> Result<Response, Fault> {
        let mut request = self.aimed(self.route.call(self.pair, Method::GET, Some(id), ""));
        let columns = columns.filter(|_| !self.route.makes_versions());
        request.query = columns.map(Columns::query);
        let response = self.call(Operation::Get, request).await?;
        self.success(Operation::Get, &response)?;
        Ok(response)
    }
}

fn not_deleted(what: &str) -> Fault {
    let detail = format!("{what}, and nothing was done. Delete it at the upstream instead.");
    Fault::new(Cause::Forbidden, detail)
}
