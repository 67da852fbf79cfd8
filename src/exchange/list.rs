//! Lists and searches: complete, or refused (docs/semantics.md 7).

use super::context::Exchange;
use super::page::Direct;
use crate::dialect::Paging;
use crate::fault::Fault;
use crate::gateway::message::Head;
use crate::gateway::pair::Losses;
use crate::gateway::view::{
    ListPlan, Page, Scope, Start, Stored, Truth, bad_query, fingerprint, in_body,
};
use crate::gateway::write::report;
use crate::scim::http::Response;
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
    let plan = exchange.pair.plan_list(query);
    let plan = if operation == Operation::Search { plan.map_err(in_body)? } else { plan? };
    let kind = &exchange.pair.client_resource.schema.resource;
    let scope = Scope { route: &exchange.route.spec.name, kind, query: &plan.query };
    let start = Start::of(scope)?;
    let page = exchange.found(&plan, &start).await?;
    if let (Truth::Always, Some(total)) = (&plan.truth, page.total) {
        exchange.listed(total);
    }
    page.items.iter().for_each(|stored| exchange.sighted(stored));
    let (route, pair) = (exchange.route, exchange.pair);
    let head = head(&page, scope, pair.upstream_resource.list.paging);
    let mut losses = Losses::default();
    let shown = page
        .items
        .iter()
        .map(|s| route.shown(pair, Operation::List, s, &plan.query.projection, &mut losses));
    let mut response = route.answer_list(&head, shown);
    exchange.caller.record.lose(&losses, "response");
    report(&mut response, &losses, &route.spec.policies);
    Ok(response)
}

/// What the answer says of the page. Where the upstream has nothing but cursors, also who asks for the
/// first page by its index learns how to go on (RFC 9865 section 2).
pub fn head<T>(page: &Page<T>, scope: Scope<'_>, paging: Paging) -> Head {
    let by_cursor = scope.query.cursor.is_some();
    let wanted = by_cursor || (paging == Paging::Cursor && page.first == 1);
    Head {
        total: page.total,
        start_index: (!by_cursor).then_some(page.first),
        next_cursor: page.next.as_ref().filter(|_| wanted).map(|next| next.text(scope)),
        previous_cursor: page.previous.as_ref().filter(|_| by_cursor).map(|to| to.text(scope)),
    }
}

impl Exchange<'_> {
    /// The page asked for, of the resources that satisfy the request.
    pub async fn found(
        &mut self,
        plan: &ListPlan,
        start: &Start,
    ) -> Result<Page<Stored<'static>>, Fault> {
        let size = self.pair.page_size(plan.query.count);
        let mut ignored = false;
        if plan.direct {
            match self.direct(plan, start, size).await? {
                Direct::Answers(page) => return Ok(page),
                Direct::ProvesNothing => {}
                Direct::FilterIgnored => ignored = true,
            }
        }
        let all = self.every(plan, ignored).await?;
        let all = match &plan.query.sort {
            Some(sort) => self.pair.sorted(all, sort),
            None => all,
        };
        Page::of(all, start, size, |stored| fingerprint("", stored))
    }

    /// All resources that satisfy the truth, by the shortest way that proves it.
    pub async fn every(
        &mut self,
        plan: &ListPlan,
        ignored: bool,
    ) -> Result<Vec<Stored<'static>>, Fault> {
        if plan.truth == Truth::Never {
            return Ok(Vec::new());
        }
        match self.one(plan).await? {
            Some(found) => Ok(found),
            None => self.all(plan, ignored).await,
        }
    }
}
