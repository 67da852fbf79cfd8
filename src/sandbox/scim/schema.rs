//! What the plain server stores: RFC 7643 sections 4.1, 4.2 and 4.3, and any extension under its URN.

use serde_json::{Map, Value};

use crate::sandbox::reply::VendorRefusal;
use crate::sandbox::shape::{self, FieldShape, Fields};
use FieldShape::{Bool, List, Names, Object, Text};

/// The media types of a request (RFC 7644 section 3.8).
pub const MEDIA: &[&str] = &["application/scim+json", "application/json"];

pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The resource types.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Type {
    User,
    Group,
}

impl Type {
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    pub fn urn(self) -> &'static str {
        match self {
            Self::User => USER,
            Self::Group => GROUP,
        }
    }
}

/// The most elements of a multi-valued attribute.
const MANY: usize = 10_000;

pub const USER_FIELDS: Fields = &[
    ("schemas", Names(&[])),
    ("externalId", Text),
    ("userName", Text),
    ("name", Object(NAME)),
    ("displayName", Text),
    ("nickName", Text),
    ("profileUrl", Text),
    ("title", Text),
    ("userType", Text),
    ("preferredLanguage", Text),
    ("locale", Text),
    ("timezone", Text),
    ("active", Bool),
    ("password", Text),
    ("emails", List(VALUES, MANY)),
    ("phoneNumbers", List(VALUES, MANY)),
    ("ims", List(VALUES, MANY)),
    ("photos", List(VALUES, MANY)),
    ("addresses", List(ADDRESS, MANY)),
    ("entitlements", List(VALUES, MANY)),
    ("roles", List(VALUES, MANY)),
    ("x509Certificates", List(VALUES, MANY)),
    (ENTERPRISE, Object(ENTERPRISE_FIELDS)),
];

pub const GROUP_FIELDS: Fields = &[
    ("schemas", Names(&[])),
    ("externalId", Text),
    ("displayName", Text),
    ("members", List(MEMBER, MANY)),
];

const NAME: Fields = &[
    ("formatted", Text),
    ("familyName", Text),
    ("givenName", Text),
    ("middleName", Text),
    ("honorificPrefix", Text),
    ("honorificSuffix", Text),
];

const VALUES: Fields = &[("value", Text), ("display", Text), ("type", Text), ("primary", Bool)];

const ADDRESS: Fields = &[
    ("formatted", Text),
    ("streetAddress", Text),
    ("locality", Text),
    ("region", Text),
    ("postalCode", Text),
    ("country", Text),
    ("type", Text),
    ("primary", Bool),
];

const ENTERPRISE_FIELDS: Fields = &[
    ("employeeNumber", Text),
    ("costCenter", Text),
    ("organization", Text),
    ("division", Text),
    ("department", Text),
    ("manager", Object(MANAGER)),
];

const MANAGER: Fields = &[("value", Text), ("$ref", Text), ("displayName", Text)];

const MEMBER: Fields = &[("value", Text), ("display", Text), ("type", Text), ("$ref", Text)];

/// The stored form of what a client sent: names in the schema's spelling, without nulls, empty
/// arrays and read-only attributes (RFC 7643 sections 2.1 and 2.5, RFC 7644 section 3.3).
///
/// # Errors
/// An attribute that no schema has, a wrong type, or `schemas` that does not name what is there.
pub fn stored(
    body: Map<String, Value>,
    fields: Fields,
    core: &str,
) -> Result<Map<String, Value>, VendorRefusal> {
    let mut body = fold(body, fields);
    body.retain(|name, _| !["id", "meta", "groups"].contains(&name.as_str()));
    let schemas = body.remove("schemas").unwrap_or_default();
    body.retain(|name, value| {
        if name.starts_with("urn:") && name != ENTERPRISE {
            !value.is_null()
        } else {
            filled(value)
        }
    });
    let (extensions, known): (Vec<_>, Vec<_>) =
        body.iter().partition(|(name, _)| name.starts_with("urn:") && *name != ENTERPRISE);
    let known: Map<_, _> = known.into_iter().map(|(name, v)| (name.clone(), v.clone())).collect();
    shape::check(&known, fields)?;
    for (name, value) in extensions {
        shape::check_value(value, FieldShape::Open, name)?;
    }
    let named = body.keys().map(String::as_str).filter(|name| name.starts_with("urn:"));
    check_schemas(&schemas, std::iter::once(core).chain(named))?;
    Ok(body)
}

/// The `schemas` of a resource: the core schema and the extensions that it has.
pub fn schemas(body: &Map<String, Value>, core: &str) -> Value {
    let extensions = body.keys().map(String::as_str).filter(|name| name.starts_with("urn:"));
    std::iter::once(core).chain(extensions).collect()
}

fn check_schemas<'a>(
    schemas: &Value,
    mut needed: impl Iterator<Item = &'a str>,
) -> Result<(), VendorRefusal> {
    let Some(sent) = schemas.as_array() else {
        return Err(VendorRefusal::invalid("`schemas` is required"));
    };
    let lacks = |urn: &&str| !sent.iter().any(|name| name.as_str() == Some(*urn));
    match needed.find(lacks) {
        Some(urn) => Err(VendorRefusal::invalid(format!("`schemas` lacks {urn}"))),
        None => Ok(()),
    }
}

/// Member names in the table's spelling, through all levels that the table knows.
fn fold(body: Map<String, Value>, fields: Fields) -> Map<String, Value> {
    let known = |name: &str| fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let folded = body.into_iter().map(|(name, value)| match known(&name) {
        Some((spelling, shape)) => ((*spelling).to_owned(), fold_value(value, *shape)),
        None => match ["id", "meta", "groups"].iter().find(|own| own.eq_ignore_ascii_case(&name)) {
            Some(own) => ((*own).to_owned(), value),
            None => (name, value),
        },
    });
    folded.collect()
}

fn fold_value(value: Value, shape: FieldShape) -> Value {
    match (value, shape) {
        (Value::Object(body), Object(fields)) => Value::Object(fold(body, fields)),
        (Value::Array(elements), List(fields, most)) => {
            let fold_one = |element| match element {
                Value::Object(body) => Value::Object(fold(body, fields)),
                other => fold_value(other, List(fields, most)),
            };
            elements.into_iter().map(fold_one).collect()
        }
        (value, _) => value,
    }
}

/// Takes nulls and empty arrays out of a value, and tells whether anything is left of it.
fn filled(value: &mut Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(elements) => {
            elements.retain_mut(filled);
            !elements.is_empty()
        }
        Value::Object(body) => {
            body.retain(|_, value| filled(value));
            !body.is_empty()
        }
        _ => true,
    }
}
