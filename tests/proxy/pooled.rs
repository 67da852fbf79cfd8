//! Which connections of the pool a write takes, and writers of one service that has two names.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::Method;
use scim_gateway::exchange::Upstream;
use scim_gateway::inbound::Callers;
use scim_gateway::outbound::Authenticated;
use scim_gateway::scim::http::Request;
use scim_gateway::serve::{Handler, RouteEntry};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::harness::{
    Running, Scripted, bearer, care, launch, ok, plain_route, read_request, remote, request, send,
    start, status,
};

/// Longer than a write's connection may have been silent, and shorter than one is kept.
const SILENT: Duration = Duration::from_millis(1_300);

/// An upstream that ends a connection without a word as soon as a request comes on one that was silent for a second:
/// as where its end and the request pass each other on the way.
struct Impatient {
    url: String,
    connections: Arc<AtomicUsize>,
    cut: Arc<AtomicUsize>,
    done: Arc<Mutex<Vec<String>>>,
}

impl Impatient {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/base", listener.local_addr().unwrap());
        let upstream =
            Self { url, connections: Arc::default(), cut: Arc::default(), done: Arc::default() };
        let (connections, cut, done) =
            (upstream.connections.clone(), upstream.cut.clone(), upstream.done.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (cut, done) = (cut.clone(), done.clone());
                tokio::spawn(async move {
                    let (mut buffer, mut last) = (Vec::new(), None::<Instant>);
                    while let Some(request) = read_request(&mut stream, &mut buffer).await {
                        if last.is_some_and(|last| last.elapsed() >= Duration::from_secs(1)) {
                            cut.fetch_add(1, Ordering::SeqCst);
                            return;
                        }
                        done.lock().unwrap().push(request.split(' ').next().unwrap().to_owned());
                        let answer = ok("{\"id\":\"7\",\"userName\":\"a\"}").unwrap();
                        let _ = stream.write_all(&answer).await;
                        last = Some(Instant::now());
                    }
                });
            }
        });
        upstream
    }

    fn counts(&self) -> (usize, usize) {
        (self.connections.load(Ordering::SeqCst), self.cut.load(Ordering::SeqCst))
    }
}

/// A write on a connection that the upstream was about to end was 502, and nobody knew whether it was done.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_takes_no_connection_that_was_silent_for_long() {
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let upstream = Impatient::start().await;
        let remote = remote(&upstream.url);
        let call = |method: &Method| remote.call(Request::new(method.clone(), "/Users/7"));
        call(&Method::GET).await.unwrap();
        // A connection is given back by a task of its own: it may not be there yet.
        let mut writes = 0;
        let young = loop {
            let before = upstream.counts().0;
            call(&method).await.unwrap();
            writes += 1;
            match upstream.counts() {
                (now, 0) if now == before => break now,
                (now, cut) => assert!(cut == 0 && writes < 50, "{method}: {now} connections"),
            }
        };
        for _ in 0..2 {
            tokio::time::sleep(SILENT).await;
            call(&method).await.unwrap();
        }
        assert_eq!(upstream.counts(), (young + 2, 0), "{method}");
        // What reads may meet an old one: it is sent again.
        tokio::time::sleep(SILENT).await;
        call(&Method::GET).await.unwrap();
        let word = method.as_str();
        let asked = [&["GET"], &vec![word; writes + 2][..], &["GET"]].concat();
        assert_eq!(*upstream.done.lock().unwrap(), asked);
    }
}

/// For what Pingora carries.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_streams_takes_no_connection_that_was_silent_for_long() {
    let upstream = Impatient::start().await;
    let gateway = start(&upstream.url);
    let ask = async |method: &str| {
        let answer = send(gateway.address, &request(method, "/p/v2/Users/7", "{}")).await;
        status(&answer)
    };
    assert_eq!(ask("GET").await, 200);
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        tokio::time::sleep(SILENT).await;
        assert_eq!(ask(method).await, 200, "{method}");
    }
    assert_eq!(upstream.counts().1, 0);
    assert_eq!(*upstream.done.lock().unwrap(), ["GET", "POST", "PUT", "PATCH", "DELETE"]);
}

