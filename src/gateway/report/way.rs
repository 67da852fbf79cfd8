//! The way of one attribute path through both dialects.

use crate::gateway::pair::{Pair, described, many_to_one};
use crate::rewrite::program::LossCause;
use crate::rewrite::resolve::{Resolved, Spot, resolve};
use crate::rewrite::rule::RuleOrigin;
use crate::scim::Path;
use crate::scim::filter::{Filter, Literal, Operator};

/// Client place -> canonical place -> upstream place.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    pub client: String,
    pub canonical: Option<String>,
    pub upstream: Option<String>,
    pub outcome: Outcome,
    /// The rules on the way, the client's first.
    pub rules: Vec<RuleOrigin>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// One place for one place.
    Exact,
    /// Several elements or values share the upstream's place.
    Picked,
    /// Requests cannot write it.
    ReadOnly,
    Lost(LossCause),
    /// A rule's predicate or constant says it.
    Implied,
    /// It depends on the element which way it goes.
    Depends,
    /// It holds other attributes.
    Branch,
    Unknown,
}

impl Pair {
    /// Follows an attribute path of the client's to the upstream's.
    pub fn way(&self, spot: &Spot) -> Way {
        let client = described(spot);
        let mut way = Way {
            client,
            canonical: None,
            upstream: None,
            outcome: Outcome::Unknown,
            rules: Vec::new(),
        };
        let near = match resolve(&self.client.lift, spot) {
            Resolved::To(near) => near,
            other => return Way { outcome: ended(&other, &mut way.rules), ..way },
        };
        way.canonical = Some(described(&near.spot));
        way.rules.extend(near.rule.as_ref().map(|rule| rule.origin.clone()));
        let far = match resolve(&self.upstream.lower, &near.spot) {
            Resolved::To(far) => far,
            other => return Way { outcome: ended(&other, &mut way.rules), ..way },
        };
        way.upstream = Some(described(&far.spot));
        way.rules.extend(far.rule.as_ref().map(|rule| rule.origin.clone()));
        let shared = |picked, rule| picked || many_to_one(rule);
        way.outcome = if far.read_only {
            Outcome::ReadOnly
        } else if shared(near.picked, near.rule.as_deref())
            || shared(far.picked, far.rule.as_deref())
        {
            Outcome::Picked
        } else {
            Outcome::Exact
        };
        way
    }
}

fn ended(resolved: &Resolved, rules: &mut Vec<RuleOrigin>) -> Outcome {
    match resolved {
        Resolved::Lost(lost) => {
            rules.extend(lost.rules.iter().cloned());
            Outcome::Lost(lost.cause)
        }
        Resolved::Implied => Outcome::Implied,
        Resolved::Branch => Outcome::Branch,
        Resolved::Depends => Outcome::Depends,
        Resolved::Unknown | Resolved::To(_) => Outcome::Unknown,
    }
}

/// The leaf of an attribute path, with what its value filter says of the element.
pub fn spot(path: &Path) -> Spot {
    let names: Vec<String> = path.members().map(str::to_owned).collect();
    let Some(filter) = &path.filter else { return Spot::new(names) };
    let array = usize::from(path.urn.is_some()) + 1;
    Spot { names, array: Some(array), known: equalities(filter) }
}

fn equalities(filter: &Filter) -> Vec<(String, Literal)> {
    match filter {
        Filter::Compare { path, operator: Operator::Eq, literal } => {
            path.attribute.iter().map(|name| (name.clone(), literal.clone())).collect()
        }
        Filter::And(terms) => terms.iter().flat_map(equalities).collect(),
        _ => Vec::new(),
    }
}

impl Outcome {
    /// The word in reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Exact => "carried",
            Self::Picked => "picked",
            Self::ReadOnly => "read_only",
            Self::Lost(cause) => cause.label(),
            Self::Implied => "implied",
            Self::Depends => "depends",
            Self::Branch => "branch",
            Self::Unknown => "unknown",
        }
    }
}
