//! The nodes of one upstream: whose turn it is, who is left out, who is tried after another.
//!
//! Turns and health are `pingora-load-balancing`'s. Its backends are addresses; here an address is a
//! node's number alone, since a node is a name with its own certificate, looked up when a connection
//! is made. A node that fails is ejected for a growing time by a breaker of its own.

use std::sync::{Arc, OnceLock};

use pingora::lb::selection::RoundRobin;
use pingora::lb::{Backend, LoadBalancer};
use tokio::time::Instant;
use url::Url;

use super::endpoint::{EndpointSettings, UpstreamEndpoint, address, number};
use super::health;
use crate::config;
use crate::observe::{Event, Observer};
use crate::outbound::proof::Prover;
use crate::outbound::resilience::{CallVerdict, Change, Ticket};
use crate::outbound::standing::EndpointStanding;
use crate::outbound::tls::Authorities;

/// The nodes, at least one.
pub struct Endpoints {
    name: Arc<str>,
    observer: Arc<dyn Observer>,
    nodes: Arc<[UpstreamEndpoint]>,
    balance: Arc<LoadBalancer<RoundRobin>>,
    probed: Option<config::Health>,
    /// Who asks in health checks.
    asks: Arc<OnceLock<Arc<dyn Prover>>>,
    /// Set when the probes were started, which needs a runtime.
    tended: OnceLock<()>,
}

/// A node's turn to take a call; what comes of it is told with [`Endpoints::learn`]. Dropped without, the call
/// was given up, which says nothing of the node.
#[derive(Debug)]
#[must_use = "dropped, nobody learns what the call came to"]
pub struct EndpointPick {
    pub number: u16,
    /// `None` where it was chosen although it is left out.
    ticket: Option<Ticket>,
}

impl Endpoints {
    /// # Errors
    /// A sentence, where a URL has no host.
    pub fn new(
        urls: &[Url],
        making: &EndpointSettings<'_>,
        authorities: Option<&Arc<Authorities>>,
    ) -> Result<Self, String> {
        let node = |url: &Url| UpstreamEndpoint::new(url, making, authorities.cloned());
        let nodes: Arc<[UpstreamEndpoint]> = urls.iter().map(node).collect::<Result<_, _>>()?;
        let several = (nodes.len() > 1).then(config::Health::default);
        let probed = making.care.health.clone().or(several);
        let name: Arc<str> = making.name.into();
        let numbers = (0_u16..).zip(nodes.iter()).map(|(number, _)| address(number));
        let mut balance =
            LoadBalancer::try_from_iter(numbers).map_err(|error| error.to_string())?;
        let asks = Arc::default();
        if let Some(health) = &probed {
            let told =
                health::Told { upstream: Arc::clone(&name), observer: Arc::clone(making.observer) };
            let (nodes, own) = (Arc::clone(&nodes), authorities.is_some());
            let probe = health::Probe::new(nodes, health, own, told, Arc::clone(&asks))?;
            balance.set_health_check(Box::new(probe));
        }
        let balance = Arc::new(balance);
        Ok(Self {
            name,
            observer: Arc::clone(making.observer),
            nodes,
            balance,
            probed,
            asks,
            tended: OnceLock::new(),
        })
    }

    /// Says who asks in health checks that show an authorization; the second call has no effect.
    pub fn ask_as(&self, prover: Arc<dyn Prover>) {
        let _ = self.asks.set(prover);
    }

    /// The node of a turn.
    pub fn node(&self, turn: &EndpointPick) -> Option<&UpstreamEndpoint> {
        self.nodes.get(usize::from(turn.number))
    }

    pub fn count(&self) -> usize {
        self.nodes.len()
    }

    /// How each stands, where somebody looks after them.
    pub fn standings(&self) -> Vec<EndpointStanding> {
        if self.probed.is_none() {
            return Vec::new();
        }
        let backends = self.balance.backends();
        let known = backends.get_backend();
        let up = |wanted| {
            let own = known.iter().find(|backend| number(backend) == Some(wanted));
            own.is_none_or(|backend| backends.ready(backend))
        };
        (0_u16..)
            .zip(self.nodes.iter())
            .map(|(number, node)| EndpointStanding {
                up: up(number),
                ejected: node.outlier.is_open(),
            })
            .collect()
    }

    /// The next node that was not tried; `None` after all were. Where all are left out one of them
    /// is asked all the same: a wrong health check must not take the whole upstream away.
    pub fn next(&self, tried: &[u16]) -> Option<EndpointPick> {
        self.tend();
        let now = Instant::now();
        let most = self.nodes.len() * 4 + 16;
        let mut passed = tried.to_vec();
        while let Some(number) = self.select(most, |number, healthy| {
            healthy && !passed.contains(&number) && self.admits(number, now)
        }) {
            match self.nodes.get(usize::from(number)).map(|node| node.outlier.admit(now)) {
                Some(Ok(ticket)) => return Some(EndpointPick { number, ticket: Some(ticket) }),
                // Somebody else took the probe's ticket first.
                _ => passed.push(number),
            }
        }
        let number = self.select(most, |number, _| !tried.contains(&number))?;
        Some(EndpointPick { number, ticket: None })
    }

    /// Takes the outcome of a call to a node.
    pub fn learn(&self, turn: EndpointPick, verdict: CallVerdict) {
        let EndpointPick { number, ticket: Some(ticket) } = turn else { return };
        // A single node has nobody to take its place: the upstream's breaker is there for it.
        if self.nodes.len() < 2 {
            return;
        }
        if let Some(change) = ticket.learn(verdict, Instant::now()) {
            self.observer.happened(&Event::Ejected {
                upstream: Arc::clone(&self.name),
                node: number + 1,
                out: matches!(change, Change::Opened { .. }),
            });
        }
    }

    /// Whether one of several nodes is up and answered its last call: what fails then is a node, and not
    /// the upstream.
    pub fn is_partly_well(&self) -> bool {
        let well = |backend: &Backend| {
            let node = number(backend).and_then(|number| self.nodes.get(usize::from(number)));
            self.balance.backends().ready(backend)
                && node.is_some_and(|node| node.outlier.is_well())
        };
        self.nodes.len() > 1 && self.balance.backends().get_backend().iter().any(well)
    }

    fn select(&self, most: usize, accept: impl Fn(u16, bool) -> bool) -> Option<u16> {
        let accept = |backend: &Backend, healthy: bool| {
            number(backend).is_some_and(|number| accept(number, healthy))
        };
        self.balance.select_with(b"", most, accept).as_ref().and_then(number)
    }

    fn admits(&self, number: u16, now: Instant) -> bool {
        let node = self.nodes.get(usize::from(number));
        self.nodes.len() < 2 || node.is_some_and(|node| node.outlier.shut(now).is_none())
    }

    /// Starts the probes, once; they end with these nodes.
    fn tend(&self) {
        self.tended.get_or_init(|| {
            if let Some(health) = &self.probed {
                tokio::spawn(health::watch(Arc::downgrade(&self.balance), health.every));
            }
        });
    }
}
