//! A request's way through Pingora.
//!
//! A translated route's whole exchange happens in `request_filter`: with the streaming filters the
//! header would be on its way before the body is known, and an untranslatable answer would already
//! be a 200 (design 3). Only pass-through routes use the phases after it.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType};
use tokio::time::Instant;

use super::answer::{answer, failed, refuse};
use super::context::Context;
use super::edge::Way;
use super::enter::Admitted;
use super::forward::Forwarded;
use super::life::Life;
use super::live::Live;
use super::passthrough;
use super::stream::Stream;
use crate::exchange::{self, Trace, Upstream};
use crate::fault::Fault;
use crate::gateway::Route;
use crate::gateway::rights::Rights;
use crate::inbound::request;
use crate::inbound::{Used, arrived};
use crate::observe::Observer;
use crate::outbound::Gate;
use crate::scim::http::Response;

pub(super) struct Service {
    pub live: Arc<Live>,
    pub observer: Arc<dyn Observer>,
    pub life: Arc<Life>,
}

#[async_trait]
impl ProxyHttp for Service {
    type CTX = Context;

    fn new_ctx(&self) -> Context {
        Context::new(self.live.edge(), Arc::clone(&self.observer))
    }

    /// None: answers go as they are, without Pingora's compression.
    fn init_downstream_modules(&self, _: &mut HttpModules) {}

    async fn request_filter(
        &self,
        session: &mut Session,
        context: &mut Context,
    ) -> pingora::Result<bool> {
        arrived();
        // A context is made as early as a kept connection waits for its next request.
        context.began = Instant::now();
        context.underway = Some(self.life.begin());
        context.edge = self.live.edge();
        let header = session.req_header();
        context.method = request::method(&header.method);
        context.writes = request::writes(header);
        let headers = &header.headers;
        context.request_id = request::id(headers);
        context.trace = Trace::of(headers, |id| self.observer.samples(id));
        let limits = &context.edge.limits;
        session.set_read_timeout(Some(limits.client));
        session.set_write_timeout(Some(limits.client));
        // Where there is none, the client or the end of the server does not want it.
        if session.get_keepalive().is_some() {
            session.set_keepalive(Some(limits.idle.as_secs().max(1)));
        }
        let response = match self.admit(session, context).await {
            Err(fault) => refuse(context, fault),
            Ok(admitted) => match self.serve(session, context, admitted).await {
                Ok(None) => return Ok(false),
                Ok(Some(response)) => response,
                Err(fault) => refuse(context, fault),
            },
        };
        self.part(session);
        answer(session, context, response).await?;
        Ok(true)
    }

    async fn upstream_peer(
        &self,
        _session: &mut Session,
        context: &mut Context,
    ) -> pingora::Result<Box<HttpPeer>> {
        let writes = context.writes;
        let stream = context.stream.as_mut().ok_or_else(misled)?;
        match stream.peer(writes).await {
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
        session: &mut Session,
        header: &mut RequestHeader,
        context: &mut Context,
    ) -> pingora::Result<()> {
        let route = context.route.as_ref().ok_or_else(misled)?;
        let stream = context.stream.as_mut().ok_or_else(misled)?;
        let node = stream.node().ok_or_else(misled)?;
        let asked = session.req_header();
        let secure = session.digest().is_some_and(|digest| digest.ssl_digest.is_some());
        if context.edge.shared.wire.is_on(&route.spec.name) {
            context.record.streamed = Some(passthrough::told(header, route, stream.remote()));
        }
        passthrough::rewrite(header, route, stream.remote(), node, &context.trace)?;
        passthrough::sender(header, asked, secure, &context.request_id)?;
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

    fn upstream_response_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        context: &mut Context,
    ) -> pingora::Result<Option<Duration>> {
        let limits = &context.edge.limits;
        let passes = context.stream.as_mut().is_none_or(|s| s.passes(body.as_ref(), limits));
        if passes || end_of_stream {
            return Ok(None);
        }
        context.record.fault = Some(request::too_long());
        Error::e_explain(ErrorType::WriteTimedout, "a stream beyond its time")
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        header: &mut ResponseHeader,
        context: &mut Context,
    ) -> pingora::Result<()> {
        self.part(session);
        context.status = Some(header.status);
        if let Some(told) = &mut context.record.streamed {
            told.status = Some(header.status.as_u16());
            told.media_type = exchange::wire::media_type(&header.headers).map(Into::into);
        }
        if let Some(stream) = &mut context.stream {
            stream.answered(header);
            passthrough::answer(header)?;
        }
        header.insert_header(request::REQUEST_ID, context.request_id.as_str())
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        context: &mut Context,
    ) -> FailToProxy {
        failed(session, error, context).await
    }

    fn suppress_error_log(&self, _: &Session, _: &Context, _: &Error) -> bool {
        // Pingora's own line would hold the path, and so ids; the observer has one for each request.
        true
    }

    async fn logging(&self, session: &mut Session, _: Option<&Error>, context: &mut Context) {
        context.tell(session.response_written().map(|header| header.status));
    }
}

impl Service {
    /// Lets the answer be the connection's last where this process is about to end.
    fn part(&self, session: &mut Session) {
        if self.life.is_ending() {
            session.set_keepalive(None);
        }
    }

    /// Serves what was admitted; `None` where Pingora carries the rest.
    async fn serve(
        &self,
        session: &mut Session,
        context: &mut Context,
        admitted: Admitted,
    ) -> Result<Option<Response>, Fault> {
        let Admitted { route, gate, way } = admitted;
        match way {
            Way::Translate(upstream) => {
                let upstream: &dyn Upstream = &*upstream;
                self.exchange(session, context, &route, &gate, upstream).await.map(Some)
            }
            Way::Forward(upstream) => {
                let authorization = context.forwarded.take();
                let forwarded = Forwarded { upstream: &*upstream, authorization };
                self.exchange(session, context, &route, &gate, &forwarded).await.map(Some)
            }
            Way::Stream(remote, care, identity) => {
                let deadline = Instant::now() + context.edge.limits.exchange;
                self.enter(context, &route, &gate, deadline).await?;
                let stream =
                    Stream::begin(remote, &care, identity, context.forwarded.as_ref(), deadline)
                        .await?;
                // Told before Pingora reads the body, which it does not ask for.
                request::go_on(session).await?;
                let rate = usize::try_from(context.edge.limits.stream_rate).ok();
                session.as_downstream_mut().set_min_send_rate(rate);
                context.stream = Some(stream);
                Ok(None)
            }
        }
    }

    /// Reads the body before it takes a place: who sends slowly keeps nobody else out.
    async fn exchange(
        &self,
        session: &mut Session,
        context: &mut Context,
        route: &Route,
        gate: &Gate,
        upstream: &dyn Upstream,
    ) -> Result<Response, Fault> {
        let edge = Arc::clone(&context.edge);
        let mut request = request::read(session, &context.request_id, &edge.limits).await?;
        context.trace.write(&mut request.headers);
        let deadline = Instant::now() + edge.limits.exchange;
        self.enter(context, route, gate, deadline).await?;
        let all = Rights::all();
        let rights = context.rights.as_ref().unwrap_or(&all);
        let (record, shared) = (&mut context.record, &edge.shared);
        Ok(exchange::run_into(record, rights, route, request, upstream, shared, deadline).await)
    }
}

/// A phase that only pass-through routes reach was reached by another.
fn misled() -> Box<Error> {
    Error::explain(ErrorType::InternalError, "no stream was chosen")
}
