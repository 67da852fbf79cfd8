//! What is counted of the care of upstreams and of the edge's own bounds.

use prometheus::{IntCounterVec, IntGauge, IntGaugeVec, Registry};

use super::table::{
    BREAKER, CONNECTIONS, IN_FLIGHT, NODE_EJECTED, NODE_UP, REFUSED, RETRIES, WAITING,
};
use super::{NONE, counter, gauge, gauges};
use crate::proxy::Event;

#[derive(Debug)]
pub(super) struct CareMetrics {
    connections: IntGauge,
    refused: IntCounterVec,
    breaker: IntGaugeVec,
    in_flight: IntGaugeVec,
    node_ejected: IntGaugeVec,
    node_up: IntGaugeVec,
    retries: IntCounterVec,
    waiting: IntGaugeVec,
}

impl CareMetrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        Ok(Self {
            connections: gauge(registry, CONNECTIONS)?,
            refused: counter(registry, REFUSED)?,
            breaker: gauges(registry, BREAKER)?,
            in_flight: gauges(registry, IN_FLIGHT)?,
            node_ejected: gauges(registry, NODE_EJECTED)?,
            node_up: gauges(registry, NODE_UP)?,
            retries: counter(registry, RETRIES)?,
            waiting: gauges(registry, WAITING)?,
        })
    }

    pub(super) fn happened(&self, event: &Event) {
        let step = |began: bool| if began { 1 } else { -1 };
        match event {
            Event::Ready(_)
            | Event::Keys(_)
            | Event::Certificates(_)
            | Event::Rules(_)
            | Event::Reloaded(_)
            | Event::ReloadRefused(..)
            | Event::Operated { .. }
            | Event::Unwatched(_)
            | Event::NoSuccessor
            | Event::TokenRequest { .. }
            | Event::SecretReload { .. } => {}
            Event::Connection { began } => self.connections.add(step(*began)),
            Event::Cared { upstream } => {
                for gauges in [&self.breaker, &self.in_flight, &self.waiting] {
                    gauges.with_label_values(&[&**upstream]).add(0);
                }
            }
            Event::Calling { upstream, began } => {
                self.in_flight.with_label_values(&[&**upstream]).add(step(*began));
            }
            Event::Waiting { upstream, began } => {
                self.waiting.with_label_values(&[&**upstream]).add(step(*began));
            }
            Event::Refused { at, reason } => {
                let at = at.as_deref().unwrap_or(NONE);
                self.refused.with_label_values(&[at, reason.label()]).inc();
            }
            Event::Retried { upstream, reason } => {
                self.retries.with_label_values(&[&**upstream, reason]).inc();
            }
            Event::Breaker { upstream, open } => {
                self.breaker.with_label_values(&[&**upstream]).set(i64::from(*open));
            }
            Event::Probed { upstream, nodes } => {
                for node in 1..=*nodes {
                    let labels = [&**upstream, &node.to_string()];
                    self.node_up.with_label_values(&labels).set(1);
                    self.node_ejected.with_label_values(&labels).set(0);
                }
            }
            Event::Node { upstream, node, up } => {
                let labels = [&**upstream, &node.to_string()];
                self.node_up.with_label_values(&labels).set(i64::from(*up));
            }
            Event::Ejected { upstream, node, out } => {
                let labels = [&**upstream, &node.to_string()];
                self.node_ejected.with_label_values(&labels).set(i64::from(*out));
            }
        }
    }
}
