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

/// A server of a certificate of `localhost` that answers everything with `BOTH`, and files with two
/// authorities, of which the first vouches for it.
fn secure(place: &Place) -> SocketAddr {
    let own = |name: &str| {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let issuer = rcgen::CertifiedIssuer::self_signed(params, key).unwrap();
        place.write(name, &issuer.pem());
        issuer
    };
    let (right, _wrong) = (own("right.pem"), own("wrong.pem"));
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let shown = params.signed_by(&key, &right).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let private = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = builder.with_single_cert(vec![shown.der().clone()], private.into()).unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let config = Arc::clone(&config);
            std::thread::spawn(move || {
                let tls = rustls::ServerConnection::new(config).unwrap();
                let mut stream = BufReader::new(rustls::StreamOwned::new(tls, stream));
                let mut head = String::new();
                while stream.read_line(&mut head).ok().filter(|read| *read > 0) > Some(2) {}
                let start = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
                let rest = format!("Connection: close\r\nContent-Length: {}\r\n\r\n", BOTH.len());
                let _ = stream.get_mut().write_all(format!("{start}{rest}{BOTH}").as_bytes());
                let _ = stream.get_mut().flush();
            });
        }
    });
    address
}

#[test]
fn a_reload_that_is_applied_has_read_the_authorities_again() {
    let place = Place::new();
    let address = secure(&place);
    let authority = |name: &str| {
        place.write("ca.pem", &std::fs::read_to_string(place.path(name)).unwrap());
    };
    authority("wrong.pem");
    place.write("token", "t");
    let upstream = format!(
        "[upstream.s]\ndialect = \"scim\"\nurl = \"https://localhost:{}\"\nca = \"ca.pem\"\n\
         auth = {{ bearer = {{ file = \"token\" }} }}\n[[route]]\n\
         prefix = \"/s\"\nclient = \"scim\"\nupstream = \"s\"\nauth = \"none\"\n",
        address.port()
    );
    place.write("config.toml", &place.text(QUIET, &upstream));
    let _gateway = place.start(&[]);
    let status = || call(place.client, "GET", "/s/scim/v2/Users/1", "").unwrap().status;
    assert_eq!(status(), 502);
    authority("right.pem");
    assert_eq!(place.reload().status, 200);
    assert_eq!(status(), 200, "at once");
    // What cannot be used is told, by its name, and changes nothing.
    place.write("ca.pem", "no certificate");
    let told = place.reload();
    assert!(told.status == 422 && told.body.contains("ca.pem"), "{told:?}");
    assert_eq!(status(), 200);
    // Nobody has to ask for it.
    authority("wrong.pem");
    wait("the changed authority", || status() == 502);
}
