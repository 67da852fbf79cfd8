//! Files that change while they are used: authorities of upstreams and of token endpoints, and client
//! certificates in health checks.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::DnType;
use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use scim_gateway::config::{Care, Health};
use scim_gateway::exchange::Upstream;
use scim_gateway::inbound::Callers;
use scim_gateway::observe::{Event, Observer};
use scim_gateway::outbound::{Certificate, EndpointSettings, Remote};
use scim_gateway::serve::{Handler, RouteEntry};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::authority::{Authority, Identity};
use crate::harness::{
    Log, Scripted, bearer, care, header, identity, launch, ok, plain_route, read_request, send,
    signed, status, timeouts, trusting,
};
use crate::identity::{get, post, until};

const BODY: &str = "{\"access_token\":\"t0k\",\"token_type\":\"Bearer\",\"expires_in\":3600}";

/// A service on TLS whose certificate, and whose clients' authority, can be exchanged.
struct Secure {
    url: String,
    config: Arc<Mutex<Arc<ServerConfig>>>,
    handshakes: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl Secure {
    async fn start(config: ServerConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let config = Arc::new(Mutex::new(Arc::new(config)));
        let (handshakes, requests) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (now, shaken, asked) = (config.clone(), handshakes.clone(), requests.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = TlsAcceptor::from(now.lock().unwrap().clone());
                let (shaken, asked) = (shaken.clone(), asked.clone());
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    shaken.fetch_add(1, Ordering::SeqCst);
                    let mut buffer = Vec::new();
                    while read_request(&mut stream, &mut buffer).await.is_some() {
                        asked.fetch_add(1, Ordering::SeqCst);
                        let answer = format!(
                            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                             Content-Length: {}\r\n\r\n{BODY}",
                            BODY.len()
                        );
                        if stream.write_all(answer.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { url, config, handshakes, requests }
    }

    fn now(&self, config: ServerConfig) {
        *self.config.lock().unwrap() = Arc::new(config);
    }

    fn handshakes(&self) -> usize {
        self.handshakes.load(Ordering::SeqCst)
    }
}

fn plain(shown: Identity) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    builder.with_single_cert(shown.chain.clone(), shown.private()).unwrap()
}

/// As TLS 1.2 has it, where a client without a certificate does not come through the handshake.
fn strict(shown: &Identity, clients: &Authority) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(clients.store(), provider.clone());
    let builder = ServerConfig::builder_with_provider(provider);
    let builder = builder.with_protocol_versions(&[&rustls::version::TLS12]).unwrap();
    let builder = builder.with_client_cert_verifier(verifier.build().unwrap());
    builder.with_single_cert(shown.chain.clone(), shown.private()).unwrap()
}

async fn works(remote: &Remote) -> bool {
    remote.call(get()).await.is_ok()
}

async fn eventually(remote: &Remote, good: bool) {
    let turn = async {
        while works(remote).await != good {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), turn).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_authority_is_believed_and_the_one_before_no_more() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let folder = tempfile::tempdir().unwrap();
    let ca = old.file(&folder.path().join("ca.pem"));
    let service = Secure::start(plain(old.server("localhost"))).await;
    let remote = trusting(&service.url, Some(&ca)).unwrap();
    assert!(works(&remote).await);
    // A connection that the old authority vouched for is there and good, and is used no more.
    new.file(&ca);
    eventually(&remote, false).await;
    service.now(plain(new.server("localhost")));
    eventually(&remote, true).await;
    // What cannot be used does not take its place.
    std::fs::write(&ca, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    assert!(remote.look_now().unwrap_err().contains("ca.pem"));
    assert!(works(&remote).await);
    std::fs::remove_file(&ca).unwrap();
    assert!(remote.look_now().is_err() && works(&remote).await);
    Authority::new("third").file(&ca);
    assert_eq!(remote.look_now(), Ok(()));
    assert!(!works(&remote).await, "at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_believe_the_authorities_of_their_upstream_and_of_now() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let folder = tempfile::tempdir().unwrap();
    let ca = old.file(&folder.path().join("ca.pem"));
    let service = Secure::start(plain(old.server("localhost"))).await;
    let remote = Arc::new(trusting(&service.url, Some(&ca)).unwrap());
    let everybody = Arc::new(Callers::everybody());
    let door = RouteEntry::new(
        everybody,
        Handler::Stream { remote: remote.clone(), resilience: care(), identity: Some(bearer()) },
    );
    let gateway = launch(vec![plain_route("/p")], HashMap::from([("/p".to_owned(), door)]), None);
    let ask = b"GET /p/v2/Users HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n";
    assert_eq!(status(&send(gateway.address, ask).await), 200);
    new.file(&ca);
    remote.look_now().unwrap();
    assert_eq!(status(&send(gateway.address, ask).await), 502);
    service.now(plain(new.server("localhost")));
    assert_eq!(status(&send(gateway.address, ask).await), 200);
    assert_eq!(service.requests.load(Ordering::SeqCst), 2);
}

fn client(authority: &Authority, folder: &Path) {
    authority.issue(&[(DnType::CommonName, "gateway")], Vec::new()).files(folder, "own");
}

/// Health checks that ask for this path, or for a connection alone, of two nodes that demand a client
/// certificate, before and after all is exchanged.
async fn probed(path: Option<&str>) {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let folder = tempfile::tempdir().unwrap();
    let ca = servers.file(&folder.path().join("ca.pem"));
    client(&clients, folder.path());
    let pair = clients.issue(&[(DnType::CommonName, "gateway")], Vec::new());
    let pair = pair.files(folder.path(), "own");
    let shown = servers.server("localhost");
    let nodes = [
        Secure::start(strict(&shown, &clients)).await,
        Secure::start(strict(&shown, &clients)).await,
    ];
    let log = Arc::new(Log::default());
    let observer: Arc<dyn Observer> = log.clone();
    let every = Duration::from_millis(20);
    let health = Health { path: path.map(str::to_owned), every, down: 2, ..Health::default() };
    let care = Care { health: Some(health), ..Care::ordinary() };
    let certificate = Arc::new(Certificate::read(&pair).unwrap());
    let making = EndpointSettings {
        name: "up",
        timeouts: &timeouts(),
        care: &care,
        certificate: Some(certificate),
        ca: Some(&ca),
        observer: &observer,
    };
    let urls: Vec<_> = nodes.iter().map(|node| node.url.parse().unwrap()).collect();
    let remote = Remote::of_nodes(&urls, 64 << 10, &making).unwrap();
    let down =
        || log.events().iter().filter(|e| matches!(e, Event::Node { up: false, .. })).count();
    assert!(works(&remote).await);
    until(|| nodes.iter().all(|node| node.handshakes() > 6)).await;
    assert_eq!(down(), 0, "{:?}", log.events());

    // Another authority of servers and other clients: what was read at the start is worth nothing.
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let shown = servers.server("localhost");
    nodes.iter().for_each(|node| node.now(strict(&shown, &clients)));
    until(|| down() == 2).await;
    servers.file(&ca);
    remote.look_now().unwrap();
    client(&clients, folder.path());
    // The certificate's files are an identity's to follow; here it is read anew with them.
    let up = || log.events().iter().filter(|e| matches!(e, Event::Node { up: true, .. })).count();
    let certificate = Arc::new(Certificate::read(&pair).unwrap());
    let making = EndpointSettings { certificate: Some(certificate), ..making };
    let renewed = Remote::of_nodes(&urls, 64 << 10, &making).unwrap();
    assert!(works(&renewed).await);
    let before = nodes.each_ref().map(Secure::handshakes);
    until(|| nodes.iter().zip(before).all(|(node, before)| node.handshakes() > before + 6)).await;
    assert_eq!((down(), up()), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_health_checks_make_shows_the_certificate() {
    probed(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_health_checks_ask_for_is_asked_with_the_certificate() {
    probed(Some("/alive")).await;
}

// What an operator mends at a token endpoint is tried at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_authority_of_a_token_endpoint_is_tried_at_once() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let folder = tempfile::tempdir().unwrap();
    let ca = old.file(&folder.path().join("ca.pem"));
    let endpoint = Secure::start(plain(new.server("localhost"))).await;
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let keys = format!(
        "[upstream.up.auth.oauth]\ntoken_url = \"{}/token\"\nclient_id = \"worker\"\n\
         client_secret = {{ env = \"cl13nt\" }}\nca = \"{}\"\n",
        endpoint.url,
        ca.display()
    );
    let log = Arc::new(Log::default());
    let signed = signed(&upstream.url, identity(&upstream.url, &keys, &log));
    let refused = || log.told().iter().filter(|line| line.contains("unreachable")).count();
    // Until the next try is far away.
    let request = || signed.call(post());
    assert!(request().await.is_err());
    until(|| refused() >= 4).await;
    new.file(&ca);
    let began = std::time::Instant::now();
    while request().await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    let last = upstream.requests().pop().unwrap();
    assert_eq!(header(&last, "authorization"), Some("Bearer t0k"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_client_secret_is_tried_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "old").unwrap();
    let endpoint = Scripted::start(|_, request: &str| {
        // worker:new
        let known = header(request, "authorization") == Some("Basic d29ya2VyOm5ldw==");
        let (status, body) =
            if known { ("200 OK", BODY) } else { ("401 No", "{\"error\":\"invalid_client\"}") };
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\n");
        Some(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
    })
    .await;
    let upstream = Scripted::start(|_, _| ok("{}")).await;
    let keys = format!(
        "[upstream.up.auth.oauth]\ntoken_url = \"{}/token\"\nclient_id = \"worker\"\n\
         client_secret = {{ file = \"{}\" }}\n",
        endpoint.url,
        secret.display()
    );
    let log = Arc::new(Log::default());
    let signed = signed(&upstream.url, identity(&upstream.url, &keys, &log));
    let refused = || log.told().iter().filter(|line| line.contains("invalid_client")).count();
    assert!(signed.call(post()).await.is_err());
    // The next try is two to four seconds away, or more.
    until(|| refused() >= 4).await;
    std::fs::write(&secret, "new").unwrap();
    let began = std::time::Instant::now();
    until(|| log.told().iter().any(|line| line.contains("changed"))).await;
    let known = std::time::Instant::now();
    while signed.call(post()).await.is_err() {
        assert!(known.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
