//! Whole exchanges over real sockets: client, gateway, scripted upstream.

use scim_gateway::fault::Cause;

use crate::harness::{Scripted, TOKEN, header, ok, request, send, start, status};

const USER: &str = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"7","userName":"bjensen","meta":{"resourceType":"User"}}"#;
const PATH: &str = "/t/scim/v2/Users/7";

#[tokio::test(flavor = "multi_thread")]
async fn a_read_is_answered_with_its_exact_length_and_the_gateways_own_location() {
    let upstream = Scripted::start(|_, _| ok(USER)).await;
    let gateway = start(&upstream.url);
    let answer = send(gateway.address, &request("GET", PATH, "")).await;
    assert_eq!(status(&answer), 200, "{answer}");
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    assert_eq!(header(&answer, "content-length"), Some(body.len().to_string().as_str()));
    assert_eq!(header(&answer, "transfer-encoding"), None, "{answer}");
    assert!(body.contains("http://127.0.0.1/t/scim/v2/Users/7"), "{body}");
    let seen = upstream.requests().join("");
    assert!(seen.starts_with("GET /base/scim/v2/Users/7 HTTP/1.1\r\n"), "{seen}");
    assert_eq!(header(&seen, "authorization"), Some("Bearer upstream-token"), "{seen}");
    assert!(!seen.contains(TOKEN), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_listed_headers_cross_and_only_the_exchanges_come_back() {
    let upstream = Scripted::start(|_, _| {
        let body =
            format!("Set-Cookie: a=b\r\nX-Internal: 10.0.0.1\r\nServer: secret\r\n\r\n{USER}");
        Some(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{body}", USER.len()).into_bytes())
    })
    .await;
    let gateway = start(&upstream.url);
    let bytes = format!(
        "GET {PATH} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {TOKEN}\r\nCookie: session=1\r\n\
         X-Forwarded-For: 10.9.9.9\r\nX-Evil: yes\r\nConnection: close\r\n\r\n"
    );
    let answer = send(gateway.address, bytes.as_bytes()).await;
    assert_eq!(status(&answer), 200, "{answer}");
    for hidden in ["a=b", "10.0.0.1", "secret"] {
        assert!(!answer.contains(hidden), "{answer}");
    }
    let seen = upstream.requests().join("");
    for hidden in ["session=1", "10.9.9.9", "X-Evil"] {
        assert!(!seen.to_lowercase().contains(&hidden.to_lowercase()), "{seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_fails_is_named_and_never_shown() {
    let text = |text: &str| Some(text.as_bytes().to_vec());
    let html = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 21\r\n\r\n<html>db-host-7</html>";
    let redirect = "HTTP/1.1 302 Found\r\nLocation: http://db-host-7/\r\nContent-Length: 0\r\n\r\n";
    let denied = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}";
    let huge = "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n";
    let cases = [
        ("silence", Some(Vec::new()), 504, Cause::UpstreamTimeout),
        ("closed", None, 502, Cause::UpstreamCutOff),
        (
            "cut off",
            text("HTTP/1.1 200 CUT\r\nContent-Length: 50\r\n\r\n{"),
            502,
            Cause::UpstreamCutOff,
        ),
        ("too large", text(huge), 502, Cause::UpstreamTooLarge),
        ("HTML", text(html), 502, Cause::UpstreamNotJson),
        ("redirect", text(redirect), 502, Cause::UpstreamRedirect),
        ("our token is refused", text(denied), 502, Cause::UpstreamUnauthorized),
    ];
    for (name, bytes, wanted, cause) in cases {
        let upstream = Scripted::start(move |_, _| bytes.clone()).await;
        let gateway = start(&upstream.url);
        let answer = send(gateway.address, &request("GET", PATH, "")).await;
        assert_eq!(status(&answer), wanted, "{name}: {answer}");
        assert!(answer.contains("urn:ietf:params:scim:api:messages:2.0:Error"), "{name}: {answer}");
        assert!(!answer.contains("db-host-7") && !answer.contains("127.0.0.1"), "{name}: {answer}");
        let log = gateway.log.lines().join("\n");
        assert!(log.contains(&format!("{cause:?}")), "{name}: {log}");
        // What broke off is read twice more: a GET does no harm.
        let asked = if cause == Cause::UpstreamCutOff { 3 } else { 1 };
        assert_eq!(upstream.requests().len(), asked, "{name}: {:?}", upstream.requests());
    }
    let gateway = start("http://127.0.0.1:1");
    let answer = send(gateway.address, &request("GET", PATH, "")).await;
    assert_eq!(status(&answer), 502, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_connection_carries_many_exchanges_over_one_upstream_connection() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let upstream = Scripted::start(|_, _| ok(USER)).await;
    let gateway = start(&upstream.url);
    let mut stream = tokio::net::TcpStream::connect(gateway.address).await.unwrap();
    let head = format!("GET {PATH} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
    for _ in 0..5 {
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}}") {
            assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "the connection was closed");
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }
    // Pingora's pool gives a connection up that it is looking at in the moment it is asked for.
    assert_eq!(upstream.requests().len(), 5);
    assert!(upstream.connections() < 5, "{} connections", upstream.connections());
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_that_scim_does_not_have_are_405_and_reach_nobody() {
    let upstream = Scripted::start(|_, _| ok(USER)).await;
    let gateway = start(&upstream.url);
    for method in ["OPTIONS", "TRACE", "LOCK"] {
        let answer = send(gateway.address, &request(method, PATH, "")).await;
        assert_eq!(status(&answer), 405, "{method}: {answer}");
        assert!(header(&answer, "allow").unwrap().contains("GET"), "{method}: {answer}");
    }
    // What takes GET takes HEAD, and says so once.
    for (method, path, allow) in [
        ("PUT", "/t/scim/v2/Users", "GET, HEAD, POST"),
        ("POST", PATH, "GET, HEAD, PUT, PATCH, DELETE"),
        ("LOCK", PATH, "GET, HEAD, PUT, PATCH, DELETE"),
        ("DELETE", "/t/scim/v2/Schemas", "GET, HEAD"),
        ("PUT", "/t/scim/v2/Bulk", "POST"),
    ] {
        let answer = send(gateway.address, &request(method, path, "{}")).await;
        assert_eq!((status(&answer), header(&answer, "allow")), (405, Some(allow)), "{answer}");
    }
    assert!(upstream.requests().is_empty());
}

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Trace, span and flags of a `traceparent`.
fn traced(seen: &str) -> (String, String, String) {
    let value = header(seen, "traceparent").unwrap();
    let fields: Vec<_> = value.split('-').map(str::to_owned).collect();
    let [version, id, span, flags] = <[String; 4]>::try_from(fields).unwrap();
    assert_eq!(version, "00", "{value}");
    (id, span, flags)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clients_trace_goes_on_to_the_upstream_with_a_span_for_each_call() {
    let changed = USER.replace("bjensen", "babs");
    let stored = changed.clone();
    let answer =
        move |_: usize, seen: &str| ok(if seen.starts_with("GET") { USER } else { &stored });
    let upstream = Scripted::start(answer).await;
    let gateway = start(&upstream.url);
    let trace = format!("traceparent: {PARENT}\r\ntracestate: a=1,b=2\r\n");
    for (path, body) in [(PATH, changed.as_str()), ("/p/scim/v2/Users/7", "")] {
        let method = if body.is_empty() { "GET" } else { "PUT" };
        let bytes = String::from_utf8(request(method, path, body)).unwrap();
        let bytes = bytes.replacen("Host: gateway\r\n", &format!("Host: gateway\r\n{trace}"), 1);
        let answer = send(gateway.address, bytes.as_bytes()).await;
        assert_eq!(status(&answer), 200, "{answer}");
    }
    let seen = upstream.requests();
    assert_eq!(seen.len(), 3, "a PUT here reads and writes: {seen:#?}");
    let mut spans = std::collections::BTreeSet::from(["b7ad6b7169203331".to_owned()]);
    for request in &seen {
        let (id, span, flags) = traced(request);
        assert_eq!((id.as_str(), flags.as_str()), ("0af7651916cd43dd8448eb211c80319c", "01"));
        assert!(spans.insert(span), "a span twice: {seen:#?}");
        assert_eq!(header(request, "tracestate"), Some("a=1,b=2"), "{request}");
        assert_eq!(request.to_lowercase().matches("traceparent:").count(), 1, "{request}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_is_not_valid_is_replaced_by_a_new_one() {
    let upstream = Scripted::start(|_, _| ok(USER)).await;
    let gateway = start(&upstream.url);
    for path in [PATH, "/p/scim/v2/Users/7"] {
        let bytes = String::from_utf8(request("GET", path, "")).unwrap();
        let bad = "Host: gateway\r\ntraceparent: 00-zzz-private-01\r\ntracestate: a=1\r\n";
        let bytes = bytes.replacen("Host: gateway\r\n", bad, 1);
        assert_eq!(status(&send(gateway.address, bytes.as_bytes()).await), 200);
    }
    for request in upstream.requests() {
        let (id, span, flags) = traced(&request);
        assert!(id.len() == 32 && span.len() == 16 && flags == "00", "{request}");
        assert_eq!(header(&request, "tracestate"), None, "{request}");
    }
}
