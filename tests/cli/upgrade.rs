//! The end of a process and the hand-over to a new one: nothing under way is lost.

use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::running::{Load, OPERATOR, Place, call, call_with, exchange, wait};

#[test]
fn an_upgrade_under_load_fails_no_request() {
    let place = Place::new();
    let server = format!("watch = false\nupgrade_socket = \"{}\"", place.path("up.sock").display());
    place.write("config.toml", &place.text(&server, ""));
    let old = place.start(&[]);
    let rules = place.rules();
    let load = Load::start(place.client, "/a/scim/v2/Users");
    wait("load", || load.answered() > 50);
    let route =
        "[[route]]\nprefix = \"/new\"\nclient = \"scim\"\nupstream = \"a\"\nauth = \"none\"\n";
    place.write("config.toml", &place.text(&server, route));
    let mut new = place.spawn(&["--upgrade"]);
    old.signal("QUIT");
    assert_eq!(old.end(), Some(0), "{}", place.log());
    let before = load.answered();
    wait("load on the new process", || load.answered() > before + 50);
    let (answered, failed) = load.stop();
    assert!(
        failed.is_empty(),
        "{answered} answered, {} failed: {:?}",
        failed.len(),
        failed.first()
    );
    wait("readiness of the new process", || place.is_ready());
    assert_eq!(place.rules(), rules);
    let there = call(place.client, "GET", "/new/scim/v2/Users", "").unwrap();
    assert_eq!(there.status, 200);
    assert!(new.is_running());
}

#[test]
fn without_a_new_process_the_old_one_goes_on() {
    let place = Place::new();
    place.write("config.toml", &place.text("", ""));
    let mut gateway = place.start(&[]);
    gateway.signal("QUIT");
    wait("word of it", || place.log().contains("no new process"));
    assert!(gateway.is_running() && place.is_ready());
    assert_eq!(call(place.client, "GET", "/a/scim/v2/Users", "").unwrap().status, 200);
}

#[test]
fn an_upgrade_without_a_socket_is_refused_and_disturbs_nobody() {
    let place = Place::new();
    place.write("config.toml", &place.text("", ""));
    let _gateway = place.start(&[]);
    assert_eq!(place.spawn(&["--upgrade"]).end(), Some(1));
    assert!(place.log().contains("upgrade_socket"), "{}", place.log());
    assert_eq!(call(place.client, "GET", "/a/scim/v2/Users", "").unwrap().status, 200);
}

#[test]
fn what_is_under_way_at_the_end_is_answered_and_told_to_close() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = Place::new();
    let remote = format!(
        "[upstream.r]\ndialect = \"scim\"\nurl = \"http://{}\"\n\
         [[route]]\nprefix = \"/r\"\nclient = \"scim\"\nupstream = \"r\"\nauth = \"none\"\n",
        upstream.local_addr().unwrap()
    );
    place.write("config.toml", &place.text("linger = \"1ms\"", &remote));
    let gateway = place.start(&[]);
    let mut client = TcpStream::connect(place.client).unwrap();
    client.write_all(b"GET /r/scim/v2/Users/1 HTTP/1.1\r\nHost: g\r\n\r\n").unwrap();
    let (mut call, _) = upstream.accept().unwrap();
    let mut head = [0; 4096];
    assert!(call.read(&mut head).unwrap() > 0);
    gateway.signal("TERM");
    // Nobody is let in any more, and the one inside is still served.
    wait("the end of listening", || TcpStream::connect(place.client).is_err());
    assert!(!place.is_ready());
    let user = "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"id\":\"1\",\"userName\":\"b\"}";
    let length = user.len();
    write!(call, "HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\nContent-Length: {length}\r\n\r\n{user}").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
    assert_eq!(gateway.end(), Some(0));
}

