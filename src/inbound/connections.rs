//! Client connections: how many at once, and how long one may take for a request's header.
//!
//! A connection counts from the moment that it is taken, so the handshake of TLS is made here, behind what a
//! load balancer says: together they have the time of a header. Pingora bounds one read, so a client that trickles could hold a connection for good: here the whole
//! header has a time. A connection beyond the bound is taken and closed at once, so that nobody
//! waits in the system's queue without a word.
//!
//! At its end Pingora drops each connection on which no request has begun as soon as it stops
//! listening; a client whose connection was taken a moment before would see its first request fail.
//! Here such connections are heard out.

use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use pingora::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream, ServerApp};
use pingora::listeners::tls::{Acceptor, TlsSettings};
use pingora::protocols::http::ServerSession;
use pingora::protocols::l4::stream::Stream as L4Stream;
use pingora::protocols::{ALPN, GetSocketDigest, SocketDigest, Stream};
use pingora::server::ShutdownWatch;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout_at};

use super::balancer;
use super::balancer::Broken;
use crate::config::Limits;
use crate::observe::{Event, Observer, Reason};

/// How long a taken connection may take for its first request's header, once the listening ended.
pub const HEARING: Duration = Duration::from_millis(500);

tokio::task_local! {
    /// Told when the header of the request that this task waits for is there. Pingora reads it and has
    /// no place for a deadline; its task is the one thing that reader and hook have in common.
    static ARRIVED: Arc<Notify>;
}

/// The header of this task's request is there.
pub fn arrived() {
    // Streams of HTTP/2 come with their header, and wait for nothing.
    let _ = ARRIVED.try_with(|arrived| arrived.notify_one());
}

/// The limits in force, whenever they are asked for.
pub trait LimitsInForce: Send + Sync {
    fn in_force(&self) -> Arc<Limits>;
}

/// All connections of the listeners, whose requests go to `P`.
pub struct Connections<P> {
    proxy: Arc<P>,
    /// Of the listeners' TLS, if they have any: Pingora's own handshakes are not counted and have a
    /// minute.
    acceptor: Option<Acceptor>,
    limits: Arc<dyn LimitsInForce>,
    /// How many are open.
    open: Arc<AtomicUsize>,
    observer: Arc<dyn Observer>,
}

impl<P: HttpServerApp + Send + Sync + 'static> Connections<P> {
    pub fn new(
        proxy: P,
        tls: Option<TlsSettings>,
        limits: Arc<dyn LimitsInForce>,
        open: Arc<AtomicUsize>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let acceptor = tls.map(TlsSettings::build);
        Self { proxy: Arc::new(proxy), acceptor, limits, open, observer }
    }

    /// The stream as requests are read from it. What a load balancer says and TLS have one time together.
    async fn begin(&self, stream: Stream) -> Option<Stream> {
        let plain = stream.into_any().downcast::<L4Stream>().ok()?;
        let until = Instant::now() + self.limits.in_force().header_time;
        let plain = self.introduced(*plain, until).await?;
        let Some(acceptor) = &self.acceptor else { return Some(Box::new(plain)) };
        let reason = match timeout_at(until, acceptor.tls_handshake(plain)).await {
            Ok(Ok(stream)) => return Some(Box::new(stream)),
            Ok(Err(_)) => Reason::Handshake,
            Err(_) => Reason::SlowHandshake,
        };
        self.refuse(reason)
    }

    /// A connection of a load balancer is the client's for whom it connects. Whether there is a header is
    /// decided by who connects and never guessed: nobody else's is read.
    async fn introduced(&self, mut stream: L4Stream, until: Instant) -> Option<L4Stream> {
        let from = stream.get_socket_digest();
        let from = from.and_then(|digest| Some(digest.peer_addr()?.as_inet()?.ip()));
        let limits = self.limits.in_force();
        let networks = &limits.proxy_protocol;
        if !from.is_some_and(|from| networks.iter().any(|network| network.contains(from))) {
            return Some(stream);
        }
        match timeout_at(until, balancer::read(&mut stream)).await {
            Ok(Ok(None)) => Some(stream),
            Ok(Ok(Some(client))) => {
                let digest = SocketDigest::from_raw_fd(stream.as_raw_fd());
                digest.peer_addr.set(Some(client.into())).ok()?;
                stream.set_socket_digest(digest);
                Some(stream)
            }
            Ok(Err(Broken::Silent)) => None,
            Ok(Err(Broken::Invalid)) => self.refuse(Reason::ProxyHeader),
            Err(_) => self.refuse(Reason::SlowProxyHeader),
        }
    }

    fn refuse<T>(&self, reason: Reason) -> Option<T> {
        self.observer.happened(&Event::Refused { at: None, reason });
        None
    }

    fn timed(&self) -> Timed<P> {
        let limits = self.limits.in_force();
        let mut options = HttpServerOptions::default();
        options.h2_idle_timeout = Some(limits.idle);
        Timed {
            proxy: Arc::clone(&self.proxy),
            limits: Arc::clone(&self.limits),
            observer: Arc::clone(&self.observer),
            options,
            began: Notify::new(),
        }
    }
}

#[async_trait]
impl<P: HttpServerApp + Send + Sync + 'static> ServerApp for Connections<P> {
    async fn process_new(
        self: &Arc<Self>,
        stream: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        let _open = Open::new(self)?;
        let stream = self.begin(stream).await?;
        let timed = Arc::new(self.timed());
        let several = matches!(stream.selected_alpn_proto(), Some(ALPN::H2));
        let served = timed.process_new(stream, shutdown);
        if !several {
            return served.await;
        }
        // The first request of several has its time, too; what is between them is Pingora's.
        let time = self.limits.in_force().header_time;
        let mut served = Box::pin(served);
        tokio::select! {
            biased;
            done = &mut served => return done,
            () = timed.began.notified() => {}
            () = sleep(time) => {
                timed.too_slow();
                return None;
            }
        }
        served.await
    }

    async fn cleanup(&self) {
        sleep(HEARING).await;
        self.proxy.http_cleanup().await;
    }
}

/// One connection among those that are open, from the moment that it is taken.
#[must_use = "dropped, the connection is closed"]
struct Open<'c>(&'c AtomicUsize);

impl<'c> Open<'c> {
    fn new<P>(all: &'c Connections<P>) -> Option<Self> {
        let most = all.limits.in_force().connections;
        let open = Self(&all.open);
        if all.open.fetch_add(1, Ordering::AcqRel) < most {
            return Some(open);
        }
        all.observer.happened(&Event::Refused { at: None, reason: Reason::Connections });
        None
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// One connection, which gives each request header its time.
struct Timed<P> {
    proxy: Arc<P>,
    limits: Arc<dyn LimitsInForce>,
    observer: Arc<dyn Observer>,
    options: HttpServerOptions,
    /// The first request came, where there may be several at once.
    began: Notify,
}

impl<P> Timed<P> {
    fn too_slow(&self) {
        let reason = Reason::SlowHeader;
        self.observer.happened(&Event::Refused { at: None, reason });
    }
}

#[async_trait]
impl<P: HttpServerApp + Send + Sync + 'static> HttpServerApp for Timed<P> {
    async fn process_new_http(
        self: &Arc<Self>,
        mut session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        if session.is_http2() {
            self.began.notify_one();
            return self.proxy.process_new_http(session, shutdown).await;
        }
        let limits = self.limits.in_force();
        let (header, idle) = (limits.header_time, limits.idle);
        drop(limits);
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
                self.too_slow();
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
pub struct Used;
