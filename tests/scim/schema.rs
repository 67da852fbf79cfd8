//! A User with the RFC's attributes that the tests need, and one extension.

use scim_gateway::scim::schema::{
    Attribute, Kind, Mutability, Operations, Schema, Uniqueness, Unknown,
};

pub const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub const FREE: &str = "urn:omni:params:1.0:UserAttribute";
pub const DOTTED: &str = "urn:omni:params:scim:schemas:extension:user:2.0";
pub const URNS: [&str; 4] = [CORE, ENTERPRISE, FREE, DOTTED];

fn string(name: &str) -> Attribute {
    Attribute::new(name, Kind::String)
}

fn complex(name: &str, attributes: Vec<Attribute>) -> Attribute {
    Attribute { attributes, ..Attribute::new(name, Kind::Complex) }
}

fn several(name: &str) -> Attribute {
    let mut attribute = complex(
        name,
        vec![
            string("value"),
            string("display"),
            string("type"),
            Attribute::new("primary", Kind::Boolean),
        ],
    );
    attribute.multi_valued = true;
    attribute
}

fn read_only(attribute: Attribute) -> Attribute {
    Attribute { mutability: Mutability::ReadOnly, accepted: Operations::NONE, ..attribute }
}

pub fn user() -> Schema {
    let mut emails = several("emails");
    emails.attributes.push(string("formatted"));
    let mut external = string("externalId");
    external.case_exact = true;
    let mut user_name = string("userName");
    user_name.uniqueness = Uniqueness::Server;
    let mut manager =
        complex("manager", vec![string("value"), Attribute::new("$ref", Kind::Reference)]);
    manager.attributes.push(read_only(string("displayName")));
    let mut enterprise =
        complex(ENTERPRISE, vec![string("employeeNumber"), string("department"), manager]);
    enterprise.extension = true;
    let mut free = complex(FREE, vec![]);
    free.extension = true;
    free.open = true;
    let mut dotted = complex(DOTTED, vec![Attribute::new("lastLogin", Kind::DateTime)]);
    dotted.extension = true;
    let mut members = several("members");
    members.attributes.push(Attribute::new("$ref", Kind::Reference));
    Schema {
        resource: "User".into(),
        urn: CORE.into(),
        attributes: vec![
            external,
            user_name,
            complex("name", vec![string("formatted"), string("givenName"), string("familyName")]),
            string("displayName"),
            Attribute::new("active", Kind::Boolean),
            Attribute::new("age", Kind::Integer),
            Attribute::new("score", Kind::Decimal),
            Attribute::new("hired", Kind::DateTime),
            emails,
            several("phoneNumbers"),
            several("roles"),
            several("addresses"),
            members,
            Attribute { multi_valued: true, ..string("tags") },
            read_only(several("groups")),
            enterprise,
            free,
            dotted,
        ],
        open_extensions: false,
        unknown: Unknown::Refuse,
    }
}