#[test]
fn what_never_ends_is_cut_off_when_its_time_is_over() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = Place::new();
    let remote = format!(
        "[upstream.r]\ndialect = \"scim\"\nurl = \"http://{}\"\n\
         [[route]]\nprefix = \"/r\"\nclient = \"scim\"\nupstream = \"r\"\nauth = \"none\"\n",
        upstream.local_addr().unwrap()
    );
    place.write("config.toml", &place.text("linger = \"1ms\"\ndrain = \"1s\"", &remote));
    let gateway = place.start(&[]);
    let mut client = TcpStream::connect(place.client).unwrap();
    client.write_all(b"GET /r/scim/v2/Users/1 HTTP/1.1\r\nHost: g\r\n\r\n").unwrap();
    let _call = upstream.accept().unwrap();
    let begin = std::time::Instant::now();
    gateway.signal("TERM");
    assert_eq!(gateway.end(), Some(0));
    // The call itself would wait for 30 seconds.
    assert!(begin.elapsed() < std::time::Duration::from_secs(20), "{:?}", begin.elapsed());
}

#[test]
fn before_the_end_connections_are_taken_and_told_to_go_while_readiness_is_gone() {
    let place = Place::new();
    place.write("config.toml", &place.text("linger = \"60s\"", ""));
    let gateway = place.start(&[]);
    gateway.signal("TERM");
    wait("the end of readiness", || !place.is_ready());
    let mut client = TcpStream::connect(place.client).unwrap();
    client.write_all(b"GET /a/scim/v2/Users HTTP/1.1\r\nHost: g\r\n\r\n").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
    // Who asks twice wants it now.
    gateway.signal("TERM");
    assert_eq!(gateway.end(), Some(0));
}

/// A connection to the first route's upstream that is answered when the test wants it.
fn hanging() -> (TcpListener, String) {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let route = format!(
        "[upstream.r]\ndialect = \"scim\"\nurl = \"http://{}\"\n\
         [[route]]\nprefix = \"/r\"\nclient = \"scim\"\nupstream = \"r\"\nauth = \"none\"\n",
        upstream.local_addr().unwrap()
    );
    (upstream, route)
}

/// How a route stands at this admin address.
fn standing(admin: std::net::SocketAddr, route: &str) -> Option<serde_json::Value> {
    let body = call(admin, "GET", "/routes", "")?.body;
    let all: serde_json::Value = serde_json::from_str(&body).unwrap();
    let mut all = all.get("routes")?.as_array()?.iter();
    all.find(|one| one.get("route").is_some_and(|name| name == route)).cloned()
}

fn paused(admin: std::net::SocketAddr, route: &str) -> bool {
    standing(admin, route).is_some_and(|one| one.pointer("/paused") == Some(&true.into()))
}

fn tripped(admin: std::net::SocketAddr, route: &str) -> bool {
    let tripped = |one: serde_json::Value| one.pointer("/removals/tripped") == Some(&true.into());
    standing(admin, route).is_some_and(tripped)
}

