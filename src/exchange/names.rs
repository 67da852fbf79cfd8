//! The names that may stand in what is told of calls: those of the upstream's dialect, and of SCIM itself. Any other may
//! be data, since below a free key, or in an object of a vendor's own, a name is whatever somebody wrote.

use std::collections::HashSet;

use crate::gateway::Route;
use crate::scim::Path;
use crate::scim::schema::Attribute;

/// The longest name that is shown.
const NAME: usize = 128;
/// More digits make an id, a number or a date of what could be a name; a version has two.
const DIGITS: usize = 4;

/// Members of messages, of `meta` and of elements (RFC 7643 sections 2.4 and 3.1, RFC 7644 section 3, RFC 9865).
const WORDS: [&str; 48] = [
    "schemas",
    "id",
    "externalId",
    "meta",
    "resourceType",
    "created",
    "lastModified",
    "location",
    "version",
    "totalResults",
    "itemsPerPage",
    "startIndex",
    "Resources",
    "nextCursor",
    "previousCursor",
    "Operations",
    "op",
    "path",
    "value",
    "method",
    "bulkId",
    "data",
    "status",
    "response",
    "failOnErrors",
    "detail",
    "scimType",
    "type",
    "display",
    "primary",
    "$ref",
    "attributes",
    "excludedAttributes",
    "filter",
    "sortBy",
    "sortOrder",
    "count",
    "cursor",
    "name",
    "description",
    "endpoint",
    "schema",
    "schemaExtensions",
    "required",
    "supported",
    "patch",
    "bulk",
    "etag",
];

/// Names that are known, in lower case.
#[derive(Debug, Default)]
pub struct KnownNames(HashSet<String>);

impl KnownNames {
    /// Those of a route's upstream.
    pub fn of(route: &Route) -> Self {
        let mut names = Self(HashSet::new());
        names.add(WORDS);
        for pair in route.pairs() {
            names.add([pair.upstream.vendor.urn.as_str()]);
            names.all(&pair.upstream.vendor.attributes);
        }
        let dialect = &route.spec.upstream;
        for resource in &dialect.resources {
            names.add(resource.envelope.iter().map(|(_, name)| name.as_str()));
            names.add(resource.request_extras.iter().map(|(_, name, _)| name.as_str()));
            names.add(resource.answer_extras.iter().map(|(name, _)| name.as_str()));
            names.add(resource.meta.iter().chain(&resource.layout).map(String::as_str));
            if let Some(typed) = resource.typed_patch() {
                let own = [&typed.operations, &typed.string, &typed.boolean, &typed.array];
                names.add(own.into_iter().chain(&typed.id).map(String::as_str));
            }
        }
        let errors = dialect.errors.code_at.iter().chain(&dialect.errors.detail_at);
        names.add(errors.flat_map(|at| at.split('.')));
        names
    }

    /// Whether a member's name is one of them.
    pub fn knows(&self, name: &str) -> bool {
        is_name(name) && self.0.contains(&name.to_lowercase())
    }

    /// Whether all members of a path are.
    pub fn know(&self, path: &Path) -> bool {
        path.members().all(|name| self.knows(name))
    }

    fn add<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        self.0.extend(names.into_iter().map(str::to_lowercase));
    }

    fn all(&mut self, attributes: &[Attribute]) {
        self.add(attributes.iter().map(|attribute| attribute.name.as_str()));
        attributes.iter().for_each(|attribute| self.all(&attribute.attributes));
    }
}

/// Whether a text looks like the name of an attribute, a path of them or a URN, rather than like data.
pub fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_$.:-".contains(&byte);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let first = text.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_alphabetic() || b"_$".contains(&byte))
        && text.len() <= NAME
        && digits <= DIGITS
        && text.bytes().all(plain)
}

#[cfg(test)]
impl KnownNames {
    pub fn these(names: &[&str]) -> Self {
        let mut all = Self::default();
        all.add(names.iter().copied());
        all
    }
}
