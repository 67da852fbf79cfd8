//! Reload: under load, with mistakes, by every way, and what survives it.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::running::{Load, OPERATOR, Place, call, call_with, mount, wait};

const SECOND: &str =
    "[[route]]\nprefix = \"/b\"\nclient = \"scim\"\nupstream = \"a\"\nauth = \"none\"\n";
/// Nothing but what is asked for.
const QUIET: &str = "watch = false";

#[test]
fn two_hundred_reloads_under_load_fail_no_request() {
    let place = Place::new();
    let (one, two) = (place.text(QUIET, ""), place.text(QUIET, SECOND));
    place.write("config.toml", &one);
    let gateway = place.start(&[]);
    let id = place.create("bjensen@example.com");
    let load = Load::start(place.client, &format!("/a/scim/v2/Users/{id}"));
    for n in 0..200 {
        let (broken, second) = (n % 5 == 4, n % 2 == 1);
        let text = if second { &two } else { &one };
        let text = if broken { text.replace("\"/a\"", "\"a\"") } else { text.clone() };
        place.write("config.toml", &text);
        let outcome = if broken { "refused" } else { "applied" };
        if n % 4 == 0 {
            let before = place.reloads(outcome);
            gateway.signal("HUP");
            wait("reload by signal", || place.reloads(outcome) == before + 1.0);
        } else {
            assert_eq!(place.reload().status, if broken { 422 } else { 200 });
        }
        // A refused configuration changes nothing, and an applied one is there at once.
        if !broken {
            let b = call(place.client, "GET", "/b/scim/v2/Users", "").unwrap().status;
            assert_eq!(b, if second { 200 } else { 404 });
        }
    }
    let (answered, failed) = load.stop();
    assert!(
        failed.is_empty(),
        "{answered} answered, {} failed: {:?}",
        failed.len(),
        failed.first()
    );
    assert!(answered > 200, "{answered}");
    assert_eq!((place.reloads("applied"), place.reloads("refused")), (160.0, 40.0));
}

#[test]
fn a_broken_file_keeps_the_old_configuration_and_is_told_without_secrets() {
    let place = Place::new();
    let good = place.text(QUIET, "");
    place.write("config.toml", &good);
    let mut gateway = place.start(&[]);
    let rules = place.rules();
    let cases = [
        (good.replace("upstream = \"a\"", "upstream = \"z\""), "C016"),
        (good.replace("literal", "literall"), "T002"),
        (good.replace("\"sandbox:scim\"", "\"https://h.example\""), "C008"),
        ("[".to_owned(), "T001"),
    ];
    for (n, (text, code)) in (1_u32..).zip(&cases) {
        place.write("config.toml", text);
        let answer = place.reload();
        assert_eq!(answer.status, 422, "{answer:?}");
        let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((&told["outcome"], &told["rules"]), (&"refused".into(), &rules.as_str().into()));
        assert!(told["diagnostics"].to_string().contains(code), "{told}");
        assert!(!answer.body.contains("sandbox-token"), "{answer:?}");
        assert_eq!(place.reloads("refused"), f64::from(n));
        assert_eq!(call(place.client, "GET", "/a/scim/v2/Users", "").unwrap().status, 200);
        let log = place.log();
        assert!(log.contains("not reloaded") && log.contains(code), "{log}");
        assert!(!log.contains("sandbox-token"), "{log}");
        // The mistakes have several lines; whatever is said beside them stands before.
        let told = log.lines().rfind(|line| line.contains("not reloaded")).unwrap();
        assert!(told.contains("goes on by=\"request\" mistakes="), "{log}");
        assert!(!log.lines().any(|line| line.trim_start().starts_with("by=")), "{log}");
    }
    assert!(gateway.is_running() && place.rules() == rules);
}

