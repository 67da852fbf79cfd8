//! What is counted of the care of upstreams and of the edge's own bounds.

use prometheus::IntCounter;

use super::family::{Family, counters};
use super::label::{NONE, result};
use super::table::{LOOKUPS, REFUSED, RETRIES};
use crate::observe::Event;

#[derive(Debug)]
pub(super) struct CareMetrics {
    lookups: Family<IntCounter>,
    refused: Family<IntCounter>,
    retries: Family<IntCounter>,
}

impl CareMetrics {
    pub(super) fn new() -> Self {
        let [lookups, refused, retries] = [LOOKUPS, REFUSED, RETRIES].map(counters);
        Self { lookups, refused, retries }
    }

    pub(super) fn counters(&self) -> [&Family<IntCounter>; 3] {
        [&self.lookups, &self.refused, &self.retries]
    }

    pub(super) fn happened(&self, event: &Event) {
        let one = IntCounter::inc;
        match event {
            Event::LookedUp { upstream, found } => {
                self.lookups.with(&[&**upstream, result(*found)], one);
            }
            Event::Refused { at, reason } => {
                self.refused.with(&[at.as_deref().unwrap_or(NONE), reason.label()], one);
            }
            Event::Retried { upstream, reason } => self.retries.with(&[&**upstream, reason], one),
            // Logged, and read where they stand at each scrape.
            _ => {}
        }
    }
}
