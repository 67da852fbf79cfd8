//! Who may look and who may act at the admin listener, and that nobody's silence keeps others out.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;

use crate::running::{OPERATOR, Place, call, call_with, wait};

const QUIET: &str = "watch = false";
/// What changes something.
const ACTS: [&str; 4] =
    ["/reload", "/routes/pause?route=/a", "/routes/resume?route=/a", "/routes/rearm?route=/a"];
/// What only tells.
const LOOKS: [&str; 5] = ["/healthz", "/readyz", "/version", "/metrics", "/routes"];

#[test]
fn whoever_scrapes_cannot_act() {
    let place = Place::new();
    place.write("config.toml", &place.text(QUIET, ""));
    let _gateway = place.start(&[]);
    for path in LOOKS {
        assert_eq!(call(place.admin, "GET", path, "").unwrap().status, 200, "{path}");
    }
    for path in ACTS {
        for wrong in ["", "Authorization: Bearer demo-token\r\n", "Authorization: Basic b3A6\r\n"] {
            let answer = call_with(place.admin, "POST", path, wrong, "").unwrap();
            assert_eq!(answer.status, 401, "{path} {wrong}");
            let head = answer.head.to_ascii_lowercase();
            assert!(head.contains("www-authenticate: bearer"), "{head}");
        }
    }
    assert_eq!(place.reloads("applied"), 0.0);
    assert_eq!(place.metric("scim_gateway_route_paused{route=\"/a\"}"), 0.0);
    for path in ACTS {
        assert_eq!(place.operate(path, "").status, 200, "{path}");
    }
    wait("the operator's name in the log", || place.log().contains("tester"));
    assert!(!place.log().contains("operator-token"));
}

#[test]
fn without_an_operator_nobody_acts() {
    let place = Place::new();
    let text = place.text(QUIET, "");
    let auth = text.lines().find(|line| line.starts_with("auth = [")).unwrap();
    place.write("config.toml", &text.replace(auth, ""));
    let _gateway = place.start(&[]);
    for path in ACTS {
        let answer = call_with(place.admin, "POST", path, OPERATOR, "").unwrap();
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.body.contains("socket"), "{answer:?}");
    }
}

