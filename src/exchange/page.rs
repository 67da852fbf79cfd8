//! One page of the upstream's own, and what it is worth.

use super::run::Exchange;
use crate::dialect::model::Paging;
use crate::fault::{Cause, Fault};
use crate::gateway::cursor::{Cursor, Page, Start, expired, fingerprint, invalid};
use crate::gateway::list::{At, ListPlan, PageCall, too_many};
use crate::gateway::reply::{Stored, StoredPage};
use crate::scim::filter::Filter;

/// What the upstream's own page is worth.
pub enum Direct {
    Answers(Page<Stored>),
    /// It does not show how many there are.
    ProvesNothing,
    FilterIgnored,
}

impl Exchange<'_> {
    /// The upstream's own page, where it answers just what was asked.
    pub async fn direct(
        &mut self,
        plan: &ListPlan,
        start: &Start,
        size: usize,
    ) -> Result<Direct, Fault> {
        let list = &self.pair.upstream_resource.list;
        let descending = plan.query.sort.as_ref().is_some_and(|sort| sort.descending);
        let sort = plan.sorted.as_ref().map(|by| (by, descending));
        let call =
            PageCall { pushed: plan.pushed.as_ref(), sort, at: self.pair.beginning(), count: size };
        if list.paging == Paging::Cursor {
            return self.direct_by_cursor(call, start).await;
        }
        let (first, count) = start.range(size, list.max_count);
        let page = self.page(&PageCall { at: At::Index(first), count, ..call }).await?;
        if self.ignores(&page, call.pushed) {
            return Ok(Direct::FilterIgnored);
        }
        let Some(total) = page.total else { return Ok(Direct::ProvesNothing) };
        // Without a resource nothing shows whether the total is of the filter or of everything.
        let blind = call.pushed.is_some() && page.resources.is_empty() && total > 0;
        let end = first.saturating_sub(1).saturating_add(page.resources.len());
        // A page that is short of both what was asked and the total it claims proves nothing.
        let short = page.resources.len() < count && end < total;
        // Some answer their first page whatever is asked: then it is looked for from the start.
        let elsewhere = page.start_index != first;
        if blind || short || elsewhere || page.resources.len() > count {
            return Ok(Direct::ProvesNothing);
        }
        let behind = matches!(start, Start::Cursor(cursor) if !cursor.backward);
        let first = if behind { first.saturating_add(1) } else { first };
        let items = start.beside(page.resources)?;
        let page = Page { total: Some(total), first, items, next: None, previous: None };
        Ok(Direct::Answers(page.with_neighbours(|stored| fingerprint("", stored))))
    }

    /// The same of an upstream that has cursors and no index: the end of its cursors is the end.
    async fn direct_by_cursor(
        &mut self,
        call: PageCall<'_>,
        start: &Start,
    ) -> Result<Direct, Fault> {
        let at = match start {
            Start::Index(1) | Start::First => "",
            Start::Cursor(Cursor { upstream: Some(upstream), .. }) => upstream,
            Start::Index(_) | Start::Cursor(_) => return Ok(Direct::ProvesNothing),
        };
        // Whoever wants the total alone gets it with a page of one.
        let count = call.count.max(1);
        let page = self.page(&PageCall { at: At::Cursor(at), count, ..call }).await;
        let page = page.map_err(|fault| if at.is_empty() { fault } else { forgotten(fault) })?;
        if self.ignores(&page, call.pushed) {
            return Ok(Direct::FilterIgnored);
        }
        let StoredPage { total, next_cursor, previous_cursor, resources, .. } = page;
        if next_cursor.as_deref().is_some_and(|next| next == at) {
            return Err(too_many("The upstream's cursor leads to its own page."));
        }
        let total = match (&next_cursor, at) {
            (None, "") => Some(resources.len()),
            _ => total,
        };
        let by_index = matches!(start, Start::Index(_));
        // An index needs a total, and one that the page itself does not belie.
        let more = next_cursor.is_some();
        let belied = total.is_none_or(|total| more && total <= resources.len());
        let blank = resources.is_empty() && next_cursor.is_some();
        if resources.len() > count || by_index && (belied || blank) {
            return Ok(Direct::ProvesNothing);
        }
        if call.count == 0 {
            let none = Page { total, first: 1, items: Vec::new(), next: None, previous: None };
            return Ok(Direct::Answers(none));
        }
        Ok(Direct::Answers(beside(start, total, resources, next_cursor, previous_cursor)))
    }

    /// Reads one page.
    pub async fn page(&mut self, call: &PageCall<'_>) -> Result<StoredPage, Fault> {
        let (operation, request) = self.route.list_call(self.pair, call);
        let response = self.call(operation, request).await?;
        self.route.success(operation, &response)?;
        self.route.page(self.pair, &response)
    }

    /// Whether the page holds what was not asked for.
    fn ignores(&self, page: &StoredPage, pushed: Option<&Filter>) -> bool {
        pushed.is_some_and(|pushed| page.resources.iter().any(|s| !self.pair.answers(s, pushed)))
    }
}

/// The page with the upstream's cursors in ours.
fn beside(
    start: &Start,
    total: Option<usize>,
    items: Vec<Stored>,
    next: Option<String>,
    previous: Option<String>,
) -> Page<Stored> {
    let first = match start {
        Start::Cursor(Cursor { backward: false, beside, .. }) => beside.saturating_add(1),
        Start::Cursor(Cursor { beside, .. }) => beside.saturating_sub(items.len()).max(1),
        Start::Index(_) | Start::First => 1,
    };
    let last = first.saturating_sub(1).saturating_add(items.len()).max(1);
    let cursor = |backward, beside, one: Option<&Stored>, upstream| Cursor {
        backward,
        beside,
        neighbour: one.map(|one| fingerprint("", one)).unwrap_or_default(),
        upstream: Some(upstream),
    };
    let next = next.map(|next| cursor(false, last, items.last(), next));
    let previous = previous.map(|previous| cursor(true, first, items.first(), previous));
    Page { total, first, items, next, previous }
}

/// What the upstream says to a cursor of its own that a client brought back.
fn forgotten(fault: Fault) -> Fault {
    match (fault.cause, fault.scim_type()) {
        (Cause::UpstreamRefused, Some("expiredCursor")) => expired().with_log(fault.detail),
        (Cause::UpstreamRefused, Some("invalidCursor")) => invalid().with_log(fault.detail),
        _ => fault,
    }
}
