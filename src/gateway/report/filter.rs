//! What a filter comes to: its truth in canonical words, and how much of it the upstream is asked.

use super::way::Way;
use crate::dialect::model::FilterForms;
use crate::fault::Fault;
use crate::gateway::list::ListPlan;
use crate::gateway::pair::Pair;
use crate::gateway::push::{Pushed, declared};
use crate::gateway::truth::Truth;
use crate::rewrite::resolve::Spot;
use crate::scim::filter::{Filter, Operator};
use crate::scim::path::Path;
use crate::scim::query::Query;

#[derive(Debug)]
pub struct FilterReport {
    pub plan: ListPlan,
    pub terms: Vec<Term>,
    pub reach: Reach,
}

/// One comparison of the client's.
#[derive(Debug)]
pub struct Term {
    /// In the client's words.
    pub client: String,
    pub truth: Truth,
    pub reach: Reach,
    /// In the upstream's words.
    pub upstream: Option<String>,
    pub why: String,
    pub way: Way,
}

/// How much of the truth the upstream tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It is known without asking.
    Constant,
    Exact,
    Superset,
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
        let reach = self.reach(&plan.truth).0;
        Ok(FilterReport { plan, terms, reach })
    }

    fn term(&self, filter: &Filter) -> Result<Term, Fault> {
        let truth = self.truth(filter)?;
        let (reach, upstream) = self.reach(&truth);
        let why = match &truth {
            Truth::Always | Truth::Never if self.derived(filter)?.is_some() => {
                "known of every resource of this route".to_owned()
            }
            Truth::Always => "lost on this route, so it holds for every resource".to_owned(),
            Truth::Never => "lost on this route, so no resource has it".to_owned(),
            Truth::Test(test) => self.why(test, reach),
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

    fn reach(&self, truth: &Truth) -> (Reach, Option<String>) {
        let Truth::Test(test) = truth else { return (Reach::Constant, None) };
        match self.pushed(test) {
            Pushed::Exact(filter) => (Reach::Exact, Some(filter.to_string())),
            Pushed::Superset(filter) => (Reach::Superset, Some(filter.to_string())),
            Pushed::Nothing => (Reach::None, None),
        }
    }

    fn why(&self, test: &Filter, reach: Reach) -> String {
        let forms = &self.upstream_resource.filter;
        match reach {
            Reach::Constant => String::new(),
            Reach::Exact => "the upstream declares this comparison".to_owned(),
            Reach::Superset => {
                "the upstream finds all of these and perhaps more, which are sifted here".to_owned()
            }
            Reach::None => self.obstacle(test, forms),
        }
    }

    /// Why the upstream cannot be asked a comparison.
    fn obstacle(&self, test: &Filter, forms: &FilterForms) -> String {
        if forms.attributes.is_empty() {
            return "the upstream takes no filter".to_owned();
        }
        let (path, operator) = match test {
            Filter::Compare { path, operator, .. } => (path, Some(*operator)),
            Filter::Present(path) => (path, None),
            Filter::Element { .. } => {
                return "the upstream declares no comparison that says this of one element".into();
            }
            _ => return "the upstream does not declare the connectives that it needs".to_owned(),
        };
        let Some(far) = self.far(path) else {
            return format!("no place of the upstream's holds {path} and nothing else");
        };
        let target = crate::gateway::report::filter::target(&far.spot.names);
        let Some(known) = declared(forms, &target) else {
            return format!("the upstream declares no filter on {target}");
        };
        match operator {
            Some(operator) if !known.operators.contains(&operator) => {
                let word = operator.name();
                format!(
                    "the upstream does not declare {word} on {target}{}",
                    takes(&known.operators)
                )
            }
            None => format!("the upstream does not declare pr on {target}"),
            Some(_) if far.rule.is_some() => {
                format!("a rule changes the values of {target} in a way that this cannot follow")
            }
            Some(_) => format!("the upstream tells upper from lower case in {target}"),
        }
    }
}

fn takes(operators: &[Operator]) -> String {
    let words: Vec<&str> = operators.iter().map(|operator| operator.name()).collect();
    if words.is_empty() { String::new() } else { format!(", only {}", words.join(", ")) }
}

fn target(names: &[String]) -> Path {
    crate::gateway::write::path(names)
}

/// The comparisons of a filter, in order.
fn terms<'f>(filter: &'f Filter, into: &mut Vec<&'f Filter>) {
    match filter {
        Filter::Compare { .. } | Filter::Present(_) | Filter::Element { .. } => into.push(filter),
        Filter::And(all) | Filter::Or(all) => all.iter().for_each(|one| terms(one, into)),
        Filter::Not(inner) => terms(inner, into),
    }
}

impl Reach {
    /// The word in reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Exact => "exact",
            Self::Superset => "superset",
            Self::None => "none",
        }
    }
}
