//! How the upstreams of an edge stand, for whoever looks.

use std::sync::Arc;

/// One upstream now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamStanding {
    pub name: Arc<str>,
    /// Whether its breaker lets no call or only a probe through; `None`: it has no breaker.
    pub breaker_open: Option<bool>,
    /// Calls, streams too.
    pub under_way: usize,
    /// Calls that wait for their turn.
    pub waiting: usize,
    /// In the configuration's order; none where there is one that nobody looks after.
    pub nodes: Vec<EndpointStanding>,
}

/// One node now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointStanding {
    /// What health checks say; until they say otherwise it is.
    pub up: bool,
    /// Left out for its failed calls.
    pub ejected: bool,
}
