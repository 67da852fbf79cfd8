//! Client connections: how many at once, and how long one may take for a request's header.
//!
//! Pingora bounds one read, so a client that trickles could hold a connection for good: here the whole
//! header has a time. A connection beyond the bound is taken and closed at once, so that nobody
//! waits in the system's queue without a word.
//!
//! At its end Pingora drops each connection on which no request has begun as soon as it stops
//! listening; a client whose connection was taken a moment before would see its first request fail.
//! Here such connections are heard out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use pingora::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream, ServerApp};
use pingora::protocols::Stream;
use pingora::protocols::http::ServerSession;
use pingora::proxy::HttpProxy;
use pingora::server::ShutdownWatch;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::live::Live;
use super::observer::{Event, Observer, Reason};
use super::service::Service;

/// How long a taken connection may take for its first request's header, once the listening ended.
pub(super) const HEARING: Duration = Duration::from_millis(500);

tokio::task_local! {
    /// Told when the header of the request that this task waits for is there. Pingora reads it and has
    /// no place for a deadline; its task is the one thing that reader and hook have in common.
    static ARRIVED: Arc<Notify>;
}

/// The header of this task's request is there.
pub(super) fn arrived() {
    // Streams of HTTP/2 come with their header, and wait for nothing.
    let _ = ARRIVED.try_with(|arrived| arrived.notify_one());
}

/// All connections of the listeners.
pub(super) struct Connections {
    timed: Arc<Timed>,
    open: AtomicUsize,
}

impl Connections {
    pub(super) fn new(
        proxy: HttpProxy<Service>,
        live: Arc<Live>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let mut options = HttpServerOptions::default();
        options.h2_idle_timeout = Some(live.edge().limits.idle);
        let timed = Timed { proxy: Arc::new(proxy), live, observer, options };
        Self { timed: Arc::new(timed), open: AtomicUsize::new(0) }
    }
}

#[async_trait]
impl ServerApp for Connections {
    async fn process_new(
        self: &Arc<Self>,
        stream: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        let _open = Open::new(self)?;
        self.timed.process_new(stream, shutdown).await
    }

    async fn cleanup(&self) {
        sleep(HEARING).await;
        self.timed.cleanup().await;
    }
}

/// One connection among those that are open.
#[must_use = "dropped, the connection is closed"]
struct Open<'c>(&'c Connections);

impl<'c> Open<'c> {
    fn new(all: &'c Connections) -> Option<Self> {
        let Timed { live, observer, .. } = &*all.timed;
        let most = live.edge().limits.connections;
        observer.happened(&Event::Connection { began: true });
        let open = Self(all);
        if all.open.fetch_add(1, Ordering::AcqRel) < most {
            return Some(open);
        }
        observer.happened(&Event::Refused { at: None, reason: Reason::Connections });
        None
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
        self.0.timed.observer.happened(&Event::Connection { began: false });
    }
}

/// Gives each request header its time.
struct Timed {
    proxy: Arc<HttpProxy<Service>>,
    live: Arc<Live>,
    observer: Arc<dyn Observer>,
    options: HttpServerOptions,
}

#[async_trait]
impl HttpServerApp for Timed {
    async fn process_new_http(
        self: &Arc<Self>,
        mut session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        if session.is_http2() {
            return self.proxy.process_new_http(session, shutdown).await;
        }
        let edge = self.live.edge();
        let (header, idle) = (edge.limits.header_time, edge.limits.idle);
        drop(edge);
        // On a connection that was used before, the client may be silent first.
        let reused = session.take_connection_user_context().is_some();
        let time = if reused { idle + header } else { header };
        let arrived = Arc::new(Notify::new());
        let served = self.proxy.process_new_http(session, shutdown);
        let mut served = Box::pin(ARRIVED.scope(Arc::clone(&arrived), served));
        tokio::select! {
            biased;
            done = &mut served => return done,
            () = arrived.notified() => {}
            () = sleep(time) => {
                let reason = Reason::SlowHeader;
                self.observer.happened(&Event::Refused { at: None, reason });
                return None;
            }
        }
        served.await
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        Some(&self.options)
    }

    async fn http_cleanup(&self) {
        self.proxy.http_cleanup().await;
    }
}

/// What a connection carries from one request to the next: that there was one.
pub(super) struct Used;
