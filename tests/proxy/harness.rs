//! A gateway on a free port, scripted upstreams, and a client that writes bytes.

use std::collections::{BTreeMap, HashMap};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use scim_gateway::config::{
    Auth, Care, CertificatePair, Config, Credential, InFlight, Limits, Proof, Server, Surroundings,
    Timeouts, Tls, Upstream,
};
use scim_gateway::diagnostic::Source;
use scim_gateway::dialect::{Dialect, Dialects};
use scim_gateway::gateway::route::Policies;
use scim_gateway::gateway::{Gateway, RouteSpec};
use scim_gateway::inbound::{Callers, KeySets};
use scim_gateway::observe::{AccessRecord, Event, Observer};
use scim_gateway::outbound::{self, Authenticated, EndpointSettings, GatewayIdentity, Remote};
use scim_gateway::serve::{self, Edge, Handler, Live, RouteEntry};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const TOKEN: &str = "P2project:K2key";

/// What the observer was told, as text.
#[derive(Default)]
pub struct Log {
    seen: Mutex<Vec<String>>,
    events: Mutex<Vec<Event>>,
}

impl Observer for Log {
    fn answered(&self, seen: &AccessRecord<'_>) {
        self.seen.lock().unwrap().push(format!("{seen:?}"));
    }

    fn happened(&self, event: &Event) {
        self.events.lock().unwrap().push(event.clone());
    }
}

impl Log {
    pub fn lines(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// The events, as text.
    pub fn told(&self) -> Vec<String> {
        self.events().iter().map(|event| format!("{event:?}")).collect()
    }

    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }
}

pub struct Running {
    pub address: SocketAddr,
    pub log: Arc<Log>,
    pub live: Arc<Live>,
}

/// A route between two sides of the plain dialect.
pub fn plain_route(prefix: &str) -> RouteSpec {
    route(prefix, None, Dialects::embedded().unwrap().named("scim").unwrap())
}

pub fn route(prefix: &str, host: Option<&str>, dialect: &Arc<Dialect>) -> RouteSpec {
    RouteSpec {
        name: format!("{}{prefix}", host.unwrap_or_default()),
        host: host.map(str::to_owned),
        prefix: prefix.into(),
        client: Arc::clone(dialect),
        client_vars: BTreeMap::new(),
        client_extends: Vec::new(),
        upstream: Arc::clone(dialect),
        upstream_vars: BTreeMap::new(),
        upstream_name: "up".into(),
        overlays: Vec::new(),
        group_overlays: Vec::new(),
        public_url: "http://127.0.0.1".into(),
        rules: String::new(),
        policies: Policies::default(),
    }
}

pub fn timeouts() -> Timeouts {
    Timeouts {
        connect: Duration::from_millis(500),
        idle: Duration::from_millis(500),
        call: Duration::from_secs(2),
    }
}

pub fn remote(url: &str) -> Remote {
    trusting(url, None).unwrap()
}

/// As [`remote`], with its own authorities.
pub fn trusting(url: &str, ca: Option<&Path>) -> Result<Remote, String> {
    nodes(&[url], &Care::ordinary(), ca, &observer())
}

/// One upstream of these nodes.
pub fn nodes(
    urls: &[&str],
    care: &Care,
    ca: Option<&Path>,
    observer: &Arc<dyn Observer>,
) -> Result<Remote, String> {
    let urls: Vec<_> = urls.iter().map(|url| url.parse().unwrap()).collect();
    let (name, timeouts) = ("up", &timeouts());
    let making = EndpointSettings { name, timeouts, care, certificate: None, ca, observer };
    Remote::of_nodes(&urls, 64 << 10, &making)
}

/// Ordinary care.
pub fn care() -> Arc<outbound::Resilience> {
    Arc::new(outbound::Resilience::new("up", &Care::ordinary(), observer()))
}

/// Whom nobody asks.
pub fn observer() -> Arc<dyn Observer> {
    Arc::new(Log::default())
}

/// An upstream as the configuration reads it, with these keys beside its URL. What the environment
/// holds is the name asked for.
pub fn configured(url: &str, keys: &str) -> Upstream {
    let text = format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\n[upstream.up]\ndialect = \"scim\"\n\
         url = \"{url}\"\n{keys}\n[[route]]\nprefix = \"/t\"\nclient = \"scim\"\n\
         upstream = \"up\"\nauth = \"none\"\n"
    );
    let env = |name: &str| Some(name.to_owned());
    let around = Surroundings { directory: Path::new(""), env: &env };
    let read = Config::read(&Source::new("config.toml", text), &around);
    let mut config = read.unwrap_or_else(|found| panic!("{}", found.text(false)));
    config.upstreams.remove("up").unwrap()
}

