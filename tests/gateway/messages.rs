//! Resources, lists and headers as messages.

use http::header::{CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use scim_gateway::dialect::Schemas;
use scim_gateway::fault::{Cause, Fault};
use scim_gateway::gateway::message::{
    Frame, Head, Location, Meta, check_answer, check_request, read_answer, read_list, read_request,
    respond, write_answer, write_list, write_request,
};
use scim_gateway::scim::http::Response;
use scim_gateway::scim::schema::Operation;
use scim_gateway::scim::value::Value;
use serde_json::json;

use crate::fixture::{BASE, ENTERPRISE, USER, dialect, enveloped, json, object};

#[test]
fn an_answer_loses_its_frame_and_keeps_its_attributes() {
    let body = json!({
        "schemas": [USER], "ID": "7", "userName": "ann",
        "meta": { "created": "2024-01-02T03:04:05Z", "lastModified": {}, "version": "W/\"3\"",
                  "location": "https://vendor.example/7" },
    });
    let (frame, attributes) =
        read_answer(&dialect().resources[0], Operation::Get, Value::from(body)).unwrap();
    assert_eq!(frame.id.as_deref(), Some("7"));
    assert_eq!(frame.meta.created.as_deref(), Some("2024-01-02T03:04:05Z"));
    assert_eq!(frame.meta.last_modified, None);
    assert_eq!(frame.meta.version.as_deref(), Some("W/\"3\""));
    assert_eq!(json(&attributes), json!({ "userName": "ann" }));
}

#[test]
fn times_are_read_in_every_form_and_nothing_is_made_up() {
    let cases = [
        (json!("2024-01-02T03:04:05+02:00"), Some("2024-01-02T03:04:05+02:00")),
        (json!("2024-01-02T03:04:05"), Some("2024-01-02T03:04:05")),
        (json!("2024-01-02 03:04:05Z"), Some("2024-01-02T03:04:05Z")),
        (json!("2024-01-02T03:04:05+01:00[Europe/Paris]"), Some("2024-01-02T02:04:05Z")),
        (json!({ "seconds": 1_700_000_000, "nanos": 500_000_000 }), Some("2023-11-14T22:13:20.5Z")),
        (json!({ "seconds": "1700000000" }), Some("2023-11-14T22:13:20Z")),
        (json!({ "seconds": i64::MAX, "nanos": i64::MAX }), None),
        (json!({ "seconds": 1.5 }), None),
        (json!({}), None),
        (json!(null), None),
        (json!([]), None),
        (json!("2024-01-02"), None),
        (json!("yesterday"), None),
        (json!("ééééé\u{1F600}T"), None),
    ];
    for (given, wanted) in cases {
        let body = json!({ "meta": { "created": given } });
        let (frame, _) =
            read_answer(&dialect().resources[0], Operation::Get, Value::from(body)).unwrap();
        assert_eq!(frame.meta.created.as_deref(), wanted, "{given}");
    }
}

#[test]
fn an_envelope_is_taken_off_only_if_it_is_all_there_is() {
    let resource = enveloped();
    let read = |operation, body| {
        read_answer(&resource, operation, Value::from(body)).map(|(_, object)| json(&object))
    };
    let inner = json!({ "userName": "ann", "detail": "", "status": 0 });
    let wanted = json!({ "userName": "ann" });
    assert_eq!(read(Operation::Get, json!({ "user": inner })).unwrap(), wanted);
    assert_eq!(read(Operation::Get, inner.clone()).unwrap(), wanted);
    assert_eq!(read(Operation::Create, json!({ "USER": inner })).unwrap(), wanted);
    let both = json!({ "user": { "a": 1 }, "userName": "ann" });
    assert_eq!(read(Operation::Get, both.clone()).unwrap(), both);
    for bad in [json!([]), json!("x"), json!(null), json!({ "user": null }), json!({ "id": [] })] {
        let fault = read(Operation::Get, bad.clone()).unwrap_err();
        assert_eq!(fault.cause, Cause::UpstreamUnexpected, "{bad}");
    }
}

#[test]
fn an_error_inside_a_success_is_an_error() {
    let read = |status| -> Result<_, Fault> {
        let body = json!({ "user": { "detail": "no such user at db.internal.example", "status": status } });
        read_answer(&enveloped(), Operation::Get, Value::from(body))
    };
    let fault = read(json!(404)).unwrap_err();
    assert_eq!(fault.cause, Cause::UpstreamNotFound);
    assert!(fault.detail.contains("no such user") && !fault.detail.contains("internal.example"));
    assert_eq!(read(json!("409")).unwrap_err().status(), StatusCode::CONFLICT);
    assert_eq!(read(json!(401)).unwrap_err().cause, Cause::UpstreamUnauthorized);
    for fine in [json!(0), json!(200), json!("ok"), json!(null), json!(-5), json!(1e300)] {
        assert!(read(fine.clone()).is_ok(), "{fine}");
    }
    // One member of the pair is enough to know the other.
    let mut half = enveloped();
    half.answer_extras.truncate(1);
    let read_half =
        |status| read_answer(&half, Operation::Get, Value::from(json!({ "status": status })));
    assert_eq!(read_half(500).unwrap_err().cause, Cause::UpstreamFailed);
    assert!(read_half(0).unwrap().1.is_empty());
    // Where the dialect has no such message member, `status` is an attribute like any other.
    let body = json!({ "status": 500 });
    assert!(read_answer(&dialect().resources[0], Operation::Get, Value::from(body)).is_ok());
}

#[test]
fn a_request_loses_its_frame_and_its_message_members() {
    let resource = enveloped();
    let read = |operation, body| read_request(&resource, operation, Some("7"), Value::from(body));
    let body = json!({ "schemas": 3, "id": "other", "meta": {}, "userId": "7", "userName": "ann" });
    assert_eq!(json(&read(Operation::Replace, body).unwrap()), json!({ "userName": "ann" }));
    let wrong = read(Operation::Replace, json!({ "userId": "8" })).unwrap_err();
    assert_eq!((wrong.cause, wrong.scim_type()), (Cause::InvalidValue, Some("invalidValue")));
    assert!(!wrong.detail.contains('8'));
    // Of another operation it is no message member.
    assert!(read(Operation::Create, json!({ "userId": "8" })).unwrap().contains("userId"));
    let fault = read(Operation::Create, json!(["x"])).unwrap_err();
    assert_eq!(fault.scim_type(), Some("invalidSyntax"));
}

#[test]
fn a_clients_references_are_left_out_and_never_lose_an_id() {
    let body = json!({
        "groups": [{ "value": "g", "$ref": "https://evil.example/Groups/g" }],
        ENTERPRISE: { "manager": { "$ref": "../Users/a%2Fb" } },
        "urn:test:open": { "$ref": "mine" },
    });
    let read =
        read_request(&dialect().resources[0], Operation::Create, None, Value::from(body)).unwrap();
    let wanted = json!({
        "groups": [{ "value": "g" }],
        ENTERPRISE: { "manager": { "value": "a/b" } },
        "urn:test:open": { "$ref": "mine" },
    });
    assert_eq!(json(&read), wanted);
}

#[test]
fn a_request_is_written_schemas_first_then_message_members() {
    let mut resource = enveloped();
    let attributes = object(json!({
        "userName": "ann", "id": "no", "userId": "no", ENTERPRISE: { "department": "x" },
        "urn:test:open": {}, "urn:unknown:x": { "k": 1 },
    }));
    let write = |resource: &_, operation| {
        String::from_utf8(write_request(resource, operation, Some("7"), &attributes)).unwrap()
    };
    let written = write(&resource, Operation::Replace);
    let head = format!(r#"{{"schemas":["{USER}","{ENTERPRISE}","urn:unknown:x"],"userId":"7","#);
    assert!(written.starts_with(&head), "{written}");
    assert!(!written.contains("no\""));
    let cases = [
        (Schemas::None, json!(null)),
        (Schemas::Core, json!([USER])),
        (Schemas::All, json!([USER, ENTERPRISE, "urn:test:open", "urn:unknown:x"])),
    ];
    for (which, wanted) in cases {
        resource.schemas_in_request = which;
        let body: serde_json::Value =
            serde_json::from_str(&write(&resource, Operation::Create)).unwrap();
        assert_eq!(body["schemas"], wanted, "{which:?}");
        let patch: serde_json::Value =
            serde_json::from_str(&write(&resource, Operation::Patch)).unwrap();
        assert_eq!(patch["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:PatchOp"]));
    }
}

fn frame() -> Frame {
    Frame {
        id: Some("a/b ü?".into()),
        meta: Meta {
            created: Some("2024-01-02T03:04:05Z".into()),
            last_modified: None,
            version: Some("W/\"3\"".into()),
        },
    }
}

#[test]
fn an_answer_is_framed_with_the_gateways_own_location() {
    let dialect = dialect();
    let place = Location { base: BASE, resources: &dialect.resources };
    let attributes = object(json!({ "userName": "ann", "meta": "stray", "Id": "stray" }));
    let answer = write_answer(&dialect.resources[0], Operation::Get, &frame(), attributes, &place);
    let wanted = json!({
        "schemas": [USER], "id": "a/b ü?", "userName": "ann",
        "meta": {
            "resourceType": "User", "created": "2024-01-02T03:04:05Z", "version": "W/\"3\"",
            "location": format!("{BASE}/Users/a%2Fb%20%C3%BC%3F"),
        },
    });
    assert_eq!(json(&answer), wanted);
    let names: Vec<_> = answer.iter().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(names, ["schemas", "id", "userName", "meta"]);
    assert!(place.of(&dialect.resources[0], "..").ends_with("/Users/%2E%2E"));
}

#[test]
fn a_layout_places_members_and_loses_none() {
    let mut resource = enveloped();
    let dialect = dialect();
    let place = Location { base: BASE, resources: &dialect.resources };
    let mut names = |layout: &[&str], operation| -> Vec<String> {
        resource.layout = layout.iter().map(|name| (*name).to_owned()).collect();
        let attributes = object(json!({ "active": true, "name": {}, "userName": "ann" }));
        let answer = write_answer(&resource, operation, &frame(), attributes, &place);
        answer.iter().map(|(name, _)| name.to_owned()).collect()
    };
    assert_eq!(
        names(&["id", "username", "META", "*", "detail", "schemas", "active"], Operation::List),
        ["id", "userName", "meta", "name", "status", "detail", "schemas", "active"]
    );
    assert_eq!(
        names(&["meta"], Operation::Search),
        ["meta", "schemas", "id", "active", "name", "userName", "detail", "status"]
    );
    assert_eq!(names(&["*"], Operation::Get), ["user"]);
}

#[test]
fn references_are_built_or_left_out() {
    let dialect = dialect();
    let place = Location { base: BASE, resources: &dialect.resources };
    let write = |at: usize, attributes| {
        let attributes = object(attributes);
        let frame = Frame::default();
        json(&write_answer(&dialect.resources[at], Operation::Get, &frame, attributes, &place))
    };
    let user = write(
        0,
        json!({
            "groups": [{ "value": "g 1", "$ref": "x", "type": "direct" }, { "$ref": "x" }, { "value": "n" }],
            ENTERPRISE: { "manager": { "value": "m", "$ref": "x" } },
            "urn:test:open": { "$ref": "kept" },
        }),
    );
    assert_eq!(
        user["groups"],
        json!([
            { "value": "g 1", "$ref": format!("{BASE}/Groups/g%201"), "type": "direct" },
            {}, { "value": "n" },
        ])
    );
    assert_eq!(user[ENTERPRISE]["manager"]["$ref"], format!("{BASE}/Users/m"));
    assert_eq!(user["urn:test:open"]["$ref"], "kept");
    let members = write(
        1,
        json!({ "members": [
        { "value": "1", "$ref": "x", "type": "group" },
        { "value": "2", "$ref": "https://v.example/api/users/2" },
        { "value": "3", "$ref": "https://v.example/devices/3" },
        { "value": "", "$ref": "https://v.example/users/" },
    ] }),
    );
    assert_eq!(
        members["members"],
        json!([
            { "value": "1", "$ref": format!("{BASE}/Groups/1"), "type": "group" },
            { "value": "2", "$ref": format!("{BASE}/Users/2") },
            { "value": "3" }, { "value": "" },
        ])
    );
}

#[test]
fn a_list_is_read_leniently_but_never_believed_blindly() {
    let read = |body: serde_json::Value| {
        read_list(&dialect().resources[0], Value::from(body))
            .map(|page| (page.total, page.start_index, page.resources.len()))
    };
    let fine = [
        (json!({ "totalResults": 3, "startIndex": 1, "Resources": [{}, {}] }), (Some(3), 1, 2)),
        (json!({ "totalResults": "3", "startIndex": "2", "resources": [{}] }), (Some(3), 2, 1)),
        (json!({ "totalResults": 0 }), (Some(0), 1, 0)),
        (json!({ "totalResults": 0, "Resources": null }), (Some(0), 1, 0)),
        (json!({ "startIndex": 0, "Resources": [{}] }), (None, 1, 1)),
        (json!({ "startIndex": -4, "Resources": [{}] }), (None, 1, 1)),
        // A total that the page itself disproves proves no completeness.
        (json!({ "totalResults": 0, "Resources": [{}, {}] }), (None, 1, 2)),
    ];
    for (body, wanted) in fine {
        assert_eq!(read(body.clone()).unwrap(), wanted, "{body}");
    }
    for unread in [json!(-1), json!(1.5), json!([]), json!("many"), json!(1e40)] {
        let page = read(json!({ "totalResults": unread, "startIndex": unread, "Resources": [] }));
        assert_eq!(page.unwrap(), (None, 1, 0), "{unread}");
    }
    let bad = [
        json!([]),
        json!([{ "userName": "a" }]),
        json!({}),
        json!(null),
        json!({ "Resources": {} }),
        json!({ "totalResults": 1, "Resources": ["x"] }),
    ];
    for body in bad {
        assert_eq!(read(body.clone()).unwrap_err().cause, Cause::UpstreamUnexpected, "{body}");
    }
    let failed = read_list(&enveloped(), Value::from(json!({ "totalResults": 0, "status": 429 })));
    assert_eq!(failed.unwrap_err().cause, Cause::UpstreamThrottled);
}

#[test]
fn a_list_says_how_many_it_holds() {
    let resources = || ["1", "2"].map(|id| json!({ "id": id }).to_string().into_bytes());
    let written = write_list(&Head::index(7, 3), resources());
    let written: serde_json::Value = serde_json::from_slice(&written).unwrap();
    let wanted = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 7, "startIndex": 3, "itemsPerPage": 2,
        "Resources": [{ "id": "1" }, { "id": "2" }],
    });
    assert_eq!(written, wanted);
    let by_cursor = Head { total: None, next_cursor: Some("a\"b".into()), ..Head::default() };
    let written = write_list(&by_cursor, resources());
    let written: serde_json::Value = serde_json::from_slice(&written).unwrap();
    assert_eq!((&written["nextCursor"], &written["itemsPerPage"]), (&json!("a\"b"), &json!(2)));
    let left_out = ["totalResults", "startIndex", "previousCursor"];
    assert!(left_out.iter().all(|name| written.get(name).is_none()), "{written}");
    let empty = write_list(&Head::index(0, 1), []);
    let empty: serde_json::Value = serde_json::from_slice(&empty).unwrap();
    assert_eq!((&empty["Resources"], &empty["itemsPerPage"]), (&json!([]), &json!(0)));
}

