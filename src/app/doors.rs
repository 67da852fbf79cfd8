//! The doors of routes: who may come in, and where each leads.

use std::collections::HashMap;
use std::sync::Arc;

use super::upstreams::{Network, Reached, Upstreams};
use crate::config::{self, Auth, Config, Mode, Target};
use crate::dialect::Dialects;
use crate::inbound::{Callers, Certificates};
use crate::outbound::Authenticated;
use crate::serve::{Handler, RouteEntry};

/// One door for each route. Routes to one upstream share its connections and its care.
pub(super) fn doors(
    config: &Config,
    dialects: &Dialects,
    before: &Upstreams,
) -> Result<(HashMap<String, RouteEntry>, Upstreams), Vec<String>> {
    let mut found: Vec<_> =
        config.server.tls.iter().filter_map(|tls| Certificates::new(tls).err()).collect();
    let mut upstreams = before.successor();
    // One that has none has a mistake in its URL.
    let has_nodes = |upstream: &&config::Upstream| !matches!(&upstream.target, Target::Remote(urls) if urls.is_empty());
    for upstream in config.upstreams.values().filter(has_nodes) {
        match before.keep(upstream, dialects) {
            Ok(kept) => drop(upstreams.made.insert(upstream.name.clone(), kept)),
            Err(why) => found.push(format!("upstream `{}`: {why}", upstream.name)),
        }
    }
    let mut callers = HashMap::new();
    for route in &config.routes {
        match Callers::new(route.auth.clone(), &mut upstreams.sets) {
            Ok(known) => drop(callers.insert(route.label(), Arc::new(known))),
            Err(why) => found.push(format!("route `{}`: {why}", route.label())),
        }
    }
    let door = |route: &config::Route| {
        let Reached { calls, strange, care, network, identity } =
            &upstreams.made.get(&route.upstream.name)?.reached;
        let (calls, identity) = (Arc::clone(calls), Arc::clone(identity));
        let forwards = matches!(route.auth, Auth::Forward);
        let handler = match (network, route.mode) {
            (Network::Remote(remote), Mode::Passthrough) => {
                let identity = (!forwards).then_some(identity);
                Handler::Stream {
                    remote: Arc::clone(remote),
                    resilience: Arc::clone(care),
                    identity,
                }
            }
            _ if forwards => Handler::Forward(Arc::clone(strange)),
            _ => Handler::Translate(Arc::new(Authenticated::new(calls, identity))),
        };
        let callers = Arc::clone(callers.get(&route.label())?);
        Some((
            route.label(),
            RouteEntry::new(callers, handler).limited(&route.limits).granting(route.rights.clone()),
        ))
    };
    let doors = config.routes.iter().filter_map(door).collect();
    if found.is_empty() { Ok((doors, upstreams)) } else { Err(found) }
}
