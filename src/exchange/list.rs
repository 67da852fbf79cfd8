//! Lists and searches: complete, or refused (design 6f).

use std::collections::HashSet;

use tokio::time::Instant;

use super::caller::Caller;
use super::run::{Asking, Exchange};
use crate::dialect::model::Paging;
use crate::fault::{Cause, Fault};
use crate::gateway::guard::report;
use crate::gateway::list::{ListPlan, too_many};
use crate::gateway::pair::Losses;
use crate::gateway::receive::bad_query;
use crate::gateway::reply::{Stored, StoredPage};
use crate::gateway::truth::Truth;
use crate::scim::filter::Filter;
use crate::scim::http::{Request, Response};
use crate::scim::path::Path;
use crate::scim::query::parse_search;
use crate::scim::schema::Operation;

/// GET of the collection, and `POST .search` (RFC 7644 sections 3.4.2 and 3.4.3).
pub async fn list(mut exchange: Exchange<'_>, operation: Operation) -> Result<Response, Fault> {
    let query = match operation {
        Operation::Search => {
            let body = exchange.route.document(exchange.request)?;
            let urns = exchange.pair.client.vendor.urns();
            parse_search(&body, &exchange.pair.known(&urns)).map_err(bad_query)?
        }
        _ => exchange.pair.query(exchange.request.query.as_deref())?,
    };
    let plan = exchange.pair.plan_list(query)?;
    let (total, found) =
        if plan.truth == Truth::Never { (0, Vec::new()) } else { exchange.found(&plan).await? };
    if plan.truth == Truth::Always {
        exchange.listed(total);
    }
    let (route, pair) = (exchange.route, exchange.pair);
    let mut losses = Losses::default();
    let shown = found
        .iter()
        .map(|s| route.shown(pair, Operation::List, s, &plan.query.projection, &mut losses))
        .collect();
    let mut response = route.answer_list(total, plan.query.start_index, shown)?;
    exchange.caller.record.lose(&losses, "response");
    report(&mut response, &losses, &route.spec.policies);
    Ok(response)
}

/// `POST .search` at the base: the resources of all types, one type after the other (RFC 7644
/// section 3.4.3).
pub async fn search_all(
    asking: Asking<'_>,
    request: &Request,
    mut caller: Caller<'_>,
) -> Result<Response, Fault> {
    let Asking { route, shared } = asking;
    let body = route.document(request)?;
    let (mut total, mut shown, mut losses) = (0_usize, Vec::new(), Losses::default());
    let mut start = 1;
    for pair in route.pairs() {
        let urns = pair.client.vendor.urns();
        let mut query = parse_search(&body, &pair.known(&urns)).map_err(bad_query)?;
        if query.sort.is_some() {
            return Err(Fault::new(
                Cause::NotImplemented,
                "Resources of several types are not sorted together: search one type, such as \
                 /Users/.search.",
            ));
        }
        start = query.start_index;
        let count = query.count.unwrap_or(usize::MAX);
        (query.start_index, query.count) = (1, None);
        let plan = ListPlan { direct: false, ..pair.plan_list(query)? };
        let mut exchange = Exchange { route, pair, request, caller: caller.again(), shared };
        let found = match plan.truth {
            Truth::Never => Vec::new(),
            Truth::Always | Truth::Test(_) => exchange.found(&plan).await?.1,
        };
        let skip = start.saturating_sub(1).saturating_sub(total);
        total = total.saturating_add(found.len());
        let room = count.saturating_sub(shown.len());
        shown.extend(found.iter().skip(skip).take(room).map(|stored| {
            route.shown(pair, Operation::List, stored, &plan.query.projection, &mut losses)
        }));
    }
    let mut response = route.answer_list(total, start, shown)?;
    caller.record.lose(&losses, "response");
    report(&mut response, &losses, &route.spec.policies);
    Ok(response)
}

/// How reading all pages ended.
enum Scan {
    Complete(Vec<Stored>),
    /// The upstream answered what it was not asked for.
    FilterIgnored,
}

/// What the upstream's own page is worth.
enum Direct {
    Answers(usize, Vec<Stored>),
    /// It does not show how many there are.
    ProvesNothing,
    FilterIgnored,
}

