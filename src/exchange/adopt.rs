//! A creation that meets what is there already, on a route that adopts: the one resource with the
//! same matching attribute is the answer.

use super::run::Exchange;
use crate::fault::{Cause, Fault};
use crate::gateway::cursor::{Page, Start};
use crate::gateway::list::ListPlan;
use crate::gateway::pair::Losses;
use crate::gateway::safety::CreateConflict;
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::http::Response;
use crate::scim::path::Path;
use crate::scim::query::Query;
use crate::scim::schema::Operation;
use crate::scim::{Object, Value};

impl Exchange<'_> {
    /// The answer to a creation that the upstream refused with `fault`. Nothing is written: what the
    /// client sent beside the matching attribute is for its next update.
    ///
    /// # Errors
    /// The fault itself, where the route does not adopt, it was no conflict, or there is not exactly
    /// one such resource.
    pub async fn adopt(mut self, sent: &Object<'_>, fault: Fault) -> Result<Response, Fault> {
        let adopts = self.route.spec.policies.safety.create_conflict == CreateConflict::Adopt;
        if !adopts || fault.cause != Cause::UpstreamConflict {
            return Err(fault);
        }
        for name in self.pair.client_resource.matches_on.clone() {
            let Some(filter) = same(&name, sent) else { continue };
            let query = Query::of(filter);
            let Ok(plan) = self.pair.plan_list(query) else { continue };
            // A search that stops at the first match would not see a second one.
            let plan = ListPlan { unique: false, ..plan };
            match self.found(&plan, &Start::Index(1)).await {
                Ok(Page { total: Some(1), items, .. }) => {
                    let Some(stored) = items.first() else { continue };
                    self.caller.record.adopted = true;
                    return Ok(self.answer(Operation::Create, stored, Losses::default()));
                }
                Ok(Page { total: Some(0), .. }) => {}
                Ok(_) => return Err(fault),
                Err(error) => return Err(fault.with_log(error.cause.label())),
            }
        }
        Err(fault)
    }
}

/// A filter for resources with the same value there; `None` where none was sent.
fn same(name: &str, sent: &Object<'_>) -> Option<Filter> {
    let Some(Value::String(text)) = sent.get(name) else { return None };
    Some(Filter::Compare {
        path: Path::core(name),
        operator: Operator::Eq,
        literal: Literal::String(text.clone().into_owned()),
    })
}
