//! The configuration as plain data that cannot be wrong: what `config.toml` says, with its
//! environment read and its files loaded. Knows no dialect: names are checked by [`super::build`].

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

pub use super::admin::{Admin, Operator};
pub use super::caller::{
    Auth, ClientAssertion, Credential, Holder, Jwt, KeyPlace, KeySource, Proof,
};
use super::care::{Care, InFlight};
use super::identity::Identity;
use super::network::Network;
pub use super::record::{Audit, Kept, OnFailure};
use super::secret::Secret;
pub use super::timeouts::Timeouts;
use crate::diagnostic::{Diagnostic, Source};
use crate::gateway::rights::Rights;
use crate::gateway::route::Policies;
use crate::scim::schema::Attribute;

#[derive(Clone, Debug)]
pub struct Config {
    pub server: Server,
    /// Where health, version and metrics are answered; `None`: nowhere.
    pub admin: Option<Admin>,
    pub log: Log,
    /// Where writes are recorded; `None`: nowhere.
    pub audit: Option<Audit>,
    /// Where spans go; `None`: nowhere.
    pub trace: Option<Tracing>,
    /// The operator's own rules directory, laid over the embedded dialects.
    pub rules: Option<PathBuf>,
    pub upstreams: BTreeMap<String, Upstream>,
    pub routes: Vec<Route>,
    /// What is allowed and should be known.
    pub warnings: Vec<Diagnostic>,
    /// The files that the configuration was read from, for diagnostics that come later.
    pub sources: Vec<Source>,
}

#[derive(Clone, Debug)]
pub struct Server {
    pub listen: Vec<SocketAddr>,
    pub tls: Option<Tls>,
    /// Scheme and authority under which clients reach the gateway; no trailing slash.
    pub public_url: String,
    pub limits: Limits,
    pub running: Running,
}

impl Server {
    /// In the place of one with mistakes.
    pub(super) fn nowhere() -> Self {
        Self {
            listen: Vec::new(),
            tls: None,
            public_url: String::new(),
            limits: Limits::default(),
            running: Running::default(),
        }
    }
}

/// How the process follows changes and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Whether a change of the configuration's files is a reason to reload.
    pub watch: bool,
    /// For requests under way at the end.
    pub drain: Duration,
    /// For which connections are still taken after the signal to end.
    pub linger: Duration,
    /// Where a new process waits for the listening sockets.
    pub upgrade_socket: Option<PathBuf>,
}

impl Default for Running {
    fn default() -> Self {
        Self {
            watch: true,
            drain: Duration::from_secs(30),
            linger: Duration::from_secs(5),
            upgrade_socket: None,
        }
    }
}

/// PEM files of the listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// For every name that none of `also` is for.
    pub pair: CertificatePair,
    /// Each for the DNS names that its certificate holds.
    pub also: Vec<CertificatePair>,
    /// The authorities of clients' certificates; with it clients are asked for one.
    pub client_ca: Option<PathBuf>,
}