fn by_socket(place: &Place, method: &str, path: &str) -> String {
    let mut stream = UnixStream::connect(place.path("admin.sock")).unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: g\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_socket_is_for_the_process_user_and_does_everything() {
    let place = Place::new();
    let text = place.text(QUIET, "");
    place.write("config.toml", &text.replace("[admin]", "[admin]\nsocket = \"admin.sock\""));
    let gateway = place.start(&[]);
    let mode = std::fs::metadata(place.path("admin.sock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for path in LOOKS {
        assert!(by_socket(&place, "GET", path).starts_with("HTTP/1.1 200"), "{path}");
    }
    for path in ACTS {
        assert!(by_socket(&place, "POST", path).starts_with("HTTP/1.1 200"), "{path}");
    }
    // One that is left over is no hindrance; one that somebody listens on is told.
    drop(gateway);
    let _gateway = place.start(&[]);
    assert!(by_socket(&place, "GET", "/healthz").starts_with("HTTP/1.1 200"));
    let other = Place::new();
    let text = other.text(QUIET, "");
    let socket = format!("[admin]\nsocket = \"{}\"", place.path("admin.sock").display());
    other.write("config.toml", &text.replace("[admin]", &socket));
    let second = other.spawn(&[]);
    assert_eq!(second.end(), Some(1));
    assert!(other.log().contains("admin.sock"), "{}", other.log());
    assert!(by_socket(&place, "GET", "/healthz").starts_with("HTTP/1.1 200"));
}

#[test]
fn silent_connections_do_not_keep_a_probe_out() {
    let place = Place::new();
    place.write("config.toml", &place.text(QUIET, ""));
    let _gateway = place.start(&[]);
    let mut silent: Vec<_> = (0..200).map(|_| TcpStream::connect(place.admin).unwrap()).collect();
    for (number, stream) in silent.iter_mut().enumerate() {
        // Half of them begin a request and never end it.
        if number % 2 == 0 {
            let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost");
        }
    }
    for _ in 0..20 {
        assert_eq!(call(place.admin, "GET", "/healthz", "").unwrap().status, 200);
        silent.push(TcpStream::connect(place.admin).unwrap());
    }
    let descriptors = place.metric("process_open_fds");
    assert!(descriptors < 150.0, "{descriptors}");
}

#[test]
fn what_a_reload_takes_away_is_in_no_gauge() {
    let place = Place::new();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let upstream = |name: &str, urls: &str, more: &str| {
        let text = format!(
            "[upstream.{name}]\ndialect = \"scim\"\nurl = {urls}\n{more}\n[[route]]\nprefix = \"/r\"\n\
             client = \"scim\"\nupstream = \"{name}\"\nauth = \"none\"\n"
        );
        place.write("config.toml", &place.text(QUIET, &text));
    };
    let one = format!("\"http://{nobody}\"");
    let breaker = "breaker = { failures = 1, pause = \"1m\" }\nretries = { most = 0 }";
    upstream("old", &one, breaker);
    let _gateway = place.start(&[]);
    let text = || call(place.admin, "GET", "/metrics", "").unwrap().body;
    let open = "scim_gateway_upstream_breaker_open{upstream=\"old\"}";
    let fail = || call(place.client, "GET", "/r/scim/v2/Users/1", "").unwrap().status;
    wait("an open breaker", || fail() >= 500 && place.metric(open) == 1.0);
    assert!(text().contains("scim_gateway_upstream_in_flight{upstream=\"old\"} 0"));
    upstream("old", &one, "breaker = \"off\"");
    assert_eq!(place.reload().status, 200);
    assert!(!text().contains("breaker_open{upstream=\"old\""), "{}", text());
    upstream("old", &one, breaker);
    assert_eq!(place.reload().status, 200);
    wait("an open breaker", || fail() >= 500 && place.metric(open) == 1.0);
    upstream("new", &one, breaker);
    assert_eq!(place.reload().status, 200);
    let told = text();
    let gauges = told.lines().filter(|line| line.starts_with("scim_gateway_upstream_"));
    let old: Vec<_> = gauges
        .filter(|l| l.contains("\"old\"") && !l.contains("_total") && !l.contains("seconds"))
        .collect();
    assert!(old.is_empty(), "{old:?}");
    // Nodes, too.
    let nodes = |number: u16| {
        format!(
            "{:?}",
            (1..=number).map(|port| format!("http://127.0.0.1:{port}")).collect::<Vec<_>>()
        )
    };
    upstream("new", &nodes(3), "");
    assert_eq!(place.reload().status, 200);
    assert!(text().contains("node_up{node=\"3\",upstream=\"new\"} "), "{}", text());
    upstream("new", &nodes(2), "");
    assert_eq!(place.reload().status, 200);
    let told = text();
    assert!(told.contains("node_up{node=\"2\"") && !told.contains("node=\"3\""), "{told}");
}

// A scrape at the moment of another one lacks nothing.
#[test]
fn scrapes_at_once_have_every_series() {
    let place = Place::new();
    place.write("config.toml", &place.text(QUIET, ""));
    let _gateway = place.start(&[]);
    let scrape = |_| {
        let admin = place.admin;
        std::thread::spawn(move || {
            for _ in 0..50 {
                let text = call(admin, "GET", "/metrics", "").unwrap().body;
                for series in ["route_paused{route=\"/a\"} 0", "breaker_tripped{route=\"/a\"} 0"] {
                    assert!(text.contains(series), "{series}");
                }
            }
        })
    };
    let all: Vec<_> = (0..4).map(scrape).collect();
    all.into_iter().for_each(|one| one.join().unwrap());
}