#[test]
fn what_needs_a_new_process_is_refused_by_its_key() {
    let place = Place::new();
    let good = place.text(QUIET, "");
    place.write("config.toml", &good);
    let _gateway = place.start(&[]);
    let (client, admin) = (place.client.to_string(), place.admin.to_string());
    let cases = [
        (good.replace(&client, "127.0.0.1:1"), "server.listen"),
        (good.replace(&admin, "127.0.0.1:1"), "admin.listen"),
        (good.replace(QUIET, "drain = \"7s\""), "server.drain"),
        (good.replace(QUIET, "linger = \"7s\""), "server.linger"),
        (good.replace(QUIET, "upgrade_socket = \"u.sock\""), "server.upgrade_socket"),
    ];
    for (text, key) in cases {
        place.write("config.toml", &format!("{text}{SECOND}"));
        let answer = place.reload();
        assert_eq!(answer.status, 422, "{key}: {answer:?}");
        assert!(answer.body.contains("C040") && answer.body.contains(key), "{key}: {answer:?}");
        assert_eq!(call(place.client, "GET", "/b/scim/v2/Users", "").unwrap().status, 404);
    }
}

#[test]
fn sandboxes_keep_their_data_and_rules_their_hash_in_force() {
    let place = Place::new();
    let good = place.text(QUIET, "");
    place.write("config.toml", &good);
    let _gateway = place.start(&[]);
    let (rules, id) = (place.rules(), place.create("bjensen@example.com"));
    let overlay = "version = 1\ndialect = \"scim\"\nresource = \"User\"\n\n[[map]]\n\
                   canonical = \"$.title\"\nvendor = \"$.nickName\"\n";
    place.write("own.toml", overlay);
    // Another token is another way to the same simulator.
    let text = good.replace("sandbox-token", "other") + "overlays = [\"own.toml\"]\n";
    place.write("config.toml", &text);
    let answer = place.reload();
    assert_eq!(answer.status, 200, "{answer:?}");
    let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_ne!(place.rules(), rules);
    assert_eq!(told["rules"], place.rules().as_str());
    let info = format!("scim_gateway_rules_info{{hash=\"{}\"}}", place.rules());
    assert_eq!(place.metric(&info), 1.0);
    assert!(place.metric("scim_gateway_reload_success_timestamp_seconds") > 1.7e9);
    let path = format!("/a/scim/v2/Users/{id}");
    assert_eq!(call(place.client, "GET", &path, "").unwrap().status, 200);
}

#[test]
fn an_upstream_whose_configuration_is_the_same_keeps_its_connections() {
    let place = Place::new();
    let (upstream, connections) = people();
    let text = |extra: &str, prefix: &str| {
        let remote = format!(
            "[upstream.r]\ndialect = \"scim\"\nurl = \"http://{upstream}\"\n{extra}\n[[route]]\n\
             prefix = \"{prefix}\"\nclient = \"scim\"\nupstream = \"r\"\nauth = \"none\"\n"
        );
        place.text(QUIET, &remote)
    };
    // Each upstream keeps its connections for each thread that serves; one client, one at a time.
    let ask = |prefix: &str| {
        let answer = call(place.client, "GET", &format!("{prefix}/scim/v2/Users/1"), "").unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        connections.load(Ordering::SeqCst)
    };
    place.write("config.toml", &text("", "/r"));
    let _gateway = place.start(&[]);
    for _ in 0..20 {
        ask("/r");
    }
    let first = ask("/r");
    for n in 0..5 {
        let prefix = format!("/r{n}");
        place.write("config.toml", &text("", &prefix));
        assert_eq!(place.reload().status, 200);
        assert_eq!(ask(&prefix), first, "after reload {n}");
    }
    place.write("config.toml", &text("timeouts = { call = \"9s\" }", "/r"));
    assert_eq!(place.reload().status, 200);
    assert!(ask("/r") > first, "another configuration has connections of its own");
}

/// A server of one user, and how many connections it took.
fn people() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, taken) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&taken);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            std::thread::spawn(move || converse(BufReader::new(stream.unwrap())));
        }
    });
    (address, taken)
}

