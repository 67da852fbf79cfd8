//! Discovery documents against RFC 7643 sections 5 to 7.

use scim_gateway::dialect::Dialect;
use scim_gateway::fault::{Cause, Fault};
use scim_gateway::gateway::discovery::{BulkSupport, Capabilities, Discovery, Pagination};
use scim_gateway::scim::endpoint::classify;
use scim_gateway::scim::schema::{Attribute, Format, Kind, Schema};
use serde_json::{Value, json};

use crate::fixture::{BASE, ENTERPRISE, USER, dialect};

fn capabilities() -> Capabilities {
    Capabilities {
        patch: true,
        bulk: None,
        filter: true,
        max_results: 200,
        change_password: false,
        sort: true,
        etag: false,
        pagination: Pagination {
            cursor_by_default: false,
            default_size: Some(100),
            max_size: 200,
            cursor_timeout: None,
        },
        bearer: true,
        basic: false,
    }
}

fn answer_of(
    capabilities: &Capabilities,
    views: &[Schema],
    path: &str,
    query: Option<&str>,
) -> Result<Value, Fault> {
    let dialect = dialect();
    Discovery { dialect: &dialect, capabilities, views, base: BASE }
        .answer(&classify(path).unwrap(), query)
}

fn views() -> Vec<Schema> {
    dialect().resources.into_iter().map(|resource| resource.schema).collect()
}

fn answer(path: &str) -> Value {
    answer_of(&capabilities(), &views(), path, None).unwrap()
}

#[test]
fn the_configuration_says_what_works_and_nothing_else() {
    let wanted = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": 200 },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": false },
        "pagination": {
            "cursor": true, "index": true, "defaultPaginationMethod": "index",
            "defaultPageSize": 100, "maxPageSize": 200,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken", "name": "Bearer token", "primary": true,
            "description": "A bearer token in the Authorization header, given out by the gateway's operator",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{BASE}/ServiceProviderConfig"),
        },
    });
    assert_eq!(answer("/serviceproviderconfig"), wanted);
    let other = Capabilities {
        patch: false,
        bulk: Some(BulkSupport { max_operations: 10, max_payload: 1000 }),
        filter: false,
        bearer: false,
        basic: true,
        ..capabilities()
    };
    let other = answer_of(&other, &views(), "/ServiceProviderConfig", None).unwrap();
    assert_eq!(other["patch"]["supported"], false);
    assert_eq!(
        other["bulk"],
        json!({ "supported": true, "maxOperations": 10, "maxPayloadSize": 1000 })
    );
    assert_eq!(other["filter"], json!({ "supported": false, "maxResults": 0 }));
    assert_eq!(other["authenticationSchemes"][0]["type"], "httpbasic");
    assert_eq!(other["authenticationSchemes"][0]["primary"], true);
    let none = Capabilities { bearer: false, ..capabilities() };
    let none = answer_of(&none, &views(), "/ServiceProviderConfig", None).unwrap();
    assert_eq!(none["authenticationSchemes"], json!([]));
}

#[test]
fn resource_types_name_their_endpoint_and_extensions() {
    let list = answer("/ResourceTypes");
    assert_eq!(
        (&list["totalResults"], &list["itemsPerPage"], &list["startIndex"]),
        (&json!(2), &json!(2), &json!(1))
    );
    let user = answer("/ResourceTypes/user");
    assert_eq!(list["Resources"][0], user);
    let wanted = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": "User", "name": "User", "description": "The Users of this route",
        "endpoint": "/Users", "schema": USER,
        "schemaExtensions": [
            { "schema": ENTERPRISE, "required": false },
            { "schema": "urn:test:open", "required": false },
        ],
        "meta": { "resourceType": "ResourceType", "location": format!("{BASE}/ResourceTypes/User") },
    });
    assert_eq!(user, wanted);
}

#[test]
fn only_what_works_is_listed() {
    let mut views = views();
    views.truncate(1);
    views[0].attributes.retain(|attribute| attribute.name == "userName");
    let answer = |path| answer_of(&capabilities(), &views, path, None);
    assert_eq!(answer("/ResourceTypes").unwrap()["totalResults"], 1);
    assert_eq!(answer("/ResourceTypes/User").unwrap()["schemaExtensions"], json!([]));
    let schemas = answer("/Schemas").unwrap();
    assert_eq!(schemas["totalResults"], 1);
    assert_eq!(schemas["Resources"][0]["attributes"].as_array().unwrap().len(), 1);
    for missing in ["/ResourceTypes/Group", &format!("/Schemas/{ENTERPRISE}"), "/Users"] {
        assert_eq!(answer(missing).unwrap_err().status().as_u16(), 404, "{missing}");
    }
}

#[test]
fn schemas_are_split_by_urn_and_list_nothing_common() {
    let list = answer("/Schemas");
    let ids: Vec<_> =
        list["Resources"].as_array().unwrap().iter().map(|s| s["id"].clone()).collect();
    assert_eq!(
        ids,
        [USER, ENTERPRISE, "urn:test:open", "urn:ietf:params:scim:schemas:core:2.0:Group"]
    );
    let user = answer(&format!("/Schemas/{}", USER.to_uppercase()));
    let names: Vec<_> =
        user["attributes"].as_array().unwrap().iter().map(|a| a["name"].clone()).collect();
    assert_eq!(names, ["userName", "externalId", "name", "active", "groups"]);
    assert_eq!(user["meta"]["location"], format!("{BASE}/Schemas/{USER}"));
    assert_eq!(answer(&format!("/Schemas/{ENTERPRISE}"))["name"], "EnterpriseUser");
    let open = answer("/Schemas/urn:test:open");
    assert_eq!(open["attributes"], json!([]));
    assert!(open["description"].as_str().unwrap().contains("free keys"));
}

