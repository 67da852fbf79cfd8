//! Queries, projections, endpoints and lists.

use proptest::prelude::*;
use scim_gateway::scim::Value;
use scim_gateway::scim::endpoint::{Endpoint, EndpointError, Id, classify};
use scim_gateway::scim::grammar::Known;
use scim_gateway::scim::message::{ListError, read_list};
use scim_gateway::scim::projection::{Projection, project};
use scim_gateway::scim::query::{Query, encode, parse_query, parse_search};
use scim_gateway::scim::schema::{Returned, Schema};
use serde_json::{Value as Json, json};

use crate::schema::{ENTERPRISE, URNS, user};

const KNOWN: Known<'_> = Known { urns: &URNS, free: &[], foreign: &[], lenient: false };

fn query(text: &str) -> Query {
    parse_query(Some(text), &KNOWN).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn reads_queries() {
    assert_eq!(parse_query(None, &KNOWN), Ok(Query::everything()));
    assert_eq!(query("aadOptscim062020&&x=%ff&%ff=1"), Query::everything());
    let read = query(
        "filter=userName+eq%20%22a%2Bb%26%22&StartIndex=0&count=-3&sortBy=name.givenName&sortOrder=Descending",
    );
    assert_eq!(read.filter.unwrap().to_string(), r#"userName eq "a+b&""#);
    assert_eq!((read.start_index, read.count), (1, Some(0)));
    let sort = read.sort.unwrap();
    assert_eq!((sort.by.to_string().as_str(), sort.descending), ("name.givenName", true));
    assert_eq!(query("attributes=").projection, Projection::Default);
    let Projection::Without(paths) = query("excludedAttributes=members,meta").projection else {
        panic!("no exclusion")
    };
    assert_eq!(paths.len(), 2);
}

#[test]
fn refuses_queries_by_type() {
    let cases = [
        ("filter=userName", "invalidFilter"),
        ("filter=", "invalidFilter"),
        ("filter=a+pr&FILTER=b+pr", "invalidValue"),
        ("count=1&count=1", "invalidValue"),
        ("count=ten", "invalidValue"),
        ("count=1.5", "invalidValue"),
        ("startIndex=99999999999999999999", "invalidValue"),
        ("filter=%ff", "invalidValue"),
        ("attributes=a&excludedAttributes=b", "invalidValue"),
        ("attributes=a%20b", "invalidValue"),
        ("sortOrder=up", "invalidValue"),
        ("sortBy=a,b", "invalidValue"),
        ("cursor&count=ten", "invalidCount"),
        ("cursor&count=0", "invalidCount"),
        ("cursor&count=-1", "invalidCount"),
        ("cursor=a&startIndex=1", "invalidValue"),
        ("cursor=a&cursor=b", "invalidValue"),
    ];
    for (text, scim_type) in cases {
        assert_eq!(parse_query(Some(text), &KNOWN).unwrap_err().scim_type, scim_type, "{text}");
    }
}

#[test]
fn reads_search_requests() {
    let body = json!({"schemas": ["x"], "Filter": "userName pr", "attributes": ["userName", "name"],
        "startIndex": 5, "count": "10", "sortBy": null});
    let read = parse_search(&Value::from(body), &KNOWN).unwrap();
    assert_eq!((read.start_index, read.count, read.sort), (5, Some(10), None));
    assert!(matches!(read.projection, Projection::Only(paths) if paths.len() == 2));
    assert_eq!(parse_search(&Value::from(json!({})), &KNOWN), Ok(Query::everything()));
    let cursor = |body| parse_search(&Value::from(body), &KNOWN).unwrap().cursor;
    assert_eq!(cursor(json!({"cursor": null, "count": 0})), None);
    assert_eq!(cursor(json!({"cursor": "", "count": 1})), Some(String::new()));
    assert_eq!(cursor(json!({"CURSOR": "a"})), Some("a".to_owned()));
    for wrong in
        [json!([]), json!({"filter": {}}), json!({"attributes": [1]}), json!({"count": 1.5})]
    {
        assert!(parse_search(&Value::from(wrong.clone()), &KNOWN).is_err(), "{wrong}");
    }
}

#[test]
fn what_only_reads_may_be_sent_twice() {
    use http::Method;
    use scim_gateway::scim::http::Request;
    let reads =
        [(Method::GET, "/Users"), (Method::HEAD, "/Users/1"), (Method::POST, "/Users/.search")];
    let writes = [
        (Method::POST, "/Users"),
        (Method::PUT, "/Users/.search"),
        (Method::POST, "/Users/x.search"),
        (Method::PATCH, "/Users/1"),
        (Method::DELETE, "/Users/1"),
    ];
    assert!(reads.into_iter().all(|(method, path)| Request::new(method, path).is_read()));
    assert!(!writes.into_iter().any(|(method, path)| Request::new(method, path).is_read()));
}

fn returned() -> Schema {
    let mut schema = user();
    for attribute in &mut schema.attributes {
        match attribute.name.as_str() {
            "userName" => attribute.returned = Returned::Always,
            "displayName" => attribute.returned = Returned::Never,
            "groups" => attribute.returned = Returned::Request,
            _ => {}
        }
    }
    schema
}

fn projected(text: &str) -> Json {
    let resource = json!({"schemas": ["s"], "id": "1", "userName": "a", "displayName": "secret",
        "groups": [{"value": "g"}], "name": {"givenName": "G", "familyName": "F"}, "active": true,
        "emails": [{"value": "e", "type": "work"}, {"type": "home"}], "meta": {"version": "v"},
        ENTERPRISE: {"department": "D", "employeeNumber": "7"}});
    let Value::Object(mut object) = Value::from(resource) else { panic!("no object") };
    project(&mut object, &returned(), &query(text).projection);
    serde_json::from_slice(&Value::Object(object).to_json()).unwrap()
}

#[test]
fn projects_by_request_and_schema() {
    let kept = |extra: Json| {
        let mut kept = json!({"schemas": ["s"], "id": "1", "userName": "a"});
        kept.as_object_mut().unwrap().append(&mut extra.as_object().unwrap().clone());
        kept
    };
    let cases = [
        ("attributes=name.GIVENNAME", json!({"name": {"givenName": "G"}})),
        ("attributes=groups,displayName", json!({"groups": [{"value": "g"}]})),
        ("attributes=emails.value", json!({"emails": [{"value": "e"}]})),
        (
            "attributes=emails",
            json!({"emails": [{"value": "e", "type": "work"}, {"type": "home"}]}),
        ),
        ("attributes=active.x", json!({})),
        (
            "attributes=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            json!({ENTERPRISE: {"department": "D"}}),
        ),
        (
            "attributes=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            json!({ENTERPRISE: {"department": "D", "employeeNumber": "7"}}),
        ),
        (
            "excludedAttributes=userName,id,schemas,name,emails.value,meta,active,urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            json!({"emails": [{"type": "work"}, {"type": "home"}], ENTERPRISE: {"employeeNumber": "7"}}),
        ),
    ];
    for (text, extra) in cases {
        assert_eq!(projected(text), kept(extra), "{text}");
    }
    let default = projected("");
    assert!(default.get("displayName").is_none() && default.get("groups").is_none());
    assert_eq!(default["meta"], json!({"version": "v"}));
}

#[test]
fn classifies_paths() {
    let resource = |segment: &str, id: Option<&str>| {
        Ok(Endpoint::Resource { segment: segment.into(), id: id.map(|id| Id::new(id).unwrap()) })
    };
    let cases = [
        ("", Ok(Endpoint::Root)),
        ("/", Ok(Endpoint::Root)),
        ("/Users", resource("Users", None)),
        ("/Users/", resource("Users", None)),
        ("/users/a%20b%C3%A9", resource("users", Some("a bé"))),
        ("/Users/.search", Ok(Endpoint::Search { segment: Some("Users".into()) })),
        ("/.search", Ok(Endpoint::Search { segment: None })),
        ("/serviceproviderconfig", Ok(Endpoint::ServiceProviderConfig)),
        ("/ServiceProviderConfigs", Ok(Endpoint::ServiceProviderConfig)),
        ("/ResourceTypes", Ok(Endpoint::ResourceTypes(None))),
        ("/ResourceTypes/User", Ok(Endpoint::ResourceTypes(Some("User".into())))),
        ("/Schemas/urn:x%3ay", Ok(Endpoint::Schemas(Some("urn:x:y".into())))),
        ("/Bulk", Ok(Endpoint::Bulk)),
        ("/Me", Ok(Endpoint::Me)),
        ("/Users/1/2", Err(EndpointError::Unknown)),
        ("//Users", Err(EndpointError::Unknown)),
        ("/../Users", Err(EndpointError::Unknown)),
        ("/Users%2F1", Err(EndpointError::Unknown)),
        ("/Users//", Err(EndpointError::Id)),
        ("/Users/..", Err(EndpointError::Id)),
        ("/Users/%2e%2E", Err(EndpointError::Id)),
        ("/Users/.", Err(EndpointError::Id)),
        ("/Users/a%2Fb", resource("Users", Some("a/b"))),
        ("/Users/a%252Fb", resource("Users", Some("a%2Fb"))),
        ("/Users/a%5Cb", resource("Users", Some("a\\b"))),
        ("/Users/a%2F..", Err(EndpointError::Id)),
        ("/Users/a%2F..;x%2Fb", Err(EndpointError::Id)),
        ("/Users/%252E%252E", Err(EndpointError::Id)),
        ("/Users/..%5Cb", Err(EndpointError::Id)),
        ("/Users/a%00", Err(EndpointError::Id)),
        ("/Users/%ff", Err(EndpointError::Encoding)),
    ];
    for (path, wanted) in cases {
        assert_eq!(classify(path), wanted, "{path}");
    }
    assert_eq!(classify(&format!("/Users/{}", "x".repeat(513))), Err(EndpointError::Id));
}

#[test]
fn reads_lists_of_many_makers() {
    let read = |json: Json| {
        read_list(Value::from(json)).map(|list| {
            (list.total_results, list.start_index, list.items_per_page, list.resources.len())
        })
    };
    assert_eq!(
        read(json!({"totalResults": "3", "startindex": 1.0, "resources": [{}, {}]})),
        Ok((Some(3), Some(1), None, 2))
    );
    assert_eq!(read(json!({"totalResults": -1, "Resources": null})), Ok((None, None, None, 0)));
    assert_eq!(read(json!({})), Ok((None, None, None, 0)));
    assert_eq!(read(json!([])), Err(ListError::NotAnObject));
    assert_eq!(read(json!({"Resources": {}})), Err(ListError::ResourcesNotAnArray));
    assert_eq!(read(json!({"Resources": [1]})), Err(ListError::ResourceNotAnObject));
}

proptest! {
    #[test]
    fn an_encoded_id_is_one_segment_and_reads_back(text in any::<String>()) {
        if let Ok(id) = Id::new(text) {
            let encoded = id.encoded();
            prop_assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
            let well_known = encoded.eq_ignore_ascii_case(".search");
            if !well_known {
                let wanted = Endpoint::Resource { segment: "Users".into(), id: Some(id) };
                prop_assert_eq!(classify(&format!("/Users/{encoded}")), Ok(wanted));
            }
        }
    }

    #[test]
    fn an_encoded_query_reads_back(filter in "[a-z]{1,5}", text in any::<String>()) {
        let filter = format!("x{filter} eq {}", serde_json::to_string(&text).unwrap());
        let read = parse_query(Some(&encode(&[("filter", &filter), ("count", "2")])), &KNOWN);
        if filter.len() < 16_000 {
            prop_assert_eq!(read.unwrap().filter, Some(scim_gateway::scim::grammar::parse_filter(&filter, &KNOWN).unwrap()));
        }
    }

    #[test]
    fn random_paths_and_queries_never_panic(text in any::<String>()) {
        let _ = classify(&text);
        let _ = parse_query(Some(&text), &KNOWN);
    }
}
