//! Errors both ways: what an upstream says, and what the client hears of it.

use std::time::Duration;

use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use proptest::prelude::{any, prop_assert, proptest};
use scim_gateway::dialect::Dialects;
use scim_gateway::fault::{Cause, Fault};
use scim_gateway::gateway::message::{read_error, write_error};
use scim_gateway::scim::http::Response;
use scim_gateway::scim::schema::Operation;
use serde_json::json;

use crate::fixture::dialect;

fn read(operation: Operation, status: u16, body: impl Into<bytes::Bytes>) -> Fault {
    read_with(operation, status, body, &[])
}

fn read_with(
    operation: Operation,
    status: u16,
    body: impl Into<bytes::Bytes>,
    headers: &[(&'static str, &str)],
) -> Fault {
    let mut response = Response::new(StatusCode::from_u16(status).expect("a status"));
    response.body = body.into();
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).unwrap();
        response.headers.insert(HeaderName::from_static(name), value);
    }
    read_error(&dialect(), operation, &response)
}

#[test]
fn a_status_alone_says_whose_fault_it_is() {
    use Operation::{Create, Delete, Get, List, Patch, Replace};
    let cases = [
        (Get, 404, Cause::UpstreamNotFound, 404, None),
        (Delete, 410, Cause::UpstreamNotFound, 404, None),
        (List, 404, Cause::UpstreamUnexpected, 502, None),
        (Create, 404, Cause::UpstreamUnexpected, 502, None),
        (Get, 401, Cause::UpstreamUnauthorized, 502, None),
        (Create, 403, Cause::UpstreamUnauthorized, 502, None),
        (Create, 409, Cause::UpstreamConflict, 409, Some("uniqueness")),
        (Replace, 409, Cause::UpstreamRefused, 409, None),
        (Create, 400, Cause::UpstreamRefused, 400, None),
        (Patch, 412, Cause::PreconditionFailed, 412, None),
        (Create, 413, Cause::UpstreamRefused, 413, None),
        (Create, 415, Cause::UpstreamUnexpected, 502, None),
        (Replace, 405, Cause::NotImplemented, 501, None),
        (List, 501, Cause::NotImplemented, 501, None),
        (Get, 429, Cause::UpstreamThrottled, 429, None),
        (Get, 301, Cause::UpstreamRedirect, 502, None),
        (Get, 304, Cause::UpstreamRedirect, 502, None),
        (Get, 500, Cause::UpstreamFailed, 502, None),
        (Get, 503, Cause::UpstreamFailed, 503, None),
        (Get, 999, Cause::UpstreamFailed, 502, None),
        (Get, 101, Cause::UpstreamUnexpected, 502, None),
    ];
    for (operation, status, cause, answered, scim_type) in cases {
        let fault = read(operation, status, "");
        let found = (fault.cause, fault.status().as_u16(), fault.scim_type());
        assert_eq!(found, (cause, answered, scim_type), "{operation:?} {status}");
    }
}

#[test]
fn a_known_code_goes_before_the_status() {
    let cases = [
        (
            json!({ "code": "INVALID_DATA", "details": [{ "code": "UNIQUENESS_VIOLATION" }] }),
            409,
            Some("uniqueness"),
        ),
        (
            json!({ "details": [{ "code": "INVALID_VALUE" }, { "code": "UNIQUENESS_VIOLATION" }] }),
            409,
            Some("uniqueness"),
        ),
        (json!({ "details": [[[{ "code": "UNIQUENESS_VIOLATION" }]]] }), 409, Some("uniqueness")),
        (json!([{ "code": "INVALID_VALUE" }]), 400, Some("invalidValue")),
        (json!({ "code": "INVALID_VALUE", "scimType": "uniqueness" }), 400, Some("invalidValue")),
        (json!({ "code": "REQUEST_LIMITED" }), 429, None),
        (json!({ "code": "E112102" }), 404, None),
        (json!({ "code": "NEVER_HEARD" }), 422, None),
        (json!({ "scimType": "UNIQUENESS" }), 409, Some("uniqueness")),
        (json!({ "scimType": "mutability" }), 422, Some("mutability")),
        (json!({ "scimType": "<script>" }), 422, None),
        (json!({ "scimType": { "a": 1 }, "code": [1], "details": "x" }), 422, None),
    ];
    for (body, status, scim_type) in cases {
        let fault = read(Operation::Replace, 422, body.to_string());
        assert_eq!((fault.status().as_u16(), fault.scim_type()), (status, scim_type), "{body}");
    }
}

