//! Bounds of uploads and streams, what a pass-through route says to either side, and refusals that are heard.

use std::time::Duration;

use http::Method;
use scim_gateway::config::{Care, InFlight, Limits, Pool};
use scim_gateway::exchange::Upstream;
use scim_gateway::observe::Event;
use scim_gateway::scim::http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

use crate::harness::{
    Running, Scripted, Setting, TOKEN, header, limits, nodes, observer, ok, read_request, request,
    send, start, start_as, status,
};

const LONG: Duration = Duration::from_secs(30);
const ONE: InFlight = InFlight { most: 1, queue: 0, wait: Duration::from_millis(1) };

/// An upstream that sends an answer without an end, a bit at a time.
async fn endless() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let asked = read_request(&mut stream, &mut Vec::new()).await.unwrap();
                if asked.contains("/scim/") {
                    let _ =
                        stream.write_all(&ok("{\"id\":\"7\",\"userName\":\"a\"}").unwrap()).await;
                    return;
                }
                // Without a length: with one, a proxy may wait for more before it passes anything on.
                let head = b"HTTP/1.1 200 OK\r\n\r\n";
                let _ = stream.write_all(head).await;
                while stream.write_all(b"x").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            });
        }
    });
    url
}

fn head(path: &str, more: &str) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {TOKEN}\r\n{more}\r\n").into()
}

async fn told(gateway: &Running, word: &str) {
    let began = Instant::now();
    while !gateway.log.lines().join("").contains(word) {
        assert!(began.elapsed() < LONG, "{word}: {:?}", gateway.log.lines());
        tokio::task::yield_now().await;
    }
}

/// Slow uploads filled a route.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_comes_slowly_holds_no_place_of_its_route() {
    let upstream = Scripted::start(|_, _| ok("{\"id\":\"7\",\"userName\":\"a\"}")).await;
    let gateway = start_as(&[&upstream.url], Setting { requests: ONE, ..Setting::default() });
    let mut slow = TcpStream::connect(gateway.address).await.unwrap();
    let begun = head("/t/scim/v2/Users", "Content-Length: 99\r\nExpect: 100-continue\r\n");
    slow.write_all(&begun).await.unwrap();
    // It is asked to go on: the gateway waits for the body.
    slow.read_exact(&mut [0; 25]).await.unwrap();
    for _ in 0..3 {
        let answer = send(gateway.address, &request("GET", "/t/scim/v2/Users/7", "")).await;
        assert_eq!(status(&answer), 200, "{answer}");
    }
}

/// Slow readers of streams filled an upstream.
#[tokio::test(flavor = "multi_thread")]
async fn streams_have_places_of_their_own() {
    let url = endless().await;
    let care = Care { limits: ONE, ..Care::ordinary() };
    let limits = Limits { stream_rate: 1, ..limits() };
    let gateway = start_as(&[&url], Setting { care, limits, ..Setting::default() });
    let mut reader = TcpStream::connect(gateway.address).await.unwrap();
    reader.write_all(&request("GET", "/p/v2/Users", "")).await.unwrap();
    reader.read_exact(&mut [0; 12]).await.unwrap();
    let answer = send(gateway.address, &request("GET", "/t/scim/v2/Users/7", "")).await;
    assert_eq!(status(&answer), 200, "{answer}");
    let answer = send(gateway.address, &request("GET", "/p/v2/Users", "")).await;
    assert_eq!(status(&answer), 503, "as many streams as may: {answer}");
}

/// Nothing bounded a stream as a whole, and nothing its rate.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_at_its_time_and_below_its_least_rate() {
    let url = endless().await;
    let brief = Limits { stream_time: Duration::from_millis(200), ..limits() };
    let client = Duration::from_millis(100);
    let fast = Limits { stream_rate: 1 << 20, client, ..limits() };
    for limits in [brief, fast] {
        let gateway = start_as(&[&url], Setting { limits, ..Setting::default() });
        let mut reader = TcpStream::connect(gateway.address).await.unwrap();
        reader.write_all(&request("GET", "/p/v2/Users", "")).await.unwrap();
        let mut answer = Vec::new();
        let _ = timeout(LONG, reader.read_to_end(&mut answer)).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{answer:?}");
        told(&gateway, "cause: StreamTooLong").await;
        let opened = |event: &Event| matches!(event, Event::Breaker { .. });
        assert!(!gateway.log.events().iter().any(opened));
    }
}

