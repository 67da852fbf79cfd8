//! Who is charged for what: a node that hangs, one that was tried and cut off, and clients that break their
//! connections. Whoever takes a ticket and is dropped gives it back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::Method;
use scim_gateway::config::{Breaker, Care, Ejection, Retries, Timeouts};
use scim_gateway::exchange::Upstream;
use scim_gateway::fault::Cause;
use scim_gateway::observe::{Event, Observer};
use scim_gateway::outbound::{self, EndpointSettings, Remote, Resilient};
use scim_gateway::scim::http::Request;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::authority::Authority;
use crate::harness::{Log, Scripted, Setting, ok, request, send, start_as, status, trusting};

const LONG: Duration = Duration::from_secs(30);

fn silence(_: usize, _: &str) -> Option<Vec<u8>> {
    Some(Vec::new())
}

fn care() -> Care {
    let breaker = Some(Breaker { failures: 3, share: 30, least: 4, ..Breaker::default() });
    let ejection = Ejection { failures: 3, ..Ejection::default() };
    let retries = Retries { most: 0, ..Retries::default() };
    Care { breaker, ejection, retries, ..Care::ordinary() }
}

/// Nodes whose calls end long before anything on the connection does.
fn hasty(urls: &[&str], care: &Care, call: Duration, log: &Arc<Log>) -> Arc<Remote> {
    let urls: Vec<_> = urls.iter().map(|url| url.parse().unwrap()).collect();
    let timeouts = &Timeouts { connect: LONG, idle: LONG, call };
    let observer: Arc<dyn Observer> = log.clone();
    let (name, observer) = ("up", &observer);
    let making = EndpointSettings { name, timeouts, care, certificate: None, ca: None, observer };
    Arc::new(Remote::of_nodes(&urls, 64 << 10, &making).unwrap())
}

fn cared(remote: &Arc<Remote>, care: &Care, log: &Arc<Log>) -> Resilient {
    let care = Arc::new(outbound::Resilience::new("up", care, log.clone()));
    Resilient::new(remote.clone(), care)
}

fn get() -> Request {
    Request::new(Method::GET, "/v2/Users")
}

fn ejected(log: &Log) -> Vec<(u16, bool)> {
    let changed = |event| match event {
        Event::Ejected { node, out, .. } => Some((node, out)),
        _ => None,
    };
    log.events().into_iter().filter_map(changed).collect()
}

fn opened(log: &Log) -> bool {
    log.events().iter().any(|event| matches!(event, Event::Breaker { open: true, .. }))
}

/// The timer of the whole call dropped what would have told the node.
#[tokio::test]
async fn a_node_that_hangs_is_left_out_by_its_calls_timeout_and_costs_nobody_else() {
    let (hung, good) = (Scripted::start(silence).await, Scripted::start(|_, _| ok("{}")).await);
    for by_deadline in [false, true] {
        let log = Arc::new(Log::default());
        let call = Duration::from_millis(if by_deadline { 200 } else { 50 });
        let remote = hasty(&[&hung.url, &good.url], &care(), call, &log);
        let upstream = cared(&remote, &care(), &log);
        let (mut well, mut late) = (0, 0);
        for _ in 0..16 {
            let wait = if by_deadline { Duration::from_millis(150) } else { LONG };
            match upstream.call_by(&get(), Instant::now() + wait).await {
                Ok(answer) => well += u32::from(answer.status == 200),
                Err(fault) => {
                    assert_eq!(fault.cause, Cause::UpstreamTimeout, "{fault:?}");
                    late += 1;
                }
            }
        }
        assert_eq!(ejected(&log), [(1, true)], "by deadline: {by_deadline}");
        assert_eq!((well, late), (13, 3), "it costs its own share");
        assert!(!opened(&log), "the other node is good");
    }
}

/// What ends with its exchange after no time at all says nothing of the node.
#[tokio::test]
async fn a_call_that_had_no_time_says_nothing_of_its_node() {
    let (hung, other) = (Scripted::start(silence).await, Scripted::start(silence).await);
    let log = Arc::new(Log::default());
    let remote = hasty(&[&hung.url, &other.url], &care(), LONG, &log);
    for _ in 0..12 {
        let soon = Instant::now() + Duration::from_millis(5);
        assert!(remote.call_by(&get(), soon).await.is_err());
    }
    assert!(ejected(&log).is_empty());
}

