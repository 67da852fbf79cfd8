//! What a pair is made of: two dialects, a route's variables, and its overlays. Two that are equal come
//! to the same pair, which their routes then share.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::dialect::{Dialect, Undeclared};
use crate::rewrite::rule::Rules;
use crate::scim::schema::Attribute;

/// What a pair is made of.
#[derive(Clone, Debug)]
pub struct PairSpec {
    pub client: Arc<Dialect>,
    pub client_vars: BTreeMap<String, String>,
    pub client_extends: Vec<Attribute>,
    pub upstream: Arc<Dialect>,
    pub upstream_vars: BTreeMap<String, String>,
    pub overlays: Vec<Rules>,
    pub group_overlays: Vec<Rules>,
    /// What the route says of keys that `/Schemas` does not list, where it says so.
    pub undeclared: Option<Undeclared>,
}

/// Two that are equal come to the same pair.
impl PartialEq for PairSpec {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            client,
            client_vars,
            client_extends,
            upstream,
            upstream_vars,
            overlays,
            group_overlays,
            undeclared,
        } = self;
        Arc::ptr_eq(client, &other.client)
            && Arc::ptr_eq(upstream, &other.upstream)
            && *client_vars == other.client_vars
            && *client_extends == other.client_extends
            && *upstream_vars == other.upstream_vars
            && *overlays == other.overlays
            && *group_overlays == other.group_overlays
            && *undeclared == other.undeclared
    }
}

impl Eq for PairSpec {}

/// Of what tells pairs apart; of rules, where they stand.
impl Hash for PairSpec {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.client).hash(state);
        Arc::as_ptr(&self.upstream).hash(state);
        self.client_vars.hash(state);
        self.upstream_vars.hash(state);
        self.undeclared.is_some().hash(state);
        self.client_extends.iter().for_each(|attribute| attribute.name.hash(state));
        for rules in self.overlays.iter().chain(&self.group_overlays) {
            let Rules { maps, fills, sets } = rules;
            let origins = maps.iter().map(|map| &map.origin);
            let origins = origins.chain(fills.iter().map(|fill| &fill.origin));
            for origin in origins.chain(sets.iter().map(|set| &set.origin)) {
                (&origin.file, origin.line, origin.column).hash(state);
            }
        }
    }
}