/// Two routes to two upstreams, `a` and `b`, of these URLs.
fn two(a: &str, b: &str) -> Running {
    let way = |url: &str| {
        let cared = scim_gateway::outbound::Resilient::new(Arc::new(remote(url)), care());
        Handler::Translate(Arc::new(Authenticated::new(Arc::new(cared), bearer())))
    };
    let door = |url: &str| RouteEntry::new(Arc::new(Callers::everybody()), way(url));
    let spec = |name: &str| {
        let spec = plain_route(&format!("/{name}"));
        scim_gateway::gateway::RouteSpec { upstream_name: name.into(), ..spec }
    };
    let doors = HashMap::from([("/a".to_owned(), door(a)), ("/b".to_owned(), door(b))]);
    launch(vec![spec("a"), spec("b")], doors, None)
}

/// What an upstream is asked by two emulated writes of one resource, each through its own upstream. It waits a
/// while for the other one's first call before it answers one.
async fn asked(a: impl Fn(&str) -> String, b: impl Fn(&str) -> String) -> Vec<String> {
    let seen: Arc<AtomicUsize> = Arc::default();
    let count = seen.clone();
    let service = Scripted::start(move |_, request| {
        if request.starts_with("GET ") {
            count.fetch_add(1, Ordering::SeqCst);
            let began = Instant::now();
            while count.load(Ordering::SeqCst) < 2 && began.elapsed() < Duration::from_millis(400) {
                std::thread::park_timeout(Duration::from_millis(5));
            }
        }
        ok("{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"id\":\"7\",\"userName\":\"a\",\
            \"displayName\":\"old\"}")
    })
    .await;
    let gateway = two(&a(&service.url), &b(&service.url));
    let put = async |route: &str, name: &str| {
        let body = format!(
            "{{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"a\",\
              \"displayName\":\"{name}\"}}"
        );
        let path = format!("/{route}/scim/v2/Users/7");
        send(gateway.address, &request("PUT", &path, &body)).await
    };
    let (one, other) = tokio::join!(put("a", "x"), put("b", "y"));
    assert!(one.starts_with("HTTP/1.1 ") && other.starts_with("HTTP/1.1 "), "{one} {other}");
    let requests = service.requests();
    requests.iter().map(|request| request.split(' ').next().unwrap().to_owned()).collect()
}

/// Two upstreams of one service had two sets of locks.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_of_one_service_go_one_after_the_other_whatever_it_is_called() {
    let same = |url: &str| url.to_owned();
    let reads_first = |asked: &[String]| asked[..2] == ["GET", "GET"];
    for b in [
        same,
        // Written otherwise.
        |url: &str| url.replace("http:", "HTTP:") + "/",
    ] {
        let asked = asked(same, b).await;
        assert!(asked.len() >= 4 && !reads_first(&asked), "{asked:?}");
    }
    // Below another path there are other resources.
    let asked = asked(same, |url: &str| url.replace("/base", "/other")).await;
    assert!(reads_first(&asked), "{asked:?}");
}

/// Also where the two have one node of several in common.
#[tokio::test(flavor = "multi_thread")]
async fn one_node_in_common_is_one_service() {
    let observer = crate::harness::observer();
    let of = |urls: &[&str]| {
        let ordinary = scim_gateway::config::Care::ordinary();
        crate::harness::nodes(urls, &ordinary, None, &observer).unwrap()
    };
    let one = of(&["https://b.example/x", "https://a.example:443/x"]);
    assert_eq!(one.services(), ["https://a.example", "https://b.example"], "in one order");
    let other = of(&["https://B.example/x"]);
    assert!(one.services().contains(&other.services()[0]));
}
