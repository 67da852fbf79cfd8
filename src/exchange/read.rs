//! What was read of a list so far, and whether that is all of it.
//!
//! A total is believed as far as the pages bear it out: some servers name no more than one page can hold.
//! Where a page begins is known by the ids on it, never by what it says of itself.

use std::collections::HashSet;

use crate::dialect::{ListForms, Paging};
use crate::fault::Fault;
use crate::gateway::pair::Pair;
use crate::gateway::view::{ListPlan, Sight, Stored, Truth, too_many};
use crate::scim::filter::Filter;

/// What was read so far.
#[derive(Default)]
pub struct Read {
    pub ids: HashSet<String>,
    /// What satisfies the truth, or may: then it is in doubt.
    pub kept: Vec<(Stored<'static>, bool)>,
    /// Resources, those that came twice twice.
    pub fetched: usize,
    /// Pages without a resource: a cursor may lead through some (RFC 9865 section 2).
    pub empty: usize,
    /// The upstream's cursor to the next page.
    pub cursor: String,
    /// Whether the next page is asked for to see that there is none.
    pub checking: bool,
    /// What of the upstream's filter, and of the client's, no resource has shown.
    pub asked: Sight,
    pub told: Sight,
    cursors: HashSet<String>,
    pages: usize,
    /// Whether there was more than the total that was named.
    belied: bool,
}

/// How a page changes what is known of the list.
pub enum ScanStep {
    More,
    End,
    /// The only resource that can satisfy the truth.
    Found(Box<Stored<'static>>),
    FilterIgnored,
    Repeats,
}

impl Read {
    pub fn new(pair: &Pair, plan: &ListPlan, pushed: Option<&Filter>) -> Self {
        let asked = pushed.map(|pushed| Sight::of(pushed, &pair.upstream.vendor));
        let told = match &plan.truth {
            Truth::Test(test) => Sight::of(test, &pair.client.vendor),
            Truth::Always | Truth::Never => Sight::default(),
        };
        Self { asked: asked.unwrap_or_default(), told, ..Self::default() }
    }

    /// Whether the page of that size was the last one; `fresh` of its resources were new.
    ///
    /// # Errors
    /// `TooMany` where it cannot be told.
    pub fn ended(
        &mut self,
        size: usize,
        fresh: usize,
        total: Option<usize>,
        next: Option<String>,
        list: &ListForms,
    ) -> Result<ScanStep, Fault> {
        self.pages = self.pages.saturating_add(1);
        let all = total.is_some_and(|total| self.ids.len() >= total);
        let short = size < list.max_count;
        match list.paging {
            Paging::Cursor if fresh < size => Ok(ScanStep::Repeats),
            // The end of the cursors is the proof; a total may be an estimate, or not there.
            Paging::Cursor => {
                let Some(next) = next else { return Ok(ScanStep::End) };
                self.empty = self.empty.saturating_add(usize::from(size == 0));
                if !self.cursors.insert(next.clone()) {
                    return Err(too_many("The upstream's cursors lead in a circle."));
                }
                self.cursor = next;
                Ok(ScanStep::More)
            }
            // At the cap, the total counts no further either.
            Paging::Capped if all && short => Ok(ScanStep::End),
            Paging::Capped => {
                Err(too_many("The upstream shows one page of its list, and it is full."))
            }
            Paging::Index => self.ended_by_index(size, fresh, total, list),
        }
    }

    fn ended_by_index(
        &mut self,
        size: usize,
        fresh: usize,
        total: Option<usize>,
        list: &ListForms,
    ) -> Result<ScanStep, Fault> {
        let checked = std::mem::take(&mut self.checking);
        // Behind the end some answer nothing, and some their first page once more.
        if checked && fresh == 0 {
            return Ok(ScanStep::End);
        }
        self.belied |= checked;
        let total = total.filter(|_| !self.belied);
        let reached = total.is_some_and(|total| self.ids.len() >= total);
        if fresh < size && !reached {
            return Ok(ScanStep::Repeats);
        }
        match total {
            _ if size == 0 && (reached || total.is_none()) => Ok(ScanStep::End),
            _ if size == 0 && self.fetched > self.ids.len() => Ok(ScanStep::Repeats),
            _ if size == 0 => {
                Err(too_many("The upstream's list ends before the total that it names."))
            }
            _ if list.short_page_ends && size < list.max_count => Ok(ScanStep::End),
            // As many as one page can hold are perhaps not all.
            Some(_) if reached && self.pages == 1 && is_full(size, list.max_count) => {
                self.checking = true;
                Ok(ScanStep::More)
            }
            Some(_) if reached => Ok(ScanStep::End),
            _ => Ok(ScanStep::More),
        }
    }
}

/// Whether a page of that size may be as long as the upstream makes it, where more was asked for: no
/// server's page holds but one.
pub fn is_full(size: usize, asked: usize) -> bool {
    size > 1 || asked <= 1
}