fn converse(mut stream: BufReader<TcpStream>) {
    let user = "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"id\":\"1\",\
                \"userName\":\"b\"}";
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n{user}",
        user.len()
    );
    let mut line = String::new();
    while stream.read_line(&mut line).is_ok_and(|length| length > 0) {
        if line == "\r\n" && stream.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
        line.clear();
    }
}

#[test]
fn files_that_change_are_noticed_and_what_is_only_touched_is_not() {
    let place = Place::new();
    let overlay = |vendor: &str| {
        format!(
            "version = 1\ndialect = \"scim\"\nresource = \"User\"\n\n[[map]]\n\
             canonical = \"$.title\"\nvendor = \"$.{vendor}\"\n"
        )
    };
    std::fs::create_dir_all(place.path("elsewhere")).unwrap();
    place.write("elsewhere/own.toml", &overlay("nickName"));
    let rules = |n: usize| format!("rules = \"rules-{n}\"\n");
    std::fs::create_dir_all(place.path("rules-1/scim")).unwrap();
    let text = rules(1) + &place.text("", "overlays = [\"elsewhere/own.toml\"]\n");
    place.write("config.toml", &text);
    let _gateway = place.start(&[]);
    let mut applied = 0.0;
    let mut next = |what: &str| {
        applied += 1.0;
        wait(what, || place.reloads("applied") == applied);
    };
    place.write("elsewhere/own.toml", &overlay("displayName"));
    next("reload for an overlay");
    let own = include_str!("../../rules/scim/user.toml");
    place.write("rules-1/scim/user.toml", &format!("{own}\n# mine\n"));
    next("reload for a rule");
    std::fs::write(place.config(), format!("{text}\n# in place\n")).unwrap();
    next("reload for a file that is written in place");
    // What is refused is noticed once, and its repair, too.
    place.write("elsewhere/own.toml", "version = ");
    wait("refusal", || place.reloads("refused") == 1.0);
    place.write("elsewhere/own.toml", &overlay("title"));
    next("reload for a repair");
    // The same text again, and a file that is none of it: the next reload is the last one's.
    place.write("elsewhere/own.toml", &overlay("title"));
    place.write("elsewhere/other.toml", "anything");
    place.write("config.toml", &text);
    next("reload for a file that is renamed into place");
    assert_eq!(place.reloads("refused"), 1.0);
}

#[test]
fn a_mounted_folder_that_is_swapped_is_noticed() {
    let place = Place::new();
    let folder = place.path("mount");
    mount(&folder, "..1", &place.text("", ""));
    std::os::unix::fs::symlink("mount/config.toml", place.config()).unwrap();
    let _gateway = place.start(&[]);
    for (version, count) in [("..2", 1.0), ("..3", 2.0)] {
        let route = if version == "..2" { SECOND } else { "" };
        mount(&folder, version, &place.text("", route));
        wait("reload for a swapped folder", || place.reloads("applied") == count);
    }
    assert_eq!(call(place.client, "GET", "/b/scim/v2/Users", "").unwrap().status, 404);
}

#[test]
fn web_pages_reload_nothing() {
    let place = Place::new();
    place.write("config.toml", &place.text(QUIET, ""));
    let _gateway = place.start(&[]);
    let forbidden = [
        "Origin: http://evil.example\r\n",
        "Origin: null\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: Text/Plain;charset=UTF-8\r\n",
        "Content-Type: multipart/form-data; boundary=x\r\n",
    ];
    for header in forbidden {
        let answer = place.operate("/reload", header);
        assert_eq!(answer.status, 403, "{header}");
    }
    assert_eq!(call(place.admin, "GET", "/reload", "").unwrap().status, 405);
    assert_eq!(place.operate("/healthz", "").status, 405);
    assert_eq!((place.reloads("applied"), place.reloads("refused")), (0.0, 0.0));
    let json = format!("{OPERATOR}Content-Type: application/json\r\n");
    assert_eq!(call_with(place.admin, "POST", "/reload", &json, "{}").unwrap().status, 200);
}
