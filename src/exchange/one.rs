//! The one resource that can satisfy a filter: read by its id, or found by a question that is narrower
//! than the filter, whose hit is a proof and whose miss is none.

use super::context::Exchange;
use super::scan::is_refusal;
use crate::fault::{Cause, Fault};
use crate::gateway::view::{ListPlan, PageCall, Stored};

impl Exchange<'_> {
    /// That resource, if it satisfies the truth; `None` where it is to be looked for among all.
    pub(super) async fn one(
        &mut self,
        plan: &ListPlan,
    ) -> Result<Option<Vec<Stored<'static>>>, Fault> {
        let kept = |exchange: &Self, stored: Stored<'static>| {
            let satisfies = exchange.pair.satisfies(&stored, &plan.truth);
            Some(if satisfies { vec![stored] } else { Vec::new() })
        };
        if let Some(id) = &plan.id {
            match self.read_with(id.as_str(), plan.columns.as_ref()).await {
                Ok(stored) => return Ok(kept(self, stored)),
                Err(fault) if fault.cause == Cause::UpstreamNotFound => {
                    return Ok(Some(Vec::new()));
                }
                Err(fault) if is_refusal(&fault) || fault.cause == Cause::NotImplemented => {}
                Err(fault) => return Err(fault),
            }
        }
        let Some(hit) = plan.hit.as_ref().filter(|_| plan.unique) else { return Ok(None) };
        let call = PageCall {
            pushed: Some(hit),
            sort: None,
            at: self.pair.beginning(),
            count: self.pair.max_page(),
            columns: plan.columns.as_ref(),
        };
        let page = self.page(&call).await?;
        let is = |stored: &Stored| self.pair.answers(stored, hit, &[]) == Some(true);
        let found = page.resources.into_iter().find(is);
        Ok(found.and_then(|stored| kept(self, stored)))
    }
}
