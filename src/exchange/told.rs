//! What is told of a write: what its answer shows, a read where that says too little, and what is known
//! where the read fails. A done write is told as done, and a failure as a failure.

use std::time::Duration;

use http::header::IF_MATCH;
use http::{HeaderValue, Method, StatusCode};

use super::context::Exchange;
use crate::fault::{Cause, Fault};
use crate::gateway::message::{is_no_json, speaks};
use crate::gateway::pair::Losses;
use crate::gateway::view::Stored;
use crate::gateway::write::{carried_out, report};
use crate::scim::Object;
use crate::scim::http::Response;
use crate::scim::schema::Operation;

/// A write that was done, as far as its answer shows it.
struct Sent {
    /// None where the answer cannot be read.
    shown: Option<Stored<'static>>,
    /// The answer is a page of something in between, which proves nothing.
    foreign: bool,
}

impl Exchange<'_> {
    /// Writes; where the answer says too little, one GET says what is there now, and where that fails
    /// what is known of the resource comes back as unseen. With a version, the upstream writes only over
    /// that one.
    ///
    /// # Errors
    /// The upstream's; `UpstreamUnexpected` where something in between answered.
    pub async fn write(
        &mut self,
        operation: Operation,
        id: &str,
        object: &Object<'static>,
        version: Option<HeaderValue>,
    ) -> Result<Stored<'static>, Fault> {
        let sent = self.sent(operation, id, object, version).await?;
        self.seen(operation, id, object, sent).await
    }

    /// Writes one after the other. Only changes of members are several (docs/semantics.md 5.6): each can be
    /// repeated, so a failure part-way says that the whole may be; `noTarget` is no failure of these, and
    /// is told as it is. `version` is for the first.
    pub async fn write_all(
        &mut self,
        id: &str,
        writes: &[(Operation, Object<'static>)],
        mut version: Option<HeaderValue>,
    ) -> Result<Stored<'static>, Fault> {
        let mut last: Option<(Operation, &Object<'static>, Sent)> = None;
        for (at, (operation, body)) in writes.iter().enumerate() {
            // What an answer before has shown to be there is not added once more.
            let left = match &last {
                Some((_, _, Sent { shown: Some(shown), .. })) if *operation == Operation::Patch => {
                    self.pair.left_to_say(body, &shown.object)
                }
                _ => Some(body.clone()),
            };
            let Some(left) = left else { continue };
            let sent = self.sent(*operation, id, &left, version.take()).await;
            let sent = sent.map_err(|fault| {
                let plain = at == 0 || fault.scim_type() == Some("noTarget");
                if plain { fault } else { partly_done(&fault) }
            })?;
            last = Some((*operation, body, sent));
        }
        // What is there between two of them is nobody's matter.
        let Some((operation, body, sent)) = last else { return Ok(Stored::default()) };
        self.seen(operation, id, body, sent).await
    }

    async fn sent(
        &mut self,
        operation: Operation,
        id: &str,
        object: &Object<'_>,
        version: Option<HeaderValue>,
    ) -> Result<Sent, Fault> {
        let request = self.route.call_with(self.pair, operation, self.known(id), object);
        let mut request = self.aimed(request);
        request.headers.extend(version.map(|version| (IF_MATCH, version)));
        let response = self.call(operation, request).await?;
        if let Err(fault) = self.success(operation, &response) {
            return Err(self.explained(operation, id, &response, fault).await);
        }
        let shown = self.route.answered(self.pair, operation, &response)?;
        let shown = shown.and_then(|stored| self.named(stored.into_owned(), id));
        Ok(Sent { shown: shown.ok(), foreign: is_no_json(&response) })
    }

    /// The resource after a write.
    async fn seen(
        &mut self,
        operation: Operation,
        id: &str,
        object: &Object<'static>,
        sent: Sent,
    ) -> Result<Stored<'static>, Fault> {
        let Sent { shown, foreign } = sent;
        let shown = match shown {
            Some(shown) if !self.pair.is_thin(operation, object, shown.said()) => {
                return Ok(shown);
            }
            shown => shown,
        };
        match self.read(id).await {
            Ok(stored) => Ok(stored),
            Err(fault) if foreign => Err(unproven().with_log(fault.cause.label())),
            Err(_) => {
                let written = Some(object).filter(|_| operation != Operation::Patch);
                Ok(self.unseen(self.known(id), written, shown))
            }
        }
    }

    /// What is known of a resource that was written and that nobody has seen since. Its version is not.
    pub fn unseen(
        &self,
        id: Option<&str>,
        written: Option<&Object<'_>>,
        shown: Option<Stored<'static>>,
    ) -> Stored<'static> {
        let mut stored = shown.unwrap_or_default();
        if let Some(written) = written {
            stored.object = self.pair.known_of(written, &stored.object);
        }
        stored.frame.id = stored.frame.id.or_else(|| id.map(str::to_owned));
        stored.frame.meta.version = None;
        Stored { etag: None, version: None, raw: None, unseen: true, ..stored }
    }

    /// Where an upstream says 404 to a change and does not say it in its own words, a resource that is
    /// there shows that it is the method which is not; where it fails in its own words, a resource that
    /// is not there shows why.
    async fn explained(
        &mut self,
        operation: Operation,
        id: &str,
        response: &Response,
        fault: Fault,
    ) -> Fault {
        let spoken = speaks(&self.route.spec.upstream, response);
        // Many say nothing, or `{}`, of who is gone; a page is no server's word of a resource.
        let wordless = operation != Operation::Delete || is_no_json(response);
        if fault.cause == Cause::UpstreamNotFound && !spoken && wordless {
            return if self.read(id).await.is_ok() { no_method(operation) } else { fault };
        }
        // And some fail in words over who is not there.
        if response.status == StatusCode::INTERNAL_SERVER_ERROR
            && fault.cause == Cause::UpstreamFailed
            && spoken
            && let Err(gone) = self.read(id).await
            && gone.cause == Cause::UpstreamNotFound
        {
            return gone;
        }
        fault
    }

    /// Sends a DELETE, and makes sure of one whose answer leaves doubt.
    ///
    /// # Errors
    /// The upstream's; `UpstreamUnexpected` where the resource is still there.
    pub async fn remove(&mut self, id: &str, version: Option<HeaderValue>) -> Result<(), Fault> {
        let request = self.route.call(self.pair, Method::DELETE, Some(id), "");
        let mut request = self.aimed(request);
        request.headers.extend(version.map(|version| (IF_MATCH, version)));
        let response = self.call(Operation::Delete, request).await?;
        if let Err(fault) = self.success(Operation::Delete, &response) {
            return Err(self.explained(Operation::Delete, id, &response, fault).await);
        }
        if !self.route.is_doubtful(self.pair, &response)? {
            return Ok(());
        }
        match self.read(id).await {
            Err(fault) if fault.cause == Cause::UpstreamNotFound => Ok(()),
            Err(fault) if fault.cause == Cause::NotImplemented => Ok(()),
            Err(fault) => Err(unproven().with_log(fault.cause.label())),
            Ok(_) => Err(still_there()),
        }
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
        if stored.unseen {
            return Ok(Losses::default());
        }
        let untaken = self.pair.untaken(writes, before, &stored.object);
        let lowering = untaken.sure.iter().chain(&untaken.losses).cloned().collect();
        let losses = Losses { lifting: Vec::new(), lowering };
        self.caller.record.lose(&losses, "request");
        carried_out(self.pair, &untaken.sure, &self.route.spec.policies)?;
        Ok(losses)
    }

    /// The answer to a write, with the losses of both directions counted and reported.
    pub fn answer(
        &mut self,
        operation: Operation,
        stored: &Stored,
        request_losses: Losses,
    ) -> Response {
        self.sighted(stored);
        let mut losses = Losses::default();
        // A request with one that cannot be read was refused before it was carried out.
        let projection = self.projection().unwrap_or_default();
        let (route, pair) = (self.route, self.pair);
        // RFC 7644 section 3.5.2: without anything to show, it is done all the same.
        let mut response = if operation == Operation::Patch && stored.unseen && !self.wants_shown()
        {
            Response::new(StatusCode::NO_CONTENT)
        } else {
            route.answer(pair, operation, stored, &projection, &mut losses)
        };
        response = self.located(response, stored);
        self.caller.record.lose(&losses, "response");
        losses.extend(request_losses);
        report(&mut response, &losses, &route.spec.policies);
        response
    }

    /// Whether the client names the attributes that it wants to be shown.
    fn wants_shown(&self) -> bool {
        let query = self.request.query.as_deref().unwrap_or_default();
        query.split('&').any(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            ["attributes", "excludedAttributes"].iter().any(|n| n.eq_ignore_ascii_case(name))
        })
    }
}

fn no_method(operation: Operation) -> Fault {
    let detail = format!(
        "The upstream has the resource and does not take the operation \"{}\" on it; nothing was done. \
         Ask the gateway's operator to take it out of the `operations` of the upstream's dialect.",
        operation.name()
    );
    Fault::new(Cause::NotImplemented, detail)
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

fn unproven() -> Fault {
    let detail = "The resource was written as far as the status says, but a page of something before \
                  the upstream answered, and it cannot be read now. Look it up before trying again.";
    Fault::new(Cause::UpstreamUnexpected, detail)
}

fn still_there() -> Fault {
    let detail = "The upstream answered that the resource was deleted, and it is still there. Try again \
                  later, or delete it at the upstream.";
    Fault::new(Cause::UpstreamUnexpected, detail)
}
