//! A request's way through Pingora.
//!
//! A translated route's whole exchange happens in `request_filter`: with the streaming filters the
//! header would be on its way before the body is known, and an untranslatable answer would already
//! be a 200 (design 3). Only pass-through routes use the phases after it.

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType};
use tokio::time::Instant;

use super::broken;
use super::care::Place;
use super::connections::{self, Used};
use super::edge::{Edge, Way};
use super::forward::Forwarded;
use super::life::{Life, Underway};
use super::live::Live;
use super::stream::Stream;
use super::{Observer, Refusal, Seen, passthrough, reply, request};
use crate::exchange::{self, Outcome, Record, Trace, Upstream};
use crate::fault::Fault;
use crate::gateway::Route;
use crate::gateway::rights::Rights;

mod enter;

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
    /// What the caller may do; `None`: everything.
    rights: Option<Rights>,
    /// Why the caller was not let in, and how it could be.
    refused: Option<Refusal>,
    challenges: Vec<HeaderValue>,
    /// Held until the request is logged.
    place: Option<Place>,
    /// Set on a pass-through route.
    stream: Option<Stream>,
    /// The client's Authorization on a route that forwards it.
    forwarded: Option<HeaderValue>,
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
            rights: None,
            refused: None,
            challenges: Vec::new(),
            place: None,
            stream: None,
            forwarded: None,
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
        connections::arrived();
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
        // Where there is none, the client or the end of the server does not want it.
        if session.get_keepalive().is_some() {
            session.set_keepalive(Some(limits.idle.as_secs().max(1)));
        }
        let outcome = match self.enter(session, context).await {
            Err(fault) => refuse(context, fault),
            Ok((route, Way::Translate(upstream))) => {
                self.exchange(session, context, &route, &*upstream).await
            }
            Ok((route, Way::Forward(upstream))) => {
                let authorization = context.forwarded.take();
                let forwarded = Forwarded { upstream: &*upstream, authorization };
                self.exchange(session, context, &route, &forwarded).await
            }
            Ok((_, Way::Stream(remote, care, identity))) => {
                let deadline = Instant::now() + context.edge.limits.exchange;
                match Stream::begin(remote, &care, identity, deadline).await {
                    Err(fault) => refuse(context, fault),
                    Ok(stream) => {
                        context.stream = Some(stream);
                        return Ok(false);
                    }
                }
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
        let stream = context.stream.as_mut().ok_or_else(misled)?;
        match stream.peer().await {
            Ok(peer) => Ok(Box::new(peer)),
            Err(fault) => {
                context.record.fault = Some(fault);
                Error::e_explain(ErrorType::ConnectNoRoute, "no peer")
            }
        }
    }

    fn fail_to_connect(
        &self,
        _session: &mut Session,
        _peer: &HttpPeer,
        context: &mut Context,
        mut error: Box<Error>,
    ) -> Box<Error> {
        // Nothing was sent: another node may take it, whatever the method.
        error.set_retry(context.stream.as_mut().is_some_and(Stream::pass_over));
        error
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

    fn persist_connection_context(
        &self,
        _session: &Session,
        _context: &Context,
    ) -> Option<Box<dyn Any + Send + Sync>> {
        Some(Box::new(Used))
    }

    async fn upstream_request_filter(
        &self,
        _session: &mut Session,
        header: &mut RequestHeader,
        context: &mut Context,
    ) -> pingora::Result<()> {
        let route = context.route.as_ref().ok_or_else(misled)?;
        let stream = context.stream.as_mut().ok_or_else(misled)?;
        let node = stream.node().ok_or_else(misled)?;
        passthrough::rewrite(header, route, stream.remote(), node, &context.trace)?;
        stream.sign(header).await.or_else(|fault| {
            context.record.fault = Some(fault);
            Error::e_explain(ErrorType::InternalError, "no identity")
        })
    }

    async fn upstream_response_filter(
        &self,
        session: &mut Session,
        header: &mut ResponseHeader,
        context: &mut Context,
    ) -> pingora::Result<()> {
        let Some(stream) = &mut context.stream else { return Ok(()) };
        if stream.renewed(session, header).await { passthrough::again() } else { Ok(()) }
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
        end_of_stream: bool,
        context: &mut Context,
    ) -> pingora::Result<()> {
        let limits = &context.edge.limits;
        let streamed = context.stream.as_mut().map_or(0, |stream| stream.count(body.as_ref()));
        if streamed > limits.body {
            context.record.fault = Some(request::too_large(limits));
            return Error::e_explain(ErrorType::HTTPStatus(413), "body beyond its bound");
        }
        if !end_of_stream && context.began.elapsed() > limits.body_time {
            context.record.fault = Some(request::too_slow(limits.body_time));
            return Error::e_explain(ErrorType::HTTPStatus(408), "body beyond its time");
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
        if let Some(stream) = &mut context.stream {
            stream.answered(header);
        }
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
        if let Some(stream) = &mut context.stream {
            stream.end(context.record.fault.as_ref());
        }
        let route = context.route.as_deref().map(|route| &route.spec);
        let written = session.response_written().map(|header| header.status);
        self.observer.answered(&Seen {
            request_id: &context.request_id,
            route: route.map(|spec| spec.name.as_str()),
            upstream: route.map(|spec| spec.upstream_name.as_str()),
            credential: context.credential.as_deref(),
            refused: context.refused,
            translated: context.stream.is_none(),
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
        let shared = &context.edge.shared;
        let all = Rights::all();
        let rights = context.rights.as_ref().unwrap_or(&all);
        exchange::run_for(rights, route, request, upstream, shared, deadline).await
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

/// A phase that only pass-through routes reach was reached by another.
fn misled() -> Box<Error> {
    Error::explain(ErrorType::InternalError, "no stream was chosen")
}
