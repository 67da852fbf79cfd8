//! Discovery of a route: what really works on it, in the client dialect's schema (promise 7).

use http::StatusCode;

use super::bulk::{MAX_OPERATIONS, MAX_PAYLOAD};
use super::discovery::{Bulk, Capabilities, Discovery, Pagination};
use super::message::headers;
use super::pair::Pair;
use super::route::Route;
use super::table::Fate;
use crate::dialect::model::Paging;
use crate::fault::Fault;
use crate::scim::endpoint::Endpoint;
use crate::scim::http::Response;
use crate::scim::schema::{Attribute, Kind, Mutability, Operation, Schema};

impl Route {
    /// A discovery document.
    ///
    /// # Errors
    /// `Forbidden` for a filter, `UnknownResource` for a name that the route has not.
    pub fn discover(&self, document: &Endpoint, query: Option<&str>) -> Result<Response, Fault> {
        let views: Vec<Schema> = self.pairs().map(Pair::schema_view).collect();
        let capabilities = self.capabilities();
        let discovery = Discovery {
            dialect: &self.spec.client,
            capabilities: &capabilities,
            views: &views,
            base: &self.public_base,
        };
        let body = discovery.answer(document, query)?.to_string();
        Ok(headers::answer(&self.spec.client, StatusCode::OK, None, None, body))
    }

    /// What works on the route.
    pub fn capabilities(&self) -> Capabilities {
        let writes = self.users.as_ref().is_some_and(|pair| {
            let operations = pair.upstream_resource.operations;
            operations.has(Operation::Patch) || operations.has(Operation::Replace)
        });
        Capabilities {
            patch: writes,
            bulk: Some(Bulk {
                max_operations: MAX_OPERATIONS,
                max_payload: MAX_PAYLOAD.min(self.spec.policies.max_body),
            }),
            filter: self.users.is_some(),
            max_results: self.max_page(),
            change_password: false,
            sort: self.users.is_some(),
            etag: self
                .users
                .as_ref()
                .is_some_and(|pair| pair.upstream_resource.etag || self.makes_versions()),
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
    /// The client's schema as far as the pair carries it.
    pub fn schema_view(&self) -> Schema {
        let schema = &self.client.vendor;
        let attributes = self.visible(&schema.attributes, &[]);
        Schema { attributes, ..schema.clone() }
    }

    fn visible(&self, attributes: &[Attribute], above: &[String]) -> Vec<Attribute> {
        attributes.iter().filter_map(|attribute| self.visible_one(attribute, above)).collect()
    }

    fn visible_one(&self, attribute: &Attribute, above: &[String]) -> Option<Attribute> {
        let names = [above, std::slice::from_ref(&attribute.name)].concat();
        if attribute.kind == Kind::Complex {
            let attributes = self.visible(&attribute.attributes, &names);
            let free = [names.as_slice(), &["*".to_owned()]].concat();
            let open = attribute.open && self.table.works(&free).is_some();
            if attributes.is_empty() && !open {
                return None;
            }
            let all_read_only =
                !open && attributes.iter().all(|below| below.mutability == Mutability::ReadOnly);
            let mutability =
                if all_read_only { Mutability::ReadOnly } else { attribute.mutability };
            let permanent = !attribute.multi_valued && attributes.iter().any(|a| a.permanent);
            return Some(Attribute {
                attributes,
                open,
                mutability,
                permanent,
                ..attribute.clone()
            });
        }
        let row = self.table.works(&names)?;
        let mutability = match row.fate {
            Fate::Carried { read_only: true, .. } | Fate::Constant => Mutability::ReadOnly,
            Fate::Carried { .. } | Fate::Lost(_) => attribute.mutability,
        };
        let format = row.format.clone().or_else(|| attribute.format.clone());
        Some(Attribute { mutability, format, permanent: row.permanent, ..attribute.clone() })
    }
}