/// Nobody said 100.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_waits_to_be_asked_for_its_body_is_asked() {
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let gateway = start(&upstream.url);
    for path in ["/p/v2/Users", "/t/scim/v2/Users"] {
        let mut stream = TcpStream::connect(gateway.address).await.unwrap();
        let more = "Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n";
        stream.write_all(&head(path, more)).await.unwrap();
        let mut first = [0; 12];
        timeout(LONG, stream.read_exact(&mut first)).await.unwrap().unwrap();
        assert_eq!(&first, b"HTTP/1.1 100", "{path}");
        stream.write_all(b"{}").await.unwrap();
        let mut answer = String::new();
        timeout(LONG, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        assert!(answer.contains("\r\n\r\nHTTP/1.1 "), "{path}: {answer}");
    }
    assert!(upstream.requests()[0].ends_with("\r\n\r\n{}"), "{:?}", upstream.requests());
    assert!(header(&upstream.requests()[0], "expect").is_none());
}

/// What only a proxy may say, and what it must not hand on.
#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_listed_streams_through_and_the_rest_is_our_own_word() {
    let upstream = Scripted::start(|_, _| {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\nAlt-Svc: h3=\":443\"\r\n\
            Connection: X-Hop\r\nX-Hop: 1\r\nCache-Control: public, max-age=99\r\nETag: \"1\"\r\n\r\n{}";
        Some(head.into())
    })
    .await;
    let gateway = start(&upstream.url);
    let bytes = format!(
        "POST /p/v2/Users?a=b HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/scim+json\r\nIf-Match: \"1\"\r\nX-Request-Id: own-1\r\n\
         Prefer: respond-async\r\nX-Real-IP: 10.0.0.9\r\nX-Forwarded-Proto: secret\r\n\
         X-Forwarded-User: secret\r\nX-Forwarded-Client-Cert: secret\r\nX-Original-URL: /secret\r\n\
         X-Forwarded-For: 10.0.0.9\r\nForwarded: for=10.0.0.9\r\nVia: secret\r\nTE: trailers\r\n\
         X-HTTP-Method-Override: DELETE\r\nUpgrade: websocket\r\nX-Anything: secret\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
         Content-Length: 2\r\nConnection: close, upgrade\r\n\r\n{{}}"
    );
    let answer = send(gateway.address, bytes.as_bytes()).await;
    assert_eq!(status(&answer), 200, "{answer}");
    let seen = upstream.requests().join("");
    let names: Vec<_> = seen
        .split("\r\n\r\n")
        .next()
        .unwrap()
        .lines()
        .skip(1)
        .map(|line| line.split(':').next().unwrap().to_ascii_lowercase())
        .collect();
    for name in &names {
        let listed = [
            "host",
            "authorization",
            "content-type",
            "content-length",
            "if-match",
            "user-agent",
            "x-request-id",
            "forwarded",
            "traceparent",
        ];
        assert!(listed.contains(&name.as_str()), "{name}: {seen}");
    }
    let forwarded = "for=unknown;proto=http;host=\"gateway\"";
    assert_eq!(header(&seen, "forwarded"), Some(forwarded), "{seen}");
    assert_eq!(header(&seen, "x-request-id"), Some("own-1"), "{seen}");
    assert_eq!(header(&seen, "if-match"), Some("\"1\""), "{seen}");
    assert_eq!(header(&answer, "cache-control"), Some("no-store"), "{answer}");
    assert_eq!(header(&answer, "etag"), Some("\"1\""), "{answer}");
    for name in ["set-cookie", "alt-svc", "x-hop"] {
        assert!(header(&answer, name).is_none(), "{name}: {answer}");
    }
}

