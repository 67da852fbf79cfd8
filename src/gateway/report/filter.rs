//! What a filter comes to: what is asked of each resource, and how much of it the upstream is asked.

use super::way::Way;
use crate::fault::Fault;
use crate::gateway::pair::Pair;
use crate::gateway::view::{ListPlan, Pushed, Truth};
use crate::rewrite::resolve::Spot;
use crate::scim::Path;
use crate::scim::filter::Filter;
use crate::scim::query::Query;

#[derive(Debug)]
pub struct FilterReport {
    pub plan: ListPlan,
    pub terms: Vec<Term>,
    pub reach: FilterReach,
}

/// One comparison of the client's.
#[derive(Debug)]
pub struct Term {
    /// In the client's words.
    pub client: String,
    pub truth: Truth,
    pub reach: FilterReach,
    /// In the upstream's words.
    pub upstream: Option<String>,
    pub why: String,
    pub way: Way,
}

/// How much of the truth the upstream tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterReach {
    /// It is known without asking.
    Constant,
    Exact,
    Superset,
    /// What it finds is right, and what it misses is looked for.
    Subset,
    None,
}

impl Pair {
    /// Explains a filter in the client's words.
    ///
    /// # Errors
    /// `InvalidFilter`.
    pub fn explain_filter(&self, filter: &Filter) -> Result<FilterReport, Fault> {
        let plan = self.plan_list(Query { filter: Some(filter.clone()), ..Query::everything() })?;
        let mut leaves = Vec::new();
        terms(filter, &mut leaves);
        let terms = leaves.into_iter().map(|term| self.term(term)).collect::<Result<_, _>>()?;
        let reach = self.reached(&plan.truth).0;
        Ok(FilterReport { plan, terms, reach })
    }

    fn term(&self, filter: &Filter) -> Result<Term, Fault> {
        let truth = self.truth(filter)?;
        let (reach, upstream, why) = self.reached(&truth);
        let why = match &truth {
            Truth::Always | Truth::Never if self.derived(filter)?.is_some() => {
                "known of every resource of this route".to_owned()
            }
            Truth::Always => "lost on this route, so it holds for every resource".to_owned(),
            Truth::Never => "lost on this route, so no resource has it".to_owned(),
            Truth::Test(_) => why,
        };
        let path = match filter {
            Filter::Compare { path, .. } | Filter::Present(path) | Filter::Element { path, .. } => {
                path.clone()
            }
            _ => Path::default(),
        };
        let way = self.way(&Spot::new(path.members().map(str::to_owned).collect()));
        Ok(Term { client: filter.to_string(), truth, reach, upstream, why, way })
    }

    /// How much is asked, what, and why not more: as the push itself says it.
    fn reached(&self, truth: &Truth) -> (FilterReach, Option<String>, String) {
        let Truth::Test(test) = truth else { return (FilterReach::Constant, None, String::new()) };
        match self.pushed(test) {
            Pushed::Exact(filter) => {
                let why = "the upstream declares this comparison".to_owned();
                (FilterReach::Exact, Some(filter.to_string()), why)
            }
            Pushed::Superset(filter, why) => (FilterReach::Superset, Some(filter.to_string()), why),
            Pushed::Subset(filter, why) => (FilterReach::Subset, Some(filter.to_string()), why),
            Pushed::Nothing(why) => (FilterReach::None, None, why),
        }
    }
}

/// The comparisons of a filter, in order.
fn terms<'f>(filter: &'f Filter, into: &mut Vec<&'f Filter>) {
    match filter {
        Filter::Compare { .. } | Filter::Present(_) | Filter::Element { .. } => into.push(filter),
        Filter::And(all) | Filter::Or(all) => all.iter().for_each(|one| terms(one, into)),
        Filter::Not(inner) => terms(inner, into),
    }
}

impl FilterReach {
    /// The word in reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Exact => "exact",
            Self::Superset => "superset",
            Self::Subset => "subset",
            Self::None => "none",
        }
    }
}
