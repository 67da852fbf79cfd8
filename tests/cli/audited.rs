//! The record of writes of the real program: what is in it whatever happens, and whether it is all there.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::running::{Gateway, Place, call, wait};

const USERS: &str = "/a/scim/v2/Users";

fn place(audit: &str, route: &str) -> Place {
    let place = Place::new();
    let text = place.text("drain = \"1s\"\nlinger = \"1ms\"", route);
    place.write("config.toml", &format!("{text}\n[audit]\nfile = \"audit.jsonl\"\n{audit}\n"));
    place
}

fn lines(place: &Place) -> Vec<Value> {
    let text = std::fs::read_to_string(place.path("audit.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Lines of an operation, once there are so many.
fn told(place: &Place, operation: &str, most: usize) -> Vec<Value> {
    let of = || lines(place).into_iter().filter(|line| line["operation"] == operation);
    wait("lines", || of().count() >= most);
    of().collect()
}

fn verify(files: &[PathBuf], more: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scim-gateway"));
    command.args(["audit", "verify"]).args(files).args(more);
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

fn ended(gateway: Gateway) {
    gateway.signal("TERM");
    assert_eq!(gateway.end(), Some(0));
}

/// What the end of the process cuts off had no line at all.
#[test]
fn a_write_that_the_end_cuts_off_is_told_as_unknown() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let more = format!(
        "[upstream.silent]\ndialect = \"scim\"\nurl = \"{url}\"\n[[route]]\nprefix = \"/s\"\n\
         client = \"scim\"\nupstream = \"silent\"\nauth = \"none\"\n[[route]]\nprefix = \"/p\"\n\
         client = \"scim\"\nupstream = \"silent\"\nauth = \"none\"\nmode = \"passthrough\"\n"
    );
    let place = place("", &more);
    let gateway = place.start(&[]);
    let mut clients = Vec::new();
    for path in ["/s/scim/v2/Users/1", "/p/scim/v2/Users/1"] {
        let mut client = TcpStream::connect(place.client).unwrap();
        let ask = format!("DELETE {path} HTTP/1.1\r\nHost: g\r\nContent-Length: 0\r\n\r\n");
        client.write_all(ask.as_bytes()).unwrap();
        let (mut upstream, _) = silent.accept().unwrap();
        upstream.read_exact(&mut [0; 16]).unwrap();
        clients.push((client, upstream));
    }
    ended(gateway);
    let lines = lines(&place);
    assert_eq!(lines.len(), 2, "{lines:?}");
    for line in &lines {
        assert_eq!((&line["operation"], &line["outcome"]), (&"delete".into(), &"unknown".into()));
        assert_eq!((&line["cause"], &line["side"]), (&"interrupted".into(), &"gateway".into()));
        assert_eq!(line["delivered"], false, "{line}");
    }
    assert!(lines.iter().any(|line| line["resource"] == "User"), "{lines:?}");
    let log = place.log();
    assert_eq!(log.matches("cause=\"interrupted\"").count(), 2, "{log}");
}

/// Refusals before the exchange, and what operators do.
#[test]
fn what_was_refused_and_what_operators_did_is_told() {
    let tokens = "[[route]]\nprefix = \"/k\"\nclient = \"scim\"\nupstream = \"a\"\n\
        auth = [{ name = \"tester\", bearer_sha256 = \"0000000000000000000000000000000000000000000000000000000000000000\" }]\n";
    let place = place("", tokens);
    let gateway = place.start(&[]);
    let id = place.create("someone@corp.example");
    let user = format!("{USERS}/{id}");
    assert_eq!(place.operate("/routes/pause?route=/a", "").status, 200);
    assert_eq!(call(place.client, "DELETE", &user, "").unwrap().status, 503);
    assert_eq!(call(place.client, "GET", &user, "").unwrap().status, 503);
    assert_eq!(place.operate("/routes/resume?route=/a", "").status, 200);
    let large = "x".repeat(2 << 20);
    assert_eq!(call(place.client, "PUT", &user, &large).map(|answer| answer.status), Some(413));
    assert_eq!(call(place.client, "POST", "/k/scim/v2/Users", "{}").unwrap().status, 401);
    assert_eq!(place.reload().status, 200);
    assert_eq!(call(place.client, "DELETE", &user, "").unwrap().status, 204);
    gateway.signal("HUP");
    told(&place, "reload", 2);
    ended(gateway);
    let told: Vec<_> = lines(&place)
        .iter()
        .map(|line| {
            let word = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", word("operation"), word("outcome"), word("cause") + &word("from"))
        })
        .collect();
    for wanted in [
        "create done ",
        "pause done admin",
        "delete refused paused",
        "get refused paused",
        "resume done admin",
        "put refused body_too_large",
        "post refused unauthenticated",
        "reload done admin",
        "delete done ",
        "reload done signal",
    ] {
        assert!(told.iter().any(|line| line == wanted), "{wanted}: {told:#?}");
    }
    let (sound, text) = verify(&[place.path("audit.jsonl")], &[]);
    assert!(sound, "{text}");
}

/// Over a rotation and a restart, and a line that is missing.
#[test]
fn the_chain_is_verified_over_files_and_processes() {
    let place = place("", "");
    let (file, old) = (place.path("audit.jsonl"), place.path("audit.jsonl.1"));
    let gateway = place.start(&[]);
    place.create("one");
    told(&place, "create", 1);
    std::fs::rename(&file, &old).unwrap();
    place.create("two");
    wait("the new file", || file.exists() && lines(&place).len() == 1);
    ended(gateway);
    let gateway = place.start(&[]);
    place.create("three");
    place.create("four");
    ended(gateway);
    let files = [file.clone(), old];
    let (sound, text) = verify(&files, &[]);
    assert!(sound && text.contains("4 lines, from 1 to 4"), "{text}");
    assert!(text.contains("cut off is not seen"), "{text}");
    let head = text.split("head: 4 ").nth(1).unwrap().lines().next().unwrap().to_owned();
    assert!(place.log().contains(&head), "an anchor is in the log: {}", place.log());
    assert!(verify(&files, &["--head", &head]).0);
    assert!(verify(&files[..1], &["--head", &head]).0, "the oldest files may be gone");

    let whole = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    std::fs::write(&file, format!("{}\n{}\n", lines[0], lines[1])).unwrap();
    assert!(verify(&files, &[]).0, "a tail is not seen");
    assert!(!verify(&files, &["--head", &head]).0, "but with an anchor");
    std::fs::write(&file, format!("{}\n{}\n", lines[0], lines[2])).unwrap();
    let (sound, text) = verify(&files, &[]);
    assert!(!sound && text.contains("line 3 is missing"), "{text}");
    let (sound, text) = verify(&files, &["--format", "json"]);
    let told: Value = serde_json::from_str(&text).unwrap();
    assert!(!sound && told["mistakes"][0]["line"] == 2, "{told}");
}

/// Issue 9, part 3: writes are 503 and reads go on while no line can be written.
#[test]
fn a_full_disk_stops_writes_and_no_read() {
    let place = place("", "");
    let gateway = place.start(&[]);
    let file = place.path("audit.jsonl");
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/dev/full", &file).unwrap();
    let user = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"#;
    let mut made = 0;
    wait("the disk to be full", || {
        let body = format!("{user}\"u{made}\"}}");
        let answer = call(place.client, "POST", USERS, &body).unwrap();
        made += usize::from(answer.status == 201);
        if answer.status == 503 {
            assert!(answer.head.to_ascii_lowercase().contains("retry-after: 5"), "{}", answer.head);
            assert!(answer.body.contains("record"), "{}", answer.body);
        }
        answer.status == 503
    });
    assert_eq!(call(place.client, "GET", USERS, "").unwrap().status, 200);
    let search = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}"#;
    let found = call(place.client, "POST", &format!("{USERS}/.search"), search).unwrap();
    assert_eq!(found.status, 200, "{found:?}");
    assert_eq!(place.metric("scim_gateway_audit_failing"), 1.0);
    assert!(place.metric("scim_gateway_audit_refused_total{reason=\"file\"}") > 0.0);
    std::fs::remove_file(&file).unwrap();
    wait("writes again", || {
        let body = format!("{user}\"later\"}}");
        call(place.client, "POST", USERS, &body).unwrap().status == 201
    });
    ended(gateway);
    let done = lines(&place).iter().filter(|line| line["outcome"] == "done").count();
    assert_eq!(done, made + 1, "and every write has its line");
    assert!(verify(&[file], &[]).0);
}
