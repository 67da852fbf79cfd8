//! A log that nobody reads, and what the log of a running gateway follows.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::running::{Place, call, wait};

/// More lines than a pipe and the queue hold.
const MANY: usize = 12_000;
/// For one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A gateway whose standard error is a pipe that nobody reads; it is killed with this.
struct Unread(Child);

impl Unread {
    fn start(place: &Place) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scim-gateway"));
        command.arg("run").arg("--config").arg(place.config());
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let unread = Self(child);
        wait("readiness", || place.is_ready());
        unread
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks for something without a route, again and again on one connection; each answer is read.
fn ask(address: SocketAddr, times: usize) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = b"GET /nowhere HTTP/1.1\r\nHost: gateway\r\n\r\n";
    let mut buffer = vec![0; 64 << 10];
    for asked in 0..times {
        stream.write_all(request).unwrap();
        let mut answer = String::new();
        // The answer is a JSON object, and the last thing of it its closing brace.
        while !answer.trim_end().ends_with('}') {
            let read = stream.read(&mut buffer).unwrap_or_default();
            assert!(read > 0, "no answer to request {asked}: {answer}");
            answer.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    }
}

// After 192 requests every request hung, while /healthz said 200.
#[test]
fn nobody_waits_for_a_log_that_nobody_reads_and_what_is_lost_is_counted() {
    let place = Place::new();
    place.write("config.toml", &place.text("drain = \"1s\"\nlinger = \"1s\"", ""));
    let mut unread = Unread::start(&place);
    std::thread::scope(|scope| {
        (0..4).for_each(|_| drop(scope.spawn(|| ask(place.client, MANY / 4))));
    });
    assert!(place.metric("scim_gateway_log_lost_total ") > 0.0);
    assert_eq!(call(place.client, "GET", "/a/scim/v2/Users", "").unwrap().status, 200);
    let began = Instant::now();
    let command = format!("kill -TERM {}", unread.0.id());
    assert!(Command::new("sh").arg("-c").arg(command).status().unwrap().success());
    wait("the end of the process", || unread.0.try_wait().unwrap().is_some());
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    assert_eq!(unread.0.wait().unwrap().code(), Some(0));
}

#[test]
fn what_was_logged_is_written_before_the_process_ends() {
    let place = Place::new();
    place.write("config.toml", &place.text("drain = \"1s\"\nlinger = \"1s\"", ""));
    let gateway = place.start(&[]);
    ask(place.client, 300);
    gateway.signal("TERM");
    assert_eq!(gateway.end(), Some(0));
    assert_eq!(place.log().matches("unknown_route").count(), 300);
}

// Level and format needed a new process.
#[test]
fn level_and_format_follow_a_reload() {
    let place = Place::new();
    let text = place.text("drain = \"1s\"\nlinger = \"1s\"\nwatch = false", "");
    place.write("config.toml", &text);
    let gateway = place.start(&[]);
    let lines = |at: usize| place.log().lines().skip(at).map(str::to_owned).collect::<Vec<_>>();
    let count = || place.log().lines().count();
    ask(place.client, 1);
    wait("a line", || place.log().contains("unknown_route"));
    place.write("config.toml", &format!("[log]\nformat = \"json\"\n{text}"));
    let before = count();
    assert_eq!(place.reload().status, 200);
    ask(place.client, 1);
    wait("a line", || lines(before).iter().any(|line| line.contains("\"unknown_route\"")));
    place.write("config.toml", &format!("[log]\nlevel = \"warn\"\n{text}"));
    assert_eq!(place.reload().status, 200);
    wait("quiet", || {
        let before = count();
        ask(place.client, 1);
        // A line of level error: it comes after whatever came of the request.
        place.write("config.toml", "[");
        assert_eq!(place.reload().status, 422);
        wait("an error", || lines(before).iter().any(|line| line.contains("not reloaded")));
        place.write("config.toml", &format!("[log]\nlevel = \"warn\"\n{text}"));
        !lines(before).iter().any(|line| line.contains("unknown_route"))
    });
    drop(gateway);
}

// Pingora's own lines held addresses, one for each port scan and each TCP health check.
#[test]
fn what_becomes_of_connections_is_counted_and_not_logged() {
    let place = Place::new();
    let signed = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    place.write("cert.pem", &signed.cert.pem());
    place.write("key.pem", &signed.signing_key.serialize_pem());
    let server =
        "drain = \"1s\"\nlinger = \"1s\"\ntls = { cert = \"cert.pem\", key = \"key.pem\" }";
    place.write("config.toml", &place.text(server, ""));
    let gateway = place.start(&[]);
    // The gateway makes the handshake itself, so the library has nothing to say of it.
    let series = "scim_gateway_refused_total{at=\"none\",reason=\"handshake\"} ";
    wait("a message", || {
        drop(TcpStream::connect(place.client).unwrap());
        place.metric(series) > 0.0
    });
    gateway.signal("TERM");
    gateway.end();
    let log = place.log();
    assert!(!log.contains("127.0.0.1") && !log.contains("handshake"), "{log}");
}