#[tokio::test]
async fn where_every_node_fails_the_breaker_opens() {
    let bad = |_, _: &str| Some(b"HTTP/1.1 503 Bad\r\nContent-Length: 0\r\n\r\n".to_vec());
    let (one, two) = (Scripted::start(bad).await, Scripted::start(silence).await);
    let log = Arc::new(Log::default());
    let remote = hasty(&[&one.url, &two.url], &care(), Duration::from_millis(50), &log);
    let upstream = cared(&remote, &care(), &log);
    for _ in 0..8 {
        let _ = upstream.call(get()).await;
    }
    assert!(opened(&log));
}

/// One node that asks to be left alone does not speak for the other.
#[tokio::test]
async fn a_node_that_asks_for_a_pause_holds_no_calls_to_another() {
    let busy = |_, _: &str| {
        Some(b"HTTP/1.1 503 Bad\r\nRetry-After: 50\r\nContent-Length: 0\r\n\r\n".to_vec())
    };
    let (busy, good) = (Scripted::start(busy).await, Scripted::start(|_, _| ok("{}")).await);
    let log = Arc::new(Log::default());
    let remote = hasty(&[&busy.url, &good.url], &care(), LONG, &log);
    let upstream = cared(&remote, &care(), &log);
    for _ in 0..12 {
        upstream.call(get()).await.unwrap();
    }
    assert_eq!(busy.requests().len(), 3, "as often as ejects it");
}

/// A probe that was dropped left its node out for ever.
#[tokio::test]
async fn a_node_whose_probe_was_cut_off_is_tried_again() {
    let healed = Arc::new(AtomicBool::new(false));
    let state = Arc::clone(&healed);
    let sick = Scripted::start(move |number, _| match number {
        0 | 1 => Some(b"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n".to_vec()),
        _ if state.load(Ordering::SeqCst) => ok("{}"),
        _ => Some(Vec::new()),
    })
    .await;
    let good = Scripted::start(|_, _| ok("{}")).await;
    let pause = Duration::from_millis(20);
    let ejection = Ejection { failures: 2, pause, longest: pause };
    let care = Care { ejection, ..care() };
    let log = Arc::new(Log::default());
    let remote = hasty(&[&sick.url, &good.url], &care, LONG, &log);
    let began = Instant::now();
    // Until the probe has come to the node: then whoever called goes away.
    while sick.requests().len() < 3 {
        assert!(began.elapsed() < LONG, "it is not tried");
        let _ = timeout(Duration::from_millis(50), remote.call(get())).await;
    }
    healed.store(true, Ordering::SeqCst);
    while ejected(&log) != [(1, true), (1, false)] {
        assert!(began.elapsed() < LONG, "it is left out for ever: {:?}", ejected(&log));
        assert_eq!(remote.call(get()).await.unwrap().status, 200);
    }
}

/// Strangers, who need no credential, opened the breaker of all routes.
#[tokio::test(flavor = "multi_thread")]
async fn what_clients_break_is_charged_to_no_upstream_and_to_no_node() {
    let sample = |number, _: &str| if number < 12 { Some(Vec::new()) } else { ok("{}") };
    let (one, two) = (Scripted::start(sample).await, Scripted::start(sample).await);
    let gateway = start_as(&[&one.url, &two.url], Setting { care: care(), ..Setting::default() });
    let ask = b"POST /open/v2/Users HTTP/1.1\r\nHost: g\r\nContent-Length: 2\r\n\r\n{}";
    let half = b"POST /open/v2/Users HTTP/1.1\r\nHost: g\r\nContent-Length: 9\r\n\r\n{}";
    let asked = || one.requests().len() + two.requests().len();
    for number in 0..24 {
        let before = (asked(), gateway.log.lines().len());
        let mut stream = TcpStream::connect(gateway.address).await.unwrap();
        let (sent, more): (&[u8], &[u8]) = if number % 3 == 2 { (half, b"") } else { (ask, b"x") };
        stream.write_all(sent).await.unwrap();
        let began = Instant::now();
        while number % 3 != 2 && asked() == before.0 {
            assert!(began.elapsed() < LONG, "{number} is not asked");
            tokio::task::yield_now().await;
        }
        if number % 3 == 1 {
            // A byte more: an `ErrorType` of connections from the wrong side.
            stream.write_all(more).await.unwrap();
        } else {
            stream.set_zero_linger().unwrap();
            drop(stream);
        }
        while gateway.log.lines().len() == before.1 {
            assert!(began.elapsed() < LONG, "{number} is not told");
            tokio::task::yield_now().await;
        }
        let line = gateway.log.lines().pop().unwrap();
        assert!(line.contains("cause: ClientGone"), "{number}: {line}");
    }
    assert!(!opened(&gateway.log) && ejected(&gateway.log).is_empty());
}

