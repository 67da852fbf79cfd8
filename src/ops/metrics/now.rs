//! What stands at the moment of a scrape: nothing of it is kept, so what is gone is gone.

use std::collections::BTreeMap;

use prometheus::proto::MetricFamily;

use super::family::gauges;
use super::table::{
    BREAKER, BUILD, CONNECTIONS, IN_FLIGHT, NODE_EJECTED, NODE_UP, PAUSED, READY, RULES, TRIPPED,
    WAITING,
};
use crate::exchange::Standing;
use crate::outbound::{EndpointStanding, UpstreamStanding};

/// Read from the objects that serve.
#[derive(Debug)]
pub struct Now {
    pub connections: usize,
    pub ready: bool,
    /// By name: whether it is paused, and its breaker of resources and of memberships.
    pub routes: BTreeMap<String, (bool, Standing, Standing)>,
    /// The hash of those in force.
    pub rules: String,
    pub upstreams: Vec<UpstreamStanding>,
}

impl Now {
    pub(super) fn families(&self) -> Vec<MetricFamily> {
        let plain = |value: usize| [(Vec::new(), value)];
        let version = (vec![env!("CARGO_PKG_VERSION")], 1);
        let routes = |read: fn(&(bool, Standing, Standing)) -> bool| {
            let read = move |(route, it): (_, _)| (vec![String::as_str(route)], read(it).into());
            self.routes.iter().map(read)
        };
        let upstreams = |read: fn(&UpstreamStanding) -> Option<usize>| {
            self.upstreams.iter().filter_map(move |it| Some((vec![&*it.name], read(it)?)))
        };
        let numbered: Vec<(&str, String, &EndpointStanding)> = self
            .upstreams
            .iter()
            .flat_map(|it| {
                (1_usize..)
                    .zip(&it.nodes)
                    .map(|(number, node)| (&*it.name, number.to_string(), node))
            })
            .collect();
        let nodes = |read: fn(&EndpointStanding) -> bool| {
            let all = numbered.iter();
            all.map(move |(name, number, node)| (vec![*name, number.as_str()], read(node).into()))
        };
        [
            gauges(BUILD, [version]),
            gauges(CONNECTIONS, plain(self.connections)),
            gauges(READY, plain(self.ready.into())),
            gauges(RULES, [(vec![self.rules.as_str()], 1)]),
            gauges(PAUSED, routes(|(paused, ..)| *paused)),
            gauges(TRIPPED, routes(|(_, one, members)| one.tripped || members.tripped)),
            gauges(BREAKER, upstreams(|it| it.breaker_open.map(usize::from))),
            gauges(IN_FLIGHT, upstreams(|it| Some(it.under_way))),
            gauges(WAITING, upstreams(|it| Some(it.waiting))),
            gauges(NODE_UP, nodes(|node| node.up)),
            gauges(NODE_EJECTED, nodes(|node| node.ejected)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
