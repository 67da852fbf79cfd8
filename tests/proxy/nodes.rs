//! Several nodes of one upstream: turns, fail-over, health checks, ejection; and one that is killed
//! under load.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use scim_gateway::config::{Breaker, Care, Ejection, Health};
use scim_gateway::exchange::Upstream;
use scim_gateway::observe::{Event, Observer};
use scim_gateway::outbound::Remote;
use scim_gateway::scim::http::Request;
use tokio::time::Instant;

use crate::harness::{
    Log, Running, Scripted, Setting, free_port, header, identity, nodes, observer, ok, request,
    send, start_as, status,
};

fn of(urls: &[&str]) -> Remote {
    nodes(urls, &Care::ordinary(), None, &observer()).unwrap()
}

fn post() -> Request {
    Request::new(Method::POST, "/v2/Users")
}

fn nobody() -> String {
    format!("http://{}/base", free_port())
}

#[tokio::test]
async fn nodes_take_turns() {
    let (a, b) = (Scripted::start(|_, _| ok("{}")).await, Scripted::start(|_, _| ok("{}")).await);
    let remote = of(&[&a.url, &b.url]);
    for _ in 0..10 {
        remote.call(post()).await.unwrap();
    }
    assert_eq!((a.requests().len(), b.requests().len()), (5, 5));
    let host = b.url.trim_start_matches("http://").trim_end_matches("/base").to_owned();
    assert!(b.requests().iter().all(|request| request.contains(&host)), "each has its own Host");
}

