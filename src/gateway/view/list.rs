//! How a list is answered: what is asked of the upstream, and when the answer is complete.

use http::Method;
use http::header::CONTENT_TYPE;

use super::columns::Columns;
use super::fold::Truth;
use super::own::framed;
use super::pushed::Pushed;
use super::stored::Stored;
use crate::dialect::{Paging, SearchForms, SearchWhen};
use crate::fault::{Cause, Fault};
use crate::gateway::message::media_type;
use crate::gateway::pair::{Pair, said_at};
use crate::gateway::route::Route;
use crate::scim::endpoint::Id;
use crate::scim::evaluate::{known, matches};
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::http::Request;
use crate::scim::message::SEARCH_REQUEST;
use crate::scim::query::{Query, encode};
use crate::scim::schema::Operation;
use crate::scim::{Object, Path, Value};

/// What a list needs.
#[derive(Debug)]
pub struct ListPlan {
    pub query: Query,
    pub truth: Truth,
    /// What the upstream is asked, in its words.
    pub pushed: Option<Filter>,
    /// Whether that finds just what satisfies the truth.
    pub exact: bool,
    /// Whether the upstream's own pages and totals answer the request.
    pub direct: bool,
    /// Whether the first match is the only one.
    pub unique: bool,
    /// The question that has one match at most where it is spelled as the upstream keeps it: where case tells
    /// the upstream's values apart and not the client's, others may be like it.
    pub loose: Option<Filter>,
    /// A narrower question: what it finds is the only match, and what it misses proves nothing.
    pub hit: Option<Filter>,
    /// The one resource that can satisfy the truth, where reading it is the best way to know.
    pub id: Option<Id>,
    /// The attribute that the upstream is asked to sort by.
    pub sorted: Option<Path>,
    /// What of each resource the upstream is asked for.
    pub columns: Option<Columns>,
}

impl Pair {
    /// Plans a list or a search.
    ///
    /// # Errors
    /// `InvalidFilter`; `Forbidden` where a secret is asked for.
    pub fn plan_list(&self, query: Query) -> Result<ListPlan, Fault> {
        let truth = match &query.filter {
            None => Truth::Always,
            Some(filter) => {
                self.readable(filter)?;
                self.truth(filter)?
            }
        };
        let test = match &truth {
            Truth::Test(test) => Some(test),
            Truth::Always | Truth::Never => None,
        };
        let (pushed, exact) = match test.map(|test| self.pushed(test)) {
            None => (None, true),
            Some(Pushed::Exact(filter)) => (Some(filter), true),
            Some(Pushed::Superset(filter, _)) => (Some(filter), false),
            Some(Pushed::Subset(..) | Pushed::Nothing(_)) => (None, false),
        };
        if let Some(test) = test.filter(|_| !exact) {
            self.sifts(test)?;
        }
        let key = test.and_then(|test| self.key(test));
        let unique = key.is_some() || truth == Truth::Never;
        let loose = key.filter(|key| self.is_loose(key)).cloned();
        let hit = key.and_then(|key| match self.pushed(key) {
            Pushed::Subset(filter, _) => Some(filter),
            _ => None,
        });
        let reads = self.upstream_resource.operations.has(Operation::Get);
        // Alone it is one call; beside what the upstream can be asked, it is for the upstream to say.
        let alone = |test: &&Filter| reads && (!exact || matches!(test, Filter::Compare { .. }));
        let id = test.filter(alone).and_then(named_id);
        let mut query = query;
        if let Some(sort) = &query.sort {
            self.sortable(sort)?;
        }
        // What no resource has orders none: they stay as the upstream has them.
        query.sort = query.sort.filter(|sort| self.orders(sort));
        let sorted = query.sort.as_ref().and_then(|sort| self.pushed_sort(sort));
        // Where one is all, it is the only page, and the total is what was found.
        let paged = self.upstream_resource.list.paging != Paging::Capped;
        let direct = exact && paged && !unique && (query.sort.is_none() || sorted.is_some());
        let columns = self.columns(&query.projection, test, query.sort.as_ref());
        let pushed = pushed.filter(|_| truth != Truth::Never);
        Ok(ListPlan {
            query,
            truth,
            pushed,
            exact,
            direct,
            unique,
            loose,
            hit,
            id,
            sorted,
            columns,
        })
    }

    /// Whether a match is the only one, by its view.
    pub fn is_the_only_one(&self, plan: &ListPlan, view: Option<&Object<'_>>) -> bool {
        let spelled = |key: &Filter| match key {
            Filter::Compare { path, literal: Literal::String(asked), .. } => {
                let names: Vec<String> = path.members().map(str::to_owned).collect();
                view.and_then(|view| said_at(view, &names)?.as_str()) == Some(asked)
            }
            _ => true,
        };
        plan.unique && plan.loose.as_ref().is_none_or(spelled)
    }

