//! Reading all pages of an upstream's list, up to a proof that they are all (design 6f.7).

use std::collections::HashSet;

use tokio::time::Instant;

use super::run::Exchange;
use crate::dialect::model::{ListForms, Paging};
use crate::fault::{Cause, Fault};
use crate::gateway::list::{At, ListPlan, PageCall, too_many};
use crate::gateway::reply::{Stored, StoredPage};
use crate::scim::filter::Filter;

/// How reading all pages ended.
enum Scan {
    Complete(Vec<Stored>),
    /// The upstream answered what it was not asked for.
    FilterIgnored,
}

/// What was read so far.
#[derive(Default)]
struct Read {
    ids: HashSet<String>,
    kept: Vec<Stored>,
    fetched: usize,
    /// Pages without a resource: a cursor may lead through some (RFC 9865 section 2).
    empty: usize,
    cursors: HashSet<String>,
    /// The upstream's cursor to the next page.
    cursor: String,
}

/// How a page changes what is known of the list.
enum Step {
    More,
    End,
    FilterIgnored,
}

impl Exchange<'_> {
    /// All resources that satisfy the truth; without asking for it where the upstream was found to
    /// ignore filters.
    ///
    /// # Errors
    /// `TooMany` where nothing shows that these are all.
    pub async fn all(&mut self, plan: &ListPlan, ignored: bool) -> Result<Vec<Stored>, Fault> {
        let mut ignored = ignored;
        loop {
            self.caller.record.filter_ignored |= ignored;
            let pushed = plan.pushed.as_ref().filter(|_| !ignored);
            match self.scan(plan, pushed).await? {
                Scan::Complete(all) => {
                    self.caller.record.emulated = self.caller.record.calls.len() > 1;
                    return Ok(all);
                }
                // Without a filter none is ignored, so this is not asked twice.
                Scan::FilterIgnored => ignored = true,
            }
        }
    }

    /// Reads page after page, keeps what satisfies the truth, and ends only with a proof of the end.
    async fn scan(&mut self, plan: &ListPlan, pushed: Option<&Filter>) -> Result<Scan, Fault> {
        let list = self.pair.upstream_resource.list.clone();
        let limit = self.route.spec.policies.scan_limit;
        let mut read = Read::default();
        loop {
            if Instant::now() >= self.caller.deadline {
                return Err(too_many("The upstream's list could not be read in time."));
            }
            let at = match list.paging {
                Paging::Cursor => At::Cursor(&read.cursor),
                Paging::Index | Paging::Capped => At::Index(read.fetched.saturating_add(1)),
            };
            let call = PageCall { pushed, sort: None, at, count: list.max_count };
            let page = self.page(&call).await.map_err(own_cursor)?;
            match self.take(&mut read, page, plan, pushed, &list)? {
                Step::FilterIgnored => return Ok(Scan::FilterIgnored),
                Step::End => return Ok(Scan::Complete(read.kept)),
                Step::More if read.fetched.saturating_add(read.empty) >= limit => {
                    return Err(too_many(longer(plan, &list)));
                }
                Step::More => {}
            }
        }
    }

    /// Takes one page to what was read.
    fn take(
        &self,
        read: &mut Read,
        page: StoredPage,
        plan: &ListPlan,
        pushed: Option<&Filter>,
        list: &ListForms,
    ) -> Result<Step, Fault> {
        let (size, total) = (page.resources.len(), page.total);
        let mut fresh = 0_usize;
        for stored in page.resources {
            if pushed.is_some_and(|pushed| !self.pair.answers(&stored, pushed)) {
                return Ok(Step::FilterIgnored);
            }
            if !read.ids.insert(stored.frame.id.clone().unwrap_or_default()) {
                continue;
            }
            fresh = fresh.saturating_add(1);
            if self.pair.satisfies(&stored, &plan.truth) {
                read.kept.push(stored);
                if plan.unique {
                    return Ok(Step::End);
                }
            }
        }
        if size > 0 && fresh == 0 {
            return Err(too_many("The upstream answers the same page again and again."));
        }
        read.fetched = read.fetched.saturating_add(size);
        read.ended(size, total, page.next_cursor, list)
    }
}

impl Read {
    /// Whether the page was the last one.
    fn ended(
        &mut self,
        size: usize,
        total: Option<usize>,
        next: Option<String>,
        list: &ListForms,
    ) -> Result<Step, Fault> {
        let all = total.is_some_and(|total| self.fetched >= total);
        let short = size < list.max_count;
        match list.paging {
            // The end of the cursors is the proof; a total may be an estimate, or not there.
            Paging::Cursor => {
                let Some(next) = next else { return Ok(Step::End) };
                self.empty = self.empty.saturating_add(usize::from(size == 0));
                if !self.cursors.insert(next.clone()) {
                    return Err(too_many("The upstream's cursors lead in a circle."));
                }
                self.cursor = next;
                Ok(Step::More)
            }
            // At the cap, the total counts no further either.
            Paging::Capped if all && short => Ok(Step::End),
            Paging::Capped => {
                Err(too_many("The upstream shows one page of its list, and it is full."))
            }
            Paging::Index if all || (list.short_page_ends && short) => Ok(Step::End),
            Paging::Index if size == 0 => {
                Err(too_many("The upstream's list ends before the total that it names."))
            }
            Paging::Index => Ok(Step::More),
        }
    }
}

/// Why a list that is too long is refused, and whether cursors would lead through it.
fn longer(plan: &ListPlan, list: &ListForms) -> &'static str {
    if plan.direct && list.paging == Paging::Cursor {
        return "The upstream's list is longer than this route may read for an index: page by cursor, \
                which takes a list of any length.";
    }
    "The upstream's list is longer than this route may read."
}

/// A cursor that the upstream itself has given is not the client's mistake.
fn own_cursor(fault: Fault) -> Fault {
    let cursor = matches!(fault.scim_type(), Some("expiredCursor" | "invalidCursor"));
    if fault.cause != Cause::UpstreamRefused || !cursor {
        return fault;
    }
    let detail = "The upstream gave up its own cursor while its list was read. Try again later.";
    Fault::new(Cause::UpstreamUnexpected, detail).with_log(fault.detail)
}
