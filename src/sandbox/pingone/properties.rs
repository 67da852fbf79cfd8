//! The properties of PingOne's users, from its request table.

use crate::sandbox::shape::{FieldShape, Fields};
use FieldShape::{Bool, Email, List, Names, Object, OrNull, Text};

pub const EXTENSION: &str = "urn:pingidentity:schemas:extension:2.0:PingOneUser";
pub const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// The properties of the request table, but `password`: every example omits it.
pub const FIELDS: Fields = &[
    ("schemas", Names(&[CORE, EXTENSION])),
    ("userName", Text),
    ("active", Bool),
    ("addresses", List(ADDRESS, 1)),
    ("emails", List(EMAIL, 1)),
    ("externalId", OrNull(&Text)),
    ("locale", OrNull(&Text)),
    ("name", Object(NAME)),
    ("nickName", Text),
    ("phoneNumbers", List(PHONE, 1)),
    ("photos", List(PHOTO, 1)),
    ("preferredLanguage", OrNull(&Text)),
    ("timezone", Text),
    ("title", OrNull(&Text)),
    (EXTENSION, Object(&[("population", Object(&[("id", FieldShape::Uuid)]))])),
];

const ADDRESS: Fields = &[
    ("country", Text),
    ("formatted", Text),
    ("locality", Text),
    ("postalCode", Text),
    ("region", Text),
    ("streetAddress", Text),
    ("primary", Bool),
];

const EMAIL: Fields = &[("value", Email), ("primary", Bool)];

const NAME: Fields = &[
    ("familyName", Text),
    ("formatted", Text),
    ("givenName", Text),
    ("honorificPrefix", Text),
    ("honorificSuffix", Text),
    ("middleName", Text),
];

const PHONE: Fields = &[("value", Text), ("type", Text), ("primary", Bool)];

const PHOTO: Fields = &[("value", Text)];
