//! The listening server: Pingora's, with its graceful end and its hand-over to a new process.
//!
//! Pingora's own grace is a fixed sleep after which everything is cut off. Here the process ends as
//! soon as nothing is under way, and that sleep is the bound.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, sync_channel};
use std::thread::{JoinHandle, available_parallelism};
use std::time::{Duration, Instant};

use pingora::listeners::{L4BufferSettings, ListenerConfig};
use pingora::prelude::Opt;
use pingora::proxy::http_proxy;
use pingora::server::configuration::ServerConf;
use pingora::server::{ExecutionPhase, Fds, RunArgs, Server};
use pingora::services::listening;
use tokio::net::TcpSocket;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::enter::Entrance;
use super::heart::Living;
use super::life::{Life, Stage};
use super::live::Live;
use super::service::Service;
use super::signals::Signals;
use crate::config;
use crate::inbound::{Certificates, Connections, HEARING, tls_settings};
use crate::material::LOOK as EACH;
use crate::observe::{Event, Observer};

/// For the addresses to be listened on.
const PATIENCE: Duration = Duration::from_secs(60);
/// Of each client connection's buffers, in bytes: a header is mostly read at once, and an answer
/// written.
const READ: usize = 4 << 10;
const WRITE: usize = 16 << 10;
/// How long Pingora waits for the sockets of the process before, in seconds.
const HANDING: u8 = 6;
/// Between two looks at what is waited for.
const LOOK: Duration = Duration::from_millis(20);

/// The server came to its ordinary end.
#[derive(Debug)]
pub struct Stopped;

/// Tries every address, so that one that is taken is told in words before Pingora starts. To a process
/// that inherits its sockets, an address in use is the one before's.
///
/// # Errors
/// The first address that cannot be bound.
pub fn bind(addresses: &[SocketAddr], life: &Life) -> Result<(), (SocketAddr, io::Error)> {
    for address in addresses {
        match TcpListener::bind(address) {
            Err(error) if error.kind() == ErrorKind::AddrInUse && life.inherits() => {}
            Err(error) => return Err((*address, error)),
            Ok(_) => {}
        }
    }
    Ok(())
}

/// Serves until a signal ends it, and what was under way then is done or out of time. Blocks, and
/// brings its own runtimes.
///
/// # Errors
/// Where certificate or key cannot be used, the upgrade socket cannot be made, or the listening ends
/// by itself.
pub fn serve(
    settings: &config::Server,
    live: Arc<Live>,
    observer: Arc<dyn Observer>,
    life: Arc<Life>,
) -> Result<Stopped, String> {
    let config::Running { drain, linger, upgrade_socket, .. } = &settings.running;
    let mut conf = ServerConf {
        threads: available_parallelism().map_or(1, usize::from),
        grace_period_seconds: Some(drain.as_secs().max(1)),
        graceful_shutdown_timeout_seconds: Some(1),
        ..ServerConf::default()
    };
    if let Some(path) = upgrade_socket {
        conf.upgrade_sock = path.to_string_lossy().into_owned();
    }
    if life.inherits() {
        try_socket(upgrade_socket.as_deref())?;
    }
    let mut server = Server::new_with_opt_and_conf(Opt::default(), conf);
    let certificates = certificates(settings, &live, &observer)?;
    let service = Service {
        entrance: Entrance { live: Arc::clone(&live), observer: Arc::clone(&observer) },
        life: Arc::clone(&life),
    };
    let proxy = http_proxy(&server.configuration, service);
    let tls = certificates.as_ref().map(tls_settings).transpose()?;
    let open = Arc::clone(&live.connections);
    let connections = Connections::new(proxy, tls, live, open, Arc::clone(&observer));
    let mut proxy = listening::Service::new("scim-gateway".to_owned(), connections);
    for address in &settings.listen {
        let buffers = L4BufferSettings::new(READ, WRITE);
        proxy.add_listener(ListenerConfig::tcp(address.to_string()).l4_buffer(buffers));
    }
    server.bootstrap();
    let inherited = upgrade_socket.as_deref().filter(|_| life.inherits());
    let inherited = inherited.map(|path| inherited_at(path, &settings.listen)).transpose()?;
    server.add_service(Living { service: proxy, life: Arc::clone(&life), inherited });
    let (heard, hears) = sync_channel(1);
    let signals = Signals {
        life: Arc::clone(&life),
        observer: Arc::clone(&observer),
        linger: *linger,
        upgrade_socket: upgrade_socket.clone(),
        heard,
    };
    let phases = server.watch_execution_phase();
    let running = std::thread::Builder::new()
        .name("server".to_owned())
        .spawn(move || server.run(RunArgs { shutdown_signal: Box::new(signals) }))
        .map_err(|error| format!("the server cannot be started: {error}"))?;
    follow(phases, &hears, &settings.listen, &life, &*observer);
    drain_out(&life, running)
}

