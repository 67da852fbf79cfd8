//! One route, ready to serve: which client dialect meets which upstream dialect, and where.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::spec::RouteSpec;
use crate::gateway::pair::{Kind, Pair};
use crate::scim::endpoint::segment;

/// One route, ready to serve.
#[derive(Debug)]
pub struct Route {
    pub spec: RouteSpec,
    /// `None` where one of the dialects has no users.
    pub users: Option<Arc<Pair>>,
    /// `None` where one of the dialects has no groups.
    pub groups: Option<Arc<Pair>>,
    /// The path at which clients of this route begin: prefix and the client dialect's base.
    pub client_base: String,
    /// The URL of that path.
    pub public_base: String,
    /// The path at which the upstream's endpoints begin.
    pub upstream_base: String,
}

impl Route {
    /// The compiled pair of one resource type.
    pub fn pair(&self, kind: Kind) -> Option<&Pair> {
        match kind {
            Kind::User => self.users.as_deref(),
            Kind::Group => self.groups.as_deref(),
        }
    }

    /// The pairs of all resource types that work on the route.
    pub fn pairs(&self) -> impl Iterator<Item = &Pair> {
        Kind::ALL.into_iter().filter_map(|kind| self.pair(kind))
    }

    /// A route of its pairs, each `None` where one of the dialects has no such resources.
    pub fn new(spec: RouteSpec, users: Option<Arc<Pair>>, groups: Option<Arc<Pair>>) -> Self {
        let base = fill(&spec.client.base, &spec.client_vars);
        let client_base = format!("{}{base}", spec.prefix);
        let public_base = format!("{}{client_base}", spec.public_url.trim_end_matches('/'));
        let upstream_base = fill(&spec.upstream.base, &spec.upstream_vars);
        Self { users, groups, client_base, public_base, upstream_base, spec }
    }
}

/// A base path with its variables filled in; one that is not given stays, and matches no path.
fn fill(template: &str, variables: &BTreeMap<String, String>) -> String {
    variables.iter().fold(template.to_owned(), |path, (name, value)| {
        path.replace(&format!("{{{name}}}"), &segment(value))
    })
}
