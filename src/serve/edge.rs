//! What the edge knows of each route beside the gateway's own knowledge: who may use it and where
//! its calls go.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::config::{InFlight, Limits};
use crate::exchange::{Shared, Upstream};
use crate::gateway::route::Rights;
use crate::gateway::{Gateway, Route};
use crate::inbound::Callers;
use crate::outbound::{Gate, GatewayIdentity, Remote, Resilience, UpstreamStanding, UpstreamView};

/// All routes with their doors.
pub struct Edge {
    gateway: Gateway,
    /// By the route's name.
    doors: HashMap<String, RouteEntry>,
    pub(super) limits: Arc<Limits>,
    /// All that its routes lead to.
    upstreams: Vec<UpstreamView>,
    /// Outlives this edge: an exchange of the one before may still hold a lock.
    pub(super) shared: Arc<Shared>,
}

/// One route's entrance.
pub struct RouteEntry {
    pub callers: Arc<Callers>,
    /// How many requests may be behind it at once.
    pub gate: Arc<Gate>,
    pub handler: Handler,
    /// What callers may do that may not do everything, by their names.
    rights: Arc<BTreeMap<String, Rights>>,
}

impl RouteEntry {
    pub fn new(callers: Arc<Callers>, handler: Handler) -> Self {
        let gate = Arc::new(Gate::new(&InFlight::of_route()));
        Self { callers, gate, handler, rights: Arc::default() }
    }

    /// What some callers may do; all others may do everything.
    #[must_use]
    pub fn granting(mut self, rights: BTreeMap<String, Rights>) -> Self {
        self.rights = Arc::new(rights);
        self
    }

    /// What the caller of this name may do; `None`: everything.
    pub(super) fn rights(&self, credential: Option<&str>) -> Option<Rights> {
        self.rights.get(credential?).cloned()
    }

    /// As many requests at once as these limits say.
    #[must_use]
    pub fn limited(mut self, limits: &InFlight) -> Self {
        self.gate = Arc::new(Gate::new(limits));
        self
    }
}

/// What happens to a request behind the door.
#[derive(Clone)]
pub enum Handler {
    /// Bodies are read, translated and written.
    Translate(Arc<dyn Upstream>),
    /// The same, and every call has the client's own Authorization.
    Forward(Arc<dyn Upstream>),
    /// Bodies stream through unread, each request as one call, with this identity in the header;
    /// without one the client's own Authorization goes through.
    Stream {
        remote: Arc<Remote>,
        resilience: Arc<Resilience>,
        identity: Option<Arc<GatewayIdentity>>,
    },
}

impl Edge {
    pub fn new(
        gateway: Gateway,
        doors: HashMap<String, RouteEntry>,
        limits: Limits,
        shared: Arc<Shared>,
    ) -> Self {
        Self { gateway, doors, limits: Arc::new(limits), upstreams: Vec::new(), shared }
    }

    /// Tells how these upstreams stand, too.
    #[must_use]
    pub fn before(self, upstreams: Vec<UpstreamView>) -> Self {
        Self { upstreams, ..self }
    }

    /// How its upstreams stand.
    pub fn standings(&self) -> Vec<UpstreamStanding> {
        self.upstreams.iter().map(UpstreamView::standing).collect()
    }

    /// The route that a request belongs to and its door; a route without a door is none.
    pub(super) fn find(
        &self,
        host: Option<&str>,
        path: &str,
    ) -> Option<(&Arc<Route>, &RouteEntry)> {
        let route = self.gateway.route(host, path)?;
        Some((route, self.doors.get(&route.spec.name)?))
    }
}