    /// Whether a stored resource satisfies the truth, asked of the client's own view (docs/semantics.md 6.1).
    pub fn satisfies(&self, stored: &Stored, truth: &Truth) -> bool {
        match truth {
            Truth::Always => true,
            Truth::Never => false,
            Truth::Test(filter) => matches(filter, &self.own_view(stored), &self.client.vendor),
        }
    }

    /// Whether a stored resource satisfies what the upstream was asked; if not, the upstream ignores
    /// filters. `None` where it shows nothing of what is hidden.
    pub fn answers(
        &self,
        stored: &Stored,
        pushed: &Filter,
        hidden: &[Vec<String>],
    ) -> Option<bool> {
        let object = self.as_answered(stored);
        match known(pushed, &object, &self.upstream.vendor, &[]) {
            // An absent value that satisfies it is no contradiction.
            Some(true) => Some(true),
            _ => known(pushed, &object, &self.upstream.vendor, hidden),
        }
    }

    /// The resource in the upstream's words, with `id` and `meta`.
    pub fn as_answered<'s>(&self, stored: &'s Stored) -> Object<'s> {
        let mut object = stored.object.borrowed();
        framed(&mut object, &stored.frame);
        object
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

/// The id that a resource must have to satisfy the test.
fn named_id(test: &Filter) -> Option<Id> {
    match test {
        Filter::And(terms) => terms.iter().find_map(named_id),
        Filter::Compare { path, operator: Operator::Eq, literal: Literal::String(text) } => {
            let is = path.urn.is_none()
                && path.sub.is_empty()
                && path.attribute.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("id"));
            is.then(|| Id::new(text.as_str()).ok()).flatten()
        }
        _ => None,
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
    pub columns: Option<&'c Columns>,
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

/// The longest query string of a GET that stands in for a search that the upstream does not have, in
/// bytes: what all common servers take beside a path.
const LONGEST_URL: usize = 7_680;

impl Route {
    /// The request for one page, and the operation that it is: a GET, or a `POST .search` where the
    /// upstream declares it and is not known to lack it.
    ///
    /// # Errors
    /// `InvalidFilter` where only a search could hold so long a filter.
    pub fn list_call(
        &self,
        pair: &Pair,
        page: &PageCall<'_>,
        searches: bool,
    ) -> Result<(Operation, Request), Fault> {
        let says = page.says(pair.upstream_resource.list.paging);
        let texts: Vec<String> = says.iter().map(|(_, value)| plain(value)).collect();
        let pairs: Vec<(&str, &str)> =
            says.iter().zip(&texts).map(|((name, _), text)| (*name, text.as_str())).collect();
        let query = encode(&pairs);
        let operations = pair.upstream_resource.operations;
        let lists = operations.has(Operation::List);
        let search = pair.upstream_resource.search.filter(|_| operations.has(Operation::Search));
        let search = search.filter(|search| match search.when {
            _ if !lists => true,
            SearchWhen::Filtered => page.pushed.is_some(),
            SearchWhen::Long => query.len() > LONGEST_QUERY,
        });
        let Some(SearchForms { schemas, .. }) = search.filter(|_| searches || !lists) else {
            if search.is_some() && query.len() > LONGEST_URL {
                return Err(Fault::new(
                    Cause::InvalidFilter,
                    "The upstream of this route has no .search, and the filter is longer than a URL may be. \
                     Send a shorter filter.",
                ));
            }
            let mut request = self.call(pair, Method::GET, None, "");
            request.query = Some(query);
            return Ok((Operation::List, request));
        };
        let mut body = Object::new();
        if schemas {
            body.push("schemas", Value::Array(vec![Value::text(SEARCH_REQUEST)]));
        }
        says.into_iter().for_each(|(name, value)| body.push(name, value));
        let mut request = self.call(pair, Method::POST, None, "/.search");
        request.headers.insert(CONTENT_TYPE, media_type(&self.spec.upstream));
        request.body = Value::Object(body).to_json().into();
        Ok((Operation::Search, request))
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
        if let Some(columns) = self.columns {
            let names = columns.names.iter().cloned().map(text).collect();
            says.push((columns.parameter, Value::Array(names)));
        }
        says
    }
}

/// A text, a number or several texts as a parameter's value.
fn plain(value: &Value<'_>) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Array(texts) => texts.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.as_str().unwrap_or_default().to_owned(),
    }
}

/// The refusal of a list that cannot be shown to be complete (docs/semantics.md 7.1).
pub fn too_many(reason: &str) -> Fault {
    refused(reason, "")
}

/// The same, where it is the route's own bound that was met.
pub fn beyond_scan_limit(reason: &str) -> Fault {
    refused(reason, ", or raise scan_limit on the route")
}

fn refused(reason: &str, or: &str) -> Fault {
    Fault::new(
        Cause::TooMany,
        format!(
            "{reason} A shorter list would be wrong, so there is none. Use a filter that names one \
             resource, such as userName eq \"…\"{or}."
        ),
    )
}
