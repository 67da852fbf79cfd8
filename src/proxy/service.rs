//! A request's way through Pingora.
//!
//! A translated route's whole exchange happens in `request_filter`: with the streaming filters the
//! header would be on its way before the body is known, and an untranslatable answer would already
//! be a 200 (design 3). Only pass-through routes use the phases after it.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType};
use tokio::time::Instant;

use super::auth::Shown;
use super::broken;
use super::deadline::Bounded;
use super::edge::{Edge, Way};
use super::forward::{self, Forwarded};
use super::identity::Proof;
use super::life::{Life, Underway};
use super::live::Live;
use super::{Callers, Identity, Observer, Refusal, Remote, Seen, passthrough, reply, request};
use crate::config::model::Limits;
use crate::exchange::{self, Outcome, Record, Trace, Upstream};
use crate::fault::{Cause, Fault};
use crate::gateway::Route;

pub(super) struct Service {
    pub live: Arc<Live>,
    pub observer: Arc<dyn Observer>,
    pub life: Arc<Life>,
}

/// What is known of one request while it is served.
pub(super) struct Context {
    began: Instant,
    /// The edge that this request met; it stays whatever takes its place.
    edge: Arc<Edge>,
    request_id: String,
    trace: Trace,
    route: Option<Arc<Route>>,
    credential: Option<String>,
    /// Why the caller was not let in, and how it could be.
    refused: Option<Refusal>,
    challenges: Vec<HeaderValue>,
    /// Set on a pass-through route.
    remote: Option<Arc<Remote>>,
    /// Who the gateway is on a pass-through route; `None` forwards who the client is.
    identity: Option<Arc<Identity>>,
    /// What the upstream was shown on a pass-through route.
    proof: Option<Proof>,
    /// An answer that refused the proof is thrown away, and the request is sent once more.
    resend: bool,
    /// The client's Authorization on a route that forwards it.
    forwarded: Option<HeaderValue>,
    /// Body bytes of a pass-through request so far.
    streamed: usize,
    record: Record,
    status: Option<StatusCode>,
    /// Set from the request's header on; the end of the process waits for it.
    underway: Option<Underway>,
}

#[async_trait]
impl ProxyHttp for Service {
    type CTX = Context;

    fn new_ctx(&self) -> Context {
        Context {
            began: Instant::now(),
            edge: self.live.edge(),
            request_id: String::new(),
            trace: Trace::of(&HeaderMap::new(), |_| false),
            route: None,
            credential: None,
            refused: None,
            challenges: Vec::new(),
            remote: None,
            identity: None,
            proof: None,
            resend: false,
            forwarded: None,
            streamed: 0,
            record: Record::default(),
            status: None,
            underway: None,
        }
    }

    async fn request_filter(
        &self,
        session: &mut Session,
        context: &mut Context,
    ) -> pingora::Result<bool> {
        // A context is made as early as a kept connection waits for its next request.
        context.began = Instant::now();
        context.underway = Some(self.life.begin());
        context.edge = self.live.edge();
        let headers = &session.req_header().headers;
        context.request_id = request::id(headers);
        context.trace = Trace::of(headers, |id| self.observer.samples(id));
        let limits = &context.edge.limits;
        session.set_read_timeout(Some(limits.client));
        session.set_write_timeout(Some(limits.client));
        let outcome = match self.admit(session, context).await {
            Err(fault) => refuse(context, fault),
            Ok((route, Way::Translate(upstream))) => {
                self.exchange(session, context, &route, &*upstream).await
            }
            Ok((route, Way::Forward(upstream))) => {
                let authorization = context.forwarded.take();
                let forwarded = Forwarded { upstream: &*upstream, authorization };
                self.exchange(session, context, &route, &forwarded).await
            }
            Ok((_, Way::Stream(remote, identity))) => {
                (context.remote, context.identity) = (Some(remote), identity);
                return Ok(false);
            }
        };
        self.part(session);
        answer(session, context, outcome).await?;
        Ok(true)
    }

    async fn upstream_peer(
        &self,
        _session: &mut Session,
        context: &mut Context,
    ) -> pingora::Result<Box<HttpPeer>> {
        let remote = context.remote.as_ref().ok_or_else(misled)?;
        match remote.first_peer().await {
            Ok(peer) => Ok(Box::new(peer)),
            Err(fault) => {
                context.record.fault = Some(fault);
                Error::e_explain(ErrorType::ConnectNoRoute, "no peer")
            }
        }
    }

    async fn upstream_request_filter(
        &self,
        _session: &mut Session,
        header: &mut RequestHeader,
        context: &mut Context,
    ) -> pingora::Result<()> {
        let route = context.route.as_ref().ok_or_else(misled)?;
        let remote = context.remote.as_ref().ok_or_else(misled)?;
        passthrough::rewrite(header, route, remote, &context.trace)?;
        let Some(identity) = &context.identity else { return Ok(()) };
        match identity.proof().await {
            Ok(proof) => {
                passthrough::sign(header, proof.as_ref())?;
                // Only one that was not refused yet: what is sent once more is not sent a third time.
                context.proof = proof.filter(|_| !context.resend);
                Ok(())
            }
            Err(fault) => {
                context.record.fault = Some(fault);
                Error::e_explain(ErrorType::InternalError, "no identity")
            }
        }
    }

