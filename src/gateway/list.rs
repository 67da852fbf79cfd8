//! How a list is answered: what is asked of the upstream, and when the answer is complete.

use super::message::headers::media_type;
use super::message::resource::Frame;
use super::pair::Pair;
use super::push::Pushed;
use super::reply::Stored;
use super::route::Route;
use super::truth::Truth;
use crate::dialect::model::{Paging, SearchForms, SearchWhen};
use crate::fault::{Cause, Fault};
use crate::scim::evaluate::matches;
use crate::scim::filter::Filter;
use crate::scim::http::Request;
use crate::scim::message::SEARCH_REQUEST;
use crate::scim::path::Path;
use crate::scim::query::{Query, encode};
use crate::scim::schema::Operation;
use crate::scim::{Object, Value};
use http::Method;
use http::header::CONTENT_TYPE;

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
        // What no resource has orders none: they stay as the upstream has them.
        let mut query = query;
        query.sort = query.sort.filter(|sort| self.canonical_path(&sort.by).is_some());
        let sorted = query.sort.as_ref().and_then(|sort| self.pushed_sort(sort));
        // Where one is all, it is the only page, and the total is what was found.
        let paged = self.upstream_resource.list.paging != Paging::Capped;
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

    /// Where the upstream's first page begins.
    pub fn beginning(&self) -> At<'static> {
        match self.upstream_resource.list.paging {
            Paging::Cursor => At::Cursor(""),
            Paging::Index | Paging::Capped => At::Index(1),
        }
    }

    /// The size of a page, whether the upstream's own or one made here.
    pub fn page_size(&self, wanted: Option<usize>) -> usize {
        wanted.unwrap_or(self.upstream_resource.list.default_count).min(self.max_page())
    }

    /// The most resources of one page.
    pub fn max_page(&self) -> usize {
        let list = &self.upstream_resource.list;
        match list.paging {
            Paging::Index | Paging::Cursor => list.max_count,
            // A full page of these proves nothing, and is refused.
            Paging::Capped => list.max_count.saturating_sub(1),
        }
    }
}

/// One page as it is asked of the upstream, in its words.
#[derive(Clone, Copy, Debug)]
pub struct PageCall<'c> {
    pub pushed: Option<&'c Filter>,
    /// The attribute, and whether it descends.
    pub sort: Option<(&'c Path, bool)>,
    pub at: At<'c>,
    pub count: usize,
}

/// Where a page begins at the upstream.
#[derive(Clone, Copy, Debug)]
pub enum At<'c> {
    /// The number of its first resource, one-based; not said where there is one page only.
    Index(usize),
    /// Empty for the first page.
    Cursor(&'c str),
}

/// The longest query string that a GET has where the upstream takes `POST .search` too, in bytes: half
/// of what common servers take of a request line.
const LONGEST_QUERY: usize = 4_096;

impl Route {
    /// The request for one page, and the operation that it is: a GET, or a `POST .search` where the
    /// upstream declares it.
    pub fn list_call(&self, pair: &Pair, page: &PageCall<'_>) -> (Operation, Request) {
        let says = page.says(pair.upstream_resource.list.paging);
        let texts: Vec<String> = says.iter().map(|(_, value)| plain(value)).collect();
        let pairs: Vec<(&str, &str)> =
            says.iter().zip(&texts).map(|((name, _), text)| (*name, text.as_str())).collect();
        let query = encode(&pairs);
        let operations = pair.upstream_resource.operations;
        let search = pair.upstream_resource.search.filter(|_| operations.has(Operation::Search));
        let searches = search.filter(|search| match search.when {
            _ if !operations.has(Operation::List) => true,
            SearchWhen::Filtered => page.pushed.is_some(),
            SearchWhen::Long => query.len() > LONGEST_QUERY,
        });
        let Some(SearchForms { schemas, .. }) = searches else {
            let mut request = self.call(pair, Method::GET, None, "");
            request.query = Some(query);
            return (Operation::List, request);
        };
        let mut body = Object::new();
        if schemas {
            body.push("schemas", Value::Array(vec![Value::text(SEARCH_REQUEST)]));
        }
        says.into_iter().for_each(|(name, value)| body.push(name, value));
        let mut request = self.call(pair, Method::POST, None, "/.search");
        request.headers.insert(CONTENT_TYPE, media_type(&self.spec.upstream));
        request.body = Value::Object(body).to_json().into();
        (Operation::Search, request)
    }
}

impl PageCall<'_> {
    /// The parameters of a query string, or the members of a SearchRequest (RFC 7644 sections 3.4.2
    /// and 3.4.3, RFC 9865 section 2).
    fn says(&self, paging: Paging) -> Vec<(&'static str, Value<'static>)> {
        let text = |text: String| Value::String(text.into());
        let mut says = Vec::new();
        says.extend(self.pushed.map(|filter| ("filter", text(filter.to_string()))));
        match self.at {
            At::Index(start) if paging == Paging::Index => {
                says.push(("startIndex", Value::Number((start as u64).into())));
            }
            At::Index(_) => {}
            At::Cursor(cursor) => says.push(("cursor", text(cursor.to_owned()))),
        }
        says.push(("count", Value::Number((self.count as u64).into())));
        if let Some((by, descending)) = self.sort {
            says.push(("sortBy", text(by.to_string())));
            let order = if descending { "descending" } else { "ascending" };
            says.push(("sortOrder", Value::text(order)));
        }
        says
    }
}

/// A text or a number as a parameter's value.
fn plain(value: &Value<'_>) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        other => other.as_str().unwrap_or_default().to_owned(),
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
