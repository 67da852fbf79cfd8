//! A real upstream: one call over Pingora's connection pool, with TLS and HTTP/2 by ALPN.
//!
//! A request is sent once, to one node; a node that takes no connection is passed over for the next.
//! It is sent again only where nothing of an answer came on a connection from the pool, and then only
//! for what reads: anything else may have been done (docs/semantics.md 8.2).

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, HOST, USER_AGENT};
use pingora::connectors::http::Connector;
use pingora::http::RequestHeader;
use pingora::protocols::http::client::HttpSession;
use pingora::upstreams::peer::HttpPeer;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::broken::{timed_out, unformed, unreachable};
use super::endpoints::{
    Connected, EndpointPick, EndpointSettings, Endpoints, UpstreamEndpoint, set_apart,
};
use super::proof::Prover;
use super::reporter::Reporter;
use super::resilience::{CallVerdict, verdict};
use super::talk::talk;
use super::tls::{self, Authorities, Certificate};
use crate::config::{Care, Timeouts};
use crate::exchange::{Upstream, deadline_fault};
use crate::fault::{Cause, Fault};
use crate::observe::Silent;
use crate::scim::http::{Request, Response};

/// How this gateway calls itself.
const AGENT: &str = concat!("scim-gateway/", env!("CARGO_PKG_VERSION"));
/// Connections kept open to one upstream.
const POOL: usize = 128;
/// Dead connections from the pool that one call may meet before it opens a new one.
const STALE: usize = 4;

/// One upstream on the network.
pub struct Remote {
    connector: Connector,
    pub nodes: Endpoints,
    /// Whom it believes about its nodes; `None`: whom the system believes.
    authorities: Option<Arc<Authorities>>,
    /// What is put before each path; no trailing slash.
    base: String,
    /// Scheme, host and port of each node, in order.
    services: Vec<String>,
    timeouts: Timeouts,
    /// How long a connection is kept without a call.
    idle: Duration,
    answer_limit: usize,
}

/// A connection to a node whose turn it is.
struct Line {
    session: HttpSession,
    peer: HttpPeer,
    reused: bool,
    turn: EndpointPick,
}

/// Why there is no whole answer.
enum Broken {
    /// Before any byte of an answer, on a connection that had been used before.
    Stale(Fault),
    /// The upstream says that it has not begun with the request (RFC 9113 section 8.7).
    NotDone(Fault),
    Final(Fault),
}

/// Until when one call may take.
#[derive(Clone, Copy)]
struct Bounds {
    began: Instant,
    until: Instant,
    /// Whether that is the call's own time, and not the end of its exchange.
    own: bool,
}

impl Remote {
    /// One service at one address, of which nothing is told.
    ///
    /// # Errors
    /// As [`Remote::of_nodes`].
    pub fn new(
        url: &Url,
        certificate: Option<Arc<Certificate>>,
        timeouts: &Timeouts,
        answer_limit: usize,
        ca: Option<&Path>,
    ) -> Result<Self, String> {
        let (care, observer) = (Care::default(), Arc::new(Silent) as _);
        let (name, observer) = ("", &observer);
        let making = EndpointSettings { name, timeouts, care: &care, certificate, ca, observer };
        Self::of_nodes(std::slice::from_ref(url), answer_limit, &making)
    }

    /// One upstream with these nodes, all under the first one's path.
    ///
    /// # Errors
    /// A sentence, where a URL has no host or the authorities to trust cannot be used.
    pub fn of_nodes(
        urls: &[Url],
        answer_limit: usize,
        making: &EndpointSettings<'_>,
    ) -> Result<Self, String> {
        let authorities =
            making.ca.map(|ca| Authorities::read(ca, Reporter::new(making.name, making.observer)));
        let authorities = authorities.transpose()?.map(Arc::new);
        let options = tls::connector(POOL, authorities.is_some())?;
        let base = urls.first().map_or("", |url| url.path().trim_end_matches('/'));
        let services: BTreeSet<_> =
            urls.iter().map(|url| url.origin().ascii_serialization()).collect();
        Ok(Self {
            connector: Connector::new(Some(options)),
            nodes: Endpoints::new(urls, making, authorities.as_ref())?,
            authorities,
            base: base.to_owned(),
            services: services.into_iter().collect(),
            timeouts: making.timeouts.clone(),
            idle: making.care.pool.idle,
            answer_limit,
        })
    }

