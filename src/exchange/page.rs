//! One page of the upstream's own, and what it is worth.

use std::collections::HashSet;

use http::StatusCode;

use super::context::Exchange;
use super::read::is_full;
use super::scan::is_refusal;
use crate::dialect::Paging;
use crate::fault::{Cause, Fault};
use crate::gateway::view::{
    At, Cursor, ListPlan, Page, PageCall, Sight, Start, Stored, StoredPage, Truth, expired,
    fingerprint, invalid, too_many,
};
use crate::scim::Object;
use crate::scim::evaluate::known;
use crate::scim::schema::Operation;

/// What the upstream's own page is worth.
pub enum Direct {
    Answers(Page<Stored<'static>>),
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
        let list = self.pair.upstream_resource.list.clone();
        let descending = plan.query.sort.as_ref().is_some_and(|sort| sort.descending);
        let sort = plan.sorted.as_ref().map(|by| (by, descending));
        let call = PageCall {
            pushed: plan.pushed.as_ref(),
            sort,
            at: self.pair.beginning(),
            count: size,
            columns: plan.columns.as_ref(),
        };
        if list.paging == Paging::Cursor {
            return self.direct_by_cursor(plan, call, start).await;
        }
        let (first, count) = match (start, size) {
            // Whoever wants the total alone gets it with a page of one.
            (Start::Index(_), 0) => (1, 1),
            _ => start.range(size, list.max_count),
        };
        let call = PageCall { count, ..call };
        let page = self.page(&PageCall { at: At::Index(first), ..call }).await?;
        let Some(ids) = ids(&page)? else { return Ok(Direct::ProvesNothing) };
        if let Some(told) = self.unlike(plan, &page, count).await? {
            return Ok(told);
        }
        let Some(total) = page.total else { return Ok(Direct::ProvesNothing) };
        let here = page.resources.len();
        // Without a resource nothing shows whether the total is of the filter or of everything.
        let blind = call.pushed.is_some() && here == 0 && total > 0;
        let end = first.saturating_sub(1).saturating_add(here);
        // A page that is short of both what was asked and the total it claims proves nothing.
        let short = here < count && end < total;
        // One that goes beyond the total is not the one that was asked for, or the total is none.
        let beyond = here > 0 && end > total;
        if blind || short || beyond || here > count {
            return Ok(Direct::ProvesNothing);
        }
        let full = first == 1 && here > 0 && here == total && is_full(here, count);
        let sure = match start {
            _ if full => list.short_page_ends && here < count || self.ends(&call, &ids).await?,
            // The neighbour shows where the page stands.
            Start::Cursor(_) => true,
            _ => first == 1 || here == 0 || self.moves(&call, &ids).await?,
        };
        if !sure {
            return Ok(Direct::ProvesNothing);
        }
        if let (Start::Index(start), 0) = (start, size) {
            let none = Page {
                total: Some(total),
                first: *start,
                items: Vec::new(),
                next: None,
                previous: None,
            };
            return Ok(Direct::Answers(none));
        }
        let behind = matches!(start, Start::Cursor(cursor) if !cursor.backward);
        let first = if behind { first.saturating_add(1) } else { first };
        let items = start.beside(page.resources)?;
        let page = Page { total: Some(total), first, items, next: None, previous: None };
        Ok(Direct::Answers(page.with_neighbours(|stored| fingerprint("", stored))))
    }

    /// Whether there is nothing behind a page that holds as many as the total: some servers name no
    /// more than one page can hold.
    async fn ends(&mut self, call: &PageCall<'_>, ids: &HashSet<String>) -> Result<bool, Fault> {
        let behind = At::Index(ids.len().saturating_add(1));
        match self.page(&PageCall { at: behind, ..*call }).await {
            Ok(page) => Ok(holds(&page, ids)),
            Err(fault) if is_refusal(&fault) => Ok(true),
            Err(fault) => Err(fault),
        }
    }

    /// Whether a page that is not the first one is not the first one: some servers answer that one
    /// whatever is asked.
    async fn moves(&mut self, call: &PageCall<'_>, ids: &HashSet<String>) -> Result<bool, Fault> {
        let page = self.page(&PageCall { at: At::Index(1), count: 1, ..*call }).await?;
        Ok(!page.resources.is_empty() && !page.resources.iter().any(|one| is_in(one, ids)))
    }

