//! Where operators come to: an address at which whoever reaches it may look, and a Unix socket of this
//! process's user. To act takes the socket, or a bearer token that the configuration knows.
//!
//! So many connections at once; for one more the one that has been silent longest is closed, so that
//! nobody's silence keeps a probe out.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::header::AUTHORIZATION;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::time::{sleep, timeout};

use super::admin::Admin;
use super::connections::Connections;
use super::who::Who;
use crate::config::{self, Operator};

/// For one request's header, and between two requests.
const IDLE: Duration = Duration::from_secs(10);
/// For one connection, whatever it does.
const LONGEST: Duration = Duration::from_secs(600);
/// How long the address may still be the process's before, in an upgrade.
const TAKEOVER: Duration = Duration::from_secs(60);
/// Between two tries.
const AGAIN: Duration = Duration::from_millis(100);

/// Why nobody is served.
#[derive(Debug)]
pub enum Unstarted {
    /// The address cannot be listened on.
    Address(SocketAddr, io::Error),
    /// The socket cannot be made.
    Socket(PathBuf, io::Error),
    /// In words.
    Other(String),
}

/// Everything that is bound, before anybody is served.
pub(super) struct Desk {
    settings: config::Admin,
    network: Option<std::net::TcpListener>,
    socket: Option<std::os::unix::net::UnixListener>,
}

/// What both ways in have in common.
struct Office {
    admin: Admin,
    operators: Vec<Operator>,
    lines: Connections,
}

impl Admin {
    /// Binds the address and the socket and serves them on a thread of its own, for as long as the
    /// process lives; tells the address, which differs where the port was 0.
    ///
    /// # Errors
    /// What cannot be bound and why, or that the thread cannot be started.
    pub fn start(self, settings: config::Admin) -> Result<SocketAddr, Unstarted> {
        let desk = Desk::bind(settings, self.life.inherits())?;
        let address = desk.address();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let other = |error: std::io::Error| Unstarted::Other(error.to_string());
        let runtime = runtime.map_err(other)?;
        let serve = move || runtime.block_on(desk.serve(self));
        let thread = std::thread::Builder::new().name("admin".to_owned()).spawn(serve);
        thread.map_err(other)?;
        Ok(address)
    }
}

impl Desk {
    /// Binds address and socket. A process that inherits the listening sockets of the one before waits
    /// for the address later.
    ///
    /// # Errors
    /// What cannot be bound, and why.
    pub fn bind(settings: config::Admin, inherits: bool) -> Result<Self, Unstarted> {
        let told = |error: io::Error| Unstarted::Address(settings.listen, error);
        let network = match std::net::TcpListener::bind(settings.listen) {
            Err(error) if error.kind() == ErrorKind::AddrInUse && inherits => None,
            bound => Some(bound.map_err(told)?),
        };
        let socket = settings.socket.as_deref().map(|path| {
            socket(path, inherits).map_err(|error| Unstarted::Socket(path.to_owned(), error))
        });
        let socket = socket.transpose()?;
        Ok(Self { settings, network, socket })
    }

    /// The address, which differs from what was asked for where its port was 0.
    pub fn address(&self) -> SocketAddr {
        let bound = self.network.as_ref().and_then(|network| network.local_addr().ok());
        bound.unwrap_or(self.settings.listen)
    }

    /// Serves for as long as the process lives.
    pub async fn serve(self, admin: Admin) {
        let Self { settings, network, socket } = self;
        let (lines, operators) = (Connections::default(), settings.operators);
        let office = Arc::new(Office { admin, operators, lines });
        if let Some(socket) = socket.and_then(|socket| UnixListener::from_std(socket).ok()) {
            tokio::spawn(by_socket(Arc::clone(&office), socket));
        }
        let taken = match network {
            Some(network) => listened(network),
            None => taken_over(settings.listen).await,
        };
        match taken {
            Ok(network) => tokio::select! {
                () = by_network(Arc::clone(&office), &network) => {}
                // The next process waits for the address.
                () = office.admin.life.handed_over() => drop(network),
            },
            Err(error) => {
                tracing::error!("no admin listener on {}: {error}", settings.listen);
            }
        }
        // Connections go on when the listening is over.
        std::future::pending().await
    }
}