    /// What it believes in TLS; `None`: what the system believes.
    pub fn authorities(&self) -> Option<&Arc<Authorities>> {
        self.authorities.as_ref()
    }

    /// Says who asks in health checks that show an authorization.
    pub fn ask_as(&self, prover: Arc<dyn Prover>) {
        self.nodes.ask_as(prover);
    }

    /// Begins to follow its files, before anybody calls; on the runtime that this is called within.
    pub fn tend(&self) {
        self.authorities.iter().for_each(Authorities::tend);
    }

    /// Reads its files again at once, on this thread: what a reload calls applied, is.
    ///
    /// # Errors
    /// A sentence that names the file that cannot be used; what it held before stays in force.
    pub fn look_now(&self) -> Result<(), String> {
        self.authorities.as_ref().map_or(Ok(()), |authorities| authorities.look_now())
    }

    /// The upstream's own path for the path that a dialect means.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Puts this side's own host and name in place of whatever stood there. Who it is, is not said
    /// here.
    pub fn dress(
        &self,
        header: &mut RequestHeader,
        node: &UpstreamEndpoint,
    ) -> pingora::Result<()> {
        header.insert_header(HOST, node.authority.clone())?;
        header.insert_header(USER_AGENT, AGENT)?;
        Ok(())
    }

    /// The next node for a stream that Pingora itself carries, and the first of its peers. A write gets no
    /// connection that was silent for long.
    pub async fn next_peer(
        &self,
        tried: &[u16],
        writes: bool,
    ) -> Result<(EndpointPick, HttpPeer), Fault> {
        let mut tried = tried.to_vec();
        let mut last = None;
        while let Some(turn) = self.nodes.next(&tried) {
            let Some(node) = self.nodes.node(&turn) else { break };
            match node.host.best().await {
                Ok(mut peer) => {
                    peer.options.idle_timeout = Some(self.idle);
                    if writes {
                        set_apart(&mut peer);
                    }
                    return Ok((turn, peer));
                }
                Err(fault) => last = Some(fault),
            }
            tried.push(turn.number);
            self.nodes.learn(turn, CallVerdict::Failed);
        }
        Err(last.unwrap_or_else(|| unreachable(None)))
    }

    async fn send(&self, request: &Request, bounds: Bounds) -> Result<Response, Fault> {
        let again = request.is_read();
        let mut last = None;
        for _ in 0..STALE {
            last = Some(match self.attempt(request, bounds).await {
                Err(Broken::Stale(fault)) if again => fault,
                Err(Broken::NotDone(fault)) => fault,
                Err(Broken::Stale(fault) | Broken::Final(fault)) => return Err(fault),
                Ok(response) => return Ok(response),
            });
        }
        Err(last.unwrap_or_else(|| unreachable(None)))
    }

    fn request_header(
        &self,
        request: &Request,
        node: &UpstreamEndpoint,
    ) -> Result<RequestHeader, Fault> {
        self.header(request, node).map_err(|error| unformed(&error))
    }

    fn header(&self, request: &Request, node: &UpstreamEndpoint) -> pingora::Result<RequestHeader> {
        let mut target = self.path(&request.path);
        if let Some(query) = &request.query {
            target.push('?');
            target.push_str(query);
        }
        let size = request.headers.len() + 5;
        let mut header =
            RequestHeader::build(request.method.clone(), target.as_bytes(), Some(size))?;
        for (name, value) in &request.headers {
            header.append_header(name.clone(), value.clone())?;
        }
        self.dress(&mut header, node)?;
        header.insert_header(ACCEPT_ENCODING, "identity")?;
        if !request.body.is_empty()
            || matches!(request.method, Method::POST | Method::PUT | Method::PATCH)
        {
            header.insert_header(CONTENT_LENGTH, request.body.len())?;
        } else {
            header.remove_header(&CONTENT_LENGTH);
        }
        Ok(header)
    }

