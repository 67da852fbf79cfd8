//! What is answered to operators: health, version, metrics, reload and what is done to routes, over plain
//! HTTP/1.1. Who may act is known at the desk.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::header::{
    ALLOW, CONTENT_TYPE, HeaderMap, HeaderValue, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use serde_json::json;

use super::metrics::Metrics;
use super::metrics::Now;
use super::reload::{ReloadOutcome, Reloads};
use super::routes;
use super::state::StateFile;
use super::who::Who;
use crate::diagnostic;
use crate::exchange::Shared;
use crate::observe::{Event, Observer};
use crate::serve::{Life, Live};

/// What the admin listener answers from.
pub struct Admin {
    pub metrics: Arc<Metrics>,
    pub life: Arc<Life>,
    /// What serves.
    pub live: Arc<Live>,
    /// The hash of the rules in force.
    pub rules: Arc<ArcSwap<String>>,
    pub reloads: Reloads,
    pub shared: Arc<Shared>,
    /// Told what operators do.
    pub observer: Arc<dyn Observer>,
    /// Where decisions are kept; `None`: nowhere.
    pub state: Option<Arc<StateFile>>,
}

/// To operators of a process that has handed over.
const ELSEWHERE: &str = "nothing was done: a new process has the listening sockets, and what is done here does not \
                         reach it; ask again when this process has ended, or at the new one's socket\n";

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
    /// `may_act` says whether there is a credential that lets act on this way in.
    pub(super) async fn answer<B>(
        &self,
        request: &Request<B>,
        from: Option<IpAddr>,
        who: &Who,
        may_act: bool,
    ) -> Response<Full<Bytes>> {
        let path = request.uri().path();
        let Some((method, _, endpoint)) = ENDPOINTS.iter().find(|(_, known, _)| *known == path)
        else {
            return text(StatusCode::NOT_FOUND, &paths());
        };
        let head = *method == Method::GET && *request.method() == Method::HEAD;
        if *method != *request.method() && !head {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, &format!("{method} only\n"));
            let allow = if *method == Method::GET { "GET, HEAD" } else { "POST" };
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
            return response;
        }
        if *method == Method::POST && is_browser(request.headers()) {
            let why = "web pages change nothing here: send no Origin, and no form\n";
            return text(StatusCode::FORBIDDEN, why);
        }
        let operator = match who {
            Who::Operator(name) => name,
            Who::Anybody if *method == Method::POST => return stranger(may_act),
            Who::Anybody => "",
        };
        // Who comes by the socket is on this machine.
        let from = from.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        if *method == Method::POST && self.life.is_handed_over() && !self.reaches(*endpoint) {
            return text(StatusCode::CONFLICT, ELSEWHERE);
        }
        self.act(*endpoint, request.uri().query(), from, operator).await
    }

    /// Whether what is done here binds the process that has the listening sockets now, too.
    fn reaches(&self, endpoint: Endpoint) -> bool {
        matches!(endpoint, Endpoint::Route(_)) && self.state.is_some()
    }

    async fn act(
        &self,
        endpoint: Endpoint,
        query: Option<&str>,
        from: IpAddr,
        operator: &str,
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
                typed(StatusCode::OK, self.metrics.scrape(&self.now()), "text/plain; version=0.0.4")
            }
            Endpoint::Reload => self.reload(from).await,
            Endpoint::Routes => json(StatusCode::OK, &routes::all(&self.shared)),
            Endpoint::Route(act) => self.decide(act, query, from, operator),
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

    fn decide(
        &self,
        act: routes::Act,
        query: Option<&str>,
        from: IpAddr,
        operator: &str,
    ) -> Response<Full<Bytes>> {
        // What another process has decided comes before what is decided now.
        self.state.iter().for_each(|state| state.look());
        let Some((route, outcome)) = routes::act(&self.shared, act, query, operator) else {
            return text(StatusCode::NOT_FOUND, "name a route of GET /routes: ?route=<name>\n");
        };
        self.operated(act.label(), Some(route.clone()), from, true);
        match self.state.as_ref().map_or(Ok(()), |state| state.save()) {
            Ok(()) => json(StatusCode::OK, &json!({ "route": route, "outcome": outcome })),
            Err(_) => text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "done, and not written to the state's file: a new process will not know of it\n",
            ),
        }
    }

    fn now(&self) -> Now {
        Now {
            connections: self.live.connections(),
            ready: self.life.is_ready(),
            routes: self.shared.safeguards.standings(),
            rules: (**self.rules.load()).clone(),
            upstreams: self.live.edge().standings(),
        }
    }

    async fn reload(&self, from: IpAddr) -> Response<Full<Bytes>> {
        let outcome = self.reloads.ask().await;
        self.operated("reload", None, from, matches!(outcome, Some(ReloadOutcome::Applied(_))));
        match outcome {
            Some(ReloadOutcome::Applied(rules)) => {
                json(StatusCode::OK, &json!({ "outcome": "applied", "rules": rules }))
            }
            Some(ReloadOutcome::Refused(found)) => {
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

/// Whoever reaches the address may look, and not act.
fn stranger(may_act: bool) -> Response<Full<Bytes>> {
    if !may_act {
        let why = "to act takes an operator: name a `socket` in [admin], or the hashes of tokens in its \
                   `auth`\n";
        return text(StatusCode::FORBIDDEN, why);
    }
    let why = "to act takes an operator's token, Authorization: Bearer <token>, or the socket\n";
    let mut response = text(StatusCode::UNAUTHORIZED, why);
    let scheme = HeaderValue::from_static("Bearer realm=\"admin\"");
    response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
    response
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
