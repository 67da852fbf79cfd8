//! One resource type of a dialect as data: its paths, and the forms of its messages, PATCHes, filters and lists.

use crate::rewrite::rule::Rules;
use crate::scim::filter::Operator;
use crate::scim::schema::{Operation, Operations, Schema};

/// One resource type of a dialect.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    pub schema: Schema,
    pub rules: Rules,
    /// The path segment as the vendor spells it, such as `users`.
    pub path: String,
    /// Whether the vendor tells `/users` from `/Users`; as a client dialect both are taken in any case.
    pub path_case_exact: bool,
    pub operations: Operations,
    pub id: IdForm,
    pub put: Put,
    pub clear: Clear,
    /// Operation -> the member that wraps the resource in an answer.
    pub envelope: Vec<(Operation, String)>,
    /// Message members beside the attributes in a request: (operation, name, value). `{id}` in the
    /// value is the resource's id.
    pub request_extras: Vec<(Operation, String, serde_json::Value)>,
    /// Message members beside the attributes in an answer: (name, value). Read and dropped in the
    /// upstream role, written in the client role.
    pub answer_extras: Vec<(String, serde_json::Value)>,
    pub schemas_in_request: Schemas,
    pub schemas_in_answer: Schemas,
    /// The `meta` members that an answer has, in order.
    pub meta: Vec<String>,
    /// The order of members in an answer: names, and `*` for all others in schema order.
    pub layout: Vec<String>,
    /// The status of a successful DELETE in the client role: 204, or 200.
    pub delete_status: u16,
    pub patch: Option<PatchForms>,
    /// Forms of PATCH that an upstream may be set to take instead, by their names.
    pub patch_choices: Vec<(String, PatchForms)>,
    pub filter: FilterForms,
    pub list: ListForms,
    /// As upstream: when a list goes as `POST .search`; `None`: never.
    pub search: Option<SearchForms>,
    /// As upstream: whether `/Me` is an alias of one of these resources (RFC 7644 section 3.11).
    pub me: bool,
    pub sort: bool,
    /// As upstream: whether answers name versions (`ETag`).
    pub etag: bool,
    /// As upstream: the writes for which it compares `If-Match` itself. For all others the version is
    /// compared here, with a read under the resource's lock: many servers name versions and ignore the
    /// header, for some methods or for all.
    pub if_match: Operations,
    /// Whether `attributes` and `excludedAttributes` are honoured.
    pub projection: bool,
    /// What a client of this dialect looks resources up by, such as `userName`.
    pub matches_on: Vec<String>,
}

impl Resource {
    /// The message of the vendor's own that clients of the dialect may send as PATCH.
    pub fn typed_patch(&self) -> Option<&TypedPatch> {
        let forms = self.patch.iter().chain(self.patch_choices.iter().map(|(_, forms)| forms));
        forms.filter_map(|forms| forms.typed.as_ref()).next()
    }
}

/// What an identifier looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdForm {
    /// In characters.
    pub max_length: usize,
}

/// As upstream: what PUT does with an omitted attribute. As client: what its omission means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    Replace,
    Merge,
}

/// How the vendor unsets an attribute in PUT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clear {
    /// By leaving it out.
    Omit,
    Null,
    /// `""`, `[]` or `{}`.
    Empty,
    /// Not at all.
    No,
}

/// Which URNs the `schemas` member of a message lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schemas {
    None,
    Core,
    /// Core and the extensions that the message holds.
    Used,
    /// Core and every extension of the schema.
    All,
}

/// The PATCH operations that an upstream takes.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchForms {
    /// Attribute paths that may stand in `path`; `*` is any, `<urn>:*` is any key of an extension.
    pub paths: Vec<String>,
    /// Paths with a value filter.
    pub value_paths: bool,
    /// Values that are objects.
    pub complex_values: bool,
    /// Values that are arrays of objects.
    pub array_values: bool,
    /// `remove`.
    pub remove: bool,
    /// `remove` of a whole multi-valued attribute; else `replace` with `[]` says it.
    pub remove_whole: bool,
    pub max_operations: usize,
    /// A message of the vendor's own instead of RFC 7644's PatchOp.
    pub typed: Option<TypedPatch>,
}

/// A PATCH message whose operations have a member for each type of value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedPatch {
    /// The member that holds the operations.
    pub operations: String,
    /// The member that repeats the resource's id, if one does.
    pub id: Option<String>,
    /// The members that hold a text, a boolean and an array of objects.
    pub string: String,
    pub boolean: String,
    pub array: String,
}

/// What may stand in a filter sent upstream.
#[derive(Clone, Debug, PartialEq)]
pub struct FilterForms {
    pub and: bool,
    pub or: bool,
    pub not: bool,
    pub max_terms: usize,
    pub attributes: Vec<FilterAttribute>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FilterAttribute {
    /// An attribute path in the vendor's words; `*` is any attribute of the schema.
    pub path: String,
    pub operators: Vec<Operator>,
    pub present: bool,
    /// `None`: as the schema's caseExact says.
    pub case_exact: Option<bool>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ListForms {
    pub paging: Paging,
    /// The page size where the request names none.
    pub default_count: usize,
    pub max_count: usize,
    /// Whether a page with fewer resources than asked for proves the end of the list.
    pub short_page_ends: bool,
    /// How long a cursor is good for at least, in seconds; `None` where the vendor does not say.
    pub cursor_timeout: Option<usize>,
}

/// When a list goes upstream as `POST .search` with a SearchRequest (RFC 7644 section 3.4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchForms {
    pub when: SearchWhen,
    /// Whether the request's `schemas` names SearchRequest; else it has none.
    pub schemas: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchWhen {
    /// It has a filter.
    Filtered,
    /// Its query string would be longer than servers are sure to take.
    Long,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// `startIndex` and `count` (RFC 7644 section 3.4.2.4).
    Index,
    /// `cursor` and `count`, and no index (RFC 9865 section 2).
    Cursor,
    /// One page of at most `max_count`, and no way to the next.
    Capped,
}
