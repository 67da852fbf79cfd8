//! The listening server: Pingora's, with its graceful end on SIGTERM and SIGINT.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

use pingora::proxy::http_proxy_service_with_name;
use pingora::server::configuration::ServerConf;
use pingora::server::{ExecutionPhase, RunArgs, Server};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::live::Live;
use super::observer::{Event, Observer};
use super::service::Service;
use super::tls::Certificates;
use crate::config::model;

/// Seconds for which exchanges under way may go on after the signal to stop.
const GRACE: u64 = 10;

/// Between two looks at the certificate files.
const LOOK: Duration = Duration::from_secs(10);

/// The server came to its ordinary end.
#[derive(Debug)]
pub struct Stopped;

/// Tries every address, so that one that is taken is told in words before Pingora starts.
///
/// # Errors
/// The first address that cannot be bound.
pub fn bind(addresses: &[SocketAddr]) -> Result<(), (SocketAddr, io::Error)> {
    for address in addresses {
        TcpListener::bind(address).map_err(|error| (*address, error))?;
    }
    Ok(())
}

/// Serves until a signal ends it. Blocks, and brings its own runtimes. `ready` is true while requests
/// are welcome.
///
/// # Errors
/// Where certificate or key cannot be used.
pub fn serve(
    settings: &model::Server,
    live: Arc<Live>,
    observer: Arc<dyn Observer>,
    ready: Arc<AtomicBool>,
) -> Result<Stopped, String> {
    let conf = ServerConf {
        threads: available_parallelism().map_or(1, usize::from),
        grace_period_seconds: Some(0),
        graceful_shutdown_timeout_seconds: Some(GRACE),
        ..ServerConf::default()
    };
    let certificates = certificates(settings, &live, &observer)?;
    let mut server = Server::new_with_opt_and_conf(None, conf);
    let service = Service { live, observer: Arc::clone(&observer) };
    let mut proxy = http_proxy_service_with_name(&server.configuration, service, "scim-gateway");
    for address in &settings.listen {
        let address = address.to_string();
        match &certificates {
            None => proxy.add_tcp(&address),
            Some(certificates) => {
                proxy.add_tls_with_settings(&address, None, certificates.settings()?);
            }
        }
    }
    server.bootstrap();
    server.add_service(proxy);
    follow(server.watch_execution_phase(), ready, observer);
    server.run(RunArgs::default());
    Ok(Stopped)
}

/// The listener's certificates, where it has some: `live` keeps them, and changed files are noticed.
fn certificates(
    settings: &model::Server,
    live: &Live,
    observer: &Arc<dyn Observer>,
) -> Result<Option<Arc<Certificates>>, String> {
    let Some(tls) = &settings.tls else { return Ok(None) };
    let certificates = Arc::new(Certificates::new(tls)?);
    live.keep(Arc::clone(&certificates));
    let (watched, observer) = (Arc::downgrade(&certificates), Arc::clone(observer));
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(LOOK);
            let Some(certificates) = watched.upgrade() else { return };
            if let Some(looked) = certificates.look() {
                observer.happened(&Event::Certificates(looked.is_ok()));
            }
        }
    });
    Ok(Some(certificates))
}

/// Keeps `ready` in step with the server's life.
fn follow(
    mut phases: Receiver<ExecutionPhase>,
    ready: Arc<AtomicBool>,
    observer: Arc<dyn Observer>,
) {
    std::thread::spawn(move || {
        loop {
            let welcome = match phases.blocking_recv() {
                Ok(ExecutionPhase::Running) => true,
                Ok(ExecutionPhase::GracefulTerminate | ExecutionPhase::ShutdownStarted) => false,
                Ok(_) | Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return,
            };
            if ready.swap(welcome, Ordering::AcqRel) != welcome {
                observer.happened(&Event::Ready(welcome));
            }
        }
    });
}