    async fn upstream_response_filter(
        &self,
        session: &mut Session,
        header: &mut ResponseHeader,
        context: &mut Context,
    ) -> pingora::Result<()> {
        let (Some(identity), Some(proof)) = (&context.identity, context.proof.take()) else {
            return Ok(());
        };
        context.resend = passthrough::renewed(session, header, identity, &proof).await;
        if context.resend { passthrough::again() } else { Ok(()) }
    }

    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        session: &mut Session,
        mut error: Box<Error>,
        _context: &mut Context,
        client_reused: bool,
    ) -> Box<Error> {
        passthrough::retry(session, &mut error, client_reused);
        error
    }

    fn suppress_proxy_warn_log(
        &self,
        _: &Session,
        _: &Context,
        _: &Error,
        _: ProxyWarnLogContext,
    ) -> bool {
        // As `suppress_error_log`: the line would hold the path.
        true
    }

    async fn request_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        _end_of_stream: bool,
        context: &mut Context,
    ) -> pingora::Result<()> {
        context.streamed += body.as_ref().map_or(0, Bytes::len);
        if context.streamed > context.edge.limits.body {
            context.record.fault = Some(request::too_large(&context.edge.limits));
            return Error::e_explain(ErrorType::HTTPStatus(413), "body beyond its bound");
        }
        Ok(())
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        header: &mut ResponseHeader,
        context: &mut Context,
    ) -> pingora::Result<()> {
        self.part(session);
        context.status = Some(header.status);
        header.insert_header(request::REQUEST_ID, context.request_id.as_str())
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        context: &mut Context,
    ) -> FailToProxy {
        let fault = context.record.fault.take().unwrap_or_else(|| broken::stream(error));
        let status = fault.status();
        // A header that is out cannot be taken back: the connection's end is then the answer.
        if session.response_written().is_none() {
            let outcome = refuse(context, fault);
            session.set_keepalive(None);
            let _ = answer(session, context, outcome).await;
        } else {
            context.record.fault = Some(fault);
        }
        FailToProxy { error_code: status.as_u16(), can_reuse_downstream: false }
    }

    fn suppress_error_log(&self, _: &Session, _: &Context, _: &Error) -> bool {
        // Pingora's own line would hold the path, and so ids; the observer has one for each request.
        true
    }

    async fn logging(&self, session: &mut Session, _: Option<&Error>, context: &mut Context) {
        let route = context.route.as_deref().map(|route| &route.spec);
        let written = session.response_written().map(|header| header.status);
        self.observer.answered(&Seen {
            request_id: &context.request_id,
            route: route.map(|spec| spec.name.as_str()),
            upstream: route.map(|spec| spec.upstream_name.as_str()),
            credential: context.credential.as_deref(),
            refused: context.refused,
            translated: context.remote.is_none(),
            status: context.status.or(written),
            duration: context.began.elapsed(),
            trace: &context.trace,
            record: &context.record,
        });
    }
}

impl Service {
    /// Lets the answer be the connection's last where this process is about to end.
    fn part(&self, session: &mut Session) {
        if self.life.is_ending() {
            session.set_keepalive(None);
        }
    }

    /// The route and what is behind its door, for a request that is in bounds and may use it.
    async fn admit(
        &self,
        session: &mut Session,
        context: &mut Context,
    ) -> Result<(Arc<Route>, Way), Fault> {
        let header = session.req_header();
        let host = request::host(header);
        let edge = Arc::clone(&context.edge);
        let (route, door) =
            edge.find(host.as_deref(), header.uri.path()).ok_or_else(unknown_route)?;
        context.route = Some(Arc::clone(route));
        request::bounds(session, &edge.limits)?;
        if let Way::Forward(_) | Way::Stream(_, None) = door.way {
            context.forwarded = forward::authorization(&header.headers)?;
        }
        self.let_in(session, context, route, &door.callers).await?;
        if let Way::Stream(..) = door.way {
            edge.shared.safeguards.admit(&route.spec.name)?;
        }
        Ok((Arc::clone(route), door.way.clone()))
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

    async fn exchange(
        &self,
        session: &mut Session,
        context: &Context,
        route: &Route,
        upstream: &dyn Upstream,
    ) -> Outcome {
        let limits = &context.edge.limits;
        let request = match request::read(session, &context.request_id, limits).await {
            Ok(mut request) => {
                context.trace.write(&mut request.headers);
                request
            }
            Err(fault) => return exchange::fail(route, fault),
        };
        let deadline = Instant::now() + limits.exchange;
        let bounded = Bounded { upstream, deadline };
        exchange::run(route, request, &bounded, &context.edge.shared, deadline).await
    }
}

/// The answer to a request that does not get to its exchange.
fn refuse(context: &Context, fault: Fault) -> Outcome {
    match &context.route {
        Some(route) => exchange::fail(route, fault),
        None => reply::routeless(fault),
    }
}

async fn answer(
    session: &mut Session,
    context: &mut Context,
    outcome: Outcome,
) -> pingora::Result<()> {
    let Outcome { mut response, record } = outcome;
    if let Some(fault) = &record.fault {
        reply::complete(&mut response, fault, &context.challenges);
    }
    context.record = record;
    context.status = Some(response.status);
    reply::write(session, response, &context.request_id).await
}

fn unknown_route() -> Fault {
    let detail = "No route of this gateway holds the request's host and path; check the base URL.";
    Fault::new(Cause::UnknownRoute, detail)
}

/// A phase that only pass-through routes reach was reached by another.
fn misled() -> Box<Error> {
    Error::explain(ErrorType::InternalError, "no stream was chosen")
}
