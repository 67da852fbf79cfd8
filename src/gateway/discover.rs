//! Discovery of a route: what really works on it, in the client dialect's schema (promise 7).

use http::StatusCode;

use super::bulk::{MAX_OPERATIONS, MAX_PAYLOAD};
use super::discovery::{Bulk, Capabilities, Discovery, Pagination};
use super::message::headers;
use super::needs::Chosen;
use super::pair::Pair;
use super::route::Route;
use super::table::{Fate, Row};
use crate::dialect::{Paging, Schemas};
use crate::fault::Fault;
use crate::rewrite::literal::literal_text;
use crate::rewrite::resolve::{Resolved, Spot, resolve};
use crate::scim::endpoint::Endpoint;
use crate::scim::filter::Literal;
use crate::scim::http::Response;
use crate::scim::schema::{Attribute, Kind, Mutability, Operation, Operations, Schema};

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
        Ok(headers::answer(&self.spec.client, StatusCode::OK, None, None, body))
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
            bulk: self.pairs().any(writes).then(|| Bulk {
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

    /// The client's schema as far as the pair carries it.
    pub fn schema_view(&self) -> Schema {
        let schema = &self.client.vendor;
        let mut attributes = self.visible(&schema.attributes, &[]);
        if self.client_resource.schemas_in_answer == Schemas::All {
            // Every answer names them, so they are listed, with nothing in them.
            let empty =
                schema.extensions().filter(|one| attributes.iter().all(|a| a.name != one.name));
            let empty: Vec<Attribute> = empty
                .map(|one| Attribute {
                    attributes: Vec::new(),
                    required: Operations::of(&[]),
                    ..one.clone()
                })
                .collect();
            attributes.extend(empty);
        }
        Schema { attributes, ..schema.clone() }
    }

    fn visible(&self, attributes: &[Attribute], above: &[String]) -> Vec<Attribute> {
        attributes.iter().filter_map(|attribute| self.visible_one(attribute, above)).collect()
    }

    fn visible_one(&self, attribute: &Attribute, above: &[String]) -> Option<Attribute> {
        let names = [above, std::slice::from_ref(&attribute.name)].concat();
        let shown = if attribute.kind == Kind::Complex {
            self.visible_complex(attribute, &names)?
        } else {
            self.visible_leaf(attribute, &names)?
        };
        let needs = &self.table.needs;
        let wanted = |operation: &Operation| {
            shown.required.has(*operation)
                || needs.demands(&names, *operation)
                || needs.within(&names, *operation)
        };
        let required: Vec<Operation> = Operation::ALL.into_iter().filter(wanted).collect();
        Some(Attribute { required: Operations::of(&required), ..shown })
    }

    fn visible_complex(&self, attribute: &Attribute, names: &[String]) -> Option<Attribute> {
        let attributes = self.visible(&attribute.attributes, names);
        let free = [names, &["*".to_owned()]].concat();
        let open = attribute.open && self.table.works(&free).is_some();
        if attributes.is_empty() && !open {
            return None;
        }
        let all_read_only =
            !open && attributes.iter().all(|below| below.mutability == Mutability::ReadOnly);
        let mutability = if all_read_only { Mutability::ReadOnly } else { attribute.mutability };
        let permanent = !attribute.multi_valued && attributes.iter().any(|a| a.permanent);
        let max = if attribute.multi_valued { self.most(attribute, names) } else { None };
        let mut description = attribute.description.clone();
        for Chosen { known, .. } in self.table.needs.chosen.iter().filter(|one| one.path == names) {
            let term =
                |(name, literal): &(String, Literal)| format!("{name} {}", literal_text(literal));
            let terms: Vec<String> = known.iter().map(term).collect();
            let blank = if description.is_empty() { "" } else { " " };
            description.push_str(&format!("{blank}One with {} is required.", terms.join(" and ")));
        }
        Some(Attribute {
            attributes,
            open,
            mutability,
            permanent,
            max,
            description,
            ..attribute.clone()
        })
    }

    fn visible_leaf(&self, attribute: &Attribute, names: &[String]) -> Option<Attribute> {
        let row = self.table.works(names)?;
        let mutability = match row.fate {
            Fate::Carried { read_only: true, .. } | Fate::Constant => Mutability::ReadOnly,
            Fate::Carried { .. } | Fate::Implied | Fate::Lost(_) => attribute.mutability,
        };
        let format = row.format.clone().or_else(|| attribute.format.clone());
        let canonical_values =
            self.chosen(names).unwrap_or_else(|| attribute.canonical_values.clone());
        let max = if attribute.multi_valued { self.most(attribute, names) } else { None };
        let permanent = row.permanent;
        Some(Attribute {
            mutability,
            format,
            permanent,
            canonical_values,
            max,
            ..attribute.clone()
        })
    }

    /// The values of a sub-attribute that says where its element goes: any other is lost.
    fn chosen(&self, names: &[String]) -> Option<Vec<String>> {
        let rows = || self.table.of(names);
        let (name, chosen) = (names.last()?, rows().filter(|row| row.fate == Fate::Implied));
        let others = rows().any(|row| !matches!(row.fate, Fate::Implied | Fate::Lost(_)));
        let value = |row: &Row| {
            let (_, literal) =
                row.known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
            let Literal::String(text) = literal else { return None };
            Some(text.clone())
        };
        let mut values: Vec<String> = chosen.filter_map(value).collect();
        values.dedup();
        (!others && !values.is_empty()).then_some(values)
    }

    /// How many values of a multi-valued attribute the upstream holds, as far as that is known: for
    /// elements that go several ways, what all ways hold together.
    fn most(&self, attribute: &Attribute, names: &[String]) -> Option<usize> {
        // One row stands for each way, with the most that a row of that way has room for.
        let mut ways: Vec<(&Row, Option<usize>)> = Vec::new();
        for row in self.table.below(names).filter(|row| row.is_carried()) {
            match ways.iter_mut().find(|(way, _)| way.known == row.known) {
                Some((_, most)) => *most = most.zip(row.most).map(|(a, b)| a.max(b)),
                None => ways.push((row, row.most)),
            }
        }
        let together =
            ways.iter().try_fold(0_usize, |sum, (_, most)| Some(sum.saturating_add((*most)?)));
        attribute.max.into_iter().chain(together.filter(|most| *most > 0)).min()
    }
}
