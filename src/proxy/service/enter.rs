//! Whether a request may come in: its route, its bounds, its caller, a place behind the door.

use std::sync::Arc;

use pingora::proxy::Session;
use tokio::time::Instant;

use super::{Context, Service};
use crate::config::model::Limits;
use crate::fault::{Cause, Fault};
use crate::gateway::Route;
use crate::proxy::auth::Shown;
use crate::proxy::care::{Full, Gate, crowded};
use crate::proxy::edge::Way;
use crate::proxy::{Callers, Event, Refusal, forward, request};

impl Service {
    /// What [`Service::admit`] tells, once there is a place behind the door.
    pub(super) async fn enter(
        &self,
        session: &mut Session,
        context: &mut Context,
    ) -> Result<(Arc<Route>, Way), Fault> {
        let (route, gate, way) = self.admit(session, context).await?;
        let deadline = Instant::now() + context.edge.limits.exchange;
        let place = gate.enter(deadline).await.map_err(|full| self.crowded(&route, full))?;
        context.place = Some(place);
        Ok((route, way))
    }

    fn crowded(&self, route: &Route, full: Full) -> Fault {
        let at = Some(route.spec.name.as_str().into());
        self.observer.happened(&Event::Refused { at, reason: full.reason() });
        crowded()
    }

    /// The route and what is behind its door, for a request that is in bounds and may use it.
    async fn admit(
        &self,
        session: &mut Session,
        context: &mut Context,
    ) -> Result<(Arc<Route>, Arc<Gate>, Way), Fault> {
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
        context.rights = door.rights(context.credential.as_deref());
        if let Way::Stream(..) = door.way {
            edge.shared.safeguards.admit(&route.spec.name)?;
        }
        Ok((Arc::clone(route), Arc::clone(&door.gate), door.way.clone()))
    }

    /// Looks at what the caller shows, unless too much of it was wrong before.
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
        let Limits { attempts, attempts_window: window, .. } = context.edge.limits;
        let (name, counted) = (route.spec.name.as_str(), &self.live.attempts);
        let address = request::address(session);
        let wait = address.and_then(|address| counted.wait(name, address, attempts, window));
        let shown = Shown::new(&session.req_header().headers, request::peer(session));
        let refusal = match wait {
            Some(_) => Refusal::Limited,
            None => match callers.admit(&shown, &self.observer).await {
                Ok(credential) => {
                    context.credential = Some(credential);
                    return Ok(());
                }
                Err(refusal) => refusal,
            },
        };
        if let Some(address) = address.filter(|_| refusal.guessed() && attempts > 0) {
            counted.failed(name, address, window);
        }
        context.refused = Some(refusal);
        context.challenges = callers.challenges(refusal);
        let fault = callers.fault(refusal);
        Err(wait.into_iter().fold(fault, Fault::with_retry_after))
    }
}

fn unknown_route() -> Fault {
    let detail = "No route of this gateway holds the request's host and path; check the base URL.";
    Fault::new(Cause::UnknownRoute, detail)
}
