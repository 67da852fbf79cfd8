//! What the edge refuses before an exchange, and what it says then.

use crate::harness::{Scripted, TOKEN, header, ok, request, send, start, status};

#[tokio::test(flavor = "multi_thread")]
async fn a_host_is_the_same_in_every_spelling() {
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let gateway = start(&upstream.url);
    for (host, wanted) in [
        ("tenant.example", 200),
        ("Tenant.Example:8080", 200),
        ("tenant.example.", 200),
        ("tenant.example.:80", 200),
        ("tenant.example..", 404),
        ("other.example", 404),
    ] {
        let bytes = format!("GET /h/Users HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        assert_eq!(status(&send(gateway.address, bytes.as_bytes()).await), wanted, "{host}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_edge_refuses_in_the_right_words() {
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let gateway = start(&upstream.url);
    let large = "x".repeat(5_000);
    let long_path = format!("/t/v2/{}", "y".repeat(9_000));
    let many = format!("X-Filler: {}\r\n", "f".repeat(1_000)).repeat(20);
    let cases: Vec<(&str, Vec<u8>, u16)> = vec![
        ("no token", b"GET /t/v2/Users HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n".to_vec(), 401),
        (
            "wrong token",
            b"GET /t/v2/Users HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer P2project\r\nConnection: close\r\n\r\n".to_vec(),
            401,
        ),
        ("unknown route", request("GET", "/nowhere", ""), 404),
        ("a prefix ends at a segment", request("GET", "/tt/v2/Users", ""), 404),
        ("body beyond its bound, declared", request("POST", "/t/v2/Users", &large), 413),
        (
            "body beyond its bound, chunked",
            format!("POST /t/v2/Users HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {TOKEN}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1388\r\n{large}\r\n0\r\n\r\n").into_bytes(),
            413,
        ),
        (
            "two lengths",
            format!("POST /t/v2/Users HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n").into_bytes(),
            400,
        ),
        (
            "two lengths that differ",
            format!("POST /t/v2/Users HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 2\r\nContent-Length: 3\r\nConnection: close\r\n\r\n{{}}").into_bytes(),
            400,
        ),
        ("path beyond its bound", request("GET", &long_path, ""), 414),
        (
            "header beyond its bound",
            format!("GET /t/v2/Users HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {TOKEN}\r\n{many}Connection: close\r\n\r\n").into_bytes(),
            431,
        ),
        ("a way up", request("GET", "/p/../open/Users", ""), 404),
        ("a way up, encoded", request("DELETE", "/t/v2/Users/%2e%2E", ""), 404),
        ("a way up in one segment", request("GET", "/p/Users/a%2f..%2f..%2fother", ""), 404),
        ("a way up, encoded twice", request("GET", "/p/%252e%252e/other", ""), 404),
        ("a way up with a parameter", request("GET", "/p/..;x=1/other", ""), 404),
        ("a way up with a backslash", request("GET", "/p/..%5cother", ""), 404),
        ("no way at all", request("GET", "/p/./Users", ""), 404),
        ("a host that the route does not name", request("GET", "/h/v2/Users", ""), 404),
    ];
    for (name, bytes, wanted) in cases {
        let answer = send(gateway.address, &bytes).await;
        assert_eq!(status(&answer), wanted, "{name}: {answer}");
        assert!(!answer.contains(TOKEN), "{name}: {answer}");
    }
    assert!(upstream.requests().is_empty(), "{:?}", upstream.requests());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_route_is_a_scim_error_and_401_says_how_to_authenticate() {
    let gateway = start("http://127.0.0.1:1");
    let answer = send(gateway.address, &request("GET", "/nowhere", "")).await;
    assert!(answer.contains("urn:ietf:params:scim:api:messages:2.0:Error"), "{answer}");
    assert_eq!(header(&answer, "content-type"), Some("application/scim+json"));
    let bare = b"GET /t HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n";
    let answer = send(gateway.address, bare).await;
    assert!(header(&answer, "www-authenticate").unwrap().starts_with("Bearer"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sane_request_id_is_kept_and_any_other_is_replaced() {
    let gateway = start("http://127.0.0.1:1");
    for (sent, kept) in [("abc-123", true), ("a b", false), ("<script>", false), ("", false)] {
        let bytes = format!(
            "GET /nowhere HTTP/1.1\r\nHost: g\r\nX-Request-Id: {sent}\r\nConnection: close\r\n\r\n"
        );
        let answer = send(gateway.address, bytes.as_bytes()).await;
        let shown = header(&answer, "x-request-id").unwrap();
        assert_eq!(shown == sent, kept, "{sent}: {answer}");
        assert!(!shown.is_empty(), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn expect_continue_is_answered_before_the_body_is_read() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let gateway = start("http://127.0.0.1:1");
    let mut stream = tokio::net::TcpStream::connect(gateway.address).await.unwrap();
    let head = format!(
        "POST /t/v2/Users HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0_u8; 21];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 100 Continue");
    stream.write_all(b"{}").await.unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains("HTTP/1.1 "), "{rest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_comes_ends_in_an_answer_not_in_a_wait() {
    let gateway = start("http://127.0.0.1:1");
    let head = format!(
        "POST /t/v2/Users HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 9\r\n\r\n"
    );
    let answer = send(gateway.address, head.as_bytes()).await;
    assert_eq!(status(&answer), 400, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_observed_holds_no_path_query_or_token() {
    let gateway = start("http://127.0.0.1:1");
    let secret = request("GET", "/t/v2/Users/private-id?filter=userName%20eq%20%22bjensen%22", "");
    send(gateway.address, &secret).await;
    let lines = gateway.log.lines().join("\n");
    assert!(lines.contains("tester") && lines.contains("\"/t\""), "{lines}");
    for hidden in ["private-id", "bjensen", TOKEN] {
        assert!(!lines.contains(hidden), "{lines}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_requests_at_once_are_all_answered() {
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let gateway = start(&upstream.url);
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..300 {
        let address = gateway.address;
        all.spawn(async move { status(&send(address, &request("GET", "/p/v2/Users", "")).await) });
    }
    let answers = all.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 300, "{answers:?}");
}