/// The listener's certificates, where it has some: `live` keeps them, and changed files are noticed.
fn certificates(
    settings: &config::Server,
    live: &Live,
    observer: &Arc<dyn Observer>,
) -> Result<Option<Arc<Certificates>>, String> {
    let Some(tls) = &settings.tls else { return Ok(None) };
    let certificates = Arc::new(Certificates::new(tls)?);
    live.keep(Arc::clone(&certificates));
    let (watched, observer) = (Arc::downgrade(&certificates), Arc::clone(observer));
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(EACH);
            let Some(certificates) = watched.upgrade() else { return };
            if let Some(looked) = certificates.look() {
                observer.happened(&Event::Certificates(looked));
            }
        }
    });
    Ok(Some(certificates))
}

/// Makes the upgrade socket and takes it away again: Pingora panics where it cannot be made.
fn try_socket(path: Option<&Path>) -> Result<(), String> {
    let path = path.ok_or(
        "an upgrade needs `upgrade_socket` in [server]: in the configuration of \
                           the process that serves, too",
    )?;
    let _ = std::fs::remove_file(path);
    UnixListener::bind(path)
        .and_then(|_| std::fs::remove_file(path))
        .map_err(|error| format!("the upgrade socket {}: {error}", path.display()))
}

/// The listening sockets of the process that serves, as soon as it hands them over. Pingora's own way would end the
/// process where nobody does, and say nothing.
fn inherited_at(path: &Path, addresses: &[SocketAddr]) -> Result<Fds, String> {
    let mut inherited = Fds::new();
    let name = path.to_string_lossy();
    inherited.get_from_sock(&*name).map_err(|error| {
        format!(
            "nobody handed over its sockets at {name} within {HANDING} s ({error}): send SIGQUIT to the process \
             that serves, with the same upgrade_socket in its [server], once this one has begun"
        )
    })?;
    // One that is no longer listened on would take connections and answer none.
    inherited.close_unclaimed(&addresses.iter().map(ToString::to_string).collect());
    Ok(inherited)
}

/// Keeps `life` in step with the server's until it ends.
fn follow(
    mut phases: Receiver<ExecutionPhase>,
    hears: &mpsc::Receiver<()>,
    addresses: &[SocketAddr],
    life: &Life,
    observer: &dyn Observer,
) {
    loop {
        let (stage, last) = match phases.blocking_recv() {
            Ok(ExecutionPhase::Running) => {
                wait_for(addresses);
                // Whoever is told that this process serves may end it.
                let _ = hears.recv_timeout(PATIENCE);
                (Stage::Serving, false)
            }
            Ok(ExecutionPhase::GracefulUpgradeCloseTimeout) => (Stage::HandedOver, false),
            Ok(ExecutionPhase::GracefulTerminate) => (Stage::Ending, false),
            Ok(ExecutionPhase::ShutdownStarted) | Err(RecvError::Closed) => (Stage::Ending, true),
            Ok(_) | Err(RecvError::Lagged(_)) => continue,
        };
        if life.enter(stage) {
            observer.happened(&Event::Ready(life.is_ready()));
        }
        if last {
            return;
        }
    }
}

/// Waits until the addresses are listened on: Pingora says that it runs before.
fn wait_for(addresses: &[SocketAddr]) {
    let until = Instant::now() + PATIENCE;
    while !addresses.iter().all(is_listened_on) && Instant::now() < until {
        std::thread::sleep(LOOK);
    }
}

/// Whether a socket listens there: an address can be shared with one that does not (SO_REUSEADDR of
/// socket(7)), so trying disturbs nobody.
fn is_listened_on(address: &SocketAddr) -> bool {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let bound = socket.and_then(|socket| {
        socket.set_reuseaddr(true)?;
        socket.bind(*address)
    });
    bound.is_err()
}

/// Waits until nothing has been under way for a while, or the server has ended by itself.
fn drain_out(life: &Life, running: JoinHandle<()>) -> Result<Stopped, String> {
    let mut quiet = Duration::ZERO;
    while quiet <= HEARING {
        if running.is_finished() {
            return match running.join() {
                Ok(()) => Ok(Stopped),
                Err(_) => Err("the server ended by itself".to_owned()),
            };
        }
        std::thread::sleep(LOOK);
        quiet = if life.underway() == 0 { quiet + LOOK } else { Duration::ZERO };
    }
    Ok(Stopped)
}