/// Who the gateway is, is every node's to hear; a credential that is refused is no node's failure.
#[tokio::test(flavor = "multi_thread")]
async fn every_node_hears_who_calls_and_a_refused_credential_is_no_failure_of_it() {
    let refuses = |_, _: &str| Some(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n".to_vec());
    let (a, b) = (Scripted::start(refuses).await, Scripted::start(refuses).await);
    let breaker = Some(Breaker { failures: 1, least: 1, ..Breaker::default() });
    let ejection = Ejection { failures: 1, ..Ejection::default() };
    let care = Care { breaker, ejection, ..Care::ordinary() };
    let gateway = start_as(&[&a.url, &b.url], Setting { care, ..Setting::default() });
    for path in ["/t/scim/v2/Users/7", "/p/scim/v2/Users/7"].repeat(4) {
        send(gateway.address, &request("GET", path, "")).await;
    }
    assert_eq!((a.requests().len(), b.requests().len()), (4, 4));
    for seen in a.requests().iter().chain(&b.requests()) {
        assert_eq!(header(seen, "authorization"), Some("Bearer upstream-token"), "{seen}");
    }
    let changed = |event: &Event| matches!(event, Event::Breaker { .. } | Event::Ejected { .. });
    assert!(!gateway.log.events().iter().any(changed));
}

#[tokio::test]
async fn a_node_that_takes_no_connection_is_passed_over_by_any_method() {
    let live = Scripted::start(|_, _| ok("{}")).await;
    let remote = of(&[&nobody(), &live.url, &nobody()]);
    for _ in 0..9 {
        remote.call(post()).await.unwrap();
    }
    assert_eq!(live.requests().len(), 9, "and nothing is sent twice");
}

// A call's time is enough for a node that lives, whatever the dead ones take of it.
#[tokio::test]
async fn nodes_that_swallow_all_leave_time_for_one_that_lives() {
    let mut holes = Vec::new();
    for _ in 0..7 {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let (address, mut waiting) = (listener.local_addr().unwrap(), Vec::new());
        let soon = Duration::from_millis(100);
        let connect = || tokio::net::TcpStream::connect(address);
        while let Ok(taken) = tokio::time::timeout(soon, connect()).await {
            waiting.push(taken.unwrap());
        }
        holes.push((format!("http://{address}"), listener, waiting));
    }
    let live = Scripted::start(|_, _| ok("{}")).await;
    let mut urls: Vec<_> = holes.iter().map(|(url, ..)| url.as_str()).collect();
    let url = live.url.replace("/base", "");
    urls.push(&url);
    let remote = of(&urls);
    assert_eq!(remote.call(post()).await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_pass_a_dead_node_over_too() {
    let live = Scripted::start(|_, _| ok("{}")).await;
    let gateway = start_as(&[&nobody(), &live.url], Setting::default());
    for method in ["GET", "POST", "DELETE", "POST"] {
        let answer = send(gateway.address, &request(method, "/p/v2/Users", "")).await;
        assert_eq!(status(&answer), 200, "{answer}");
    }
    assert_eq!(live.requests().len(), 4);
}

#[tokio::test]
async fn a_node_that_fails_calls_is_left_out_and_taken_in_again() {
    let bad = |number, _: &str| match number {
        0 | 1 => Some(b"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n".to_vec()),
        _ => ok("{}"),
    };
    let (bad, good) = (Scripted::start(bad).await, Scripted::start(|_, _| ok("{}")).await);
    let pause = Duration::from_millis(300);
    let ejection = Ejection { failures: 2, pause, longest: pause };
    let log = Arc::new(Log::default());
    let observer: Arc<dyn Observer> = log.clone();
    let care = Care { ejection, ..Care::ordinary() };
    let remote = nodes(&[&bad.url, &good.url], &care, None, &observer).unwrap();
    let began = Instant::now();
    for _ in 0..4 {
        remote.call(post()).await.unwrap();
    }
    for _ in 0..6 {
        assert_eq!(remote.call(post()).await.unwrap().status, 200);
    }
    if began.elapsed() < pause {
        assert_eq!((bad.requests().len(), good.requests().len()), (2, 8));
    }
    while bad.requests().len() < 5 {
        assert!(began.elapsed() < Duration::from_secs(30), "never taken in again");
        assert_eq!(remote.call(post()).await.unwrap().status, 200);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let changes = log.events().into_iter().filter_map(|event| match event {
        Event::Ejected { node: 1, out, .. } => Some(out),
        _ => None,
    });
    assert_eq!(changes.collect::<Vec<_>>(), [true, false]);
}

#[tokio::test]
async fn a_node_whose_health_path_fails_gets_no_calls_until_it_answers() {
    let sick = Arc::new(AtomicBool::new(true));
    let state = sick.clone();
    let a = Scripted::start(move |_, request| match request.starts_with("GET /alive ") {
        true if state.load(Ordering::SeqCst) => {
            Some(b"HTTP/1.1 500 Sick\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec())
        }
        _ => ok("{}"),
    })
    .await;
    let b = Scripted::start(|_, _| ok("{}")).await;
    let every = Duration::from_millis(20);
    let health = Health { path: Some("/alive".into()), every, down: 2, ..Health::default() };
    let log = Arc::new(Log::default());
    let observer: Arc<dyn Observer> = log.clone();
    let care = Care { health: Some(health), ..Care::ordinary() };
    let remote = nodes(&[&a.url, &b.url], &care, None, &observer).unwrap();
    let calls = |of: &Scripted| of.requests().iter().filter(|r| r.starts_with("POST")).count();
    let said = |up: bool| {
        let told =
            |event: &Event| matches!(event, Event::Node { node: 1, up: is, .. } if *is == up);
        log.events().iter().filter(|event| told(event)).count()
    };
    remote.call(post()).await.unwrap();
    while said(false) == 0 {
        tokio::time::sleep(every).await;
    }
    let before = calls(&a);
    for _ in 0..6 {
        remote.call(post()).await.unwrap();
    }
    assert_eq!(calls(&a), before, "a node that is down gets no calls");
    sick.store(false, Ordering::SeqCst);
    while said(true) == 0 {
        tokio::time::sleep(every).await;
    }
    for _ in 0..6 {
        remote.call(post()).await.unwrap();
    }
    assert_eq!(calls(&a), before + 3);
}

/// A health path that needs an authorization was asked without it, so that every node was down.
#[tokio::test(flavor = "multi_thread")]
async fn a_health_path_is_asked_with_the_upstreams_authorization_where_that_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "first").unwrap();
    let keys = format!("auth = {{ bearer = {{ file = \"{}\" }} }}", file.display());
    for (authorization, path, up) in
        [(true, "/alive", true), (false, "/alive", false), (true, "/wrong", false)]
    {
        let known = Arc::new(std::sync::Mutex::new("first"));
        let node = |known: Arc<std::sync::Mutex<&'static str>>| {
            Scripted::start(move |_, request| {
                let shown = header(request, "authorization").unwrap_or("nobody");
                let right = shown == format!("Bearer {}", known.lock().unwrap());
                match request.starts_with("GET /alive ") {
                    true if right => ok("{}"),
                    _ => Some(
                        b"HTTP/1.1 401 Who\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                            .to_vec(),
                    ),
                }
            })
        };
        let (a, b) = (node(known.clone()).await, node(known.clone()).await);
        let every = Duration::from_millis(20);
        let health =
            Health { path: Some(path.into()), authorization, every, down: 1, ..Health::default() };
        let log = Arc::new(Log::default());
        let observer: Arc<dyn Observer> = log.clone();
        let care = Care { health: Some(health), ..Care::ordinary() };
        let remote = nodes(&[&a.url, &b.url], &care, None, &observer).unwrap();
        std::fs::write(&file, "first").unwrap();
        remote.ask_as(identity(&a.url, &keys, &log));
        remote.call(post()).await.unwrap();
        let asked = |of: &Scripted| of.requests().iter().filter(|r| r.starts_with("GET")).count();
        while asked(&a) < 4 || asked(&b) < 4 {
            tokio::time::sleep(every).await;
        }
        let down = || {
            let told = |event: &Event| matches!(event, Event::Node { up: false, .. });
            log.events().iter().filter(|event| told(event)).count()
        };
        assert_eq!(down() == 0, up, "{authorization} {path}: {:?}", log.events());
        if up {
            // A secret that was exchanged is read at once, and shown once more.
            std::fs::write(&file, "second").unwrap();
            *known.lock().unwrap() = "second";
            let before = asked(&a);
            while asked(&a) < before + 4 {
                tokio::time::sleep(every).await;
            }
            assert_eq!(down(), 0, "{:?}", log.events());
        }
    }
}

#[tokio::test]
async fn where_all_nodes_are_down_one_is_asked_all_the_same() {
    let never = || async {
        Scripted::start(|_, request: &str| match request.starts_with("GET /alive ") {
            true => Some(b"HTTP/1.1 500 Sick\r\nContent-Length: 0\r\n\r\n".to_vec()),
            false => ok("{}"),
        })
        .await
    };
    let (a, b) = (never().await, never().await);
    let every = Duration::from_millis(10);
    let health = Health { path: Some("/alive".into()), every, down: 1, ..Health::default() };
    let log = Arc::new(Log::default());
    let observer: Arc<dyn Observer> = log.clone();
    let care = Care { health: Some(health), ..Care::ordinary() };
    let remote = nodes(&[&a.url, &b.url], &care, None, &observer).unwrap();
    remote.call(post()).await.unwrap();
    let down =
        || log.events().iter().filter(|e| matches!(e, Event::Node { up: false, .. })).count();
    while down() < 2 {
        tokio::time::sleep(every).await;
    }
    assert_eq!(remote.call(post()).await.unwrap().status, 200);
}

/// A node that is a process of its own.
struct Process {
    child: Child,
    url: String,
}

impl Process {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_scim-gateway"))
            .args(["sandbox", "scim", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().split_once("http://").map(|(_, at)| format!("http://{at}")).unwrap();
        Self { child, url }
    }

    /// SIGKILL; back when the system has taken the process away.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a load came to.
#[derive(Default)]
struct Load {
    /// Set when the node is gone.
    killed: AtomicBool,
    made: AtomicUsize,
    after: AtomicUsize,
    failed: AtomicUsize,
    /// Of those that began after the node was gone.
    failed_after: AtomicUsize,
    enough: AtomicBool,
    /// What failed.
    answers: Mutex<Vec<String>>,
}

/// Writes and reads without an end, each with a name of its own.
async fn work(gateway: std::net::SocketAddr, route: &str, worker: usize, load: &Load) {
    for number in 0.. {
        if load.enough.load(Ordering::SeqCst) {
            return;
        }
        let late = load.killed.load(Ordering::SeqCst);
        let body = format!(
            "{{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\
             \"userName\":\"u-{worker}-{number}\"}}"
        );
        let (bytes, good) = match number % 2 {
            0 => (request("POST", &format!("{route}/scim/v2/Users"), &body), 201),
            _ => (request("GET", &format!("{route}/scim/v2/Users?count=1"), ""), 200),
        };
        let bytes = String::from_utf8(bytes).unwrap();
        let typed = bytes.replacen("Host:", "Content-Type: application/scim+json\r\nHost:", 1);
        let answer = send(gateway, typed.as_bytes()).await;
        let failed = usize::from(status_or_none(&answer) != Some(good));
        if failed > 0 {
            load.answers.lock().unwrap().push(answer);
        }
        load.made.fetch_add(1, Ordering::SeqCst);
        load.failed.fetch_add(failed, Ordering::SeqCst);
        if late {
            load.after.fetch_add(1, Ordering::SeqCst);
            load.failed_after.fetch_add(failed, Ordering::SeqCst);
        }
    }
}

fn status_or_none(answer: &str) -> Option<u16> {
    (!answer.is_empty()).then(|| status(answer))
}

const WORKERS: usize = 6;

async fn kill_one_under_load(gateway: &Running, route: &'static str, victim: &mut Process) {
    let load = Arc::new(Load::default());
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..WORKERS {
        let (load, address) = (Arc::clone(&load), gateway.address);
        workers.spawn(async move { work(address, route, worker, &load).await });
    }
    let until = |counter: fn(&Load) -> &AtomicUsize, wanted: usize| {
        let load = Arc::clone(&load);
        async move {
            while counter(&load).load(Ordering::SeqCst) < wanted {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    };
    until(|load| &load.made, 100).await;
    let answers = || load.answers.lock().unwrap().clone();
    assert_eq!(answers(), [""; 0], "all is well before");
    tokio::task::block_in_place(|| victim.kill());
    load.killed.store(true, Ordering::SeqCst);
    until(|load| &load.after, 200).await;
    load.enough.store(true, Ordering::SeqCst);
    workers.join_all().await;
    let failed = load.failed.load(Ordering::SeqCst);
    assert!(failed <= WORKERS, "at most those that were in flight there: {:#?}", answers());
    let after = load.failed_after.load(Ordering::SeqCst);
    assert_eq!(after, 0, "nothing later is affected: {:#?}", answers());
}

/// A write that was sent twice would be refused the second time, for its name: a failure above. What
/// is there is there once.
async fn names_are_unique(gateway: &Running) {
    let path = "/p/scim/v2/Users?count=10000";
    let answer = send(gateway.address, &request("GET", path, "")).await;
    let names: Vec<_> = answer
        .match_indices("\"userName\":\"")
        .map(|(at, key)| answer[at + key.len()..].split('"').next().unwrap().to_owned())
        .collect();
    let unique: BTreeSet<_> = names.iter().collect();
    assert!(names.len() > 50, "{}", names.len());
    assert_eq!(names.len(), unique.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_one_of_two_nodes_under_load_affects_only_what_was_in_flight_there() {
    for route in ["/t", "/p"] {
        let (mut a, b) = (Process::start(), Process::start());
        let gateway = start_as(&[&a.url, &b.url], Setting::default());
        kill_one_under_load(&gateway, route, &mut a).await;
        names_are_unique(&gateway).await;
    }
}
