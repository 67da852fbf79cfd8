//! The admin listener: health, version, metrics, reload and what is done to routes, over plain HTTP/1.1 without
//! authentication; it belongs on loopback or behind a network policy.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderValue, ORIGIN, RETRY_AFTER};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::Metrics;
use super::reload::{Outcome, Reloads};
use super::routes;
use crate::diagnostic;
use crate::exchange::Shared;
use crate::proxy::{Event, Life, Observer};

/// Connections at once; others wait.
const CONNECTIONS: usize = 64;
/// For one request's header, and between two requests.
const IDLE: Duration = Duration::from_secs(30);
/// For one connection, whatever it does.
const LONGEST: Duration = Duration::from_secs(600);
/// How long the address may still be the process's before, in an upgrade.
const TAKEOVER: Duration = Duration::from_secs(60);
/// Between two tries.
const AGAIN: Duration = Duration::from_millis(100);

/// What the admin listener answers from.
pub struct Admin {
    pub metrics: Arc<Metrics>,
    pub life: Arc<Life>,
    /// The hash of the rules in force.
    pub rules: Arc<ArcSwap<String>>,
    pub reloads: Reloads,
    pub shared: Arc<Shared>,
    /// Told what operators do.
    pub observer: Arc<dyn Observer>,
}

/// What can be asked. A `POST` changes something.
#[derive(Clone, Copy, Debug)]
enum Endpoint {
    Health,
    Ready,
    Version,
    Metrics,
    Reload,
    Routes,
    Route(routes::Act),
    Wire,
}

const ENDPOINTS: [(Method, &str, Endpoint); 10] = [
    (Method::GET, "/healthz", Endpoint::Health),
    (Method::GET, "/readyz", Endpoint::Ready),
    (Method::GET, "/version", Endpoint::Version),
    (Method::GET, "/metrics", Endpoint::Metrics),
    (Method::POST, "/reload", Endpoint::Reload),
    (Method::GET, "/routes", Endpoint::Routes),
    (Method::POST, "/routes/pause", Endpoint::Route(routes::Act::Pause)),
    (Method::POST, "/routes/resume", Endpoint::Route(routes::Act::Resume)),
    (Method::POST, "/routes/rearm", Endpoint::Route(routes::Act::Rearm)),
    (Method::POST, "/wire", Endpoint::Wire),
];

impl Admin {
    /// Binds the address and serves it on a thread of its own, for as long as the process lives;
    /// tells the address, which differs where the port was 0. A process that inherits the listening
    /// sockets waits for the address until the one before lets go.
    ///
    /// # Errors
    /// Where the address is taken or the thread cannot be started.
    pub fn start(self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = match std::net::TcpListener::bind(address) {
            Err(error) if error.kind() == ErrorKind::AddrInUse && self.life.inherits() => None,
            bound => Some(bound?),
        };
        let bound = listener.as_ref().map_or(Ok(address), std::net::TcpListener::local_addr)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let serve = move || {
            runtime.block_on(async {
                let taken = match listener {
                    Some(listener) => listened(listener),
                    None => taken_over(address).await,
                };
                match taken {
                    Ok(listener) => Arc::new(self).serve(listener).await,
                    Err(error) => tracing::error!("no admin listener on {address}: {error}"),
                }
            });
        };
        std::thread::Builder::new().name("admin".to_owned()).spawn(serve)?;
        Ok(bound)
    }

    /// Never ends: connections go on when the listening is over.
    async fn serve(self: Arc<Self>, listener: TcpListener) {
        let free = Arc::new(Semaphore::new(CONNECTIONS));
        let accept = async {
            loop {
                // The semaphore is never closed.
                let permit = Arc::clone(&free).acquire_owned().await;
                match listener.accept().await {
                    Ok((stream, from)) => {
                        let admin = Arc::clone(&self);
                        tokio::spawn(async move {
                            admin.converse(stream, from.ip()).await;
                            drop(permit);
                        });
                    }
                    // Out of descriptors, mostly: let others finish first.
                    Err(_) => sleep(AGAIN).await,
                }
            }
        };
        tokio::select! {
            () = accept => {}
            // The next process waits for the address.
            () = self.life.handed_over() => {}
        }
        drop(listener);
        std::future::pending().await
    }

