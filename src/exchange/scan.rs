//! Reading all pages of an upstream's list, up to a proof that they are all, each once (docs/semantics.md 7.2).

use tokio::time::Instant;

use super::context::Exchange;
use super::read::{Read, ScanStep};
use crate::dialect::{ListForms, Paging};
use crate::fault::{Cause, Fault};
use crate::gateway::view::{
    At, ListPlan, PageCall, Stored, StoredPage, Truth, beyond_scan_limit, too_many,
};
use crate::scim::Path;
use crate::scim::evaluate::known;
use crate::scim::filter::Filter;

/// How reading all pages ended.
enum Scan {
    Complete(Vec<Stored<'static>>),
    /// The upstream answered what it was not asked for.
    FilterIgnored,
    /// It answered a resource twice before it had shown as many as it says there are.
    Repeats,
}

/// How often a list is read from its start.
#[derive(Default)]
struct Tries {
    ignored: bool,
    repeated: bool,
}

impl Exchange<'_> {
    /// All resources that satisfy the truth; without asking for it where the upstream was found to
    /// ignore filters.
    ///
    /// # Errors
    /// `TooMany` where nothing shows that these are all, `UpstreamUnexpected` for a resource without id.
    pub async fn all(
        &mut self,
        plan: &ListPlan,
        ignored: bool,
    ) -> Result<Vec<Stored<'static>>, Fault> {
        let mut tries = Tries { ignored, repeated: false };
        loop {
            self.caller.record.filter_ignored |= tries.ignored;
            match self.scan(plan, &tries).await? {
                Scan::Complete(all) => {
                    self.caller.record.emulated = self.caller.record.calls.len() > 1;
                    return Ok(all);
                }
                // Without a filter none is ignored, so this is not asked twice.
                Scan::FilterIgnored => tries.ignored = true,
                Scan::Repeats if tries.repeated => {
                    return Err(too_many(
                        "The upstream answers some resources twice while it is read, so others may be \
                         missing: its list changes meanwhile, or the dialect's `list` does not say how \
                         it is paged.",
                    ));
                }
                Scan::Repeats => tries.repeated = true,
            }
        }
    }

    /// Reads page after page, keeps what satisfies the truth, and ends only with a proof of the end.
    async fn scan(&mut self, plan: &ListPlan, tries: &Tries) -> Result<Scan, Fault> {
        let resource = &self.pair.upstream_resource;
        let list = resource.list.clone();
        let limit = self.route.spec.policies.scan_limit;
        let pushed = plan.pushed.as_ref().filter(|_| !tries.ignored);
        // What has no order of its own may have one by id.
        let by_id = Path::core("id");
        let sorts = tries.repeated && resource.sort && list.paging != Paging::Capped;
        let mut read = Read::new(self.pair, plan, pushed);
        loop {
            if Instant::now() >= self.caller.deadline {
                return Err(too_many("The upstream's list could not be read in time."));
            }
            let at = match list.paging {
                Paging::Cursor => At::Cursor(&read.cursor),
                Paging::Index | Paging::Capped => At::Index(read.fetched.saturating_add(1)),
            };
            let call = PageCall {
                pushed,
                sort: sorts.then_some((&by_id, false)),
                at,
                count: list.max_count,
                columns: plan.columns.as_ref(),
            };
            let step = match self.page(&call).await.map_err(own_cursor) {
                // Who refuses to begin behind the end has one.
                Err(fault) if read.checking && is_refusal(&fault) => ScanStep::End,
                page => self.take(&mut read, page?, plan, pushed, &list)?,
            };
            match step {
                ScanStep::FilterIgnored => return Ok(Scan::FilterIgnored),
                ScanStep::Repeats => return Ok(Scan::Repeats),
                ScanStep::Found(stored) => return Ok(Scan::Complete(vec![*stored])),
                ScanStep::End => break,
                ScanStep::More
                    if !read.checking && read.fetched.saturating_add(read.empty) >= limit =>
                {
                    return Err(beyond_scan_limit(longer(plan, &list)));
                }
                ScanStep::More => {}
            }
        }
        match self.settled(read, plan, pushed).await? {
            Some(all) => Ok(Scan::Complete(all)),
            None => Ok(Scan::FilterIgnored),
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
    ) -> Result<ScanStep, Fault> {
        let (size, total) = (page.resources.len(), page.total);
        let mut views = Vec::with_capacity(size);
        for stored in page.resources {
            let view = match &plan.truth {
                Truth::Test(_) => Some(self.pair.own_view(&stored)),
                Truth::Always | Truth::Never => None,
            };
            read.asked.note(&self.pair.as_answered(&stored));
            view.iter().for_each(|view| read.told.note(view));
            views.push((stored, view));
        }
        let mut fresh = 0_usize;
        for (stored, view) in views {
            let told = pushed.map(|pushed| self.pair.answers(&stored, pushed, read.asked.hidden()));
            if told == Some(Some(false)) {
                return Ok(ScanStep::FilterIgnored);
            }
            if !read.ids.insert(stored.frame.id.clone().unwrap_or_default()) {
                continue;
            }
            fresh = fresh.saturating_add(1);
            let holds = match (&plan.truth, &view) {
                (Truth::Test(test), Some(view)) => {
                    known(test, view, &self.pair.client.vendor, read.told.hidden())
                }
                (truth, _) => Some(*truth == Truth::Always),
            };
            // What the upstream found by what it does not show is in doubt.
            let holds = if plan.exact && told == Some(None) { None } else { holds };
            match holds {
                Some(true) if self.pair.is_the_only_one(plan, view.as_ref()) => {
                    return Ok(ScanStep::Found(Box::new(stored)));
                }
                Some(false) => {}
                holds => read.kept.push((stored, holds.is_none())),
            }
        }
        read.fetched = read.fetched.saturating_add(size);
        read.ended(size, fresh, total, page.next_cursor, list)
    }
}

/// Whether the upstream has no such page, or refuses to say.
pub fn is_refusal(fault: &Fault) -> bool {
    matches!(fault.cause, Cause::UpstreamRefused | Cause::UpstreamNotFound)
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
    let Some(said @ ("expiredCursor" | "invalidCursor")) = fault.scim_type() else { return fault };
    if fault.cause != Cause::UpstreamRefused {
        return fault;
    }
    let detail = "The upstream gave up its own cursor while its list was read. Try again later.";
    Fault::new(Cause::UpstreamUnexpected, detail).with_log(said)
}
