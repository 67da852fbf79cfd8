//! All routes, compiled; those with the same pair of dialects share it.

use std::collections::HashMap;
use std::sync::Arc;

use super::lookup::Lookup;
use super::served::Route;
use super::spec::RouteSpec;
use crate::dialect::Dialects;
use crate::gateway::pair::{Kind, Pair, PairSpec};

/// All routes, ready to serve.
#[derive(Debug, Default)]
pub struct Gateway {
    routes: Vec<Arc<Route>>,
    lookup: Lookup,
}

impl Gateway {
    /// Compiles every route. Routes with the same pair of dialects, overlays and variables share it.
    pub fn new(specs: Vec<RouteSpec>, dialects: &Dialects) -> Self {
        let mut made: HashMap<PairSpec, Pairs> = HashMap::new();
        let mut routes = Vec::with_capacity(specs.len());
        for spec in specs {
            let wanted = spec.pair_spec();
            let pairs = match made.get(&wanted) {
                Some(pairs) => pairs.clone(),
                None => {
                    let pairs = Pairs::new(&wanted, dialects);
                    made.insert(wanted, pairs.clone());
                    pairs
                }
            };
            let Pairs { users, groups } = pairs;
            routes.push(Arc::new(Route::new(spec, users, groups)));
        }
        Self { lookup: Lookup::new(&routes), routes }
    }

    /// The route with the longest prefix that holds the path; one with a host goes before one without.
    pub fn route(&self, host: Option<&str>, path: &str) -> Option<&Arc<Route>> {
        self.lookup.find(host, path)
    }

    pub fn routes(&self) -> &[Arc<Route>] {
        &self.routes
    }
}

/// The compiled resource types of one pair of dialects.
#[derive(Clone, Debug)]
struct Pairs {
    users: Option<Arc<Pair>>,
    groups: Option<Arc<Pair>>,
}

impl Pairs {
    fn new(spec: &PairSpec, dialects: &Dialects) -> Self {
        let pair = |kind: Kind| {
            let canonical = dialects.canonical_of(kind.name())?;
            Pair::new(spec, canonical, kind).map(Arc::new)
        };
        Self { users: pair(Kind::User), groups: pair(Kind::Group) }
    }
}
