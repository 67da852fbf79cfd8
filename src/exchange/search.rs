//! `POST .search` at the base: the resources of all types in one list (RFC 7644 section 3.4.3).

use super::caller::Caller;
use super::context::{Asking, Exchange};
use super::list::head;
use crate::dialect::Paging;
use crate::fault::Fault;
use crate::gateway::pair::{Losses, Pair};
use crate::gateway::view::{
    ListPlan, Page, Rank, Scope, Start, Stored, bad_query, fingerprint, in_body,
};
use crate::gateway::write::report;
use crate::scim::Value;
use crate::scim::grammar::Known;
use crate::scim::http::{Request, Response};
use crate::scim::projection::Projection;
use crate::scim::query::{Query, parse_search};
use crate::scim::schema::Operation;

/// A resource of some type, with what its own type makes of the request.
struct Found<'p> {
    pair: &'p Pair,
    stored: Stored<'static>,
    /// Where the request sorts.
    rank: Option<Rank>,
}

/// One type after the other; sorted, all of them together.
pub async fn search_all(
    asking: Asking<'_>,
    request: &Request,
    mut caller: Caller<'_>,
) -> Result<Response, Fault> {
    let Asking { route, shared } = asking;
    let body = route.document(request)?;
    let mut all = Vec::new();
    let mut projections = Vec::new();
    let mut asked = Query::everything();
    for pair in route.pairs() {
        let query = read(pair, &body)?;
        let sort = query.sort.clone();
        asked = query.clone();
        projections.push((pair, query.projection.clone()));
        // Every type is read whole: only then is it known what stands before what.
        let query = Query { start_index: 1, count: None, cursor: None, ..query };
        let plan = ListPlan { direct: false, ..pair.plan_list(query).map_err(in_body)? };
        let mut exchange = Exchange {
            route,
            pair,
            request,
            caller: caller.again(),
            shared,
            me: false,
            no_search: false,
        };
        let found = exchange.every(&plan, false).await?;
        all.extend(found.into_iter().map(|stored| {
            let rank = sort.as_ref().map(|sort| pair.rank(&stored, sort));
            Found { pair, stored, rank }
        }));
    }
    if asked.sort.is_some() {
        all.sort_by(|a, b| match (&a.rank, &b.rank) {
            (Some(a), Some(b)) => a.against(b),
            _ => std::cmp::Ordering::Equal,
        });
    }
    let scope = Scope { route: &route.spec.name, kind: "*", query: &asked };
    let size = route.page_size(asked.count);
    let page = Page::of(all, &Start::of(scope)?, size, |found| {
        fingerprint(&found.pair.client_resource.schema.resource, &found.stored)
    })?;
    let mut losses = Losses::default();
    let shown = page.items.iter().map(|Found { pair, stored, .. }| {
        let own = projections.iter().find(|(of, _)| std::ptr::eq(*of, *pair));
        let projection = own.map_or(&Projection::Default, |(_, projection)| projection);
        route.shown(pair, Operation::List, stored, projection, &mut losses)
    });
    let mut response = route.answer_list(&head(&page, scope, Paging::Index), shown);
    caller.record.lose(&losses, "response");
    report(&mut response, &losses, &route.spec.policies);
    Ok(response)
}

/// The request in the words of one type.
fn read(pair: &Pair, body: &Value<'_>) -> Result<Query, Fault> {
    let urns = pair.client.vendor.urns();
    // What another type's URN names is absent here, and may be what is asked of the other.
    let known = Known { foreign: &[], ..pair.known(&urns) };
    parse_search(body, &known).map_err(bad_query)
}
