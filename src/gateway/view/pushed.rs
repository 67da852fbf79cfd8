//! How much of the truth the upstream's answer to a filter tells.

use crate::scim::filter::Filter;

/// How much of the truth the upstream's answer to a filter tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Pushed {
    /// Just the resources that satisfy it.
    Exact(Filter),
    /// All that satisfy it, and perhaps more; and why.
    Superset(Filter, String),
    /// Only resources that satisfy it, and perhaps not all; and why.
    Subset(Filter, String),
    /// Nothing can be asked, and why.
    Nothing(String),
}