#[test]
fn any_json_type_is_taken_and_nothing_else() {
    let check = |kind: &'static [u8]| {
        let mut map = HeaderMap::new();
        map.insert(CONTENT_TYPE, HeaderValue::from_bytes(kind).unwrap());
        check_request(&map)
    };
    for kind in
        ["application/json", "Application/SCIM+JSON; charset=utf-8", "text/json", "a/b+json"]
    {
        assert!(check(kind.as_bytes()).is_ok(), "{kind}");
    }
    assert!(check_request(&HeaderMap::new()).is_ok());
    for kind in ["text/plain", "application/x-www-form-urlencoded", "", "json", "text/html;a=+json"]
    {
        assert_eq!(check(kind.as_bytes()).unwrap_err().status().as_u16(), 415, "{kind}");
    }
    assert!(check(b"application/json\xff").is_err());
    let mut packed = HeaderMap::new();
    packed.insert("content-encoding", HeaderValue::from_static("gzip"));
    assert!(check_request(&packed).is_err());
}

#[test]
fn an_answer_that_is_a_page_is_not_json() {
    let check = |kind: Option<&'static str>, body: &'static str| {
        let mut response = Response::new(StatusCode::OK);
        response.body = body.into();
        if let Some(kind) = kind {
            response.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        check_answer(&response)
    };
    let fine = [
        (Some("application/json"), "{}"),
        (None, " {}"),
        (Some("text/plain"), "\n{}"),
        (None, ""),
        (Some("text/html"), ""),
    ];
    for (kind, body) in fine {
        assert!(check(kind, body).is_ok(), "{kind:?} {body}");
    }
    for (kind, body) in
        [(Some("text/html; charset=x"), "{}"), (None, "<html>"), (Some("text/plain"), "sorry")]
    {
        let fault = check(kind, body).unwrap_err();
        assert_eq!(fault.cause, Cause::UpstreamNotJson);
        assert!(!fault.detail.contains("sorry"));
    }
}

#[test]
fn answer_headers_say_type_place_and_version() {
    let dialect = dialect();
    let made = |status, version, body: &'static str| {
        respond(&dialect, status, Some("https://gw.example/Users/1"), version, body)
    };
    let created = made(StatusCode::CREATED, Some("3"), "{}");
    assert_eq!(created.headers[LOCATION], "https://gw.example/Users/1");
    assert_eq!(created.headers[CONTENT_TYPE], "application/scim+json");
    assert_eq!(created.headers[ETAG], "W/\"3\"");
    let gone = made(StatusCode::NO_CONTENT, None, "");
    assert!(gone.headers.is_empty());
    for (version, tag) in [
        ("\"x\"", Some("\"x\"")),
        ("W/\"x\"", Some("W/\"x\"")),
        ("a\"b", None),
        ("a\r\nX: y", None),
        ("\"", None),
    ] {
        let made = made(StatusCode::OK, Some(version), "{}");
        assert_eq!(made.headers.get(ETAG).and_then(|tag| tag.to_str().ok()), tag, "{version:?}");
    }
}
