//! Routes: which client dialect meets which upstream dialect, where, and under which policies.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::lookup::Lookup;
use super::pair::{Pair, PairSpec};
use super::safety::Safety;
use crate::dialect::{Dialect, Dialects};
use crate::dialect::{MissingResource, Undeclared};
use crate::rewrite::rule::Rules;
use crate::scim::document::DocumentLimits;
use crate::scim::endpoint::segment;

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

/// What the operator decided about a route.
#[derive(Clone, Debug, PartialEq)]
pub struct Policies {
    pub replace: Replace,
    /// Overrides what the client dialect's omission in PUT means.
    pub omitted: Option<Omitted>,
    /// Overrides what the client dialect says of keys that `/Schemas` does not list.
    pub undeclared: Option<Undeclared>,
    pub loss: LossPolicy,
    /// Places whose loss is refused, beside the guarded ones.
    pub refuse: Vec<String>,
    /// Guarded places whose loss is accepted: `active`, `members`, `userName`.
    pub waive: Vec<String>,
    /// Whether a deactivation that the vendor cannot undo goes through.
    pub irreversible: Irreversible,
    pub safety: Safety,
    /// Where the versions come from that clients are told.
    pub etag: Etag,
    /// How a resource type that the upstream lacks is answered; `None`: as its dialect says.
    pub missing_resource: Option<MissingResource>,
    /// The most resources that a scan reads.
    pub scan_limit: usize,
    /// The deepest JSON of a body.
    pub max_depth: usize,
    /// Values of one attribute in a client's body.
    pub max_elements: usize,
    /// The longest body that a client may send, in bytes.
    pub max_body: usize,
    /// Whether clients can show a bearer token.
    pub bearer: bool,
    /// Whether clients can show user and password.
    pub basic: bool,
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
pub enum Etag {
    /// The upstream's, where it has them.
    Pass,
    /// Made of what the upstream said, where it has none.
    Make,
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
            undeclared: None,
            loss: LossPolicy::Report,
            refuse: Vec::new(),
            waive: Vec::new(),
            irreversible: Irreversible::Forward,
            safety: Safety::default(),
            etag: Etag::Pass,
            missing_resource: None,
            scan_limit: 5_000,
            max_depth: 32,
            max_elements: 10_000,
            max_body: 1 << 20,
            bearer: true,
            basic: false,
        }
    }
}

impl Policies {
    /// What a client's body may hold.
    pub fn limits(&self) -> DocumentLimits {
        DocumentLimits { max_depth: self.max_depth, max_elements: self.max_elements }
    }
}

/// All routes, ready to serve.
#[derive(Debug, Default)]
pub struct Gateway {
    routes: Vec<Arc<Route>>,
    lookup: Lookup,
}

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

impl Gateway {
    /// Compiles every route. Routes with the same pair of dialects, overlays and variables share it.
    pub fn new(specs: Vec<RouteSpec>, dialects: &Dialects) -> Self {
        let mut made: HashMap<PairSpec, Pairs> = HashMap::new();
        let mut routes = Vec::with_capacity(specs.len());
        for spec in specs {
            let wanted = PairSpec::of(&spec);
            let pairs = match made.get(&wanted) {
                Some(pairs) => pairs.clone(),
                None => {
                    let pairs = Pairs::new(&wanted, dialects);
                    made.insert(wanted, pairs.clone());
                    pairs
                }
            };
            routes.push(Arc::new(Route::new(spec, pairs)));
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

/// A resource type that the gateway translates (RFC 7643 sections 4.1 and 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    User,
    Group,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::User, Self::Group];

    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }
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

    fn new(spec: RouteSpec, Pairs { users, groups }: Pairs) -> Self {
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
