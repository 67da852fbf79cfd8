//! Active health checks: `pingora-load-balancing` counts and decides, its TCP and HTTP checks ask.
//!
//! They begin with the first call, since a runtime is needed, and end with the upstream.

use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use http::header::HOST;
use pingora::connectors::http::Connector;
use pingora::connectors::{ConnectorOptions, TransportConnector};
use pingora::http::ResponseHeader;
use pingora::lb::health_check::{HealthCheck, HttpHealthCheck, TcpHealthCheck};
use pingora::lb::selection::RoundRobin;
use pingora::lb::{Backend, LoadBalancer};
use pingora::{Error, ErrorType};
use tokio::time::{sleep, timeout};

use super::nodes::{Node, number};
use crate::config::care;
use crate::proxy::observer::{Event, Observer};

/// Asks every node in its turn.
pub(super) struct Probe {
    nodes: Arc<[Node]>,
    checks: Vec<Box<dyn HealthCheck + Send + Sync>>,
    settings: care::Health,
    told: Told,
}

/// Whom a change is told.
pub(super) struct Told {
    pub upstream: Arc<str>,
    pub observer: Arc<dyn Observer>,
}

impl Probe {
    /// # Errors
    /// A sentence, where the path cannot stand in a request.
    pub(super) fn new(
        nodes: Arc<[Node]>,
        settings: &care::Health,
        ca: Option<&Path>,
        told: Told,
    ) -> Result<Self, String> {
        let check = |node: &Node| match &settings.path {
            None => Ok(tcp(node, ca)),
            Some(path) => http(node, path, settings.timeout, ca),
        };
        let checks = nodes.iter().map(check).collect::<Result<_, String>>()?;
        Ok(Self { nodes, checks, settings: settings.clone(), told })
    }

    /// Any address of the node that answers will do.
    async fn ask(&self, number: usize) -> pingora::Result<()> {
        let (Some(node), Some(check)) = (self.nodes.get(number), self.checks.get(number)) else {
            return Err(failed());
        };
        let peers = node.host.peers().await.map_err(|_| failed())?;
        for peer in peers {
            let address =
                Backend { addr: peer._address, weight: 1, ext: pingora::lb::Extensions::new() };
            if check.check(&address).await.is_ok() {
                return Ok(());
            }
        }
        node.host.forget();
        Err(failed())
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

fn tcp(node: &Node, ca: Option<&Path>) -> Box<dyn HealthCheck + Send + Sync> {
    let mut check = match node.host.tls_name() {
        Some(name) => TcpHealthCheck::new_tls(name),
        None => TcpHealthCheck::new(),
    };
    check.set_connector(TransportConnector::new(Some(options(ca))));
    check
}

fn http(
    node: &Node,
    path: &str,
    timeout: Duration,
    ca: Option<&Path>,
) -> Result<Box<dyn HealthCheck + Send + Sync>, String> {
    let name = node.host.tls_name();
    let mut check = HttpHealthCheck::new(name.unwrap_or("localhost"), name.is_some());
    let unusable = |_| "the health path cannot stand in a request".to_owned();
    check.req.set_raw_path(path.as_bytes()).map_err(unusable)?;
    check.req.insert_header(HOST, node.authority.clone()).map_err(unusable)?;
    node.host.show(&mut check.peer_template);
    check.peer_template.options.read_timeout = Some(timeout);
    check.validator = Some(Box::new(|answer: &ResponseHeader| match answer.status.is_success() {
        true => Ok(()),
        false => Err(failed()),
    }));
    check.set_connector(Connector::new(Some(options(ca))));
    Ok(Box::new(check))
}

fn options(ca: Option<&Path>) -> ConnectorOptions {
    let mut options = ConnectorOptions::new(1);
    options.ca_file = ca.map(|path| path.to_string_lossy().into_owned());
    options
}

/// Says that a probe failed, and not where.
fn failed() -> Box<Error> {
    Error::new(ErrorType::Custom("the probe failed"))
}
