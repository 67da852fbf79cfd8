//! A route as configured: everything by value, nothing compiled.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::policies::Policies;
use crate::dialect::Dialect;
use crate::gateway::pair::PairSpec;
use crate::rewrite::rule::Rules;

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
    /// Group rules of all overlays of the route, as one set.
    pub group_overlays: Vec<Rules>,
    /// Scheme and authority under which clients reach the gateway, such as `https://scim.example.com`.
    pub public_url: String,
    /// A short word for the rules in force, which ends every version that clients are told; it may be
    /// empty.
    pub rules: String,
    pub policies: Policies,
}

impl RouteSpec {
    /// What the route's pairs are made of.
    pub fn pair_spec(&self) -> PairSpec {
        PairSpec {
            client: Arc::clone(&self.client),
            client_vars: self.client_vars.clone(),
            client_extends: self.client_extends.clone(),
            upstream: Arc::clone(&self.upstream),
            upstream_vars: self.upstream_vars.clone(),
            overlays: self.overlays.clone(),
            group_overlays: self.group_overlays.clone(),
            undeclared: self.policies.undeclared,
        }
    }
}
