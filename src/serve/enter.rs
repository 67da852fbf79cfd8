//! Whether a request may come in: its route, its bounds, its caller, a place behind the entry.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use pingora::proxy::Session;
use tokio::time::Instant;

use super::account::Account;
use super::edge::{Edge, Handler};
use super::forward;
use super::live::Live;
use crate::config::Limits;
use crate::fault::{Cause, Fault};
use crate::gateway::Route;
use crate::gateway::route::Rights;
use crate::inbound::{
    Callers, PresentedCredentials, check_bounds, client_address, client_certificate, host_of,
};
use crate::observe::{AuthRefusal, Event, Observer};
use crate::outbound::{Full, Gate, GatePermit, crowded};

/// When a client whose write cannot be recorded may come again.
const LATER: Duration = Duration::from_secs(5);

/// Who lets requests in.
pub(super) struct Entrance {
    pub live: Arc<Live>,
    pub observer: Arc<dyn Observer>,
}

/// A request that may use its route, and what is behind the entry.
pub(super) struct Admitted {
    pub route: Arc<Route>,
    pub gate: Arc<Gate>,
    pub handler: Handler,
    /// What the caller may do.
    pub rights: Rights,
    /// The client's Authorization on a route that forwards it.
    pub authorization: Option<HeaderValue>,
}

/// A request that does not come in.
pub(super) struct Turned {
    pub fault: Fault,
    /// How the caller could be let in.
    pub challenges: Vec<HeaderValue>,
}

impl From<Fault> for Turned {
    fn from(fault: Fault) -> Self {
        Self { fault, challenges: Vec::new() }
    }
}

impl Entrance {
    /// Takes a place behind the door, and before a write one for its record, which is held until the
    /// request is told.
    pub async fn enter(
        &self,
        account: &mut Account,
        route: &Route,
        gate: &Gate,
        deadline: Instant,
    ) -> Result<GatePermit, Fault> {
        if account.writes {
            account.slot = Some(self.observer.reserve().ok_or_else(unrecorded)?);
        }
        gate.enter(deadline).await.map_err(|full| self.crowded(route, full))
    }

    fn crowded(&self, route: &Route, full: Full) -> Fault {
        let at = Some(route.spec.name.as_str().into());
        self.observer.happened(&Event::Refused { at, reason: full.reason() });
        crowded()
    }

    /// The route and what is behind its door, for a request that is in bounds and may use it.
    pub async fn admit(
        &self,
        session: &Session,
        edge: &Edge,
        account: &mut Account,
    ) -> Result<Admitted, Turned> {
        let header = session.req_header();
        let host = host_of(header);
        let (route, entry) =
            edge.find(host.as_deref(), header.uri.path()).ok_or_else(unknown_route)?;
        account.route = Some(Arc::clone(route));
        check_bounds(session, &edge.limits)?;
        // On a route that forwards, whoever asks is a stranger to this gateway.
        let forwards =
            matches!(entry.handler, Handler::Forward(_) | Handler::Stream { identity: None, .. });
        let authorization = if forwards { forward::authorization(&header.headers)? } else { None };
        self.let_in(session, &edge.limits, account, route, &entry.callers).await?;
        let credential = account.caller.as_ref().map(|caller| caller.credential.as_str());
        let rights = entry.rights(credential).unwrap_or_else(Rights::all);
        if !forwards {
            account.trace.trust();
        }
        if let Handler::Stream { .. } = entry.handler {
            edge.shared.safeguards.admit(&route.spec.name)?;
        }
        Ok(Admitted {
            route: Arc::clone(route),
            gate: Arc::clone(&entry.gate),
            handler: entry.handler.clone(),
            rights,
            authorization,
        })
    }

    /// Looks at what the caller shows; at a password not, after too much from its address was wrong.
    async fn let_in(
        &self,
        session: &Session,
        limits: &Limits,
        account: &mut Account,
        route: &Route,
        callers: &Callers,
    ) -> Result<(), Turned> {
        if callers.open() {
            return Ok(());
        }
        let Limits { attempts, attempts_window: window, .. } = *limits;
        let (name, counted) = (route.spec.name.as_str(), &self.live.auth_throttle);
        let address = client_address(session, &limits.trusted_proxies);
        let wait = address.and_then(|address| counted.wait(name, address, attempts, window));
        let shown =
            PresentedCredentials::new(&session.req_header().headers, client_certificate(session));
        // What nobody can guess is looked at whatever its address did: else whoever shares the address
        // keeps everybody out.
        let shown = if wait.is_some() { shown.without_guessable() } else { shown };
        let refusal = match callers.admit(&shown, &self.observer).await {
            Ok(caller) => {
                account.caller = Some(caller);
                return Ok(());
            }
            Err(refusal) if wait.is_none() || refusal.ours() => refusal,
            Err(_) => AuthRefusal::Limited,
        };
        if let Some(address) = address.filter(|_| refusal.guessed() && attempts > 0) {
            counted.failed(name, address, window);
        }
        account.refused = Some(refusal);
        let wait = wait.filter(|_| refusal == AuthRefusal::Limited);
        let fault = wait.into_iter().fold(callers.fault(refusal), Fault::with_retry_after);
        Err(Turned { fault, challenges: callers.challenges(refusal) })
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
