//! Routes: which client dialect meets which upstream dialect, where, and under which policies.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::pair::{Pair, PairSpec};
use crate::dialect::Dialect;
use crate::rewrite::rule::Rules;
use crate::scim::endpoint::Id;
use crate::scim::schema::Schema;

/// A route as configured: everything by value, nothing compiled.
#[derive(Clone, Debug)]
pub struct RouteSpec {
    /// For metrics, logs and `check`: the prefix, such as `/idp/app`.
    pub name: String,
    /// Lower-case, without port; `None` for every host.
    pub host: Option<String>,
    /// Begins with `/` and does not end with one; `""` for the root.
    pub prefix: String,
    pub client: Arc<Dialect>,
    pub client_vars: BTreeMap<String, String>,
    /// Attributes that this route's client manages beside its dialect's schema.
    pub client_extends: Vec<crate::scim::schema::Attribute>,
    pub upstream: Arc<Dialect>,
    pub upstream_vars: BTreeMap<String, String>,
    /// The upstream's name in the configuration, for locks and metrics.
    pub upstream_name: String,
    /// User rules of all overlays of the route, as one set.
    pub overlays: Vec<Rules>,
    /// Scheme and authority under which clients reach the gateway, such as `https://scim.example.com`.
    pub public_url: String,
    pub policies: Policies,
}

/// What the operator decided about a route.
#[derive(Clone, Debug, PartialEq)]
pub struct Policies {
    pub replace: Replace,
    /// Overrides what the client dialect's omission in PUT means.
    pub omitted: Option<Omitted>,
    pub loss: LossPolicy,
    /// Places whose loss is refused, beside the guarded ones.
    pub refuse: Vec<String>,
    /// Guarded places whose loss is accepted: `active`, `members`, `userName`.
    pub waive: Vec<String>,
    /// Whether a deactivation that the vendor cannot undo goes through.
    pub irreversible: Irreversible,
    /// The most resources that a scan reads.
    pub scan_limit: usize,
    /// The deepest JSON of a body.
    pub max_depth: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// PUT keeps what the client cannot see (design 6c).
    Preserve,
    /// PUT means what RFC 7644 section 3.5.1 says and nothing more.
    Reset,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Omitted {
    Clear,
    Keep,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossPolicy {
    Count,
    Report,
    Refuse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Irreversible {
    Forward,
    Refuse,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            replace: Replace::Preserve,
            omitted: None,
            loss: LossPolicy::Report,
            refuse: Vec::new(),
            waive: Vec::new(),
            irreversible: Irreversible::Forward,
            scan_limit: 5_000,
            max_depth: 32,
        }
    }
}

/// All routes, ready to serve.
#[derive(Debug, Default)]
pub struct Gateway {
    routes: Vec<Arc<Route>>,
}

/// One route, ready to serve.
#[derive(Debug)]
pub struct Route {
    pub spec: RouteSpec,
    /// `None` where one of the dialects has no users.
    pub users: Option<Arc<Pair>>,
    /// The path at which clients of this route begin: prefix and the client dialect's base.
    pub client_base: String,
    /// The URL of that path.
    pub public_base: String,
    /// The path at which the upstream's endpoints begin.
    pub upstream_base: String,
}

impl Gateway {
    /// Compiles every route. Routes with the same pair of dialects, overlays and variables share it.
    pub fn new(specs: Vec<RouteSpec>, canonical: &Schema) -> Self {
        let mut pairs: Vec<(PairSpec, Option<Arc<Pair>>)> = Vec::new();
        let mut routes = Vec::with_capacity(specs.len());
        for spec in specs {
            let wanted = PairSpec {
                canonical: canonical.clone(),
                client: Arc::clone(&spec.client),
                client_vars: spec.client_vars.clone(),
                client_extends: spec.client_extends.clone(),
                upstream: Arc::clone(&spec.upstream),
                upstream_vars: spec.upstream_vars.clone(),
                overlays: spec.overlays.clone(),
            };
            let known = pairs.iter().find(|(pair, _)| pair.same(&wanted));
            let users = match known {
                Some((_, pair)) => pair.clone(),
                None => {
                    let pair = Pair::new(&wanted, "User").map(Arc::new);
                    pairs.push((wanted, pair.clone()));
                    pair
                }
            };
            routes.push(Arc::new(Route::new(spec, users)));
        }
        Self { routes }
    }

    /// The route with the longest prefix that holds the path; one with a host goes before one without.
    pub fn route(&self, host: Option<&str>, path: &str) -> Option<&Arc<Route>> {
        self.routes
            .iter()
            .filter(|route| match (&route.spec.host, host) {
                (None, _) => true,
                (Some(wanted), Some(host)) => wanted.eq_ignore_ascii_case(host),
                (Some(_), None) => false,
            })
            .filter(|route| {
                path.strip_prefix(route.spec.prefix.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
            .max_by_key(|route| (route.spec.host.is_some(), route.spec.prefix.len()))
    }

    pub fn routes(&self) -> &[Arc<Route>] {
        &self.routes
    }
}

impl Route {
    fn new(spec: RouteSpec, users: Option<Arc<Pair>>) -> Self {
        let base = fill(&spec.client.base, &spec.client_vars);
        let client_base = format!("{}{base}", spec.prefix);
        let public_base = format!("{}{client_base}", spec.public_url.trim_end_matches('/'));
        let upstream_base = fill(&spec.upstream.base, &spec.upstream_vars);
        Self { users, client_base, public_base, upstream_base, spec }
    }
}

/// A base path with its variables filled in; one that is not given stays, and matches no path.
fn fill(template: &str, variables: &BTreeMap<String, String>) -> String {
    variables.iter().fold(template.to_owned(), |path, (name, value)| {
        let segment = Id::new(value.as_str()).map(|id| id.encoded()).unwrap_or_default();
        path.replace(&format!("{{{name}}}"), &segment)
    })
}
