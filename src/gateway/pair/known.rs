//! What a name may be on this pair: of its own schemas, or of another's.

use super::compiled::Pair;
use crate::scim::grammar::{Known, is_foreign};

impl Pair {
    /// Whether a name is, or begins with, the URN of a schema that is not this resource type's.
    pub fn is_foreign(&self, name: &str) -> bool {
        let urns = self.client.vendor.urns();
        is_foreign(name, &self.known(&urns))
    }

    /// What the grammar is told of this pair.
    pub fn known<'u>(&'u self, urns: &'u [&'u str]) -> Known<'u> {
        let Self { free, foreign, .. } = self;
        Known { urns, free, foreign, lenient: self.leniency.string_booleans }
    }
}
