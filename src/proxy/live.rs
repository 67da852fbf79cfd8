//! The edge in force: every request is served from beginning to end by the one that it met, whatever
//! takes its place meanwhile.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::edge::Edge;

/// Holds the edge in force and lets it be replaced whole.
pub struct Live(ArcSwap<Edge>);

impl Live {
    pub fn new(edge: Edge) -> Self {
        Self(ArcSwap::from_pointee(edge))
    }

    /// The edge that serves requests from now on.
    pub fn edge(&self) -> Arc<Edge> {
        self.0.load_full()
    }
}