/// A 101 would open a tunnel.
#[tokio::test(flavor = "multi_thread")]
async fn no_upstream_opens_a_tunnel() {
    let upstream = Scripted::start(|_, _| {
        Some(b"HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\ntunnel".into())
    })
    .await;
    let gateway = start(&upstream.url);
    let bytes = format!(
        "GET /p/v2/Users HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {TOKEN}\r\n\
         Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    let answer = send(gateway.address, bytes.as_bytes()).await;
    assert!(!answer.contains("101") && !answer.contains("tunnel"), "{answer}");
    assert!(header(&upstream.requests()[0], "upgrade").is_none());
}

/// The connection was closed under what the client still sent, and the answer was lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_writes_before_it_reads_hears_its_refusal() {
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let gateway = start(&upstream.url);
    let body = "x".repeat(1 << 20);
    let length = body.len();
    for (path, token, wanted) in [
        ("/t/scim/v2/Users", TOKEN, 413),
        ("/p/v2/Users", TOKEN, 413),
        // A length beyond the bound is seen before who sends it.
        ("/t/scim/v2/Users", "wrong", 401),
        ("/nowhere", TOKEN, 404),
    ] {
        for framing in [format!("Content-Length: {length}"), "Transfer-Encoding: chunked".into()] {
            let chunked = framing.starts_with('T');
            let mut stream = TcpStream::connect(gateway.address).await.unwrap();
            let begun = format!(
                "POST {path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {token}\r\n{framing}\r\n\r\n"
            );
            stream.write_all(begun.as_bytes()).await.unwrap();
            let sent = match chunked {
                true => format!("{length:x}\r\n{body}\r\n0\r\n\r\n"),
                false => body.clone(),
            };
            timeout(LONG, stream.write_all(sent.as_bytes())).await.unwrap().unwrap();
            let mut answer = String::new();
            timeout(LONG, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
            let wanted = if wanted == 401 && !chunked { 413 } else { wanted };
            assert_eq!(status(&answer), wanted, "{path} {framing}: {answer}");
        }
    }
}

/// What is thrown away is bounded.
#[tokio::test(flavor = "multi_thread")]
async fn who_sends_without_an_end_is_not_listened_to_for_ever() {
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let gateway = start(&upstream.url);
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    stream.write_all(&head("/nowhere", "Content-Length: 99999999\r\n")).await.unwrap();
    let began = Instant::now();
    while stream.write_all(b"x").await.is_ok() {
        assert!(began.elapsed() < LONG, "it is still listened to");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Encoded bodies, and HEAD.
#[tokio::test(flavor = "multi_thread")]
async fn an_encoded_body_is_415_and_head_is_get_without_its_body() {
    let upstream = Scripted::start(|_, _| ok("{\"id\":\"7\",\"userName\":\"a\"}")).await;
    let gateway = start(&upstream.url);
    let user = "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"a\"}";
    for (encoding, wanted) in [("gzip", 415), ("identity, br", 415), ("identity", 200)] {
        let bytes = request("PUT", "/t/scim/v2/Users/7", user);
        let encoding = format!("Content-Encoding: {encoding}\r\nConnection: close");
        let bytes = String::from_utf8(bytes).unwrap().replace("Connection: close", &encoding);
        let answer = send(gateway.address, bytes.as_bytes()).await;
        assert_eq!(status(&answer), wanted, "{encoding}: {answer}");
    }
    let get = send(gateway.address, &request("GET", "/t/scim/v2/Users/7", "")).await;
    let head = send(gateway.address, &request("HEAD", "/t/scim/v2/Users/7", "")).await;
    assert_eq!((status(&head), status(&get)), (200, 200), "{head}");
    assert!(head.ends_with("\r\n\r\n"), "{head}");
    assert_eq!(header(&head, "content-length"), header(&get, "content-length"), "{head}");
    let last = upstream.requests().pop().unwrap();
    assert!(last.starts_with("GET "), "{last}");
}

/// A connection that the upstream is about to close is not one for a write.
#[tokio::test]
async fn a_connection_is_kept_no_longer_than_it_is_said() {
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let pool = Pool { idle: Duration::from_millis(50) };
    let care = Care { pool, ..Care::ordinary() };
    let remote = nodes(&[&upstream.url], &care, None, &observer()).unwrap();
    let call = || remote.call(Request::new(Method::POST, "/Users"));
    call().await.unwrap();
    call().await.unwrap();
    let began = Instant::now();
    while upstream.connections() < 2 {
        assert!(began.elapsed() < LONG, "it is kept");
        tokio::time::sleep(Duration::from_millis(100)).await;
        call().await.unwrap();
    }
    assert_eq!(Care::ordinary().pool, Pool { idle: Duration::from_secs(4) });
}
