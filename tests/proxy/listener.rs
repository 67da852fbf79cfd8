//! The listener's TLS: client certificates, HTTP/2 by ALPN, names, and files that change.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{DnType, SanType};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use scim_gateway::config::{Credential, Holder, Limits, Proof, Tls};
use scim_gateway::dialect::Dialects;
use scim_gateway::exchange::Upstream;
use scim_gateway::gateway::Gateway;
use scim_gateway::inbound::Callers;
use scim_gateway::observe::{Event, Reason};
use scim_gateway::scim::http::Request;
use scim_gateway::serve::{Edge, Handler, RouteEntry};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::authority::{Authority, Identity};
use crate::harness::{
    Running, Scripted, TOKEN, callers, care, header, launch, launch_within, limits, ok,
    plain_route, remote, status, trusting,
};
use crate::identity::until;

const HOST: &str = "localhost";

/// `/c` takes two certificates alone, `/m` one of them and a token.
fn gateway(upstream: &str, tls: Tls) -> Running {
    let shared = Arc::new(remote(upstream));
    let one = |name: &str, proof| Credential { name: name.into(), proof };
    let subject = || Proof::Certificate(Holder::Subject("CN=hr\\, eu,O=Example".into()));
    let san = Proof::Certificate(Holder::San("uri:spiffe://example/scim".into()));
    let token = Proof::Bearer(Sha256::digest(TOKEN).into());
    let door = |listed| {
        RouteEntry::new(
            callers(listed),
            Handler::Stream {
                remote: shared.clone(),
                resilience: care(),
                identity: Some(crate::harness::bearer()),
            },
        )
    };
    let doors = HashMap::from([
        ("/c".to_owned(), door(vec![one("hr", subject()), one("mesh", san)])),
        ("/m".to_owned(), door(vec![one("hr", subject()), one("tester", token)])),
    ]);
    launch(vec![plain_route("/c"), plain_route("/m")], doors, Some(tls))
}

fn tls(directory: &Path, authority: &Authority, clients: Option<&Authority>) -> Tls {
    Tls {
        pair: authority.server(HOST).files(directory, "first"),
        also: Vec::new(),
        client_ca: clients.map(|clients| clients.file(&directory.join("clients.pem"))),
    }
}

fn hr(authority: &Authority) -> Identity {
    let parts = [(DnType::OrganizationName, "Example"), (DnType::CommonName, "hr, eu")];
    authority.issue(&parts, Vec::new())
}

async fn connect(
    address: SocketAddr,
    client: &Arc<ClientConfig>,
    name: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    tokio_rustls::TlsConnector::from(client.clone()).connect(name, stream).await
}

async fn ask(stream: &mut TlsStream<TcpStream>, path: &str, more: &str) -> Option<String> {
    let text = format!("GET {path}/v2/Users HTTP/1.1\r\nHost: g\r\n{more}\r\n");
    stream.write_all(text.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&answer).into_owned();
        if let Some((_, body)) = text.split_once("\r\n\r\n") {
            let length = header(&text, "content-length")?.parse::<usize>().ok()?;
            if body.len() >= length {
                return Some(text);
            }
        }
        (stream.read_buf(&mut answer).await.ok()? > 0).then_some(())?;
    }
}

