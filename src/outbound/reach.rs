//! An upstream as it is looked at from outside.

use std::sync::Arc;

use super::remote::Remote;
use super::resilience::Resilience;
use super::standing::UpstreamStanding;

/// One upstream as it is looked at.
pub struct UpstreamView {
    pub resilience: Arc<Resilience>,
    /// `None`: it is in this process.
    pub remote: Option<Arc<Remote>>,
}

impl UpstreamView {
    pub fn standing(&self) -> UpstreamStanding {
        let nodes = self.remote.as_ref().map(|remote| remote.nodes.standings());
        UpstreamStanding { nodes: nodes.unwrap_or_default(), ..self.resilience.standing() }
    }
}
