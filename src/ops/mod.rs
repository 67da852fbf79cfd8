//! What operators see: metrics from one table, one log line for each exchange, the admin answers.
//!
//! No id, value, token or query is in any of it. This room learns of exchanges from the edge and
//! knows no Pingora.

pub mod admin;
pub mod log;
pub mod metrics;

pub use admin::Admin;
pub use metrics::Metrics;

use crate::proxy::{Event, Observer, Seen};

/// Counts and logs what the edge answered.
pub struct Watch {
    metrics: std::sync::Arc<Metrics>,
}

impl Watch {
    pub fn new(metrics: std::sync::Arc<Metrics>) -> Self {
        Self { metrics }
    }
}

impl Observer for Watch {
    fn answered(&self, seen: &Seen<'_>) {
        self.metrics.count(seen);
        log::line(seen);
    }

    fn happened(&self, event: &Event) {
        self.metrics.happened(event);
        log::event(event);
    }
}
