//! What the gateway shows to its upstreams is looked after whether or not anybody calls.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::running::{Place, call, wait};

const QUIET: &str = "watch = false";
/// A user and an access token: what a SCIM server and a token endpoint answer.
const BOTH: &str = "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"id\":\"1\",\
                    \"userName\":\"b\",\"access_token\":\"t1\",\"token_type\":\"Bearer\",\
                    \"expires_in\":3600}";

/// A server that answers everything with `BOTH`; the heads of what it was asked.
fn server() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<_>>>::default());
    let heads = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let heads = Arc::clone(&heads);
            std::thread::spawn(move || while answer(&stream, &heads).is_some() {});
        }
    });
    (address, asked)
}

fn answer(mut stream: &TcpStream, heads: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head).ok().filter(|read| *read > 0)? > 2 {}
    let header = |line: &str| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok();
    let mut body = vec![0; head.lines().find_map(header).unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    heads.lock().unwrap().push(head);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length:";
    stream.write_all(format!("{head} {}\r\n\r\n{BOTH}", BOTH.len()).as_bytes()).ok()
}

/// A route `/<name>` to an upstream of this name, which the gateway is known to in this way.
fn route(name: &str, upstream: SocketAddr, auth: &str) -> String {
    format!(
        "[upstream.{name}]\ndialect = \"scim\"\nurl = \"http://{upstream}\"\nauth = {auth}\n\
         [[route]]\nprefix = \"/{name}\"\nclient = \"scim\"\nupstream = \"{name}\"\nauth = \"none\"\n"
    )
}

#[test]
fn tokens_are_there_and_files_are_read_before_anybody_calls() {
    let (place, (address, asked)) = (Place::new(), server());
    let oauth = |name: &str| {
        let auth = format!(
            "{{ oauth = {{ token_url = \"http://{address}/{name}\", client_id = \"g\", \
             client_secret = {{ file = \"secret\" }} }} }}"
        );
        route(name, address, &auth)
    };
    let requests = |name: &str| {
        let path = format!("POST /{name} ");
        asked.lock().unwrap().iter().filter(|head| head.starts_with(&path)).count()
    };
    place.write("secret", "first");
    place.write("config.toml", &place.text(QUIET, &oauth("one")));
    let _gateway = place.start(&[]);
    wait("a token at start-up", || requests("one") == 1);
    place.write("config.toml", &place.text(QUIET, &(oauth("one") + &oauth("two"))));
    assert_eq!(place.reload().status, 200);
    wait("a token after a reload", || requests("two") == 1);
    place.write("secret", "second");
    for name in ["one", "two"] {
        let series = "scim_gateway_secret_reloads_total{outcome=\"changed\",upstream=\"";
        wait("the changed secret", || place.metric(&format!("{series}{name}\"}}")) == 1.0);
    }
    // Nobody called, and a reload asks nothing anew of an upstream that is the same.
    assert_eq!(asked.lock().unwrap().len(), 2);
    assert_eq!(requests("one"), 1);
    assert_eq!(call(place.client, "GET", "/one/scim/v2/Users/1", "").unwrap().status, 200);
    let last = asked.lock().unwrap().last().unwrap().to_lowercase();
    assert!(last.contains("authorization: bearer t1\r\n"), "{last}");
}

#[test]
fn credentials_of_systemd_are_found_and_followed() {
    let (place, (address, asked)) = (Place::new(), server());
    std::fs::create_dir(place.path("credentials")).unwrap();
    place.write("credentials/omni", "k1\n");
    place.write("credentials/salt", "pepper\n");
    let bearer = route("r", address, "{ bearer = { credential = \"omni\" } }");
    let salted = format!("[log.id_salt]\ncredential = \"salt\"\n{}", place.text(QUIET, &bearer));
    place.write("config.toml", &salted);
    let _gateway = place.start(&[]);
    let shown = || {
        assert_eq!(call(place.client, "GET", "/r/scim/v2/Users/1", "").unwrap().status, 200);
        let last = asked.lock().unwrap().last().unwrap().to_lowercase();
        last.lines().find_map(|line| line.strip_prefix("authorization: ").map(str::to_owned))
    };
    assert_eq!(shown().as_deref(), Some("bearer k1"));
    // printf %s 1 | openssl dgst -sha256 -hmac pepper
    wait("the line of the exchange", || place.log().contains("13c71d08eed0daa4"));
    place.write("credentials/omni", "k2");
    wait("the changed credential", || shown().as_deref() == Some("bearer k2"));
    assert!(!place.log().contains("pepper") && !place.log().contains("k1"), "{}", place.log());
}