    async fn attempt(&self, request: &Request, bounds: Bounds) -> Result<Response, Broken> {
        let Line { mut session, peer, reused, turn } =
            self.connect(!request.is_read(), bounds).await.map_err(Broken::Final)?;
        let node = self.nodes.node(&turn).ok_or_else(|| Broken::Final(unreachable(None)))?;
        let header = self.request_header(request, node).map_err(Broken::Final)?;
        let idle = self.timeouts.idle;
        session.set_read_timeout(Some(idle));
        session.set_write_timeout(Some(idle));
        let talking = talk(&mut session, header, request, self.answer_limit);
        let Ok(talked) = timeout_at(bounds.until, talking).await else {
            self.nodes.learn(turn, self.late(bounds));
            let own = || timed_out("the whole call");
            return Err(Broken::Final(if bounds.own { own() } else { deadline_fault() }));
        };
        match talked {
            Ok((response, whole)) => {
                if whole {
                    if let HttpSession::H1(h1) = &mut session {
                        h1.respect_keepalive();
                    }
                    self.connector.release_http_session(session, &peer, Some(self.idle)).await;
                } else {
                    session.shutdown().await;
                }
                self.nodes.learn(turn, verdict(Ok(response.status)));
                Ok(response)
            }
            Err(fault) => {
                let silent = session.response_header().is_none();
                session.shutdown().await;
                let stale = silent && reused && fault.cause == Cause::UpstreamCutOff;
                let not_done = silent && fault.cause == Cause::UpstreamUnreachable;
                // A connection of the pool that is dead, or ends in an orderly way, says nothing of the
                // node now.
                let unknown = stale || not_done;
                self.nodes
                    .learn(turn, if unknown { CallVerdict::Unknown } else { verdict(Err(&fault)) });
                Err(match unknown {
                    _ if not_done => Broken::NotDone(fault),
                    true => Broken::Stale(fault),
                    false => Broken::Final(fault),
                })
            }
        }
    }

    /// What it says of a node that its call has not ended in time. At the end of its exchange a call may
    /// have had no time at all: then nothing.
    fn late(&self, bounds: Bounds) -> CallVerdict {
        let patient = self.timeouts.idle.min(self.timeouts.call) / 2;
        let fair = bounds.own || bounds.began.elapsed() >= patient;
        if fair { CallVerdict::Failed } else { CallVerdict::Unknown }
    }

    /// A connection to the next node, or to another where that one takes none: nothing was sent yet.
    async fn connect(&self, writes: bool, bounds: Bounds) -> Result<Line, Fault> {
        let (mut tried, mut last) = (Vec::new(), None);
        while let Some(turn) = self.nodes.next(&tried) {
            // However many nodes swallow what is sent to them, there is time for the others.
            let left = u32::try_from(self.nodes.count() - tried.len()).unwrap_or(u32::MAX);
            let now = Instant::now();
            let share = bounds.until.saturating_duration_since(now) / left.saturating_add(1);
            tried.push(turn.number);
            match timeout_at(now + share, self.reach(&turn, writes)).await {
                Ok(Ok((session, peer, reused))) => return Ok(Line { session, peer, reused, turn }),
                Ok(Err(fault)) => {
                    self.nodes.learn(turn, CallVerdict::Failed);
                    last = Some(fault);
                }
                Err(_) => {
                    self.nodes.learn(turn, self.late(bounds));
                    last = Some(unreachable(None));
                }
            }
        }
        Err(last.unwrap_or_else(|| unreachable(None)))
    }

    async fn reach(
        &self,
        turn: &EndpointPick,
        writes: bool,
    ) -> Result<(HttpSession, HttpPeer, bool), Fault> {
        let host = &self.nodes.node(turn).ok_or_else(|| unreachable(None))?.host;
        let Connected { session, peer, reused } =
            host.connect(&self.connector, writes, |_| {}).await?;
        Ok((session, peer, reused))
    }
}

#[async_trait]
impl Upstream for Remote {
    fn base(&self) -> &str {
        &self.base
    }

    fn services(&self) -> &[String] {
        &self.services
    }

    /// Neither deadline drops what is under way: the node learns that it was too slow.
    async fn call_by(&self, request: &Request, deadline: Instant) -> Result<Response, Fault> {
        let began = Instant::now();
        let ends = began + self.timeouts.call;
        let bounds = Bounds { began, until: ends.min(deadline), own: ends <= deadline };
        self.send(request, bounds).await
    }

    fn is_partly_well(&self) -> bool {
        self.nodes.is_partly_well()
    }
}