    async fn converse(self: Arc<Self>, stream: TcpStream, from: IpAddr) {
        let service = service_fn(move |request| {
            let admin = Arc::clone(&self);
            async move { Ok::<_, Infallible>(admin.answer(&request, from).await) }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(IDLE);
        // A client that breaks off or is too slow has no other answer.
        let _ = timeout(LONGEST, http.serve_connection(TokioIo::new(stream), service)).await;
    }

    async fn answer<B>(&self, request: &Request<B>, from: IpAddr) -> Response<Full<Bytes>> {
        let path = request.uri().path();
        let Some((method, _, endpoint)) = ENDPOINTS.iter().find(|(_, known, _)| *known == path)
        else {
            return text(StatusCode::NOT_FOUND, &paths());
        };
        let head = *method == Method::GET && *request.method() == Method::HEAD;
        if *method != *request.method() && !head {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, &format!("{method} only\n"));
            if let Ok(method) = HeaderValue::from_str(method.as_str()) {
                response.headers_mut().insert(ALLOW, method);
            }
            return response;
        }
        if *method == Method::POST && is_browser(request.headers()) {
            let why = "web pages change nothing here: send no Origin, and no form\n";
            return text(StatusCode::FORBIDDEN, why);
        }
        self.act(*endpoint, request.uri().query(), from).await
    }

    async fn act(
        &self,
        endpoint: Endpoint,
        query: Option<&str>,
        from: IpAddr,
    ) -> Response<Full<Bytes>> {
        match endpoint {
            Endpoint::Health => text(StatusCode::OK, "ok\n"),
            Endpoint::Ready if self.life.is_ready() => text(StatusCode::OK, "ready\n"),
            Endpoint::Ready => text(StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
            Endpoint::Version => {
                let version = env!("CARGO_PKG_VERSION");
                let rules = self.rules.load();
                json(StatusCode::OK, &json!({ "version": version, "rules": **rules }))
            }
            Endpoint::Metrics => {
                self.metrics.stand(&self.shared.safeguards.standings());
                typed(StatusCode::OK, self.metrics.text(), "text/plain; version=0.0.4")
            }
            Endpoint::Reload => self.reload(from).await,
            Endpoint::Routes => json(StatusCode::OK, &routes::all(&self.shared)),
            Endpoint::Route(act) => match routes::act(&self.shared, act, query) {
                Some((route, outcome)) => {
                    self.operated(act.label(), Some(route.clone()), from, true);
                    json(StatusCode::OK, &json!({ "route": route, "outcome": outcome }))
                }
                None => text(StatusCode::NOT_FOUND, "name a route of GET /routes: ?route=<name>\n"),
            },
            Endpoint::Wire => match routes::wire(&self.shared, query) {
                Ok(done) => json(StatusCode::OK, &done),
                Err(routes::NotWired::Unknown) => {
                    let why = "name a route of GET /routes: ?route=<name>&for=60s\n";
                    text(StatusCode::NOT_FOUND, why)
                }
                Err(routes::NotWired::Time) => {
                    let why = "say for how long: for=60s, at most 60m; for=0s ends it\n";
                    text(StatusCode::BAD_REQUEST, why)
                }
            },
        }
    }

    async fn reload(&self, from: IpAddr) -> Response<Full<Bytes>> {
        let outcome = self.reloads.ask().await;
        self.operated("reload", None, from, matches!(outcome, Some(Outcome::Applied(_))));
        match outcome {
            Some(Outcome::Applied(rules)) => {
                json(StatusCode::OK, &json!({ "outcome": "applied", "rules": rules }))
            }
            Some(Outcome::Refused(found)) => {
                let told = json!({
                    "outcome": "refused",
                    "rules": **self.rules.load(),
                    "diagnostics": diagnostic::json(&found.diagnostics, &found.sources),
                });
                json(StatusCode::UNPROCESSABLE_ENTITY, &told)
            }
            None => {
                let why = "other reloads wait already; ask again in a moment\n";
                let mut response = text(StatusCode::SERVICE_UNAVAILABLE, why);
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
                response
            }
        }
    }
}

impl Admin {
    fn operated(&self, act: &'static str, route: Option<String>, from: IpAddr, done: bool) {
        self.observer.happened(&Event::Operated { act, route, from, done });
    }
}

fn listened(listener: std::net::TcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// Waits, within bounds, until the process before lets go of the address.
async fn taken_over(address: SocketAddr) -> io::Result<TcpListener> {
    tracing::info!("the admin address is still the process's before; waiting for it");
    let bind = async {
        loop {
            match std::net::TcpListener::bind(address) {
                Err(error) if error.kind() == ErrorKind::AddrInUse => sleep(AGAIN).await,
                bound => return bound.and_then(listened),
            }
        }
    };
    timeout(TAKEOVER, bind).await.unwrap_or_else(|_| Err(ErrorKind::AddrInUse.into()))
}

/// Whether a web page may have made the request: a page of any site can send a `POST` without being
/// asked, but only with `Origin`, and without a preflight only in the form of an HTML form.
fn is_browser(headers: &HeaderMap) -> bool {
    let form = |value: &HeaderValue| {
        let lower = value.as_bytes().to_ascii_lowercase();
        [&b"application/x-www-form-urlencoded"[..], b"multipart/", b"text/plain"]
            .iter()
            .any(|kind| lower.starts_with(kind))
    };
    headers.contains_key(ORIGIN)
        || headers.contains_key("sec-fetch-site")
        || headers.get(CONTENT_TYPE).is_some_and(form)
}

/// `GET /healthz`, one on each line.
fn paths() -> String {
    ENDPOINTS.iter().map(|(method, path, _)| format!("{method} {path}\n")).collect()
}

fn json(status: StatusCode, body: &serde_json::Value) -> Response<Full<Bytes>> {
    typed(status, body.to_string(), "application/json")
}

fn text(status: StatusCode, body: &str) -> Response<Full<Bytes>> {
    typed(status, body.to_owned(), "text/plain; charset=utf-8")
}

fn typed(status: StatusCode, body: String, media_type: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
