//! What the operator decided about a route.

use super::safety::Safety;
use crate::dialect::{MissingResource, Undeclared};
use crate::scim::document::DocumentLimits;

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
    /// PUT keeps what the client cannot see (docs/semantics.md 4).
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
