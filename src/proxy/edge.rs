//! What the edge knows of each route beside the gateway's own knowledge: who may use it and where
//! its calls go.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Callers, Identity, Remote};
use crate::config::model::Limits;
use crate::exchange::{Shared, Upstream};
use crate::gateway::{Gateway, Route};

/// All routes with their doors.
pub struct Edge {
    gateway: Gateway,
    /// By the route's name.
    doors: HashMap<String, Door>,
    pub(super) limits: Limits,
    /// Outlives this edge: an exchange of the one before may still hold a lock.
    pub(super) shared: Arc<Shared>,
}

/// One route's entrance.
pub struct Door {
    pub callers: Arc<Callers>,
    pub way: Way,
}

/// What happens to a request behind the door.
#[derive(Clone)]
pub enum Way {
    /// Bodies are read, translated and written.
    Translate(Arc<dyn Upstream>),
    /// The same, and every call has the client's own Authorization.
    Forward(Arc<dyn Upstream>),
    /// Bodies stream through unread, with this identity in the header; without one the client's own
    /// Authorization goes through.
    Stream(Arc<Remote>, Option<Arc<Identity>>),
}

impl Edge {
    pub fn new(
        gateway: Gateway,
        doors: HashMap<String, Door>,
        limits: Limits,
        shared: Arc<Shared>,
    ) -> Self {
        Self { gateway, doors, limits, shared }
    }

    /// The route that a request belongs to and its door; a route without a door is none.
    pub(super) fn find(&self, host: Option<&str>, path: &str) -> Option<(&Arc<Route>, &Door)> {
        let route = self.gateway.route(host, path)?;
        Some((route, self.doors.get(&route.spec.name)?))
    }
}