/// Edge, part 7: what is decided at the old process after the new one has read the state was lost, and either
/// process wrote over what the other had decided.
#[test]
fn what_is_decided_at_either_process_of_an_upgrade_binds_both() {
    let (upstream, hangs) = hanging();
    let place = Place::new();
    let new_admin = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = format!("watch = false\nupgrade_socket = \"{}\"", place.path("up.sock").display());
    let route = |prefix: &str| {
        format!(
            "[[route]]\nprefix = \"{prefix}\"\nclient = \"scim\"\nupstream = \"a\"\nauth = \"none\"\n\
             [route.removals]\nact = \"trip\"\ncount = 1\n"
        )
    };
    let text = place.text(&server, &format!("{}{}{hangs}", route("/b"), route("/c")));
    let text = text.replace("[admin]", "[admin]\nstate = \"state.json\"");
    place.write("config.toml", &text);
    let old = place.start(&[]);
    let act = |admin, act: &str, route: &str| {
        let path = format!("/routes/{act}?route={route}");
        call_with(admin, "POST", &path, OPERATOR, "").unwrap().status
    };
    let ids: Vec<String> =
        ["a", "b"].map(|name| place.create(&format!("{name}@corp.example"))).into();
    let mut ids = ids.iter();
    let mut delete = |route: &str| {
        let path = format!("{route}/scim/v2/Users/{}", ids.next().unwrap());
        call(place.client, "DELETE", &path, "").unwrap().status
    };
    let next = text.replace(&place.admin.to_string(), &new_admin.to_string());
    place.write("config.toml", &next);
    let new = place.spawn(&["--upgrade"]);
    wait("the new process", || call(new_admin, "GET", "/healthz", "").is_some());

    // The old one serves still: of operators and of itself.
    assert_eq!(act(place.admin, "pause", "/a"), 200);
    assert_eq!((delete("/b"), delete("/b")), (204, 503));
    wait("word at the new process", || paused(new_admin, "/a") && tripped(new_admin, "/b"));
    // What is decided at the new one binds the old one, and takes nothing back.
    assert_eq!(act(new_admin, "pause", "/c"), 200);
    wait("word at the old process", || paused(place.admin, "/c"));
    assert_eq!(call(place.client, "GET", "/c/scim/v2/Users", "").unwrap().status, 503);
    assert!(paused(place.admin, "/a") && tripped(place.admin, "/b"));

    // The new one has the sockets, and the old one a request to its end.
    let mut client = TcpStream::connect(place.client).unwrap();
    client.write_all(b"GET /r/scim/v2/Users/1 HTTP/1.1\r\nHost: g\r\n\r\n").unwrap();
    let (mut held, _) = upstream.accept().unwrap();
    assert!(held.read(&mut [0; 4096]).unwrap() > 0);
    // Of operators only who is connected already still speaks with the old one.
    let mut line = BufReader::new(TcpStream::connect(place.admin).unwrap());
    let mut ask =
        |method: &str, path: &str| exchange(&mut line, method, path, OPERATOR, "").unwrap();
    old.signal("QUIT");
    wait("the hand-over", || ask("GET", "/readyz").status == 503);
    assert_eq!(ask("POST", "/routes/resume?route=/a").status, 200);
    assert_eq!(ask("POST", "/routes/rearm?route=/b").status, 200);
    wait("word at the new process", || !paused(new_admin, "/a") && !tripped(new_admin, "/b"));
    assert_eq!(call(place.client, "GET", "/a/scim/v2/Users", "").unwrap().status, 200);
    // At once, before word of the pause has come by itself.
    assert_eq!(act(new_admin, "pause", "/b"), 200);
    assert_eq!(ask("POST", "/routes/resume?route=/b").status, 200);
    wait("word at the new process", || !paused(new_admin, "/b"));
    assert!(paused(new_admin, "/c"));
    // What cannot reach the new one is not told as done.
    for path in ["/reload", "/wire?route=/a"] {
        let answer = ask("POST", path);
        assert!(answer.status == 409 && answer.body.contains("new process"), "{answer:?}");
    }
    drop((held, client));
    assert_eq!(old.end(), Some(0));
    drop(new);
    place.write("config.toml", &text);
    let _last = place.start(&[]);
    assert!(paused(place.admin, "/c") && !paused(place.admin, "/a"));
    assert!(!tripped(place.admin, "/b"));
}

/// Edge, part 7: where nothing is kept in a file, nothing that is decided at the old process reaches the new one.
#[test]
fn without_a_state_nothing_is_decided_where_it_binds_nobody() {
    let (upstream, hangs) = hanging();
    let place = Place::new();
    let new_admin = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = format!("watch = false\nupgrade_socket = \"{}\"", place.path("up.sock").display());
    let text = place.text(&server, &hangs);
    place.write("config.toml", &text);
    let old = place.start(&[]);
    let mut client = TcpStream::connect(place.client).unwrap();
    client.write_all(b"GET /r/scim/v2/Users/1 HTTP/1.1\r\nHost: g\r\n\r\n").unwrap();
    let (mut held, _) = upstream.accept().unwrap();
    assert!(held.read(&mut [0; 4096]).unwrap() > 0);
    place.write("config.toml", &text.replace(&place.admin.to_string(), &new_admin.to_string()));
    let _new = place.spawn(&["--upgrade"]);
    let mut line = BufReader::new(TcpStream::connect(place.admin).unwrap());
    let mut ask =
        |method: &str, path: &str| exchange(&mut line, method, path, OPERATOR, "").unwrap();
    old.signal("QUIT");
    wait("the hand-over", || ask("GET", "/readyz").status == 503);
    let answer = ask("POST", "/routes/pause?route=/a");
    assert!(answer.status == 409 && answer.body.contains("nothing was done"), "{answer:?}");
    wait("the new process", || call(new_admin, "GET", "/healthz", "").is_some());
    assert!(!paused(new_admin, "/a"));
    assert!(ask("GET", "/routes").body.contains("\"paused\":false"));
    drop((held, client));
    assert_eq!(old.end(), Some(0));
}