/// Who the gateway is with these keys.
pub fn identity(url: &str, keys: &str, log: &Arc<Log>) -> Arc<GatewayIdentity> {
    let observer: Arc<dyn Observer> = log.clone();
    GatewayIdentity::new(&configured(url, keys), "Bearer {token}", &observer).unwrap()
}

/// The bearer of `upstream-token`.
pub fn bearer() -> Arc<GatewayIdentity> {
    let keys = "auth = { bearer = { env = \"upstream-token\" } }";
    identity("http://127.0.0.1:1", keys, &Arc::default())
}

/// An upstream in whose calls the gateway is somebody.
pub fn signed(url: &str, identity: Arc<GatewayIdentity>) -> Authenticated {
    // A crowd that connects at once takes its time.
    let patient = Duration::from_secs(20);
    let timeouts = Timeouts { connect: patient, idle: patient, call: patient };
    let ca = tls_file("ca.pem");
    let url = url.parse().unwrap();
    let remote = Remote::new(&url, identity.certificate(), &timeouts, 64 << 10, Some(&ca));
    Authenticated::new(Arc::new(remote.unwrap()), identity)
}

/// A file of `tests/proxy/tls/`: an authority, and a certificate for `localhost` with its key. They
/// are for these tests alone.
pub fn tls_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proxy/tls").join(name)
}

/// A listener with one pair of files, that asks no client for a certificate.
pub fn listener(cert: &Path, key: &Path) -> Tls {
    let pair = CertificatePair { cert: cert.to_owned(), key: key.to_owned() };
    Tls { pair, also: Vec::new(), client_ca: None }
}

pub fn limits() -> Limits {
    Limits { body: 4096, client: Duration::from_millis(800), ..Limits::default() }
}

/// A gateway with `/t` (translated) and `/p` (pass-through) before the same upstream.
pub fn start(upstream: &str) -> Running {
    start_with(upstream, None)
}

pub fn start_with(upstream: &str, tls: Option<Tls>) -> Running {
    start_as(&[upstream], Setting { tls, ..Setting::default() })
}

/// What a gateway may have otherwise.
pub struct Setting {
    pub care: Care,
    pub limits: Limits,
    /// Requests at once on each route.
    pub requests: InFlight,
    pub tls: Option<Tls>,
}

impl Default for Setting {
    fn default() -> Self {
        let requests = InFlight::of_route();
        Self { care: Care::ordinary(), limits: limits(), requests, tls: None }
    }
}

/// As [`start`], before these nodes and with these settings.
pub fn start_as(urls: &[&str], setting: Setting) -> Running {
    let Setting { care, limits, requests, tls } = setting;
    let dialects = Dialects::embedded().unwrap();
    let plain = dialects.named("scim").unwrap();
    let places = [("/t", None), ("/p", None), ("/h", Some("tenant.example")), ("/open", None)];
    let specs = places.map(|(prefix, host)| route(prefix, host, plain)).into();
    let proof = Proof::Bearer(Sha256::digest(TOKEN).into());
    let known = callers(vec![Credential { name: "tester".into(), proof }]);
    let everybody = || Arc::new(Callers::everybody());
    let log = Arc::new(Log::default());
    let observer: Arc<dyn Observer> = log.clone();
    let remote = Arc::new(nodes(urls, &care, None, &observer).unwrap());
    let care = Arc::new(outbound::Resilience::new("up", &care, observer));
    let cared = Arc::new(outbound::Resilient::new(remote.clone(), care.clone()));
    let signed = Arc::new(Authenticated::new(cared, bearer()));
    let stream = || Handler::Stream {
        remote: remote.clone(),
        resilience: care.clone(),
        identity: Some(bearer()),
    };
    let doors = [
        ("/t", RouteEntry::new(known.clone(), Handler::Translate(signed))),
        ("/p", RouteEntry::new(known.clone(), stream())),
        ("tenant.example/h", RouteEntry::new(everybody(), stream())),
        ("/open", RouteEntry::new(everybody(), stream())),
    ];
    let doors = doors.map(|(name, door)| (name.to_owned(), door.limited(&requests)));
    launch_as(specs, HashMap::from(doors), limits, tls, log)
}

