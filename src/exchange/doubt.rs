//! What an answer does not show proves nothing: who is in doubt is read, or the upstream is shown to have
//! looked (RFC 7643 section 7 `returned`; many servers leave members out of their lists).

use tokio::time::Instant;

use super::context::Exchange;
use super::read::Read;
use crate::fault::{Cause, Fault};
use crate::gateway::view::{
    ListPlan, PageCall, Stored, Truth, beyond_scan_limit, lies_in, too_many,
};
use crate::scim::evaluate::known;
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::schema::{Returned, attribute_at};

/// After so many resources that by themselves show no more than in their list, a list is taken at its
/// word of attributes with one value. Of those with several it is not: they are what lists leave out.
const SAMPLE: usize = 10;

/// A text that nobody has.
const NOBODY: &str = "7d1f0e52-nobody-has-this-4b7a-9f7c";

impl Exchange<'_> {
    /// What satisfies the truth of what was read; `None` where the upstream was found to ignore filters.
    ///
    /// # Errors
    /// `TooMany` where too many are in doubt.
    pub(super) async fn settled(
        &mut self,
        read: Read,
        plan: &ListPlan,
        pushed: Option<&Filter>,
    ) -> Result<Option<Vec<Stored<'static>>>, Fault> {
        let Truth::Test(test) = &plan.truth else {
            return Ok(Some(read.kept.into_iter().map(|(stored, _)| stored).collect()));
        };
        if let Some(pushed) = pushed.filter(|_| plan.exact) {
            let hidden = read.asked.hidden();
            for (stored, doubt) in &read.kept {
                if *doubt && self.pair.answers(stored, pushed, hidden) == Some(false) {
                    return Ok(None);
                }
            }
            let doubt = |(stored, doubt): &(Stored<'static>, bool)| {
                *doubt && self.pair.answers(stored, pushed, hidden).is_none()
            };
            if read.kept.iter().any(doubt) {
                let count = self.pair.upstream_resource.list.max_count;
                let heeds = self.heeds(pushed, hidden, count, read.ids.len()).await?;
                if !heeds {
                    return Ok(None);
                }
            }
            return Ok(Some(read.kept.into_iter().map(|(stored, _)| stored).collect()));
        }
        self.sifted(read, plan, test).await.map(Some)
    }

    /// Reads, one by one, whose list entries do not tell.
    async fn sifted(
        &mut self,
        mut read: Read,
        plan: &ListPlan,
        test: &Filter,
    ) -> Result<Vec<Stored<'static>>, Fault> {
        let schema = &self.pair.client.vendor;
        let limit = self.route.spec.policies.scan_limit;
        let several = |names: &Vec<String>| {
            attribute_at(&schema.attributes, names).is_none_or(|a| a.multi_valued)
        };
        let mut all = Vec::new();
        let (mut asked, mut alike) = (0_usize, true);
        for (stored, doubt) in std::mem::take(&mut read.kept) {
            if !doubt {
                all.push(stored);
                continue;
            }
            let hidden = read.told.hidden();
            let view = self.pair.own_view(&stored);
            let sampled = asked >= SAMPLE && alike && !hidden.iter().any(several);
            let hidden = if sampled { &[] } else { hidden };
            match known(test, &view, schema, hidden) {
                Some(true) => all.push(stored),
                Some(false) => {}
                None => {
                    if asked.saturating_add(read.fetched) >= limit {
                        return Err(beyond_scan_limit(
                            "The upstream's list does not show what the filter is about, and these are too \
                             many to be read one by one.",
                        ));
                    }
                    if Instant::now() >= self.caller.deadline {
                        return Err(too_many("The upstream's list could not be read in time."));
                    }
                    asked = asked.saturating_add(1);
                    let id = stored.frame.id.clone().unwrap_or_default();
                    let whole = match self.read(&id).await {
                        Ok(whole) => whole,
                        Err(fault) if fault.cause == Cause::UpstreamNotFound => continue,
                        Err(fault) => return Err(fault),
                    };
                    alike &= whole.object.iter().all(|(name, _)| stored.object.contains(name));
                    if self.pair.satisfies(&whole, &plan.truth) {
                        all.push(whole);
                    }
                }
            }
        }
        Ok(all)
    }

    /// Whether the upstream's answer to a filter, with `found` resources, shows that it looked at what it
    /// does not show: it finds fewer than without, or nobody by what nobody has.
    pub(super) async fn heeds(
        &mut self,
        pushed: &Filter,
        hidden: &[Vec<String>],
        count: usize,
        found: usize,
    ) -> Result<bool, Fault> {
        if self.says_hidden(pushed, hidden) {
            return Ok(true);
        }
        let rest = without(pushed, hidden);
        let call = |pushed| PageCall {
            pushed,
            sort: None,
            at: self.pair.beginning(),
            count,
            columns: None,
        };
        let (wider, nobody) = (call(rest.as_ref()), nobody(pushed, hidden));
        let wider = self.page(&wider).await?;
        if wider.total.unwrap_or(wider.resources.len()) > found {
            return Ok(true);
        }
        let Some(nobody) = nobody else { return Ok(false) };
        let call = PageCall {
            pushed: Some(&nobody),
            sort: None,
            at: self.pair.beginning(),
            count,
            columns: None,
        };
        match self.page(&call).await {
            Ok(page) => Ok(page.resources.is_empty() && page.total.unwrap_or_default() == 0),
            Err(fault) if super::scan::is_refusal(&fault) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// Whether the dialect says that the upstream shows none of it.
    fn says_hidden(&self, pushed: &Filter, hidden: &[Vec<String>]) -> bool {
        pushed.paths().iter().filter(|path| hidden.iter().any(|at| lies_in(path, at))).all(|path| {
            let names: Vec<String> = path.members().map(str::to_owned).collect();
            (1..=names.len()).any(|depth| {
                let found = names
                    .get(..depth)
                    .and_then(|n| attribute_at(&self.pair.upstream.vendor.attributes, n));
                found.is_some_and(|a| matches!(a.returned, Returned::Never | Returned::Request))
            })
        })
    }
}

fn touches(filter: &Filter, hidden: &[Vec<String>]) -> bool {
    filter.paths().iter().any(|path| hidden.iter().any(|names| lies_in(path, names)))
}

/// The terms that are about nothing hidden.
fn without(pushed: &Filter, hidden: &[Vec<String>]) -> Option<Filter> {
    match pushed {
        Filter::And(terms) => {
            let mut left: Vec<Filter> =
                terms.iter().filter_map(|term| without(term, hidden)).collect();
            if left.len() > 1 { Some(Filter::And(left)) } else { left.pop() }
        }
        term => (!touches(term, hidden)).then(|| term.clone()),
    }
}

/// The same filter about a value that nobody has; `None` where it has no such form.
fn nobody(pushed: &Filter, hidden: &[Vec<String>]) -> Option<Filter> {
    match pushed {
        Filter::And(terms) => {
            let terms: Option<Vec<Filter>> = terms
                .iter()
                .map(|term| match touches(term, hidden) {
                    true => nobody(term, hidden),
                    false => Some(term.clone()),
                })
                .collect();
            terms.map(Filter::And)
        }
        Filter::Compare { path, operator, literal: Literal::String(_) }
            if matches!(operator, Operator::Eq | Operator::Co | Operator::Sw | Operator::Ew) =>
        {
            let literal = Literal::String(NOBODY.to_owned());
            Some(Filter::Compare { path: path.clone(), operator: *operator, literal })
        }
        _ => None,
    }
}
