//! The end of a process and the hand-over to a new one: nothing under way is lost.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::running::{Load, Place, call, wait};

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
