//! What is done with everything that the edge tells: it is counted, logged, recorded and traced.

use std::sync::Arc;

use super::audit::Audit;
use super::ids::Ids;
use super::metrics::Metrics;
use super::spans::Spans;
use super::{log, systemd};
use crate::config::Config;
use crate::observe::{AccessRecord, Event, Observer, Slot};

/// Counts, logs, records and traces what the edge answered.
pub struct Watch {
    metrics: Arc<Metrics>,
    ids: Ids,
    audit: Option<Audit>,
    spans: Option<Spans>,
}

impl Watch {
    /// Counts and logs alone, with a random key for ids.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics, ids: Ids::new(None), audit: None, spans: None }
    }

    /// # Errors
    /// A sentence, where the audit file cannot be opened or a thread cannot be started.
    pub fn start(config: &Config, metrics: Arc<Metrics>) -> Result<Self, String> {
        let audit = config.audit.as_ref().map(|audit| Audit::start(audit, Arc::clone(&metrics)));
        let spans = config.trace.as_ref().map(|trace| Spans::start(trace, &metrics));
        let (audit, spans) = (audit.transpose()?, spans.transpose()?);
        let ids = Ids::new(config.log.id_salt.as_ref());
        Ok(Self { ids, audit, spans, ..Self::new(metrics) })
    }

    /// Waits, some seconds at most, until what was seen is written and sent.
    pub fn finish(&self) {
        self.audit.iter().for_each(Audit::finish);
        self.spans.iter().for_each(Spans::finish);
    }
}

impl Observer for Watch {
    fn answered(&self, seen: &AccessRecord<'_>) {
        self.metrics.count(seen);
        log::line(seen, &self.ids);
        self.audit.iter().for_each(|audit| audit.record(seen, &self.ids));
        self.spans.iter().for_each(|spans| spans.keep(seen));
    }

    fn happened(&self, event: &Event) {
        match event {
            Event::Ready(true) => systemd::notify_ready(),
            Event::Ready(false) => systemd::notify_stopping(),
            _ => {}
        }
        self.metrics.happened(event);
        log::event(event);
        self.audit.iter().for_each(|audit| audit.happened(event, &self.ids));
    }

    fn reserve(&self) -> Option<Slot> {
        self.audit.as_ref().map_or_else(|| Some(Slot::default()), Audit::reserve)
    }

    fn samples(&self, trace: &[u8; 16]) -> bool {
        self.spans.as_ref().is_some_and(|spans| spans.samples(trace))
    }
}