/// A certificate chain and its private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificatePair {
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// Bounds on what one client request may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of a request body, in bytes.
    pub body: usize,
    /// Of all request header fields together, in bytes.
    pub header: usize,
    /// Of path and query, in bytes.
    pub uri: usize,
    /// Of JSON nesting.
    pub depth: usize,
    /// Of values of one attribute in a client's body.
    pub elements: usize,
    /// For one read from or write to the client.
    pub client: Duration,
    /// Client connections at once.
    pub connections: usize,
    /// For a whole request header.
    pub header_time: Duration,
    /// For a whole request body.
    pub body_time: Duration,
    /// For a whole stream of a pass-through route.
    pub stream_time: Duration,
    /// Of a stream's answer at least, in bytes a second.
    pub stream_rate: u64,
    /// Between two requests on one connection.
    pub idle: Duration,
    /// For the whole exchange with the upstream.
    pub exchange: Duration,
    /// Wrong credentials that one address may show to one route within `attempts_window`; 0: any number.
    pub attempts: usize,
    pub attempts_window: Duration,
    /// Who says truly for whom it asks, by `X-Forwarded-For` or `Forwarded`.
    pub trusted_proxies: Vec<Network>,
    /// Whose connections begin with a header of the PROXY protocol.
    pub proxy_protocol: Vec<Network>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1 << 20,
            header: 16 << 10,
            uri: 8 << 10,
            depth: 32,
            elements: 10_000,
            client: Duration::from_secs(30),
            connections: 10_000,
            header_time: Duration::from_secs(10),
            body_time: Duration::from_secs(60),
            stream_time: Duration::from_secs(600),
            stream_rate: 1_024,
            idle: Duration::from_secs(60),
            exchange: Duration::from_secs(55),
            attempts: 30,
            attempts_window: Duration::from_secs(60),
            trusted_proxies: Vec::new(),
            proxy_protocol: Vec::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    pub format: LogFormat,
    pub level: tracing::Level,
    /// Whether every upstream call is told, without values.
    pub wire: bool,
    /// What ids of resources are hashed with; `None`: a random one in each process.
    pub id_salt: Option<Secret>,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: tracing::Level::INFO, wire: false, id_salt: None }
    }
}

/// The export of spans.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracing {
    /// The collector's base, `http` alone.
    pub otlp: Url,
    /// The share of new traces that is kept, from 0 to 1.
    pub sample: f64,
}

impl Tracing {
    pub(super) const SAMPLE: f64 = 1.0;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// A name in the configuration and where it stands, so that a later check can point at it. Two are
/// equal wherever they stand.
#[derive(Clone, Debug)]
pub struct Named {
    pub name: String,
    pub file: Arc<str>,
    pub span: Range<usize>,
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Named {}

/// Values of a dialect's variables, and where their table stands. Two are equal wherever they stand.
#[derive(Clone, Debug)]
pub struct Vars {
    pub values: BTreeMap<String, String>,
    pub file: Arc<str>,
    pub span: Range<usize>,
}

impl PartialEq for Vars {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Upstream {
    pub name: String,
    pub dialect: Named,
    pub target: Target,
    /// Whether a simulator begins with a few people.
    pub demo: bool,
    pub identity: Identity,
    /// What the gateway shows in TLS, beside its authorization.
    pub client_cert: Option<CertificatePair>,
    pub vars: Vars,
    /// Whole entries laid over the dialect's schema of users.
    pub schema: Vec<Attribute>,
    /// The form of PATCH to send, of those that the dialect offers.
    pub patch: Option<Named>,
    pub timeouts: Timeouts,
    /// Of one answer, header and body each, in bytes.
    pub answer_limit: usize,
    /// A PEM file with the authorities to trust instead of the system's.
    pub ca: Option<PathBuf>,
    /// Whether credentials may go there over plain HTTP beyond loopback.
    pub cleartext: bool,
    pub care: Care,
}

/// Where an upstream is.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// The nodes, none where the URL has a mistake, else at least one, each `http` or `https`; the path, the same of all, is put before the
    /// dialect's base.
    Remote(Vec<Url>),
    /// An embedded simulator of the named vendor.
    Sandbox(Named),
}

#[derive(Clone, Debug)]
pub struct Route {
    pub host: Option<String>,
    pub prefix: Named,
    pub client: Named,
    pub upstream: Named,
    pub overlays: Vec<Source>,
    pub client_vars: Vars,
    /// What this route's client manages beside its dialect's schema.
    pub client_extends: Vec<Attribute>,
    pub auth: Auth,
    /// What those of `auth` may do that may not do everything, by their names.
    pub rights: BTreeMap<String, Rights>,
    pub mode: Mode,
    pub limits: InFlight,
    pub policies: Policies,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Bodies are read, translated and written.
    Translate,
    /// Bodies stream through unread.
    Passthrough,
}

impl Route {
    /// Host and prefix: the route's name in logs and metrics, unique in a configuration.
    pub fn label(&self) -> String {
        let prefix = if self.prefix.name.is_empty() { "/" } else { &self.prefix.name };
        format!("{}{prefix}", self.host.as_deref().unwrap_or_default())
    }
}