async fn by_network(office: Arc<Office>, listener: &TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, from)) => office.receive(stream, Some(from.ip())),
            // Out of descriptors, mostly: let others finish first.
            Err(_) => sleep(AGAIN).await,
        }
    }
}

async fn by_socket(office: Arc<Office>, listener: UnixListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => office.receive(stream, None),
            Err(_) => sleep(AGAIN).await,
        }
    }
}

impl Office {
    /// Serves one connection on a task of its own, where there is room for it; by the socket it comes
    /// from nowhere.
    fn receive<S>(self: &Arc<Self>, stream: S, from: Option<IpAddr>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Some(number) = self.lines.room() else { return };
        let line = Line { office: Arc::clone(self), number };
        let task = tokio::spawn(converse(line, stream, from));
        self.lines.opened(number, task.abort_handle());
    }

    /// Whom a request comes from.
    fn who<B>(&self, request: &Request<B>, from: Option<IpAddr>) -> Who {
        if from.is_none() {
            return Who::Operator("socket".to_owned());
        }
        let value = request.headers().get(AUTHORIZATION).map(http::HeaderValue::as_bytes);
        let token = value.and_then(|value| value.split_at_checked("Bearer ".len()));
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "));
        let Some((_, token)) = token else { return Who::Anybody };
        let shown: [u8; 32] = Sha256::digest(token.trim_ascii()).into();
        // Each is compared, so the time tells nothing.
        let known = self.operators.iter().filter(|one| bool::from(one.sha256.ct_eq(&shown)));
        known.fold(Who::Anybody, |_, one| Who::Operator(one.name.clone()))
    }
}

async fn converse<S>(line: Line, stream: S, from: Option<IpAddr>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let line = Arc::new(line);
    let service = service_fn(move |request| {
        let line = Arc::clone(&line);
        async move {
            line.busy(true);
            let office = &line.office;
            let may_act = from.is_none() || !office.operators.is_empty();
            let who = office.who(&request, from);
            let answer = office.admin.answer(&request, from, &who, may_act).await;
            line.busy(false);
            Ok::<_, Infallible>(answer)
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(IDLE);
    // A client that breaks off or is too slow has no other answer.
    let _ = timeout(LONGEST, http.serve_connection(TokioIo::new(stream), service)).await;
}

/// One connection among them.
#[must_use = "dropped, its place is free"]
struct Line {
    office: Arc<Office>,
    number: u64,
}

impl Line {
    fn busy(&self, busy: bool) {
        self.office.lines.busy(self.number, busy);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.office.lines.closed(self.number);
    }
}

/// A socket for this process's user alone, in the place of one that nobody listens on any more.
fn socket(path: &Path, inherits: bool) -> io::Result<std::os::unix::net::UnixListener> {
    let lives = || std::os::unix::net::UnixStream::connect(path).is_ok();
    if path.exists() && !inherits && lives() {
        return Err(ErrorKind::AddrInUse.into());
    }
    // Beside it first: at its place it is never anybody else's.
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let _ = std::fs::remove_file(&beside);
    let listener = std::os::unix::net::UnixListener::bind(&beside)?;
    std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&beside, path)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn listened(listener: std::net::TcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// Waits, within bounds, until the process before lets go of the address.
async fn taken_over(address: SocketAddr) -> io::Result<TcpListener> {
    tracing::info!("the admin address is still the process's before; waiting for it");
    let bind = async {
        loop {
            match std::net::TcpListener::bind(address) {
                Err(error) if error.kind() == ErrorKind::AddrInUse => sleep(AGAIN).await,
                bound => return bound.and_then(listened),
            }
        }
    };
    timeout(TAKEOVER, bind).await.unwrap_or_else(|_| Err(ErrorKind::AddrInUse.into()))
}
