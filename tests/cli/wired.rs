//! Looking at the calls of a running gateway: by configuration, and by request for a time.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::json;

use crate::running::{Place, call, wait};

const QUIET: &str = "drain = \"1s\"\nlinger = \"1s\"\nwatch = false";
/// Values that stand nowhere else.
const SEEDS: [&str; 4] = ["zq-login@seed.example", "Zqgiven", "+15559182736", "zq-pass-0192"];

fn wires(place: &Place) -> Vec<serde_json::Value> {
    let lines = place.log();
    let lines = lines.lines().filter_map(|line| serde_json::from_str(line).ok());
    lines.filter(|line: &serde_json::Value| line["message"] == "wire").collect()
}

fn user() -> String {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": SEEDS[0],
        "name": {"givenName": SEEDS[1]}, "phoneNumbers": [{"type": "work", "value": SEEDS[2]}],
        "password": SEEDS[3],
    })
    .to_string()
}

// Level "debug" added no line to "info".
#[test]
fn the_configuration_and_an_operator_can_look_at_the_wire_and_see_no_value() {
    let place = Place::new();
    let text = format!("[log]\nformat = \"json\"\n{}", place.text(QUIET, ""));
    place.write("config.toml", &text);
    let gateway = place.start(&[]);
    let made = call(place.client, "POST", "/a/scim/v2/Users", &user()).unwrap();
    assert_eq!(made.status, 201, "{made:?}");
    let made: serde_json::Value = serde_json::from_str(&made.body).unwrap();
    let path = format!("/a/scim/v2/Users/{}", made["id"].as_str().unwrap());
    for (asked, status) in [
        ("/wire", 404),
        ("/wire?route=/nowhere", 404),
        ("/wire?route=/a&for=2h", 400),
        ("/wire?route=/a&for=61m", 400),
        ("/wire?route=/a&for=soon", 400),
    ] {
        assert_eq!(place.operate(asked, "").status, status, "{asked}");
    }
    assert_eq!(call(place.admin, "GET", "/wire?route=/a", "").unwrap().status, 405);
    let page = place.operate("/wire?route=/a", "Origin: http://evil.example\r\n");
    assert_eq!(page.status, 403);
    assert_eq!(call(place.admin, "POST", "/wire?route=/a", "").unwrap().status, 401);
    assert_eq!(call(place.client, "GET", &path, "").unwrap().status, 200);
    let looked = place.operate("/wire?route=/a&for=10m", "");
    assert_eq!(looked.status, 200, "{looked:?}");
    let told: serde_json::Value = serde_json::from_str(&looked.body).unwrap();
    assert_eq!(told, json!({"route": "/a", "outcome": "wire", "seconds": 600}));
    assert_eq!(call(place.client, "GET", &path, "").unwrap().status, 200);
    wait("a line", || !wires(&place).is_empty());
    let wire = wires(&place);
    assert_eq!(wire.len(), 1, "{wire:#?}");
    assert_eq!(wire[0]["asked"], "GET /scim/v2/Users/{id}");
    assert_eq!(wire[0]["status"], 200);
    let got = wire[0]["got"].as_str().unwrap();
    assert!(
        got.starts_with("application/scim+json {") && got.contains("\"userName\": string(21)"),
        "{got}"
    );
    assert_eq!(place.operate("/wire?route=/a&for=0s", "").status, 200);
    assert_eq!(call(place.client, "GET", &path, "").unwrap().status, 200);
    place.write("config.toml", &text.replacen("[log]", "[log]\nwire = true", 1));
    assert_eq!(place.reload().status, 200);
    let put = call(place.client, "PUT", &path, &user()).unwrap();
    assert_eq!(put.status, 200, "{put:?}");
    assert_eq!(call(place.client, "GET", "/a/scim/v2/Users/zq-nobody", "").unwrap().status, 404);
    wait("more lines", || wires(&place).len() >= 3);
    let shown = format!("{:?}", wires(&place));
    assert!(shown.contains("PATCH /scim/v2/Users/{id}"), "{shown}");
    gateway.signal("TERM");
    gateway.end();
    let log = place.log();
    assert!(log.contains("\"missing\":\"GET /scim/v2/Users/{id}\""), "{log}");
    for secret in
        SEEDS.into_iter().chain([made["id"].as_str().unwrap(), "zq-nobody", "sandbox-token"])
    {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}

// Part 12: nothing was told of calls that stream through.
#[test]
fn a_call_that_streams_is_told_by_its_path_status_and_sizes() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = Place::new();
    let route = format!(
        "[upstream.r]\ndialect = \"scim\"\nurl = \"http://{}/base\"\nauth = {{ bearer = {{ file = \"token\" }} }}\n\
         [[route]]\nprefix = \"/p\"\nclient = \"scim\"\nupstream = \"r\"\nmode = \"passthrough\"\nauth = \"none\"\n",
        upstream.local_addr().unwrap()
    );
    let text = format!("[log]\nformat = \"json\"\n{}", place.text(QUIET, &route));
    place.write("token", "zq-token");
    place.write("config.toml", &text);
    let gateway = place.start(&[]);
    std::thread::spawn(move || {
        for stream in upstream.incoming() {
            let mut stream = stream.unwrap();
            let mut seen = Vec::new();
            while !seen.ends_with(b"}") && !seen.ends_with(b"\r\n\r\n") {
                let mut bytes = [0; 1024];
                let read = stream.read(&mut bytes).unwrap();
                seen.extend_from_slice(&bytes[..read]);
                if read == 0 {
                    break;
                }
            }
            let body = "{\"id\":\"zq-id\"}";
            let head =
                "HTTP/1.1 201 Created\r\nContent-Type: application/scim+json;charset=utf-8\r\n";
            let _ = write!(
                stream,
                "{head}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    let body = "{\"userName\":\"zq\"}";
    let ask = |method: &str, below: &str, body: &str| {
        let path = format!("/p/scim/v2{below}");
        assert_eq!(
            call(place.client, method, &path, body).unwrap().status,
            201,
            "{method} {below}"
        );
    };
    ask("PUT", "/Users/zq-7", body);
    assert_eq!(place.operate("/wire?route=/p&for=10m", "").status, 200);
    ask("PUT", "/Users/zq-7?attributes=userName,zqplain&zqname=zq", body);
    ask("GET", "/zqunknown/zq-8?filter=userName%20eq%20%22zq%22", "");
    wait("two lines", || wires(&place).len() >= 2);
    let wire = wires(&place);
    let told = |line: &serde_json::Value| {
        ["call", "asked", "sent", "got"].map(|key| line[key].as_str().unwrap_or("-").to_owned())
    };
    let sent = format!("stream({})", body.len());
    assert_eq!(
        told(&wire[0]),
        [
            "stream",
            "PUT /base/scim/v2/Users/{id}?attributes=string(16)&name(6)=string(2)",
            &sent,
            "application/scim+json stream(14)"
        ]
    );
    assert_eq!(
        told(&wire[1]),
        [
            "stream",
            "GET /base/scim/v2/{id}/{id}?filter=userName eq \"string(2)\"",
            "-",
            "application/scim+json stream(14)"
        ]
    );
    assert_eq!((&wire[0]["status"], &wire[0]["route"]), (&json!(201), &json!("/p")));
    gateway.signal("TERM");
    gateway.end();
    assert_eq!(wires(&place).len(), 2, "the first one was not looked at");
    assert!(!place.log().contains("zq"), "{}", place.log());
}