#[test]
fn a_catch_all_code_yields_to_a_status_that_says_more() {
    let body = json!({ "code": "INVALID_VALUE" }).to_string();
    for (status, cause) in [
        (401, Cause::UpstreamUnauthorized),
        (403, Cause::UpstreamRefused),
        (404, Cause::UpstreamNotFound),
        (429, Cause::UpstreamThrottled),
        (500, Cause::UpstreamFailed),
        (412, Cause::PreconditionFailed),
        (422, Cause::UpstreamRefused),
    ] {
        let fault = read(Operation::Get, status, body.clone());
        assert_eq!(fault.cause, cause, "{status}");
        assert_eq!(fault.scim_type().is_some(), status == 422, "{status}");
    }
    let taken = json!({ "code": "UNIQUENESS_VIOLATION" }).to_string();
    assert_eq!(read(Operation::Create, 500, taken).cause, Cause::UpstreamConflict);
    let sensitive = json!({ "scimType": "sensitive" }).to_string();
    assert_eq!(read(Operation::List, 403, sensitive).status().as_u16(), 403);
}

/// What one gateway writes in a vendor's dialect, another reads from that vendor.
#[test]
fn every_dialect_reads_its_own_errors_back() {
    let cases = [
        (Operation::Create, Cause::UpstreamConflict, Cause::UpstreamConflict),
        (Operation::Get, Cause::UpstreamNotFound, Cause::UpstreamNotFound),
        (Operation::Get, Cause::Unauthenticated, Cause::UpstreamUnauthorized),
        (Operation::Get, Cause::Forbidden, Cause::UpstreamRefused),
        (Operation::Create, Cause::InvalidValue, Cause::UpstreamRefused),
        (Operation::Replace, Cause::PreconditionFailed, Cause::PreconditionFailed),
        (Operation::List, Cause::TooManyRequests, Cause::UpstreamThrottled),
        (Operation::List, Cause::Busy, Cause::UpstreamFailed),
        (Operation::Get, Cause::Internal, Cause::UpstreamFailed),
        (Operation::Get, Cause::UpstreamTimeout, Cause::UpstreamFailed),
    ];
    let dialects = Dialects::embedded().unwrap();
    for name in dialects.names() {
        let dialect = dialects.named(name).unwrap();
        for (operation, written, read) in cases {
            let fault = Fault::new(written, "the words of the fault");
            let response = write_error(dialect, &fault, "r1");
            let found = read_error(dialect, operation, &response);
            assert_eq!(found.cause, read, "{name} {written:?} {response:?}");
            let passes = read != Cause::UpstreamUnauthorized;
            assert_eq!(found.detail.contains("the words"), passes, "{name} {written:?}");
            if read == Cause::UpstreamRefused {
                assert_eq!(found.status(), written.status(), "{name} {written:?}");
            }
        }
    }
}

#[test]
fn shapes_are_named_in_the_log_and_bodies_are_not() {
    let cases = [
        (
            json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"] }).to_string(),
            "a SCIM Error",
        ),
        (json!({ "detail": "s3cret", "status": 400 }).to_string(), "detail and status"),
        (json!({ "error": "s3cret" }).to_string(), "error"),
        (json!({ "message": "s3cret" }).to_string(), "message"),
        (json!(["s3cret"]).to_string(), "JSON of no known shape"),
        ("  ".into(), "no body"),
        ("s3cret".into(), "text"),
        ("<p>s3cret</p>".into(), "HTML or XML"),
    ];
    for (body, shape) in cases {
        let log = read(Operation::Get, 400, body).log.unwrap();
        assert!(log.ends_with(shape) && !log.contains("s3cret"), "{log}");
    }
}