impl Exchange<'_> {
    /// The number of resources that satisfy the request, and those of the page asked for.
    pub async fn found(&mut self, plan: &ListPlan) -> Result<(usize, Vec<Stored>), Fault> {
        let mut pushed = plan.pushed.as_ref();
        if plan.direct {
            match self.direct(plan).await? {
                Direct::Answers(total, page) => return Ok((total, page)),
                Direct::ProvesNothing => {}
                Direct::FilterIgnored => pushed = self.ignores_filters(),
            }
        }
        let mut scan = self.scan(plan, pushed).await?;
        if let Scan::FilterIgnored = scan {
            pushed = self.ignores_filters();
            scan = self.scan(plan, pushed).await?;
        }
        let all = match scan {
            Scan::Complete(all) => all,
            Scan::FilterIgnored => Vec::new(),
        };
        self.caller.record.emulated = self.caller.record.calls.len() > 1;
        let all = match &plan.query.sort {
            Some(sort) => self.pair.sorted(all, sort),
            None => all,
        };
        let total = all.len();
        let skip = plan.query.start_index.saturating_sub(1);
        let count = plan.query.count.unwrap_or(usize::MAX);
        Ok((total, all.into_iter().skip(skip).take(count).collect()))
    }

    /// Counts it; what is left is to ask without a filter.
    fn ignores_filters<'f>(&mut self) -> Option<&'f Filter> {
        self.caller.record.filter_ignored = true;
        None
    }

    /// The upstream's own page, where it answers just what was asked.
    async fn direct(&mut self, plan: &ListPlan) -> Result<Direct, Fault> {
        let size = self.pair.page_size(plan.query.count);
        let pushed = plan.pushed.as_ref();
        let start = plan.query.start_index;
        let descending = plan.query.sort.as_ref().is_some_and(|sort| sort.descending);
        let sort = plan.sorted.as_ref().map(|by| (by, descending));
        let page = self.page(pushed, sort, (start, size)).await?;
        if pushed.is_some_and(|p| page.resources.iter().any(|s| !self.pair.answers(s, p))) {
            return Ok(Direct::FilterIgnored);
        }
        let Some(total) = page.total else { return Ok(Direct::ProvesNothing) };
        // Without a resource nothing shows whether the total is of the filter or of everything.
        let blind = pushed.is_some() && page.resources.is_empty() && total > 0;
        let end = start.saturating_sub(1).saturating_add(page.resources.len());
        // A page that is short of both what was asked and the total it claims proves nothing.
        let short = page.resources.len() < size && end < total;
        // Some answer their first page whatever is asked: then it is looked for from the start.
        let elsewhere = page.start_index != start;
        if blind || short || elsewhere || page.resources.len() > size {
            return Ok(Direct::ProvesNothing);
        }
        Ok(Direct::Answers(total, page.resources))
    }

    async fn page(
        &mut self,
        pushed: Option<&Filter>,
        sort: Option<(&Path, bool)>,
        range: (usize, usize),
    ) -> Result<StoredPage, Fault> {
        let request = self.route.list_call(self.pair, pushed, sort, range);
        let response = self.caller.call(Operation::List, request).await?;
        self.route.success(Operation::List, &response)?;
        self.route.page(self.pair, &response)
    }

    /// Reads page after page, keeps what satisfies the truth, and ends only with a proof of the end.
    async fn scan(&mut self, plan: &ListPlan, pushed: Option<&Filter>) -> Result<Scan, Fault> {
        let list = self.pair.upstream_resource.list.clone();
        let limit = self.route.spec.policies.scan_limit;
        let mut seen: HashSet<String> = HashSet::new();
        let mut kept = Vec::new();
        let mut fetched = 0_usize;
        loop {
            if Instant::now() >= self.caller.deadline {
                return Err(too_many("The upstream's list could not be read in time."));
            }
            let range = (fetched.saturating_add(1), list.max_count);
            let page = self.page(pushed, None, range).await?;
            let size = page.resources.len();
            let mut fresh = 0_usize;
            for stored in page.resources {
                if pushed.is_some_and(|pushed| !self.pair.answers(&stored, pushed)) {
                    return Ok(Scan::FilterIgnored);
                }
                if !seen.insert(stored.frame.id.clone().unwrap_or_default()) {
                    continue;
                }
                fresh = fresh.saturating_add(1);
                if self.pair.satisfies(&stored, &plan.truth) {
                    kept.push(stored);
                    if plan.unique {
                        return Ok(Scan::Complete(kept));
                    }
                }
            }
            if size > 0 && fresh == 0 {
                return Err(too_many("The upstream answers the same page again and again."));
            }
            fetched = fetched.saturating_add(size);
            let all = page.total.is_some_and(|total| fetched >= total);
            let ended = match list.paging {
                // At the cap, the total counts no further either.
                Paging::Capped => all && size < list.max_count,
                Paging::Index => all || (list.short_page_ends && size < list.max_count),
            };
            if ended {
                return Ok(Scan::Complete(kept));
            }
            if list.paging == Paging::Capped {
                return Err(too_many("The upstream shows one page of its list, and it is full."));
            }
            if size == 0 {
                return Err(too_many("The upstream's list ends before the total that it names."));
            }
            if fetched >= limit {
                return Err(too_many("The upstream's list is longer than this route may read."));
            }
        }
    }
}
