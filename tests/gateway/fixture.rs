//! A dialect with one of everything that messages read.

use std::collections::BTreeSet;

use scim_gateway::dialect::Dialect;
use scim_gateway::dialect::{
    Clear, Discovery, ErrorCode, Errors, FilterForms, IdForm, ListForms, Paging, Put, Resource,
    Schemas,
};
use scim_gateway::rewrite::rule::Rules;
use scim_gateway::scim::schema::{Attribute, Kind, Operation, Operations, Schema, Unknown};
use scim_gateway::scim::value::{Object, Value};
use serde_json::json;

pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub const BASE: &str = "https://gw.example/acme/scim/v2";

pub fn dialect() -> Dialect {
    Dialect {
        name: "test".into(),
        title: "Test".into(),
        base: "/scim/v2".into(),
        media_type: "application/scim+json".into(),
        authorization: "Bearer {token}".into(),
        token_hint: "any".into(),
        variables: Vec::new(),
        resources: vec![resource("User", "Users", user()), resource("Group", "Groups", group())],
        discovery: Discovery::default(),
        errors: errors(),
        quirks: BTreeSet::new(),
        missing_resource: Default::default(),
        undeclared: Default::default(),
    }
}

/// The User resource of a dialect with an envelope, a repeated id and status members.
pub fn enveloped() -> Resource {
    let mut resource = resource("User", "Users", user());
    resource.envelope = vec![(Operation::Get, "user".into()), (Operation::Replace, "user".into())];
    resource.request_extras = vec![(Operation::Replace, "userId".into(), json!("{id}"))];
    resource.answer_extras = vec![("detail".into(), json!("")), ("status".into(), json!(0))];
    resource
}

pub fn object(json: serde_json::Value) -> Object<'static> {
    match Value::from(json) {
        Value::Object(object) => object,
        other => panic!("not an object: {other:?}"),
    }
}

pub fn json(object: &Object) -> serde_json::Value {
    serde_json::from_slice(&Value::Object(object.clone()).to_json()).unwrap()
}

fn resource(name: &str, path: &str, schema: Schema) -> Resource {
    Resource {
        schema: Schema { resource: name.into(), ..schema },
        rules: Rules::default(),
        path: path.into(),
        path_case_exact: false,
        operations: Operations::ALL,
        id: IdForm { max_length: 36 },
        put: Put::Replace,
        clear: Clear::Omit,
        envelope: Vec::new(),
        request_extras: Vec::new(),
        answer_extras: Vec::new(),
        schemas_in_request: Schemas::Used,
        schemas_in_answer: Schemas::Used,
        meta: ["resourceType", "created", "lastModified", "location", "version"]
            .map(String::from)
            .to_vec(),
        layout: ["schemas", "id", "*", "meta"].map(String::from).to_vec(),
        delete_status: 204,
        patch: None,
        patch_choices: Vec::new(),
        filter: FilterForms {
            and: false,
            or: false,
            not: false,
            max_terms: 1,
            attributes: Vec::new(),
        },
        list: ListForms {
            paging: Paging::Index,
            default_count: 100,
            max_count: 100,
            short_page_ends: false,
            cursor_timeout: None,
        },
        search: None,
        me: false,
        sort: false,
        etag: false,
        if_match: Operations::default(),
        projection: false,
        matches_on: Vec::new(),
    }
}

fn user() -> Schema {
    let text = |name: &str| Attribute::new(name, Kind::String);
    let complex = |name: &str, attributes: Vec<Attribute>| Attribute {
        attributes,
        ..Attribute::new(name, Kind::Complex)
    };
    let reference = || Attribute::new("$ref", Kind::Reference);
    let user_name =
        Attribute { required: Operations::of(&[Operation::Create]), ..text("userName") };
    let groups = Attribute {
        multi_valued: true,
        ..complex("groups", vec![text("value"), reference(), text("type")])
    };
    let manager = complex("manager", vec![text("value"), reference()]);
    let enterprise =
        Attribute { extension: true, ..complex(ENTERPRISE, vec![text("department"), manager]) };
    let open = Attribute { extension: true, open: true, ..complex("urn:test:open", Vec::new()) };
    Schema {
        resource: "User".into(),
        urn: USER.into(),
        attributes: vec![
            user_name,
            text("externalId"),
            complex("name", vec![text("givenName"), text("familyName")]),
            Attribute::new("active", Kind::Boolean),
            groups,
            enterprise,
            open,
        ],
        open_extensions: false,
        unknown: Unknown::Refuse,
    }
}

fn group() -> Schema {
    let sub = |name: &str| Attribute::new(name, Kind::String);
    let members = Attribute {
        multi_valued: true,
        attributes: vec![sub("value"), Attribute::new("$ref", Kind::Reference), sub("type")],
        ..Attribute::new("members", Kind::Complex)
    };
    Schema {
        resource: "Group".into(),
        urn: "urn:ietf:params:scim:schemas:core:2.0:Group".into(),
        attributes: vec![sub("displayName"), members],
        open_extensions: false,
        unknown: Unknown::Refuse,
    }
}

fn errors() -> Errors {
    let code = |code: &str, status: u16, scim_type: Option<&str>| ErrorCode {
        code: code.into(),
        status,
        scim_type: scim_type.map(Into::into),
    };
    Errors {
        code_at: ["details.code", "code"].map(String::from).to_vec(),
        detail_at: ["details.message", "message", "detail"].map(String::from).to_vec(),
        codes: vec![
            code("INVALID_VALUE", 400, Some("invalidValue")),
            code("UNIQUENESS_VIOLATION", 409, Some("uniqueness")),
            code("REQUEST_LIMITED", 429, None),
            code("E112102", 404, None),
        ],
        answer: json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": "{status}",
            "scimType": "{scim_type}",
            "detail": "{detail}",
        }),
        answer_codes: Vec::new(),
    }
}