/// The answer to one request on a new connection; `None` where TLS refuses.
async fn once(gateway: &Running, client: &Arc<ClientConfig>, path: &str) -> Option<String> {
    ask(&mut connect(gateway.address, client, HOST).await.ok()?, path, "").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_route_decides_which_certificate_lets_in() {
    let service = Scripted::start(|_, _| ok("{}")).await;
    let (directory, own, clients) =
        (tempfile::tempdir().unwrap(), Authority::new("own"), Authority::new("clients"));
    let gateway = gateway(&service.url, tls(directory.path(), &own, Some(&clients)));
    let uri = SanType::URI("spiffe://example/scim".try_into().unwrap());
    let mesh = clients.issue(&[(DnType::CommonName, "x")], vec![uri]);
    let other = clients.issue(&[(DnType::CommonName, "hr, eu")], Vec::new());
    let stranger = hr(&Authority::new("clients"));

    let known = hr(&clients);
    for (name, who, path, wanted) in [
        ("by its subject", Some(&known), "/c", Some(200)),
        ("by another name", Some(&mesh), "/c", Some(200)),
        ("of somebody else", Some(&other), "/c", Some(403)),
        ("none, where only certificates are taken", None, "/c", Some(403)),
        ("none, where a token is taken, too", None, "/m", Some(401)),
        ("right, where a token is taken, too", Some(&known), "/m", Some(200)),
        ("of somebody else, without a token", Some(&mesh), "/m", Some(403)),
        ("of an unknown authority", Some(&stranger), "/c", None),
    ] {
        let answer = once(&gateway, &own.client(who, "http/1.1"), path).await;
        assert_eq!(answer.as_deref().map(status), wanted, "{name}: {answer:?}");
        if let Some(answer) = answer.filter(|answer| status(answer) >= 400) {
            assert!(answer.contains("api:messages:2.0:Error"), "{name}: {answer}");
            assert_eq!(header(&answer, "www-authenticate").is_some(), status(&answer) == 401);
        }
    }
    let token = format!("Authorization: Bearer {TOKEN}\r\n");
    let client = own.client(Some(&mesh), "http/1.1");
    let mut stream = connect(gateway.address, &client, HOST).await.unwrap();
    assert_eq!(status(&ask(&mut stream, "/m", &token).await.unwrap()), 200, "the token is enough");
    assert_eq!(status(&ask(&mut stream, "/m", "Authorization: Bearer x\r\n").await.unwrap()), 401);
    let log = gateway.log.lines().join("\n");
    for name in ["\"hr\"", "\"mesh\"", "\"tester\""] {
        assert!(log.contains(name), "{name}: {log}");
    }
    assert!(!log.contains("spiffe") && !log.contains("Example"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_goes_takes_open_connections_and_resumed_sessions_with_it() {
    let service = Scripted::start(|_, _| ok("{}")).await;
    let (directory, own, clients) =
        (tempfile::tempdir().unwrap(), Authority::new("own"), Authority::new("clients"));
    let tls = tls(directory.path(), &own, Some(&clients));
    let gateway = gateway(&service.url, tls.clone());
    let client = own.client(Some(&hr(&clients)), "http/1.1");
    let mut open = connect(gateway.address, &client, HOST).await.unwrap();
    assert_eq!(status(&ask(&mut open, "/c", "").await.unwrap()), 200);

    Authority::new("next").file(&tls.client_ca.clone().unwrap());
    let certificates = gateway.live.certificates().unwrap();
    assert_eq!(certificates.look(), Some(Ok(())));
    assert_eq!(status(&ask(&mut open, "/c", "").await.unwrap()), 403, "the open connection");
    // The same client configuration remembers its session, so that no certificate is sent again.
    let again = once(&gateway, &client, "/c").await;
    assert!(again.as_deref().is_none_or(|answer| status(answer) == 403), "{again:?}");

    clients.file(&tls.client_ca.unwrap());
    assert_eq!(certificates.look(), Some(Ok(())));
    assert_eq!(status(&ask(&mut open, "/c", "").await.unwrap()), 200, "and comes back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_certificate_is_shown_and_a_broken_one_changes_nothing() {
    let service = Scripted::start(|_, _| ok("{}")).await;
    let (directory, own) = (tempfile::tempdir().unwrap(), Authority::new("own"));
    let tls = tls(directory.path(), &own, None);
    let gateway = gateway(&service.url, tls.clone());
    let client = own.client(None, "http/1.1");
    let shown = async || {
        let stream = connect(gateway.address, &client, HOST).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone()
    };
    let before = shown().await;
    let certificates = gateway.live.certificates().unwrap();
    assert_eq!(certificates.look(), None, "nothing has changed");

    std::fs::write(&tls.pair.key, "no key").unwrap();
    let told = certificates.look().unwrap().unwrap_err();
    assert!(told.contains("first-key.pem"), "{told}");
    assert_eq!(shown().await, before, "the old one stays");
    assert_eq!(certificates.look(), None, "and is told once");

    let next = own.server(HOST);
    next.files(directory.path(), "first");
    assert_eq!(certificates.look(), Some(Ok(())));
    assert_eq!(shown().await, next.chain[0]);
    std::fs::remove_file(&tls.pair.cert).unwrap();
    assert!(certificates.look().unwrap().is_err());
    assert_eq!(shown().await, next.chain[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_name_has_its_certificate() {
    let service = Scripted::start(|_, _| ok("{}")).await;
    let (directory, own) = (tempfile::tempdir().unwrap(), Authority::new("own"));
    let mut tls = tls(directory.path(), &own, None);
    let (one, wild) = (own.server("one.example"), own.server("*.wild.example"));
    tls.also = vec![one.files(directory.path(), "one"), wild.files(directory.path(), "wild")];
    let gateway = gateway(&service.url, tls);
    let client = own.client(None, "http/1.1");
    for (name, wanted) in [("one.example", &one), ("ONE.example", &one), ("a.wild.example", &wild)]
    {
        let stream = connect(gateway.address, &client, name).await.unwrap();
        assert_eq!(stream.get_ref().1.peer_certificates().unwrap(), &wanted.chain, "{name}");
    }
    assert!(connect(gateway.address, &client, HOST).await.is_ok(), "the first is for the others");
    for stranger in ["wild.example", "a.b.wild.example", "two.example"] {
        assert!(connect(gateway.address, &client, stranger).await.is_err(), "{stranger}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http_2_is_negotiated_and_knows_the_clients_certificate() {
    let service = Scripted::start(|_, _| ok("{\"a\":1}")).await;
    let (directory, own, clients) =
        (tempfile::tempdir().unwrap(), Authority::new("own"), Authority::new("clients"));
    let gateway = gateway(&service.url, tls(directory.path(), &own, Some(&clients)));
    for (who, wanted) in [(Some(hr(&clients)), 200), (None, 403)] {
        let client = own.client(who.as_ref(), "h2");
        let stream = connect(gateway.address, &client, HOST).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        for _ in 0..3 {
            let request = http::Request::get("https://localhost/c/v2/Users").body(()).unwrap();
            let (answer, _) = sender.send_request(request, true).unwrap();
            let answer = answer.await.unwrap();
            assert_eq!(answer.version(), http::Version::HTTP_2);
            assert_eq!(answer.status().as_u16(), wanted);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_speaks_only_http_2_is_spoken_to_in_it() {
    let (directory, own) = (tempfile::tempdir().unwrap(), Authority::new("own"));
    let acceptor = own.server(HOST).http_2();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let stream = acceptor.accept(stream).await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                assert_eq!(request.version(), http::Version::HTTP_2);
                let mut body = respond.send_response(http::Response::new(()), false).unwrap();
                body.send_data("{\"two\":2}".into(), true).unwrap();
            }
        }
    });
    let ca = own.file(&directory.path().join("ca.pem"));
    let upstream = trusting(&url, Some(&ca));
    for _ in 0..3 {
        let answer = upstream
            .as_ref()
            .unwrap()
            .call(Request::new(http::Method::GET, "/Users"))
            .await
            .unwrap();
        assert_eq!(&answer.body[..], b"{\"two\":2}");
    }
}

// A reload changed the time between two requests for HTTP/1.1 alone.
#[tokio::test(flavor = "multi_thread")]
async fn how_long_a_connection_may_be_idle_follows_a_reload_in_both_protocols() {
    let service = Scripted::start(|_, _| ok("{}")).await;
    let (directory, own) = (tempfile::tempdir().unwrap(), Authority::new("own"));
    let doors = || {
        let way = Handler::Stream {
            remote: Arc::new(remote(&service.url)),
            resilience: care(),
            identity: Some(crate::harness::bearer()),
        };
        HashMap::from([("/c".to_owned(), RouteEntry::new(Arc::new(Callers::everybody()), way))])
    };
    let long = std::time::Duration::from_secs(600);
    let tls = tls(directory.path(), &own, None);
    let idle = |idle| Limits { idle, header_time: long, ..limits() };
    let gateway = launch_within(vec![plain_route("/c")], doors(), Some(tls), idle(long));
    let next = Gateway::new(vec![plain_route("/c")], &Dialects::embedded().unwrap());
    let short = idle(std::time::Duration::from_secs(1));
    gateway.live.replace(Edge::new(next, doors(), short, Arc::default()));

    let client = own.client(None, "h2");
    let stream = connect(gateway.address, &client, HOST).await.unwrap();
    let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
    let ended = tokio::spawn(connection);
    let request = http::Request::get("https://localhost/c/v2/Users").body(()).unwrap();
    let (answer, _) = sender.send_request(request, true).unwrap();
    assert_eq!(answer.await.unwrap().status().as_u16(), 200);
    let most = std::time::Duration::from_secs(30);
    tokio::time::timeout(most, ended).await.unwrap().unwrap().ok();
    drop(sender);

    let client = own.client(None, "http/1.1");
    let mut stream = connect(gateway.address, &client, HOST).await.unwrap();
    assert_eq!(status(&ask(&mut stream, "/c", "").await.unwrap()), 200);
    let mut rest = [0; 64];
    let end = tokio::time::timeout(most, stream.read(&mut rest)).await;
    assert_eq!(end.unwrap().unwrap_or(0), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_count_while_their_handshake_is_silent_and_it_has_the_time_of_a_header() {
    let service = Scripted::start(|_, _| ok("{}")).await;
    let (directory, own) = (tempfile::tempdir().unwrap(), Authority::new("own"));
    let time = std::time::Duration::from_secs(6);
    let limits = Limits { connections: 4, header_time: time, ..limits() };
    let shared = Arc::new(remote(&service.url));
    let way = Handler::Stream {
        remote: shared,
        resilience: care(),
        identity: Some(crate::harness::bearer()),
    };
    let door = RouteEntry::new(Arc::new(Callers::everybody()), way);
    let doors = HashMap::from([("/c".to_owned(), door)]);
    let tls = tls(directory.path(), &own, None);
    let gateway = launch_within(vec![plain_route("/c")], doors, Some(tls), limits);
    let open = || gateway.live.connections();
    // The harness' own look whether it listens.
    until(|| open() == 0).await;
    // Silent from the first byte on, after half a hello, and after the handshake.
    let mut silent = Vec::new();
    for _ in 0..2 {
        silent.push(TcpStream::connect(gateway.address).await.unwrap());
    }
    silent.push(TcpStream::connect(gateway.address).await.unwrap());
    silent[2].write_all(&[22, 3, 1]).await.unwrap();
    let done = connect(gateway.address, &own.client(None, "h2"), HOST).await.unwrap();
    until(|| open() == 4).await;
    let mut fifth = TcpStream::connect(gateway.address).await.unwrap();
    let mut answer = Vec::new();
    assert_eq!(fifth.read_to_end(&mut answer).await.unwrap_or(0), 0, "taken and closed");
    let refused = |wanted: Reason| {
        let events = gateway.log.events();
        let refused = events
            .into_iter()
            .filter(|event| matches!(event, Event::Refused { reason, .. } if *reason == wanted));
        refused.count()
    };
    assert_eq!(refused(Reason::Connections), 1);
    until(|| open() == 0).await;
    assert_eq!((refused(Reason::SlowHandshake), refused(Reason::SlowHeader)), (3, 1));
    drop((silent, done));
    // Whoever breaks off is counted, and told nowhere else.
    drop(TcpStream::connect(gateway.address).await.unwrap());
    until(|| refused(Reason::Handshake) == 1).await;
    let answer = once(&gateway, &own.client(None, "http/1.1"), "/c").await.unwrap();
    assert_eq!(status(&answer), 200, "{answer}");
}
