//! A dialect as data: what `dialect.toml`, `schema.toml`, `user.toml` and `group.toml` say.

use std::collections::BTreeSet;

use super::forms::Resource;

/// How one vendor speaks SCIM.
#[derive(Clone, Debug, PartialEq)]
pub struct Dialect {
    /// The folder's name.
    pub name: String,
    /// The vendor's name for people.
    pub title: String,
    /// Path template with `{variable}`s, such as `/environments/{environment}/v2`; no trailing slash.
    pub base: String,
    /// The Content-Type that it sends and expects, such as `application/json`.
    pub media_type: String,
    /// The form of the Authorization header, such as `Bearer {token}`.
    pub authorization: String,
    /// What the token must look like, for people: `ProjectId:AccessKey`.
    pub token_hint: String,
    /// Variables used in `base` and in rules: name -> description.
    pub variables: Vec<(String, String)>,
    pub resources: Vec<Resource>,
    pub discovery: Discovery,
    pub errors: Errors,
    pub quirks: BTreeSet<Quirk>,
    /// As upstream: how a resource type that the vendor lacks is answered.
    pub missing_resource: MissingResource,
    /// As client: whether answers hold keys that `/Schemas` does not list.
    pub undeclared: Undeclared,
}

/// What becomes of a key that the upstream has and `/Schemas` does not list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Undeclared {
    /// Clients are shown it: those that take any key.
    Show,
    /// No answer holds it, and PUT keeps it.
    #[default]
    Hide,
}

impl Undeclared {
    /// The words of a dialect and of a route.
    pub const WORDS: &[(&str, Self)] = &[("show", Self::Show), ("hide", Self::Hide)];
}

/// How a resource type that the upstream lacks is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MissingResource {
    /// 501, and absent from discovery.
    #[default]
    Refuse,
    /// Lists are empty, and writes are refused with 501.
    Empty,
}

/// The discovery documents that the vendor serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Discovery {
    pub service_provider_config: bool,
    pub resource_types: bool,
    pub schemas: bool,
    /// As client: whether ServiceProviderConfig tells of pages (RFC 9865 section 4), which clients
    /// older than that RFC may refuse to read.
    pub pagination: bool,
}

impl Default for Discovery {
    fn default() -> Self {
        let (service_provider_config, resource_types, schemas) = (false, false, false);
        Self { service_provider_config, resource_types, schemas, pagination: true }
    }
}

/// How errors are read (upstream role) and written (client role).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Errors {
    /// Where a code stands: member names joined by `.`; arrays on the way are searched. First found wins.
    pub code_at: Vec<String>,
    /// Where the text that may be passed on stands.
    pub detail_at: Vec<String>,
    /// What a code means.
    pub codes: Vec<ErrorCode>,
    /// The body's members in the client role: `{detail}`, `{status}` (a string), `{status_number}`,
    /// `{scim_type}` (the member is left out where there is none), `{code}`, `{request_id}`.
    pub answer: serde_json::Value,
    /// Code of an answer: (status or 0 for any, scimType or "" for any, code). First match wins.
    pub answer_codes: Vec<(u16, String, String)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ErrorCode {
    pub code: String,
    pub status: u16,
    pub scim_type: Option<String>,
}

/// A deviation that any dialect can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quirk {
    /// Client: `"True"` and `"False"` stand for booleans.
    StringBooleans,
    /// Client: PATCH `replace` on a value path that matches nothing creates the element.
    CreateOnMissingValuePath,
    /// Client: one object stands for an array of one.
    ObjectAsArray,
    /// Client: a simple value stands for a complex attribute's `value` (`"manager": "id"`).
    ValueAsComplex,
}
