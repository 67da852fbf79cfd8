//! A gateway from its configuration file to its end: what is made in which order, and who is told what.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::load::{Loaded, load};
use super::reload::Reloader;
use super::taken::{address_taken, socket_taken};
use crate::config::Config;
use crate::diagnostic::Mistakes;
use crate::exchange::Shared;
use crate::gateway::Gateway;
use crate::observe::{Event, Observer, Silent};
use crate::ops::{
    Admin, Logging, Metrics, Reloads, StateFile, Unstarted, Watch, log_warnings, notify_alive,
};
use crate::serve::{self, Edge, Life, Live, Stopped};

/// Between two looks whether requests are welcome.
const LOOK: Duration = Duration::from_millis(20);

/// A gateway that is loaded and logs, and does not listen yet.
pub struct Prepared {
    path: PathBuf,
    loaded: Loaded,
    metrics: Arc<Metrics>,
    log: Arc<Logging>,
}

/// Why there is nothing to serve.
pub enum Unprepared {
    /// The configuration has mistakes.
    Mistakes(Mistakes),
    /// In words.
    Other(String),
}

/// Whoever started the gateway is told so, while it begins.
pub struct Announce {
    /// Where the admin listener is.
    pub admin: Box<dyn FnOnce(SocketAddr)>,
    /// Requests are welcome.
    pub welcome: Box<dyn FnOnce() + Send>,
}

/// Loads a configuration, and begins to log.
///
/// # Errors
/// All mistakes at once, or what cannot be begun.
pub fn prepare(path: &Path) -> Result<Prepared, Unprepared> {
    let metrics = Metrics::new().map_err(|error| Unprepared::Other(error.to_string()))?;
    let metrics = Arc::new(metrics);
    // What becomes of upstreams is counted and logged; only requests are recorded and traced.
    let upstreams: Arc<dyn Observer> = Arc::new(Watch::new(Arc::clone(&metrics)));
    let loaded = load(path, &upstreams).map_err(Unprepared::Mistakes)?;
    let log = Logging::start(&loaded.config.log, &metrics).map_err(Unprepared::Other)?;
    Ok(Prepared { path: path.to_owned(), loaded, metrics, log: Arc::new(log) })
}

/// Serves what was loaded at one address, without operators and reloads, until the process ends.
///
/// # Errors
/// A sentence, where it cannot.
pub fn serve_alone(loaded: Loaded, address: SocketAddr) -> Result<(), String> {
    let Loaded { config, gateway, doors, upstreams, .. } = loaded;
    let mut server = config.server;
    server.listen = vec![address];
    let edge = Edge::new(gateway, doors, server.limits.clone(), Arc::<Shared>::default());
    let live = Arc::new(Live::new(edge.before(upstreams.reached())));
    serve::serve(&server, live, Arc::new(Silent), Arc::<Life>::default()).map(drop)
}

impl Prepared {
    pub fn config(&self) -> &Config {
        &self.loaded.config
    }

    pub fn gateway(&self) -> &Gateway {
        &self.loaded.gateway
    }

    /// Serves until the process is told to end. `upgrade`: it takes the listening sockets of the one that serves.
    /// Why it could not is logged, too.
    ///
    /// # Errors
    /// A sentence, where it cannot serve.
    pub fn serve(self, upgrade: bool, told: Announce) -> Result<Stopped, String> {
        let log = Arc::clone(&self.log);
        let stopped = self.run(upgrade, told);
        if let Err(why) = &stopped {
            log.say(why);
        }
        log.finish();
        stopped
    }

    fn run(self, upgrade: bool, told: Announce) -> Result<Stopped, String> {
        let Self { path, loaded, metrics, log } = self;
        log_warnings(&loaded.warnings);
        let life = bind(&loaded.config, upgrade)?;
        let rules = Arc::new(ArcSwap::from_pointee(loaded.rules_hash.clone()));
        let (reloads, asks) = Reloads::channel();
        let shared = share(&loaded);
        let kept = loaded.config.admin.as_ref().and_then(|admin| admin.state.as_ref());
        let state = kept.map(|kept| StateFile::start(&kept.path, &shared, &metrics)).transpose()?;
        let watch = Arc::new(Watch::start(&loaded.config, Arc::clone(&metrics))?);
        let observer: Arc<dyn Observer> = Arc::clone(&watch) as _;
        let Loaded { config, gateway, doors, upstreams, rules_hash, warnings: _ } = loaded;
        let server = config.server.clone();
        let edge = Edge::new(gateway, doors, server.limits.clone(), Arc::clone(&shared));
        let live = Arc::new(Live::new(edge.before(upstreams.reached())));
        let admin = Admin {
            observer: Arc::clone(&observer),
            metrics,
            live: Arc::clone(&live),
            life: Arc::clone(&life),
            rules: Arc::clone(&rules),
            reloads,
            shared: Arc::clone(&shared),
            state,
        };
        if let Some(settings) = config.admin.clone() {
            (told.admin)(admin.start(settings).map_err(explain_unstarted)?);
        }
        once_welcome(told.welcome, &life).map_err(|error| format!("cannot invite: {error}"))?;
        observer.happened(&Event::Rules(rules_hash));
        let reloader = Reloader {
            path,
            config,
            upstreams,
            shared,
            live: Arc::clone(&live),
            rules,
            observer: Arc::clone(&observer),
            log,
        };
        reloader.start(asks).map_err(|error| format!("cannot reload: {error}"))?;
        notify_alive(&life);
        let stopped = serve::serve(&server, live, observer, life);
        watch.finish();
        stopped
    }
}

/// Takes the listening sockets.
fn bind(config: &Config, upgrade: bool) -> Result<Arc<Life>, String> {
    let life = Arc::new(if upgrade { Life::inheriting() } else { Life::default() });
    serve::bind(&config.server.listen, &life)
        .map_err(|(address, error)| address_taken("[server] listen", address, &error))?;
    Ok(life)
}

/// What outlives every configuration.
fn share(loaded: &Loaded) -> Arc<Shared> {
    let shared = Arc::<Shared>::default();
    shared.wire.everywhere(loaded.config.log.wire);
    shared.safeguards.know(loaded.doors.keys().map(String::as_str));
    shared
}

fn explain_unstarted(why: Unstarted) -> String {
    match why {
        Unstarted::Address(address, error) => address_taken("[admin] listen", address, &error),
        Unstarted::Socket(path, error) => socket_taken("[admin] socket", &path, &error),
        Unstarted::Other(why) => why,
    }
}

/// Tells once requests are welcome: before, who follows what is told then is refused.
fn once_welcome(told: Box<dyn FnOnce() + Send>, life: &Arc<Life>) -> io::Result<()> {
    let life = Arc::clone(life);
    let wait = move || {
        while !life.is_ready() {
            std::thread::sleep(LOOK);
        }
        told();
    };
    std::thread::Builder::new().name("invitation".to_owned()).spawn(wait).map(drop)
}
