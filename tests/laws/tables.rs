//! What each vendor can hold of a canonical user, written by hand from the vendors' pages.
//!
//! It does not know rules, schemas or the engine: it is what they are compared with.

use How::{Exact, Filled, Later, Picked, Secret};

/// How a leaf fares on a create request and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Exact,
    /// One element of the attribute is kept.
    Picked,
    /// Made up where it is absent.
    Filled,
    /// Not in a create request, but in later ones.
    Later,
    /// Written and never answered.
    Secret,
}

pub const CLIENTS: [&str; 4] = ["descope", "omni", "pingone", "scim"];

pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub const OMNI_ATTRIBUTES: &str = "urn:omni:params:1.0:UserAttribute";
pub const PINGONE_USER: &str = "urn:pingidentity:schemas:extension:2.0:PingOneUser";
pub const DESCOPE_ATTRIBUTES: &str = "urn:scim-gateway:dialect:descope:2.0:User";

/// The writable leaves; a name that ends in `.*` stands for all below it, `urn:*` for all extensions.
pub fn holds(dialect: &str) -> &'static [(&'static str, How)] {
    match dialect {
        "descope" => DESCOPE,
        "omni" => OMNI,
        "pingone" => PINGONE,
        "scim" => SCIM,
        other => panic!("no such dialect: {other}"),
    }
}

/// How the dialect holds the leaf, if it does.
pub fn how(dialect: &str, leaf: &str) -> Option<How> {
    let stands_for = |name: &str| match name.strip_suffix('*') {
        Some(head) => leaf.starts_with(head),
        None => name == leaf,
    };
    holds(dialect).iter().find(|(name, _)| stands_for(name)).map(|(_, how)| *how)
}

const OMNI: &[(&str, How)] = &[
    ("userName", Exact),
    ("active", Later),
    ("displayName", Filled),
    ("urn:omni:params:1.0:UserAttribute.*", Exact),
];

const PINGONE: &[(&str, How)] = &[
    ("externalId", Exact),
    ("userName", Exact),
    ("active", Exact),
    ("name.formatted", Exact),
    ("name.familyName", Exact),
    ("name.givenName", Exact),
    ("name.middleName", Exact),
    ("name.honorificPrefix", Exact),
    ("name.honorificSuffix", Exact),
    ("nickName", Exact),
    ("title", Exact),
    ("preferredLanguage", Exact),
    ("locale", Exact),
    ("timezone", Exact),
    ("emails.value", Picked),
    ("emails.primary", Picked),
    ("phoneNumbers.value", Picked),
    ("phoneNumbers.type", Picked),
    ("phoneNumbers.primary", Picked),
    ("addresses.formatted", Picked),
    ("addresses.streetAddress", Picked),
    ("addresses.locality", Picked),
    ("addresses.region", Picked),
    ("addresses.postalCode", Picked),
    ("addresses.country", Picked),
    ("addresses.primary", Picked),
    ("photos.value", Picked),
    ("urn:pingidentity:schemas:extension:2.0:PingOneUser.population.id", Exact),
];

const DESCOPE: &[(&str, How)] = &[
    ("displayName", Exact),
    ("emails.value", Exact),
    ("emails.primary", Exact),
    ("emails.type", Exact),
    ("active", Exact),
    ("name.givenName", Exact),
    ("name.familyName", Exact),
    ("name.middleName", Exact),
    ("userName", Exact),
    ("title", Exact),
    ("urn:scim-gateway:dialect:descope:2.0:User.*", Exact),
];

const SCIM: &[(&str, How)] = &[
    ("externalId", Exact),
    ("userName", Exact),
    ("name.formatted", Exact),
    ("name.familyName", Exact),
    ("name.givenName", Exact),
    ("name.middleName", Exact),
    ("name.honorificPrefix", Exact),
    ("name.honorificSuffix", Exact),
    ("displayName", Exact),
    ("nickName", Exact),
    ("profileUrl", Exact),
    ("title", Exact),
    ("userType", Exact),
    ("preferredLanguage", Exact),
    ("locale", Exact),
    ("timezone", Exact),
    ("active", Exact),
    ("password", Secret),
    ("emails.value", Exact),
    ("emails.display", Exact),
    ("emails.type", Exact),
    ("emails.primary", Exact),
    ("phoneNumbers.value", Exact),
    ("phoneNumbers.display", Exact),
    ("phoneNumbers.type", Exact),
    ("phoneNumbers.primary", Exact),
    ("ims.value", Exact),
    ("ims.display", Exact),
    ("ims.type", Exact),
    ("ims.primary", Exact),
    ("photos.value", Exact),
    ("photos.display", Exact),
    ("photos.type", Exact),
    ("photos.primary", Exact),
    ("addresses.formatted", Exact),
    ("addresses.streetAddress", Exact),
    ("addresses.locality", Exact),
    ("addresses.region", Exact),
    ("addresses.postalCode", Exact),
    ("addresses.country", Exact),
    ("addresses.type", Exact),
    ("addresses.primary", Exact),
    ("entitlements.value", Exact),
    ("entitlements.display", Exact),
    ("entitlements.type", Exact),
    ("entitlements.primary", Exact),
    ("roles.value", Exact),
    ("roles.display", Exact),
    ("roles.type", Exact),
    ("roles.primary", Exact),
    ("x509Certificates.value", Exact),
    ("x509Certificates.display", Exact),
    ("x509Certificates.type", Exact),
    ("x509Certificates.primary", Exact),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.employeeNumber", Exact),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.costCenter", Exact),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.organization", Exact),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.division", Exact),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.department", Exact),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.manager.value", Exact),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.manager.$ref", Exact),
    // Last: what stands above is listed, and manager.displayName is readOnly.
    ("urn:*", Exact),
];
