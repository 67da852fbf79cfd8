//! Host and path -> route, at a cost that does not grow with the number of routes.
//!
//! It knows nothing of what a route does.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::served::Route;

/// Every route by its host and prefix.
#[derive(Debug, Default)]
pub struct Lookup {
    /// By the host in lower case.
    hosts: HashMap<String, Prefixes>,
    everywhere: Prefixes,
}

#[derive(Debug, Default)]
struct Prefixes {
    routes: HashMap<String, Arc<Route>>,
    /// In bytes: what of a path is beyond it is never looked at.
    longest: usize,
}

impl Lookup {
    pub(super) fn new(routes: &[Arc<Route>]) -> Self {
        let mut lookup = Self::default();
        for route in routes {
            let prefixes = match &route.spec.host {
                None => &mut lookup.everywhere,
                Some(host) => lookup.hosts.entry(host.to_ascii_lowercase()).or_default(),
            };
            prefixes.longest = prefixes.longest.max(route.spec.prefix.len());
            prefixes.routes.insert(route.spec.prefix.clone(), Arc::clone(route));
        }
        lookup
    }

    /// The route with the longest prefix that holds the path; one with a host goes before one without.
    pub(super) fn find(&self, host: Option<&str>, path: &str) -> Option<&Arc<Route>> {
        let named = host.and_then(|host| self.hosts.get(lower(host).as_ref()));
        named.and_then(|prefixes| prefixes.find(path)).or_else(|| self.everywhere.find(path))
    }
}

impl Prefixes {
    /// A prefix ends where a segment ends.
    fn find(&self, path: &str) -> Option<&Arc<Route>> {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.take_while(|end| *end <= self.longest)
            .filter_map(|end| self.routes.get(path.get(..end)?))
            .last()
    }
}

fn lower(host: &str) -> Cow<'_, str> {
    if host.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}
