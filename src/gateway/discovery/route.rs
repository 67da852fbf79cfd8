//! Discovery of a route: what really works on it, in the client dialect's schema (docs/semantics.md 12).

use http::StatusCode;

use crate::dialect::Paging;
use crate::fault::Fault;
use crate::gateway::discovery::{BulkSupport, Capabilities, Discovery, Pagination};
use crate::gateway::message::{MAX_OPERATIONS, MAX_PAYLOAD, respond};
use crate::gateway::pair::Pair;
use crate::gateway::route::Route;
use crate::rewrite::resolve::{Resolved, Spot, resolve};
use crate::scim::endpoint::Endpoint;
use crate::scim::http::Response;
use crate::scim::schema::{Operation, Schema};

impl Route {
    /// A discovery document.
    ///
    /// # Errors
    /// `Forbidden` for a filter, `UnknownResource` for a name that the route has not.
    pub fn discover(&self, document: &Endpoint, query: Option<&str>) -> Result<Response, Fault> {
        let views: Vec<Schema> = self.pairs().map(|pair| pair.listed.clone()).collect();
        let capabilities = self.capabilities();
        let discovery = Discovery {
            dialect: &self.spec.client,
            capabilities: &capabilities,
            views: &views,
            base: &self.public_base,
        };
        let body = discovery.answer(document, query)?.to_string();
        Ok(respond(&self.spec.client, StatusCode::OK, None, None, body))
    }

    /// What works on the route. ServiceProviderConfig has one word for all resource types (RFC 7643
    /// section 5): it says what holds for each of them.
    pub fn capabilities(&self) -> Capabilities {
        let each = |holds: &dyn Fn(&Pair) -> bool| {
            self.pairs().next().is_some() && self.pairs().all(holds)
        };
        let has = |pair: &Pair, any: &[Operation]| {
            any.iter().any(|operation| pair.upstream_resource.operations.has(*operation))
        };
        let lists = each(&|pair| has(pair, &[Operation::List]));
        let changes = |pair: &Pair| has(pair, &[Operation::Patch, Operation::Replace]);
        let writes =
            |pair: &Pair| changes(pair) || has(pair, &[Operation::Create, Operation::Delete]);
        Capabilities {
            patch: each(&changes),
            bulk: self.pairs().any(writes).then(|| BulkSupport {
                max_operations: MAX_OPERATIONS,
                max_payload: MAX_PAYLOAD.min(self.spec.policies.max_body),
            }),
            filter: lists,
            max_results: self.max_page(),
            change_password: self.users.as_ref().is_some_and(|pair| pair.changes_password()),
            sort: lists,
            etag: each(&|pair| pair.upstream_resource.etag || self.makes_versions()),
            pagination: self.pagination(),
            bearer: self.spec.policies.bearer,
            basic: self.spec.policies.basic,
        }
    }
}

impl Route {
    fn pagination(&self) -> Pagination {
        let lists = || self.pairs().map(|pair| &pair.upstream_resource.list);
        let mut sizes = self.pairs().map(|pair| pair.page_size(None));
        let default_size = sizes.next().filter(|first| sizes.all(|size| size == *first));
        Pagination {
            cursor_by_default: lists().any(|list| list.paging == Paging::Cursor),
            default_size,
            max_size: self.max_page(),
            cursor_timeout: lists().filter_map(|list| list.cursor_timeout).min(),
        }
    }

    /// The most resources of one page, of whatever type.
    fn max_page(&self) -> usize {
        self.pairs().map(Pair::max_page).max().unwrap_or_default()
    }

    /// The page size of a list over all types.
    pub fn page_size(&self, wanted: Option<usize>) -> usize {
        let own = || self.pairs().map(|pair| pair.page_size(None)).max().unwrap_or_default();
        wanted.unwrap_or_else(own).min(self.max_page())
    }
}

impl Pair {
    /// Whether a client can give a user another password (RFC 7643 section 5, `changePassword`).
    pub fn changes_password(&self) -> bool {
        let operations = self.upstream_resource.operations;
        let changes = [Operation::Replace, Operation::Patch];
        let mut changes = changes.into_iter().filter(|operation| operations.has(*operation));
        let password = Spot::new(vec!["password".to_owned()]);
        let Resolved::To(far) = resolve(&self.upstream.lower, &password) else { return false };
        changes.any(|operation| far.takes(operation))
            && self.table.rows.iter().any(|row| row.is_writable() && row.is_from("password"))
    }
}