/// Who has one of these.
pub fn callers(listed: Vec<Credential>) -> Arc<Callers> {
    Arc::new(Callers::new(Auth::Listed(listed), &mut KeySets::default()).unwrap())
}

/// A gateway with these routes, each with the door of its name.
pub fn launch(
    specs: Vec<RouteSpec>,
    doors: HashMap<String, RouteEntry>,
    tls: Option<Tls>,
) -> Running {
    launch_within(specs, doors, tls, limits())
}

/// As [`launch`], within other limits.
pub fn launch_within(
    specs: Vec<RouteSpec>,
    doors: HashMap<String, RouteEntry>,
    tls: Option<Tls>,
    limits: Limits,
) -> Running {
    launch_as(specs, doors, limits, tls, Arc::default())
}

fn launch_as(
    specs: Vec<RouteSpec>,
    doors: HashMap<String, RouteEntry>,
    limits: Limits,
    tls: Option<Tls>,
    log: Arc<Log>,
) -> Running {
    let listen = free_port();
    let gateway = Gateway::new(specs, &Dialects::embedded().unwrap());
    let edge = Edge::new(gateway, doors, limits.clone(), Arc::default());
    let live = Arc::new(Live::new(edge));
    let settings = Server {
        listen: vec![listen],
        tls,
        public_url: "http://127.0.0.1".into(),
        limits,
        running: Default::default(),
    };
    let (observer, served) = (log.clone(), live.clone());
    std::thread::spawn(move || serve::serve(&settings, served, observer, Arc::default()));
    wait_for(listen);
    Running { address: listen, log, live }
}

pub fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

pub fn wait_for(address: SocketAddr) {
    for _ in 0..2_000 {
        if std::net::TcpStream::connect(address).is_ok() {
            return;
        }
        std::thread::yield_now();
        std::thread::park_timeout(Duration::from_millis(5));
    }
    panic!("nothing listens on {address}");
}

/// Sends bytes and reads until the peer closes or two seconds pass.
pub async fn send(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A peer that answers early may close before everything is written.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(4), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request with the right token that closes its connection.
pub fn request(method: &str, path: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or_else(|| panic!("{answer:?}"))
}

pub fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    answer.split("\r\n\r\n").next()?.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// An upstream that follows a script.
pub struct Scripted {
    pub url: String,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// Answers request `n` of the whole run with `answer(n)`; `None` closes the connection instead,
    /// and an answer with `Connection: close` closes it afterwards.
    pub async fn start(
        answer: impl Fn(usize, &str) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/base", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (counted, kept, answer) = (connections.clone(), requests.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(converse(stream, kept.clone(), answer.clone()));
            }
        });
        Self { url, connections, requests }
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn converse<F: Fn(usize, &str) -> Option<Vec<u8>>>(
    mut stream: TcpStream,
    kept: Arc<Mutex<Vec<String>>>,
    answer: Arc<F>,
) {
    let mut buffer = Vec::new();
    loop {
        let Some(request) = read_request(&mut stream, &mut buffer).await else { return };
        let number = {
            let mut kept = kept.lock().unwrap();
            kept.push(request.clone());
            kept.len() - 1
        };
        let Some(bytes) = answer(number, &request) else { return };
        if bytes.is_empty() {
            // Silence: the connection stays open and nothing is said.
            std::future::pending::<()>().await;
        }
        if stream.write_all(&bytes).await.is_err() || bytes.starts_with(b"HTTP/1.1 200 CUT") {
            return;
        }
        if String::from_utf8_lossy(&bytes).contains("Connection: close") {
            return;
        }
    }
}

/// One request with a Content-Length or chunked body.
pub async fn read_request(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
) -> Option<String> {
    loop {
        let text = String::from_utf8_lossy(buffer).into_owned();
        if let Some(end) = text.find("\r\n\r\n") {
            let length = header(&text, "content-length").and_then(|v| v.parse::<usize>().ok());
            let chunked = header(&text, "transfer-encoding").is_some();
            let whole = match length {
                Some(length) => (buffer.len() >= end + 4 + length).then_some(end + 4 + length),
                None if chunked => text.find("\r\n0\r\n\r\n").map(|at| at + 7),
                None => Some(end + 4),
            };
            if let Some(whole) = whole {
                let request = buffer.drain(..whole).collect::<Vec<_>>();
                return Some(String::from_utf8_lossy(&request).into_owned());
            }
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

pub fn ok(body: &str) -> Option<Vec<u8>> {
    Some(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
}
