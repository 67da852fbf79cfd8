//! The edge in force: every request is served from beginning to end by the one that it met, whatever
//! takes its place meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;

use super::edge::Edge;
use crate::config::Limits;
use crate::inbound::{AuthThrottle, Certificates, LimitsInForce};

/// Holds the edge in force and lets it be replaced whole.
pub struct Live {
    edge: ArcSwap<Edge>,
    /// Wrong credentials are counted over every edge: a new one does not forgive them.
    pub(super) auth_throttle: AuthThrottle,
    certificates: OnceLock<Arc<Certificates>>,
    /// Client connections that are open.
    pub(super) connections: Arc<AtomicUsize>,
}

impl Live {
    pub fn new(edge: Edge) -> Self {
        Self {
            edge: ArcSwap::from_pointee(edge),
            auth_throttle: AuthThrottle::default(),
            certificates: OnceLock::new(),
            connections: Arc::default(),
        }
    }

    /// Puts an edge in the place of the one in force, which serves to their end the requests that it
    /// has.
    pub fn replace(&self, edge: Edge) {
        self.edge.store(Arc::new(edge));
    }

    /// The edge that serves requests from now on.
    pub fn edge(&self) -> Arc<Edge> {
        self.edge.load_full()
    }

    /// Client connections that are open, from the moment that they are taken.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Acquire)
    }

    /// The listener's certificates, so that others can take their place; `None` without TLS.
    pub fn certificates(&self) -> Option<&Arc<Certificates>> {
        self.certificates.get()
    }

    pub(super) fn keep(&self, certificates: Arc<Certificates>) {
        let _ = self.certificates.set(certificates);
    }
}

impl LimitsInForce for Live {
    fn in_force(&self) -> Arc<Limits> {
        Arc::clone(&self.edge.load().limits)
    }
}
