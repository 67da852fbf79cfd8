//! Bounds on clients: connections, slow headers and bodies, idle connections, requests at once.

use std::net::SocketAddr;
use std::time::Duration;

use scim_gateway::config::{InFlight, Limits};
use scim_gateway::observe::{Event, Reason};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::harness::{
    Running, Scripted, Setting, TOKEN, header, limits, ok, request, send, start_as, status,
};

const LONG: Duration = Duration::from_secs(20);

async fn with(limits: Limits) -> (Scripted, Running) {
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let gateway = start_as(&[&upstream.url], Setting { limits, ..Setting::default() });
    (upstream, gateway)
}

fn counted(gateway: &Running, wanted: Reason) -> bool {
    let events = gateway.log.events();
    events.iter().any(|event| matches!(event, Event::Refused { reason, .. } if *reason == wanted))
}

/// Everything until the other side closes.
async fn to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = timeout(LONG, stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends the start, then one byte after another without an end; tells what came back, and when.
async fn trickle(address: SocketAddr, start: &str) -> (String, Duration) {
    let began = Instant::now();
    let (mut read, mut write) = TcpStream::connect(address).await.unwrap().into_split();
    let start = start.to_owned();
    let writing = tokio::spawn(async move {
        let _ = write.write_all(start.as_bytes()).await;
        while write.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut answer = Vec::new();
    let _ = timeout(LONG, read.read_to_end(&mut answer)).await.unwrap();
    writing.abort();
    (String::from_utf8_lossy(&answer).into_owned(), began.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_bound_are_closed_and_have_room_again() {
    let (_upstream, gateway) = with(Limits { connections: 2, ..limits() }).await;
    let ask =
        format!("GET /p/v2/Users HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
    let mut kept = Vec::new();
    // The connection of the harness that saw that it listens may still be open for a moment.
    while kept.len() < 2 {
        let mut stream = TcpStream::connect(gateway.address).await.unwrap();
        let _ = stream.write_all(ask.as_bytes()).await;
        let mut first = [0_u8; 12];
        if stream.read_exact(&mut first).await.is_ok() {
            kept.push(stream);
        }
    }
    let mut third = TcpStream::connect(gateway.address).await.unwrap();
    let _ = third.write_all(ask.as_bytes()).await;
    assert_eq!(to_end(&mut third).await, "", "taken and closed");
    assert!(counted(&gateway, Reason::Connections));
    kept.pop();
    let began = Instant::now();
    while send(gateway.address, &request("GET", "/p/v2/Users", "")).await.is_empty() {
        assert!(began.elapsed() < LONG, "no room again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_trickles_ends_in_its_time() {
    let time = Duration::from_millis(300);
    let (_upstream, gateway) = with(Limits { header_time: time, client: LONG, ..limits() }).await;
    let (answer, took) = trickle(gateway.address, "GET /p/v2/Users HTTP/1.1\r\nX-Slow: ").await;
    assert!(took >= time && took < LONG / 2, "{took:?}");
    assert_eq!(answer, "");
    assert!(counted(&gateway, Reason::SlowHeader));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_trickles_ends_in_its_time() {
    let time = Duration::from_millis(300);
    let (upstream, gateway) = with(Limits { body_time: time, client: LONG, ..limits() }).await;
    for route in ["/t", "/p"] {
        let start = format!(
            "POST {route}/scim/v2/Users HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Length: 4000\r\n\r\n"
        );
        let (answer, took) = trickle(gateway.address, &start).await;
        assert!(took >= time && took < LONG / 2, "{route}: {took:?}");
        assert_eq!(status(&answer), 408, "{route}: {answer}");
    }
    assert!(upstream.requests().is_empty(), "{:?}", upstream.requests());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_is_closed() {
    let (_upstream, gateway) = with(Limits { idle: Duration::from_secs(1), ..limits() }).await;
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    let ask = format!(
        "GET /t/scim/v2/Users HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    );
    for _ in 0..2 {
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut first = [0_u8; 12];
        stream.read_exact(&mut first).await.unwrap();
    }
    let began = Instant::now();
    to_end(&mut stream).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_beyond_a_routes_limit_are_told_to_come_again() {
    let upstream = Scripted::start(|_, _| Some(Vec::new())).await;
    let requests = InFlight { most: 1, queue: 0, wait: LONG };
    let gateway = start_as(&[&upstream.url], Setting { requests, ..Setting::default() });
    for route in ["/t", "/p"] {
        let path = format!("{route}/scim/v2/Users/1");
        let (address, before) = (gateway.address, upstream.requests().len());
        let (held, first) = (path.clone(), request("DELETE", &path, ""));
        let first = tokio::spawn(async move { send(address, &first).await });
        while upstream.requests().len() == before {
            tokio::task::yield_now().await;
        }
        let answer = send(address, &request("GET", &held, "")).await;
        assert_eq!(status(&answer), 503, "{answer}");
        assert_eq!(header(&answer, "retry-after"), Some("1"), "{answer}");
        assert!(answer.contains("urn:ietf:params:scim:api:messages:2.0:Error"), "{answer}");
        assert_eq!(status(&first.await.unwrap()), 504);
    }
    assert_eq!(upstream.requests().len(), 2);
}
