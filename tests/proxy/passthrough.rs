//! Routes that stream: what is rewritten, what never passes, and that bodies do not stop.

use crate::harness::{Scripted, TOKEN, header, ok, request, send, start, status};

#[tokio::test(flavor = "multi_thread")]
async fn the_header_is_rewritten_and_the_clients_credentials_stay_here() {
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let gateway = start(&upstream.url);
    let bytes = format!(
        "GET /p/v2/Users/1?a=b HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {TOKEN}\r\n\
         Cookie: session=1\r\nX-Forwarded-For: 10.0.0.1\r\nConnection: close\r\n\r\n"
    );
    let answer = send(gateway.address, bytes.as_bytes()).await;
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(header(&answer, "x-request-id").is_some(), "{answer}");
    let seen = upstream.requests().join("");
    assert!(seen.starts_with("GET /base/v2/Users/1?a=b HTTP/1.1\r\n"), "{seen}");
    assert_eq!(header(&seen, "authorization"), Some("Bearer upstream-token"), "{seen}");
    assert!(header(&seen, "host").unwrap().starts_with("127.0.0.1:"), "{seen}");
    for hidden in [TOKEN, "session=1", "10.0.0.1"] {
        assert!(!seen.contains(hidden), "{seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_answer_streams_and_a_large_request_is_refused() {
    let body = "z".repeat(8 << 20);
    let length = body.len();
    let upstream = Scripted::start(move |_, _| ok(&body)).await;
    let gateway = start(&upstream.url);
    let answer = send(gateway.address, &request("GET", "/p/v2/Users", "")).await;
    assert!(answer.len() > length, "{}", answer.len());
    let chunked = format!(
        "POST /p/v2/Users HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {TOKEN}\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n1388\r\n{}\r\n0\r\n\r\n",
        "x".repeat(5_000)
    );
    let answer = send(gateway.address, chunked.as_bytes()).await;
    assert_eq!(status(&answer), 413, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_is_down_slow_or_cut_off_is_named_as_such() {
    let gateway = start("http://127.0.0.1:1");
    let answer = send(gateway.address, &request("GET", "/p/v2/Users", "")).await;
    assert_eq!(status(&answer), 502, "{answer}");
    let slow = Scripted::start(|_, _| Some(Vec::new())).await;
    let gateway = start(&slow.url);
    let answer = send(gateway.address, &request("GET", "/p/v2/Users", "")).await;
    assert_eq!(status(&answer), 504, "{answer}");
    assert!(gateway.log.lines().join("").contains("UpstreamTimeout"), "{:?}", gateway.log.lines());
    let rude = Scripted::start(|_, _| None).await;
    let gateway = start(&rude.url);
    let answer = send(gateway.address, &request("POST", "/p/v2/Users", "{}")).await;
    assert_eq!(status(&answer), 502, "{answer}");
    assert_eq!(rude.requests().len(), 1, "{:?}", rude.requests());
}
