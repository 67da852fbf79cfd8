//! `run`: serves every route of a configuration.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::invitation::invitation;
use super::load::{Loaded, load};
use super::options::{Format, Named};
use super::output::{failed, mistakes, outcome, say};
use super::reload::Reloader;
use super::taken::{socket_taken, taken};
use crate::exchange::Shared;
use crate::observe::{Event, Observer};
use crate::ops::{
    Admin, Logging, Metrics, Reloads, StateFile, Unstarted, Watch, log_warnings, notify_alive,
};
use crate::serve::{self, Edge, Life, Live, Stopped};

/// Between two looks whether requests are welcome.
const LOOK: Duration = Duration::from_millis(20);

/// What `run` can be told beside the configuration.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    named: Named,
    /// Take the listening sockets of the process that serves, once it gets SIGQUIT; it ends then.
    #[arg(long)]
    upgrade: bool,
}

pub(super) fn run(options: &Options, format: Format) -> ExitCode {
    let metrics = match Metrics::new() {
        Ok(metrics) => Arc::new(metrics),
        Err(error) => return failed(&error.to_string(), format),
    };
    // What becomes of upstreams is counted and logged; only requests are recorded and traced.
    let upstreams: Arc<dyn Observer> = Arc::new(Watch::new(Arc::clone(&metrics)));
    let loaded = match load(options.named.path(), &upstreams) {
        Ok(loaded) => loaded,
        Err(found) => {
            mistakes(&found, format);
            return ExitCode::FAILURE;
        }
    };
    let log = match Logging::start(&loaded.config.log, &metrics) {
        Ok(log) => Arc::new(log),
        Err(why) => return failed(&why, format),
    };
    let stopped = serve(options, loaded, metrics, &log);
    if let Err(why) = &stopped {
        log.say(why);
    }
    log.finish();
    // The log is on standard error.
    if let (Err(why), Format::Json) = (&stopped, format) {
        say(&outcome(Some(why)).to_string());
    }
    if stopped.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints the lines once requests are welcome: before, who follows them is refused.
fn invite(lines: Vec<String>, life: &Arc<Life>) -> std::io::Result<()> {
    let life = Arc::clone(life);
    let invite = move || {
        while !life.is_ready() {
            std::thread::sleep(LOOK);
        }
        lines.iter().for_each(|line| say(line));
    };
    std::thread::Builder::new().name("invitation".to_owned()).spawn(invite).map(drop)
}

fn serve(
    options: &Options,
    loaded: Loaded,
    metrics: Arc<Metrics>,
    log: &Arc<Logging>,
) -> Result<Stopped, String> {
    log_warnings(&loaded.warnings);
    let life = Arc::new(if options.upgrade { Life::inheriting() } else { Life::default() });
    serve::bind(&loaded.config.server.listen, &life)
        .map_err(|(address, error)| taken("[server] listen", address, &error))?;
    let rules = Arc::new(ArcSwap::from_pointee(loaded.rules_hash.clone()));
    let (reloads, asks) = Reloads::channel();
    let shared = Arc::<Shared>::default();
    shared.wire.everywhere(loaded.config.log.wire);
    shared.safeguards.know(loaded.doors.keys().map(String::as_str));
    let kept = loaded.config.admin.as_ref().and_then(|admin| admin.state.as_ref());
    let state = kept.map(|kept| StateFile::start(&kept.path, &shared, &metrics)).transpose()?;
    let watch = Arc::new(Watch::start(&loaded.config, Arc::clone(&metrics))?);
    let observer: Arc<dyn Observer> = Arc::clone(&watch) as _;
    let Loaded { config, gateway, doors, upstreams, rules_hash, warnings: _ } = loaded;
    let invitations: Vec<_> = config
        .routes
        .iter()
        .zip(gateway.routes())
        .flat_map(|(route, made)| {
            invitation(route, config.upstreams.get(&route.upstream.name), made)
        })
        .collect();
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
        let bound = admin.start(settings).map_err(|why| match why {
            Unstarted::Address(address, error) => taken("[admin] listen", address, &error),
            Unstarted::Socket(path, error) => socket_taken("[admin] socket", &path, &error),
            Unstarted::Other(why) => why,
        })?;
        say(&format!("# admin: http://{bound}/healthz /readyz /version /metrics /reload /routes"));
    }
    invite(invitations, &life).map_err(|error| format!("cannot invite: {error}"))?;
    observer.happened(&Event::Rules(rules_hash));
    let reloader = Reloader {
        path: options.named.path().to_owned(),
        config,
        upstreams,
        shared,
        live: Arc::clone(&live),
        rules,
        observer: Arc::clone(&observer),
        log: Arc::clone(log),
    };
    reloader.start(asks).map_err(|error| format!("cannot reload: {error}"))?;
    notify_alive(&life);
    let stopped = serve::serve(&server, live, observer, life);
    watch.finish();
    stopped
}
