//! What a filter says: the client's own words, asked of the client's own view (docs/semantics.md 6.1 and 6.3).
//!
//! Nothing is translated here. What no answer of the route can show is absent from every resource, and
//! is folded away, so that no call is made for it.

use super::derived::ordered;
use super::fold::{Truth, joined, negated};
use crate::fault::Fault;
use crate::gateway::pair::Pair;
use crate::scim::filter::Filter;

impl Pair {
    /// What is asked of each resource.
    ///
    /// # Errors
    /// `InvalidFilter` for a comparison that has no answer.
    pub fn truth(&self, filter: &Filter) -> Result<Truth, Fault> {
        ordered(&self.client.vendor, &[], filter)?;
        if let Some(known) = self.derived(filter)? {
            return Ok(known);
        }
        match filter {
            Filter::And(terms) => self.all(terms, true),
            Filter::Or(terms) => self.all(terms, false),
            Filter::Not(inner) => Ok(negated(self.truth(inner)?)),
            other => self.test(other),
        }
    }

    fn all(&self, terms: &[Filter], and: bool) -> Result<Truth, Fault> {
        let truths = terms.iter().map(|term| self.truth(term)).collect::<Result<Vec<_>, _>>()?;
        Ok(joined(truths, and))
    }
}
