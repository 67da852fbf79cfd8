//! A request's way through Pingora.
//!
//! A translated route's whole exchange happens in `request_filter`: with the streaming filters the
//! header would be on its way before the body is known, and an untranslatable answer would already
//! be a 200 (ARCHITECTURE.md). Only pass-through routes use the phases after it.

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

use super::account::{Account, Answer};
use super::answer::{answer, failed, refuse};
use super::context::{Context, Stage};
use super::edge::Handler;
use super::enter::{Admitted, Entrance, Turned};
use super::life::Life;
use super::passthrough;
use super::streaming::Streaming;
use super::translating::{Calls, Translating};
use crate::exchange::{self, Trace};
use crate::inbound::{
    Used, arrived, body_too_large, body_too_slow, may_write, method_label, read_request,
    request_id, send_continue, stream_too_long,
};
use crate::scim::http::Response;

/// Pingora's hooks.
pub(super) struct Service {
    pub entrance: Entrance,
    pub life: Arc<Life>,
}

#[async_trait]
impl ProxyHttp for Service {
    type CTX = Context;

    fn new_ctx(&self) -> Context {
        Context::new(self.entrance.live.edge(), Arc::clone(&self.entrance.observer))
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
        context.edge = self.entrance.live.edge();
        self.open(session.req_header(), &mut context.account);
        let limits = &context.edge.limits;
        session.set_read_timeout(Some(limits.client));
        session.set_write_timeout(Some(limits.client));
        // Where there is none, the client or the end of the server does not want it.
        if session.get_keepalive().is_some() {
            session.set_keepalive(Some(limits.idle.as_secs().max(1)));
        }
        let turned = match self.serve(session, context).await {
            Ok(None) => return Ok(false),
            Ok(Some(response)) => Ok(response),
            Err(turned) => Err(turned),
        };
        self.part(session);
        match turned {
            Ok(response) => answer(session, context, response, &[]).await?,
            Err(Turned { fault, challenges }) => {
                let response = refuse(&mut context.account, fault);
                answer(session, context, response, &challenges).await?;
            }
        }
        Ok(true)
    }

    async fn upstream_peer(
        &self,
        _session: &mut Session,
        context: &mut Context,
    ) -> pingora::Result<Box<HttpPeer>> {
        let writes = context.account.writes;
        match streaming(&mut context.stage)?.peer(writes).await {
            Ok(peer) => Ok(Box::new(peer)),
            Err(fault) => {
                context.account.record.fault = Some(fault);
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
        error.set_retry(streaming(&mut context.stage).is_ok_and(Streaming::pass_over));
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
        let Context { edge, account, stage } = context;
        let streaming = streaming(stage)?;
        if account.route.as_ref().is_some_and(|route| edge.shared.wire.is_on(&route.spec.name)) {
            account.record.streamed = Some(streaming.told(header));
        }
        let (trace, id) = (&account.trace, &account.request_id);
        streaming.form(session, header, trace, id).ok_or_else(misled)??;
        streaming.sign(header).await.or_else(|fault| {
            account.record.fault = Some(fault);
            Error::e_explain(ErrorType::InternalError, "no identity")
        })
    }

    async fn upstream_response_filter(
        &self,
        session: &mut Session,
        header: &mut ResponseHeader,
        context: &mut Context,
    ) -> pingora::Result<()> {
        let Ok(streaming) = streaming(&mut context.stage) else { return Ok(()) };
        if streaming.renewed(session, header).await { passthrough::again() } else { Ok(()) }
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
        let stage = &mut context.stage;
        let streamed = streaming(stage).map_or(0, |streaming| streaming.count(body.as_ref()));
        if streamed > limits.body {
            context.account.record.fault = Some(body_too_large(limits));
            return Error::e_explain(ErrorType::HTTPStatus(413), "body beyond its bound");
        }
        if !end_of_stream && context.account.began.elapsed() > limits.body_time {
            context.account.record.fault = Some(body_too_slow(limits.body_time));
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
        let stage = &mut context.stage;
        let passes =
            streaming(stage).map_or(true, |streaming| streaming.passes(body.as_ref(), limits));
        if passes || end_of_stream {
            return Ok(None);
        }
        context.account.record.fault = Some(stream_too_long());
        Error::e_explain(ErrorType::WriteTimedout, "a stream beyond its time")
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        header: &mut ResponseHeader,
        context: &mut Context,
    ) -> pingora::Result<()> {
        self.part(session);
        let Context { account, stage, .. } = context;
        account.answer = Answer::Streams(header.status);
        if let Some(told) = &mut account.record.streamed {
            told.status = Some(header.status.as_u16());
            told.media_type = exchange::media_type(&header.headers).map(Into::into);
        }
        if let Ok(streaming) = streaming(stage) {
            streaming.answered(header);
            passthrough::answer(header)?;
        }
        header.insert_header(exchange::REQUEST_ID, account.request_id.as_str())
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

    /// What the request's header says of it.
    fn open(&self, header: &RequestHeader, account: &mut Account) {
        account.began = Instant::now();
        account.underway = Some(self.life.begin());
        account.method = method_label(&header.method);
        account.writes = may_write(header);
        account.request_id = request_id(&header.headers);
        account.trace = Trace::of(&header.headers, |id| self.entrance.observer.samples(id));
    }

    /// Serves what is admitted; `None` where Pingora carries the rest.
    async fn serve(
        &self,
        session: &mut Session,
        context: &mut Context,
    ) -> Result<Option<Response>, Turned> {
        let edge = Arc::clone(&context.edge);
        let admitted = self.entrance.admit(session, &edge, &mut context.account).await?;
        let Admitted { route, gate, handler, rights, authorization } = admitted;
        let calls = match handler {
            Handler::Translate(upstream) => Calls::Own(upstream),
            Handler::Forward(upstream) => Calls::Forwarded(upstream, authorization),
            Handler::Stream { remote, resilience, identity } => {
                let deadline = Instant::now() + edge.limits.exchange;
                let account = &mut context.account;
                let place = self.entrance.enter(account, &route, &gate, deadline).await?;
                let who = authorization.as_ref();
                let streaming =
                    Streaming::begin(route, place, remote, &resilience, identity, who, deadline)
                        .await?;
                // Told before Pingora reads the body, which it does not ask for.
                send_continue(session).await?;
                let rate = usize::try_from(edge.limits.stream_rate).ok();
                session.as_downstream_mut().set_min_send_rate(rate);
                context.stage = Stage::Streaming(Box::new(streaming));
                return Ok(None);
            }
        };
        let Context { account, stage, .. } = context;
        // The body is read before a place is taken: who sends slowly keeps nobody else out.
        let mut request = read_request(session, &account.request_id, &edge.limits).await?;
        account.trace.write(&mut request.headers);
        let deadline = Instant::now() + edge.limits.exchange;
        let place = self.entrance.enter(account, &route, &gate, deadline).await?;
        let translating = Translating { route, rights, calls, place };
        let (record, shared) = (&mut account.record, &edge.shared);
        let response = translating.exchange(request, record, shared, deadline).await;
        *stage = Stage::Translating(translating);
        Ok(Some(response))
    }
}

/// The stream of a request on a pass-through route; a phase that only those reach was else reached by another.
fn streaming(stage: &mut Stage) -> pingora::Result<&mut Streaming> {
    match stage {
        Stage::Streaming(streaming) => Ok(streaming),
        Stage::Aside | Stage::Translating(_) => Err(misled()),
    }
}

fn misled() -> Box<Error> {
    Error::explain(ErrorType::InternalError, "no stream was chosen")
}