#[test]
fn only_words_at_their_place_pass() {
    let said = |body: String| read(Operation::Create, 400, body).detail;
    assert!(
        said(json!({ "message": "bad givenName" }).to_string())
            .ends_with("; it says: bad givenName")
    );
    assert!(
        said(json!({ "details": [{ "message": "inner" }], "message": "outer" }).to_string())
            .ends_with("inner")
    );
    for body in [
        json!({ "error": "leak" }).to_string(),
        json!({ "message": { "text": "leak" } }).to_string(),
        json!({ "message": "<html>leak</html>" }).to_string(),
        "leak".into(),
        "<html>leak".into(),
        format!("{}{}", "[".repeat(100_000), "leak"),
        format!(r#"{{"message":"leak","x":"{}"}}"#, "x".repeat(70_000)),
    ] {
        assert!(!said(body).contains("leak"));
    }
    // Why the gateway's own credentials were refused is not for the client.
    let refused = read(Operation::Get, 401, json!({ "message": "key k-123 expired" }).to_string());
    assert!(!refused.detail.contains("k-123"));
}

#[test]
fn hosts_and_secrets_are_scrubbed_and_attribute_paths_are_not() {
    let said = |text: &str| {
        let body = json!({ "message": text }).to_string();
        let detail = read(Operation::Create, 400, body).detail;
        detail.split_once("; it says: ").map(|(_, said)| said.to_owned()).unwrap_or_default()
    };
    let hidden = [
        "https://acme.example/api?key=1,2",
        "HTTPS://ACME/x",
        "//acme/x",
        "(acme.omni.example)",
        "acme.omni.example:443",
        "host=acme.example",
        "10.0.0.1",
        "10.0.0.1:80",
        "[2001:db8::1]",
        "localhost",
        "localhost:8080",
        "db-internal:5432",
        "ann@corp.example",
        "/api/v2/users/1",
        "ac\u{200b}me.example",
        "bücher.example",
        "acme.example.",
        "acme.example/path",
        "\\\\acme\\share",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9x.eyJzdWIiOiIxIn0",
        "to:acme.example",
        "urn:acme.example",
        "acme\u{3002}example",
        "\u{301}acme.example",
    ];
    for text in hidden {
        let said = said(&format!("before {text} after"));
        let rest =
            said.strip_prefix("before ").and_then(|said| said.strip_suffix(" after")).unwrap();
        for word in [
            "acme",
            "ACME",
            "10.0",
            "2001",
            "localhost",
            "internal",
            "ann",
            "users",
            "cher",
            "eyJ",
            "share",
            "key",
        ] {
            assert!(!rest.contains(word), "{text} -> {rest}");
        }
    }
    let kept =
        "name.givenName is 2.0, e.g. urn:ietf:params:scim:schemas:core:2.0:User (see \"userName\")";
    assert_eq!(said(kept), kept);
    assert_eq!(said("a\u{0}b\r\nc\u{202e}d"), "a b cd");
    let long = said(&"ü ".repeat(10_000));
    assert_eq!(long.chars().count(), 200);
    // A name that the reading limit cuts in two is not told from a word.
    let hidden = format!("{} acme.example", "x".repeat(790));
    assert!(!said(&hidden).contains("acme"));
}

#[test]
fn hostile_bodies_are_bounded() {
    let nested = |depth: usize| {
        format!("{}{{\"code\":\"INVALID_VALUE\"}}{}", "[".repeat(depth), "]".repeat(depth))
    };
    assert_eq!(read(Operation::Get, 400, nested(100)).scim_type(), Some("invalidValue"));
    assert_eq!(read(Operation::Get, 400, nested(10_000)).scim_type(), None);
    let wide = json!({ "details": vec![json!({ "code": "x", "message": "" }); 1_500] }).to_string();
    assert_eq!(read(Operation::Get, 400, wide).scim_type(), None);
    assert_eq!(read(Operation::Get, 400, &b"\xff\xfe{"[..]).status().as_u16(), 400);
}

#[test]
fn waiting_is_read_in_both_forms_and_bounded() {
    let wait = |status, headers: &[(&'static str, &str)]| {
        read_with(Operation::Get, status, "", headers).retry_after.map(|wait| wait.as_secs())
    };
    let date = ("date", "Sun, 06 Nov 1994 08:49:00 GMT");
    assert_eq!(wait(429, &[("retry-after", "30")]), Some(30));
    assert_eq!(wait(503, &[("retry-after", " 30 ")]), Some(30));
    assert_eq!(wait(429, &[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"), date]), Some(37));
    assert_eq!(wait(429, &[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT"), date]), Some(1));
    assert_eq!(wait(429, &[("retry-after", "Mon, 07 Nov 1994 08:49:37 GMT"), date]), Some(3600));
    assert_eq!(wait(429, &[("retry-after", "99999999999999999999999")]), Some(3600));
    assert_eq!(wait(429, &[("retry-after", "0")]), Some(1));
    for bad in ["", "-1", "soon", "1.5"] {
        assert_eq!(wait(429, &[("retry-after", bad)]), None, "{bad}");
    }
    assert_eq!(wait(400, &[("retry-after", "30")]), None);
}

fn written(response: &Response) -> serde_json::Value {
    serde_json::from_slice(&response.body).unwrap()
}

#[test]
fn a_fault_is_written_as_the_dialect_says() {
    let mut dialect = dialect();
    let fault = Fault::new(Cause::UpstreamConflict, "taken {status}");
    let response = write_error(&dialect, &fault, "r1");
    assert_eq!(response.status, StatusCode::CONFLICT);
    assert_eq!(response.headers[CONTENT_TYPE], "application/scim+json");
    let wanted = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "409", "scimType": "uniqueness", "detail": "taken {status}",
    });
    assert_eq!(written(&response), wanted);
    let plain = Fault::new(Cause::UpstreamNotFound, "x");
    assert_eq!(written(&write_error(&dialect, &plain, "r1")).get("scimType"), None);

    dialect.errors.answer = serde_json::Value::Null;
    assert_eq!(written(&write_error(&dialect, &fault, "r1")), wanted);

    dialect.errors.answer_codes = vec![
        (409, "uniqueness".into(), "UNIQUE".into()),
        (0, String::new(), "INVALID_DATA".into()),
    ];
    dialect.errors.answer = json!({
        "id": "{request_id}", "code": "{code}", "n": "{status_number}", "keep": [1, null, "{x} {", "{scim_type}"],
        "details": [{ "code": "{code}", "text": "({status}) {detail}" }],
    });
    let wanted = json!({
        "id": "r1", "code": "UNIQUE", "n": 409, "keep": [1, null, "{x} {", "uniqueness"],
        "details": [{ "code": "UNIQUE", "text": "(409) taken {status}" }],
    });
    assert_eq!(written(&write_error(&dialect, &fault, "r1")), wanted);
    let other = written(&write_error(&dialect, &plain, "r1"));
    assert_eq!(
        (&other["code"], &other["keep"]),
        (&json!("INVALID_DATA"), &json!([1, null, "{x} {"]))
    );
}

#[test]
fn a_faults_headers_are_those_of_its_status() {
    let dialect = dialect();
    let write = |fault: &Fault| write_error(&dialect, fault, "r").headers;
    assert_eq!(write(&Fault::new(Cause::Unauthenticated, ""))[WWW_AUTHENTICATE], "Bearer");
    assert!(!write(&Fault::new(Cause::UpstreamUnauthorized, "")).contains_key(WWW_AUTHENTICATE));
    let wait = Fault::new(Cause::Busy, "").with_retry_after(Duration::from_millis(1_200));
    assert_eq!(write(&wait)[RETRY_AFTER], "2");
    let mut method = Fault::new(Cause::MethodNotAllowed, "");
    method.allow = Some("GET, PUT".into());
    assert_eq!(write(&method)[ALLOW], "GET, PUT");
    method.allow = Some("GET\r\nX: y".into());
    assert!(!write(&method).contains_key(ALLOW));
}

proptest! {
    /// Whatever stands around it, the upstream's host does not pass, and nothing grows.
    #[test]
    fn a_host_never_passes(before in "\\PC{0,60}", after in "(|[^a-z0-9-]\\PC{0,60})") {
        let body = json!({ "message": format!("{before}acme-prod.example{after}") }).to_string();
        let detail = read(Operation::Create, 400, body).detail;
        prop_assert!(!detail.contains("acme-prod.example"), "{detail}");
        prop_assert!(detail.chars().count() < 300);
    }

    #[test]
    fn no_body_makes_an_error_panic(status in 300_u16..1000, body in any::<Vec<u8>>()) {
        let fault = read(Operation::Replace, status, body);
        prop_assert!(fault.status().as_u16() >= 400);
        let answer = write_error(&dialect(), &fault, "r");
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&answer.body).is_ok());
    }
}