#[test]
fn every_characteristic_is_written() {
    let user = answer(&format!("/Schemas/{USER}"));
    let wanted = json!({
        "name": "userName", "type": "string", "multiValued": false, "description": "userName",
        "required": true, "caseExact": false, "mutability": "readWrite", "returned": "default",
        "uniqueness": "none",
    });
    assert_eq!(user["attributes"][0], wanted);
    let groups = &user["attributes"][4];
    assert_eq!((&groups["type"], &groups["multiValued"]), (&json!("complex"), &json!(true)));
    assert_eq!(groups["subAttributes"][1]["referenceTypes"], json!(["Group"]));
    let enterprise = answer(&format!("/Schemas/{ENTERPRISE}"));
    let manager = &enterprise["attributes"][1]["subAttributes"][1];
    assert_eq!(manager["referenceTypes"], json!(["User"]));
    let mut views = views();
    views[0].attributes[0].format = Some(Format::Email);
    views[0].attributes[4].max = Some(1);
    views[0].attributes[0].canonical_values = vec!["a".into()];
    let user = answer_of(&capabilities(), &views, &format!("/Schemas/{USER}"), None).unwrap();
    assert_eq!(user["attributes"][0]["canonicalValues"], json!(["a"]));
    assert_eq!(user["attributes"][0]["description"], "An e-mail address.");
    assert_eq!(user["attributes"][4]["description"], "At most 1 value.");
}

#[test]
fn a_filter_on_discovery_is_forbidden_and_other_parameters_are_not() {
    let ask = |query| answer_of(&capabilities(), &views(), "/Schemas", Some(query));
    for query in ["filter=id+eq+%22x%22", "a=b&FILTER=x", "filter", "%66ilter=x"] {
        assert_eq!(ask(query).unwrap_err().cause, Cause::Forbidden, "{query}");
    }
    for query in ["", "attributes=id", "startIndex=2&count=1", "x=filter", "filters=1"] {
        assert_eq!(ask(query).unwrap()["totalResults"], 4, "{query}");
    }
}

// RFC 7643 section 8.7.1 calls it EnterpriseUser, and no two schemas are called alike.
#[test]
fn every_schema_has_a_name_of_its_own() {
    let mut views = views();
    let of = |urn: &str, title: Option<&str>| Attribute {
        extension: true,
        open: true,
        title: title.map(str::to_owned),
        ..Attribute::new(urn, Kind::Complex)
    };
    views[0].attributes.retain(|attribute| !attribute.extension);
    views[0].attributes.extend([
        of(ENTERPRISE, None),
        of("urn:ietf:params:scim:schemas:extension:acme:2.0:User", None),
        of("urn:globex:ext:2.0:User", None),
        of("urn:initech:ext:2.0:User", None),
        of("urn:omni:params:1.0:UserAttribute", None),
        of("urn:omni:params:scim:schemas:extension:user:2.0:Metadata", None),
        of("urn:scim-gateway:dialect:omni:2.0:User", None),
        of("urn:x:2.0", None),
        of("urn:said:2.0:User", Some("Said")),
        of("urn:twice:2.0:User", Some("said")),
        of("urn:group:2.0:Group", None),
        of("urn:group:3.0:Group", None),
    ]);
    let all = answer_of(&capabilities(), &views, "/Schemas", None).unwrap();
    let named: Vec<(&str, &str)> = all["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|schema| (schema["id"].as_str().unwrap(), schema["name"].as_str().unwrap()))
        .collect();
    let mut names: Vec<String> = named.iter().map(|(_, name)| name.to_lowercase()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), named.len(), "{named:?}");
    for (urn, name) in [
        (USER, "User"),
        ("urn:ietf:params:scim:schemas:core:2.0:Group", "Group"),
        (ENTERPRISE, "EnterpriseUser"),
        ("urn:ietf:params:scim:schemas:extension:acme:2.0:User", "AcmeUser"),
        ("urn:globex:ext:2.0:User", "GlobexUser"),
        ("urn:initech:ext:2.0:User", "InitechUser"),
        ("urn:omni:params:1.0:UserAttribute", "UserAttribute"),
        ("urn:omni:params:scim:schemas:extension:user:2.0:Metadata", "Metadata"),
        ("urn:scim-gateway:dialect:omni:2.0:User", "OmniUser"),
        ("urn:said:2.0:User", "Said"),
        ("urn:group:2.0:Group", "GroupGroup"),
        ("urn:group:3.0:Group", "GroupGroup2"),
    ] {
        assert!(named.contains(&(urn, name)), "{urn} {name} {named:?}");
    }
}

// Clients older than RFC 9865 refuse to read what they do not know.
#[test]
fn a_dialect_can_leave_pagination_out() {
    let mut dialect = dialect();
    let (views, capabilities) = (views(), capabilities());
    let of = |dialect: &Dialect| {
        let known = Discovery { dialect, capabilities: &capabilities, views: &views, base: BASE };
        known.service_provider_config()
    };
    assert!(of(&dialect)["pagination"].is_object());
    dialect.discovery.pagination = false;
    let without = of(&dialect);
    assert_eq!(without.get("pagination"), None);
    assert_eq!(without["filter"]["supported"], true);
}
