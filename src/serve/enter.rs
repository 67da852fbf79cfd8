//! Whether a request may come in: its route, its bounds, its caller, a place behind the door.

use std::sync::Arc;
use std::time::Duration;

use pingora::proxy::Session;
use tokio::time::Instant;

use super::context::Context;
use super::edge::Way;
use super::forward;
use super::service::Service;
use crate::config::model::Limits;
use crate::fault::{Cause, Fault};
use crate::gateway::Route;
use crate::inbound::Shown;
use crate::inbound::{Callers, request};
use crate::observe::{Event, Refusal};
use crate::outbound::{Full, Gate, crowded};

/// When a client whose write cannot be recorded may come again.
const LATER: Duration = Duration::from_secs(5);

/// A request that may use its route, and what is behind the door.
pub(super) struct Admitted {
    pub route: Arc<Route>,
    pub gate: Arc<Gate>,
    pub way: Way,
}

impl Service {
    /// Takes a place behind the door, and before a write one for its record; both are held until the
    /// request is told.
    pub(super) async fn enter(
        &self,
        context: &mut Context,
        route: &Route,
        gate: &Gate,
        deadline: Instant,
    ) -> Result<(), Fault> {
        if context.writes {
            context.slot = Some(self.observer.reserve().ok_or_else(unrecorded)?);
        }
        let place = gate.enter(deadline).await.map_err(|full| self.crowded(route, full))?;
        context.place = Some(place);
        Ok(())
    }

    fn crowded(&self, route: &Route, full: Full) -> Fault {
        let at = Some(route.spec.name.as_str().into());
        self.observer.happened(&Event::Refused { at, reason: full.reason() });
        crowded()
    }

    /// The route and what is behind its door, for a request that is in bounds and may use it.
    pub(super) async fn admit(
        &self,
        session: &mut Session,
        context: &mut Context,
    ) -> Result<Admitted, Fault> {
        let header = session.req_header();
        let host = request::host(header);
        let edge = Arc::clone(&context.edge);
        let (route, door) =
            edge.find(host.as_deref(), header.uri.path()).ok_or_else(unknown_route)?;
        context.route = Some(Arc::clone(route));
        request::bounds(session, &edge.limits)?;
        if let Way::Forward(_) | Way::Stream(_, _, None) = door.way {
            context.forwarded = forward::authorization(&header.headers)?;
        }
        self.let_in(session, context, route, &door.callers).await?;
        let credential = context.caller.as_ref().map(|caller| caller.credential.as_str());
        context.rights = door.rights(credential);
        // On a route that forwards, whoever asks is a stranger to this gateway.
        if !matches!(door.way, Way::Forward(_) | Way::Stream(_, _, None)) {
            context.trace.trust();
        }
        if let Way::Stream(..) = door.way {
            edge.shared.safeguards.admit(&route.spec.name)?;
        }
        Ok(Admitted {
            route: Arc::clone(route),
            gate: Arc::clone(&door.gate),
            way: door.way.clone(),
        })
    }

    /// Looks at what the caller shows; at a password not, after too much from its address was wrong.
    async fn let_in(
        &self,
        session: &mut Session,
        context: &mut Context,
        route: &Route,
        callers: &Callers,
    ) -> Result<(), Fault> {
        if callers.open() {
            return Ok(());
        }
        let Limits { attempts, attempts_window: window, .. } = *context.edge.limits;
        let (name, counted) = (route.spec.name.as_str(), &self.live.attempts);
        let address = request::address(session, &context.edge.limits.trusted_proxies);
        let wait = address.and_then(|address| counted.wait(name, address, attempts, window));
        let shown = Shown::new(&session.req_header().headers, request::peer(session));
        // What nobody can guess is looked at whatever its address did: else whoever shares the address
        // keeps everybody out.
        let shown = if wait.is_some() { shown.without_guessable() } else { shown };
        let refusal = match callers.admit(&shown, &self.observer).await {
            Ok(caller) => {
                context.caller = Some(caller);
                return Ok(());
            }
            Err(refusal) if wait.is_none() || refusal.ours() => refusal,
            Err(_) => Refusal::Limited,
        };
        if let Some(address) = address.filter(|_| refusal.guessed() && attempts > 0) {
            counted.failed(name, address, window);
        }
        context.refused = Some(refusal);
        context.challenges = callers.challenges(refusal);
        let fault = callers.fault(refusal);
        let wait = wait.filter(|_| refusal == Refusal::Limited);
        Err(wait.into_iter().fold(fault, Fault::with_retry_after))
    }
}

fn unrecorded() -> Fault {
    let detail = "The gateway cannot record writes at the moment, so it makes none; nothing was sent. Try \
                  again later.";
    Fault::new(Cause::Unrecorded, detail).with_retry_after(LATER)
}

fn unknown_route() -> Fault {
    let detail = "No route of this gateway holds the request's host and path; check the base URL.";
    Fault::new(Cause::UnknownRoute, detail)
}
