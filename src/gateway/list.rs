//! How a list is answered: what is asked of the upstream, and when the answer is complete.

use super::message::resource::Frame;
use super::pair::Pair;
use super::push::Pushed;
use super::reply::Stored;
use super::route::Route;
use super::truth::Truth;
use crate::dialect::model::Paging;
use crate::fault::{Cause, Fault};
use crate::scim::evaluate::matches;
use crate::scim::filter::Filter;
use crate::scim::http::Request;
use crate::scim::path::Path;
use crate::scim::query::{Query, encode};
use crate::scim::{Object, Value};
use http::Method;

/// What a list needs.
#[derive(Debug)]
pub struct ListPlan {
    pub query: Query,
    /// In canonical words.
    pub truth: Truth,
    /// What the upstream is asked, in its words.
    pub pushed: Option<Filter>,
    /// Whether the upstream's own pages and totals answer the request.
    pub direct: bool,
    /// Whether the first match is the only one.
    pub unique: bool,
    /// The attribute that the upstream is asked to sort by.
    pub sorted: Option<Path>,
}

impl Pair {
    /// Plans a list or a search.
    ///
    /// # Errors
    /// `InvalidFilter`.
    pub fn plan_list(&self, query: Query) -> Result<ListPlan, Fault> {
        let truth = match &query.filter {
            None => Truth::Always,
            Some(filter) => self.truth(filter)?,
        };
        let (pushed, exact, unique) = match &truth {
            Truth::Always => (None, true, false),
            Truth::Never => (None, true, true),
            Truth::Test(test) => {
                let unique = self.is_unique(test);
                match self.pushed(test) {
                    Pushed::Exact(filter) => (Some(filter), true, unique),
                    Pushed::Superset(filter) => (Some(filter), false, unique),
                    Pushed::Nothing => (None, false, unique),
                }
            }
        };
        let sorted = query.sort.as_ref().and_then(|sort| self.pushed_sort(sort));
        // Where one is all, it is the only page, and the total is what was found.
        let paged = self.upstream_resource.list.paging == Paging::Index;
        let direct = exact && paged && !unique && (query.sort.is_none() || sorted.is_some());
        Ok(ListPlan { query, truth, pushed, direct, unique, sorted })
    }

    /// Whether a stored resource satisfies the truth: asked of the full lifted view (6f.1).
    pub fn satisfies(&self, stored: &Stored, truth: &Truth) -> bool {
        match truth {
            Truth::Always => true,
            Truth::Never => false,
            Truth::Test(filter) => matches(filter, &self.lifted(stored), &self.upstream.canonical),
        }
    }

    /// The full lifted view, with `id` and `meta`.
    pub(super) fn lifted<'s>(&'s self, stored: &'s Stored) -> Object<'s> {
        let mut lifted = self.lift(&stored.object).object;
        framed(&mut lifted, &stored.frame);
        lifted
    }

    /// Whether a stored resource satisfies what the upstream was asked; if not, it ignores filters.
    pub fn answers(&self, stored: &Stored, pushed: &Filter) -> bool {
        let mut object = stored.object.borrowed();
        framed(&mut object, &stored.frame);
        matches(pushed, &object, &self.upstream.vendor)
    }

    /// The page size to ask for.
    pub fn page_size(&self, wanted: Option<usize>) -> usize {
        let list = &self.upstream_resource.list;
        wanted.unwrap_or(list.default_count).min(list.max_count)
    }
}

impl Route {
    /// The request for one page: the first resource's number, one-based, and how many. `sort` is the
    /// attribute, and whether it descends.
    pub fn list_call(
        &self,
        pair: &Pair,
        pushed: Option<&Filter>,
        sort: Option<(&Path, bool)>,
        (start, count): (usize, usize),
    ) -> Request {
        let mut request = self.call(pair, Method::GET, None, "");
        let (start, count) = (start.to_string(), count.to_string());
        let filter = pushed.map(ToString::to_string);
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        if let Some(filter) = &filter {
            pairs.push(("filter", filter));
        }
        if pair.upstream_resource.list.paging == Paging::Index {
            pairs.push(("startIndex", &start));
        }
        pairs.push(("count", &count));
        let by = sort.map(|(by, _)| by.to_string());
        if let (Some(by), Some((_, descending))) = (&by, sort) {
            pairs.push(("sortBy", by));
            pairs.push(("sortOrder", if descending { "descending" } else { "ascending" }));
        }
        request.query = Some(encode(&pairs));
        request
    }
}

/// The refusal of a list that cannot be shown to be complete (promise 6).
pub fn too_many(reason: &str) -> Fault {
    Fault::new(
        Cause::TooMany,
        format!(
            "{reason} A shorter list would be wrong, so there is none. Use a filter that names one \
             resource, such as userName eq \"…\", or raise scan_limit on the route."
        ),
    )
}

fn framed(object: &mut Object<'_>, frame: &Frame) {
    if let Some(id) = &frame.id {
        object.insert("id", Value::String(id.clone().into()));
    }
    let mut meta = Object::new();
    for (name, value) in [
        ("created", &frame.meta.created),
        ("lastModified", &frame.meta.last_modified),
        ("version", &frame.meta.version),
    ] {
        if let Some(value) = value {
            meta.push(name, Value::String(value.clone().into()));
        }
    }
    if !meta.is_empty() {
        object.insert("meta", Value::Object(meta));
    }
}
