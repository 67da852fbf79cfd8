//! What is counted and logged of an exchange: bounded labels, no value of any attribute.

use std::time::Duration;

use crate::fault::Fault;
use crate::gateway::pair::Losses;
use crate::rewrite::translate::Loss;
use crate::scim::schema::Operation;

/// For metrics and the log.
#[derive(Debug, Default)]
pub struct Record {
    /// `User`, `Group`, or `None` for discovery and unknown endpoints.
    pub resource: Option<&'static str>,
    pub operation: Option<Operation>,
    pub calls: Vec<CallRecord>,
    pub losses: Vec<LossRecord>,
    pub fault: Option<Fault>,
    /// Whether several upstream calls did what the upstream cannot do in one.
    pub emulated: bool,
    /// Whether the upstream was found to ignore a filter that it declares.
    pub filter_ignored: bool,
    /// What was removed: `deletion`, `deactivation` or `emptying`, each once for a resource.
    pub removals: Vec<&'static str>,
    /// What the breaker on mass removal did: `warned` or `tripped`.
    pub alarm: Option<&'static str>,
    /// Whether a creation was answered with what was there already.
    pub adopted: bool,
}

#[derive(Debug)]
pub struct CallRecord {
    pub operation: Operation,
    /// `None` where there was no whole answer.
    pub status: Option<u16>,
    pub duration: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LossRecord {
    /// A place of the compiled table; a free key is `<urn>.*`.
    pub place: String,
    /// `rule`, `no_place`, `shadowed`, `picked` or `converted`.
    pub cause: &'static str,
    /// `request` or `response`.
    pub direction: &'static str,
}

impl Record {
    /// Counts losses of one direction, each place and cause once an exchange.
    pub fn lose(&mut self, losses: &Losses, direction: &'static str) {
        for Loss { place, cause } in losses.all() {
            let loss = LossRecord { place: place.to_string(), cause: cause.label(), direction };
            if !self.losses.contains(&loss) {
                self.losses.push(loss);
            }
        }
    }
}
