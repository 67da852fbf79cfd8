//! Active health checks: `pingora-load-balancing` counts and decides, and here is asked.
//!
//! They begin with the first call, since a runtime is needed, and end with the upstream.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use http::header::HOST;
use pingora::connectors::http::Connector;
use pingora::http::RequestHeader;
use pingora::lb::health_check::HealthCheck;
use pingora::lb::selection::RoundRobin;
use pingora::lb::{Backend, LoadBalancer};
use pingora::protocols::ALPN;
use pingora::protocols::http::client::HttpSession;
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType};
use tokio::time::{sleep, timeout};

use super::endpoint::{UpstreamEndpoint, number};
use crate::config;
use crate::observe::{Event, Observer};
use crate::outbound::proof::{AuthHeader, Prover};
use crate::outbound::tls;

/// Asks every node in its turn, over connections like those of calls: to the same addresses, with the
/// certificate of now, believing the authorities of now.
pub(super) struct Probe {
    nodes: Arc<[UpstreamEndpoint]>,
    connector: Connector,
    settings: config::Health,
    told: Told,
    /// Who asks, where an authorization is wanted; set by whoever knows it.
    prover: Arc<OnceLock<Arc<dyn Prover>>>,
}

/// Whom a change is told.
pub(super) struct Told {
    pub upstream: Arc<str>,
    pub observer: Arc<dyn Observer>,
}

impl Probe {
    /// `own` says whether the nodes bring authorities of their own.
    ///
    /// # Errors
    /// A sentence, where the path cannot stand in a request or nobody can be believed.
    pub(super) fn new(
        nodes: Arc<[UpstreamEndpoint]>,
        settings: &config::Health,
        own: bool,
        told: Told,
        prover: Arc<OnceLock<Arc<dyn Prover>>>,
    ) -> Result<Self, String> {
        let connector = Connector::new(Some(tls::connector(1, own)?));
        let probe = Self { nodes, connector, settings: settings.clone(), told, prover };
        if let (Some(path), Some(node)) = (&probe.settings.path, probe.nodes.first()) {
            header(node, path, None)
                .map_err(|_| "the health path cannot stand in a request".to_owned())?;
        }
        Ok(probe)
    }

    /// A connection, and where there is a path to ask for, a good answer. An authorization that was refused is
    /// renewed, and shown once more where there is a newer one.
    async fn ask(&self, number: usize) -> pingora::Result<()> {
        let node = self.nodes.get(number).ok_or_else(failed)?;
        let Some(path) = &self.settings.path else { return self.connect(node).await.map(drop) };
        let prover = self.prover.get().filter(|_| self.settings.authorization);
        let proof = match prover {
            None => None,
            // Without a token nothing can be asked, and that says nothing of the node.
            Some(prover) => match Arc::clone(prover).prove().await {
                Err(_) => return self.connect(node).await.map(drop),
                Ok(proof) => proof,
            },
        };
        let mut status = self.status(node, path, proof.as_ref()).await?;
        if let (StatusCode::UNAUTHORIZED, Some(prover), Some(proof)) = (status, prover, proof)
            && let Some(newer) = Arc::clone(prover).prove_anew(&proof).await
        {
            status = self.status(node, path, Some(&newer)).await?;
        }
        status.is_success().then_some(()).ok_or_else(failed)
    }

    /// None is kept: one that was made before would say little of the way there.
    async fn connect(&self, node: &UpstreamEndpoint) -> pingora::Result<HttpSession> {
        let plainly = |peer: &mut HttpPeer| peer.options.alpn = ALPN::H1;
        let connected = node.host.connect(&self.connector, false, plainly).await;
        connected.map(|connected| connected.session).map_err(|_| failed())
    }

    async fn status(
        &self,
        node: &UpstreamEndpoint,
        path: &str,
        proof: Option<&AuthHeader>,
    ) -> pingora::Result<StatusCode> {
        let mut session = self.connect(node).await?;
        session.set_read_timeout(Some(self.settings.timeout));
        session.write_request_header(Box::new(header(node, path, proof)?)).await?;
        session.finish_request_body().await?;
        session.read_response_header().await?;
        let status = session.response_header().map(|answer| answer.status);
        session.shutdown().await;
        status.ok_or_else(failed)
    }
}

#[async_trait]
impl HealthCheck for Probe {
    async fn check(&self, target: &Backend) -> pingora::Result<()> {
        let number = number(target).map(usize::from).ok_or_else(failed)?;
        timeout(self.settings.timeout, self.ask(number)).await.unwrap_or_else(|_| Err(failed()))
    }

    async fn health_status_change(&self, target: &Backend, healthy: bool) {
        let Some(number) = number(target) else { return };
        let upstream = Arc::clone(&self.told.upstream);
        self.told.observer.happened(&Event::Node { upstream, node: number + 1, up: healthy });
    }

    fn backend_summary(&self, target: &Backend) -> String {
        let number = number(target).map_or(0, |number| number + 1);
        format!("node {number} of upstream {}", self.told.upstream)
    }

    fn health_threshold(&self, success: bool) -> usize {
        if success { self.settings.up } else { self.settings.down }
    }
}

/// Asks all nodes again and again, as long as somebody else holds them.
pub(super) async fn watch(balance: Weak<LoadBalancer<RoundRobin>>, every: Duration) {
    while let Some(balance) = balance.upgrade() {
        balance.backends().run_health_check(true).await;
        drop(balance);
        sleep(every).await;
    }
}

fn header(
    node: &UpstreamEndpoint,
    path: &str,
    proof: Option<&AuthHeader>,
) -> pingora::Result<RequestHeader> {
    let mut header = RequestHeader::build("GET", path.as_bytes(), None)?;
    header.insert_header(HOST, node.authority.clone())?;
    if let Some(AuthHeader { name, value, .. }) = proof {
        header.insert_header(name.clone(), value.clone())?;
    }
    Ok(header)
}

/// Says that a probe failed, and not where.
fn failed() -> Box<Error> {
    Error::new(ErrorType::Custom("the probe failed"))
}