    /// What the page is worth where it does not show what was asked for.
    async fn unlike(
        &mut self,
        plan: &ListPlan,
        page: &StoredPage,
        count: usize,
    ) -> Result<Option<Direct>, Fault> {
        let (Some(pushed), Truth::Test(test)) = (&plan.pushed, &plan.truth) else {
            return Ok(None);
        };
        let mut asked = Sight::of(pushed, &self.pair.upstream.vendor);
        let mut told = Sight::of(test, &self.pair.client.vendor);
        let views: Vec<_> = page.resources.iter().map(|one| self.pair.own_view(one)).collect();
        for (stored, view) in page.resources.iter().zip(&views) {
            asked.note(&self.pair.as_answered(stored));
            told.note(view);
        }
        let hidden = asked.hidden();
        let answers: Vec<_> =
            page.resources.iter().map(|one| self.pair.answers(one, pushed, hidden)).collect();
        if answers.contains(&Some(false)) {
            return Ok(Some(Direct::FilterIgnored));
        }
        let schema = &self.pair.client.vendor;
        let shown = |view: &Object<'_>| known(test, view, schema, told.hidden());
        if !answers.contains(&None) {
            let unlike = views.iter().any(|view| shown(view) == Some(false));
            return Ok(unlike.then_some(Direct::ProvesNothing));
        }
        let found = page.total.unwrap_or(page.resources.len());
        let heeds = self.heeds(pushed, hidden, count, found).await?;
        Ok((!heeds).then_some(Direct::FilterIgnored))
    }

    /// The same of an upstream that has cursors and no index: the end of its cursors is the end.
    async fn direct_by_cursor(
        &mut self,
        plan: &ListPlan,
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
        if ids(&page)?.is_none() {
            return Ok(Direct::ProvesNothing);
        }
        if let Some(told) = self.unlike(plan, &page, count).await? {
            return Ok(told);
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

    /// Reads one page. An upstream that lacks the search that its dialect has is asked by GET.
    ///
    /// # Errors
    /// `UpstreamUnexpected` for a resource without id, whatever the page is read for.
    pub async fn page(&mut self, call: &PageCall<'_>) -> Result<StoredPage, Fault> {
        let (operation, request) = self.route.list_call(self.pair, call, !self.no_search)?;
        let mut response = self.call(operation, request).await?;
        if let Err(fault) = self.route.success(operation, &response) {
            let missing = is_missing(response.status);
            let lists = self.pair.upstream_resource.operations.has(Operation::List);
            let lacks = missing || is_of_a_create(&fault);
            if operation != Operation::Search || !lists || !lacks {
                return Err(fault);
            }
            let (operation, request) = match self.route.list_call(self.pair, call, false) {
                Ok(instead) => instead,
                Err(long) => return Err(if missing { long } else { fault }),
            };
            response = self.call(operation, request).await?;
            self.route.success(operation, &response)?;
            self.no_search = true;
        }
        let page = self.route.page(self.pair, &response)?;
        page.resources.iter().try_for_each(|one| identified(one).map(drop))?;
        Ok(page)
    }
}

/// A resource of a list is known by its id.
///
/// # Errors
/// `UpstreamUnexpected` where it has none.
fn identified<'s>(stored: &'s Stored<'_>) -> Result<&'s str, Fault> {
    stored.frame.id.as_deref().ok_or_else(|| {
        let detail = "A resource in the upstream's list has no id, so the list cannot be told to be complete. \
                      Ask whoever runs the upstream.";
        Fault::new(Cause::UpstreamUnexpected, detail)
    })
}

/// The ids of a page; `None` where one is there twice.
fn ids(page: &StoredPage) -> Result<Option<HashSet<String>>, Fault> {
    let mut ids = HashSet::new();
    for stored in &page.resources {
        if !ids.insert(identified(stored)?.to_owned()) {
            return Ok(None);
        }
    }
    Ok(Some(ids))
}

fn is_in(stored: &Stored, ids: &HashSet<String>) -> bool {
    stored.frame.id.as_ref().is_some_and(|id| ids.contains(id))
}

fn holds(page: &StoredPage, ids: &HashSet<String>) -> bool {
    page.resources.iter().all(|one| is_in(one, ids))
}

/// What a server says of an endpoint or a method that it does not have.
fn is_missing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED
    )
}

/// Whether the search may have been taken for the create of a resource, and refused as that.
fn is_of_a_create(fault: &Fault) -> bool {
    let of_a_list = ["invalidFilter", "tooMany", "invalidCursor", "expiredCursor", "invalidCount"];
    matches!(fault.cause, Cause::UpstreamRefused | Cause::UpstreamConflict)
        && !fault.scim_type().is_some_and(|word| of_a_list.contains(&word))
}

/// The page with the upstream's cursors in ours.
fn beside(
    start: &Start,
    total: Option<usize>,
    items: Vec<Stored<'static>>,
    next: Option<String>,
    previous: Option<String>,
) -> Page<Stored<'static>> {
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
        (Cause::UpstreamRefused, Some("expiredCursor")) => expired().with_log("expiredCursor"),
        (Cause::UpstreamRefused, Some("invalidCursor")) => invalid().with_log("invalidCursor"),
        _ => fault,
    }
}
