//! The configuration as plain data that cannot be wrong: what `config.toml` says, with its
//! environment read and its files loaded. Knows no dialect: names are checked by [`super::build`].

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::secret::Secret;
use crate::diagnostic::Source;
use crate::gateway::route::Policies;
use crate::scim::schema::Attribute;

#[derive(Clone, Debug)]
pub struct Config {
    pub server: Server,
    /// Where health, version and metrics are answered; `None`: nowhere.
    pub admin: Option<SocketAddr>,
    pub log: Log,
    /// Where writes are recorded; `None`: nowhere.
    pub audit: Option<Audit>,
    /// Where spans go; `None`: nowhere.
    pub trace: Option<Tracing>,
    /// The operator's own rules directory, laid over the embedded dialects.
    pub rules: Option<PathBuf>,
    pub upstreams: BTreeMap<String, Upstream>,
    pub routes: Vec<Route>,
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
}

/// PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
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
    /// For one read from or write to the client.
    pub client: Duration,
    /// For the whole exchange with the upstream.
    pub exchange: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1 << 20,
            header: 16 << 10,
            uri: 8 << 10,
            depth: 32,
            client: Duration::from_secs(30),
            exchange: Duration::from_secs(60),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    pub format: LogFormat,
    pub level: tracing::Level,
    /// What ids of resources are hashed with; `None`: a random one in each process.
    pub id_salt: Option<Secret>,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: tracing::Level::INFO, id_salt: None }
    }
}

/// The record of writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    pub file: PathBuf,
    /// Lines that may wait to be written.
    pub queue: usize,
}

impl Audit {
    pub(super) const QUEUE: usize = 10_000;
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

/// A name in the configuration and where it stands, so that a later check can point at it.
#[derive(Clone, Debug)]
pub struct Named {
    pub name: String,
    pub file: Arc<str>,
    pub span: Range<usize>,
}

/// Values of a dialect's variables, and where their table stands.
#[derive(Clone, Debug)]
pub struct Vars {
    pub values: BTreeMap<String, String>,
    pub file: Arc<str>,
    pub span: Range<usize>,
}

#[derive(Clone, Debug)]
pub struct Upstream {
    pub name: String,
    pub dialect: Named,
    pub target: Target,
    /// What stands for `{token}` in the dialect's authorization form; `None` sends no authorization.
    pub token: Option<Secret>,
    pub vars: Vars,
    /// Whole entries laid over the dialect's schema of users.
    pub schema: Vec<Attribute>,
    pub timeouts: Timeouts,
    /// Of one answer, header and body each, in bytes.
    pub answer_limit: usize,
    /// A PEM file with the authorities to trust instead of the system's.
    pub ca: Option<PathBuf>,
}

/// Where an upstream is.
#[derive(Clone, Debug)]
pub enum Target {
    /// `http` or `https`; its path is put before the dialect's base.
    Remote(Url),
    /// An embedded simulator of the named vendor.
    Sandbox(Named),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    pub connect: Duration,
    /// For one read or write.
    pub idle: Duration,
    /// For one whole call.
    pub call: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            idle: Duration::from_secs(30),
            call: Duration::from_secs(30),
        }
    }
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
    pub mode: Mode,
    pub policies: Policies,
}

/// Who may use a route.
#[derive(Clone, Debug)]
pub enum Auth {
    /// Everybody: only on loopback.
    None,
    Bearer(Vec<Credential>),
}

/// A bearer token by its SHA-256, with a name for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    pub name: String,
    pub sha256: [u8; 32],
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