/// What an answer's header said stands, whatever becomes of the body.
#[tokio::test(flavor = "multi_thread")]
async fn the_header_of_an_answer_says_what_there_is_to_say_of_its_sender() {
    let begun = |_, _: &str| Some(b"HTTP/1.1 503 Bad\r\nContent-Length: 9\r\n\r\nhalf".to_vec());
    let upstream = Scripted::start(begun).await;
    let gateway = start_as(&[&upstream.url], Setting { care: care(), ..Setting::default() });
    for number in 1..=3 {
        let mut stream = TcpStream::connect(gateway.address).await.unwrap();
        stream.write_all(b"GET /open/v2/Users HTTP/1.1\r\nHost: g\r\n\r\n").await.unwrap();
        let mut first = [0; 12];
        tokio::io::AsyncReadExt::read_exact(&mut stream, &mut first).await.unwrap();
        stream.set_zero_linger().unwrap();
        drop(stream);
        let began = Instant::now();
        while gateway.log.lines().len() < number {
            assert!(began.elapsed() < LONG, "{number} is not told");
            tokio::task::yield_now().await;
        }
    }
    assert!(opened(&gateway.log), "three answers of 503, whoever read them");
    let answer = send(gateway.address, &request("GET", "/p/v2/Users", "")).await;
    assert_eq!(status(&answer), 503);
}

/// A TLS listener for HTTP/2 whose connections this serves, one after the other.
async fn two<F: Future<Output = ()> + Send + 'static>(
    serve: impl Fn(usize, tokio_rustls::server::TlsStream<TcpStream>) -> F + Send + Sync + 'static,
) -> (Remote, tempfile::TempDir) {
    let (directory, own) = (tempfile::tempdir().unwrap(), Authority::new("own"));
    let acceptor = own.server("localhost").http_2();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        let mut number = 0;
        while let Ok((stream, _)) = listener.accept().await {
            let stream = acceptor.accept(stream).await.unwrap();
            tokio::spawn(serve(number, stream));
            number += 1;
        }
    });
    let ca = own.file(&directory.path().join("ca.pem"));
    (trusting(&url, Some(&ca)).unwrap(), directory)
}

/// A stream that was refused has not been processed (RFC 9113 section 8.7).
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_stream_was_not_done_and_is_sent_again() {
    let refused = Arc::new(AtomicBool::new(false));
    let (remote, _kept) = two(move |_, stream| {
        let refused = Arc::clone(&refused);
        async move {
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                if refused.swap(true, Ordering::SeqCst) {
                    respond.send_response(http::Response::new(()), true).unwrap();
                } else {
                    respond.send_reset(h2::Reason::REFUSED_STREAM);
                }
            }
        }
    })
    .await;
    let answer = remote.call(Request::new(Method::POST, "/Users")).await.unwrap();
    assert_eq!(answer.status, 200);
}

/// So has one above the last that a GOAWAY names (section 6.8).
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_beyond_a_goaway_was_not_done_and_is_sent_again() {
    for reason in [0_u8, 11] {
        let (remote, _kept) = two(move |number, mut stream| async move {
            if number > 0 {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    respond.send_response(http::Response::new(()), true).unwrap();
                }
                return;
            }
            use tokio::io::AsyncReadExt;
            stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
            stream.flush().await.unwrap();
            stream.read_exact(&mut [0; 24]).await.unwrap();
            // Frames up to the request's header.
            let mut head = [0; 9];
            while head[3] != 1 {
                stream.read_exact(&mut head).await.unwrap();
                let length =
                    usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
                stream.read_exact(&mut vec![0; length]).await.unwrap();
            }
            let goaway = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, reason];
            stream.write_all(&goaway).await.unwrap();
            stream.flush().await.unwrap();
            std::future::pending::<()>().await;
        })
        .await;
        let answer = remote.call(Request::new(Method::POST, "/Users")).await;
        assert_eq!(answer.unwrap().status, 200, "reason {reason}");
    }
}

/// A sibling: whoever refuses every stream was not asked in vain twice, and nothing was done.
#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_refuses_every_stream_is_told_as_not_done() {
    let (remote, _kept) = two(|_, stream| async move {
        let mut connection = h2::server::handshake(stream).await.unwrap();
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            respond.send_reset(h2::Reason::REFUSED_STREAM);
        }
    })
    .await;
    let fault = remote.call(Request::new(Method::POST, "/Users")).await.unwrap_err();
    assert_eq!(fault.cause, Cause::UpstreamUnreachable, "{fault:?}");
}
