//! `run`: serves every route of a configuration.

use std::process::ExitCode;
use std::sync::Arc;

use arc_swap::ArcSwap;
use sha2::{Digest, Sha256};

use super::load::{Loaded, load};
use super::output::{complain, mistakes, say};
use super::reload::Reloader;
use super::taken::taken;
use super::{Format, Named};
use crate::config::model::{Auth, Proof, Route};
use crate::exchange::Shared;
use crate::gateway::RouteSpec;
use crate::ops::state::State;
use crate::ops::{Admin, Logging, Metrics, Reloads, Unstarted, Watch, log, systemd};
use crate::proxy::{self, Edge, Event, Life, Live, Observer, Stopped};

/// The token of the shipped `config.toml`. It is no secret.
const DEMO_TOKEN: &str = "demo-token";

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
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::FAILURE;
        }
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
        Err(why) => {
            complain(&why);
            return ExitCode::FAILURE;
        }
    };
    let stopped = serve(options, loaded, metrics, &log);
    if let Err(why) = &stopped {
        log.say(why);
    }
    log.finish();
    if stopped.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn serve(
    options: &Options,
    loaded: Loaded,
    metrics: Arc<Metrics>,
    log: &Arc<Logging>,
) -> Result<Stopped, String> {
    log::warnings(&loaded.warnings);
    let life = Arc::new(if options.upgrade { Life::inheriting() } else { Life::default() });
    proxy::bind(&loaded.config.server.listen, &life)
        .map_err(|(address, error)| taken("[server] listen", address, &error))?;
    let rules = Arc::new(ArcSwap::from_pointee(loaded.rules_hash.clone()));
    let (reloads, asks) = Reloads::channel();
    let shared = Arc::<Shared>::default();
    shared.wire.everywhere(loaded.config.log.wire);
    shared.safeguards.know(loaded.doors.keys().map(String::as_str));
    let kept = loaded.config.admin.as_ref().and_then(|admin| admin.state.as_deref());
    let state = kept.map(|path| State::start(path, &shared, &metrics)).transpose()?;
    let watch = Arc::new(Watch::start(&loaded.config, Arc::clone(&metrics))?);
    let observer: Arc<dyn Observer> = Arc::clone(&watch) as _;
    let Loaded { config, gateway, doors, upstreams, rules_hash, warnings: _ } = loaded;
    let invitations: Vec<_> = config
        .routes
        .iter()
        .zip(gateway.routes())
        .map(|(route, spec)| invitation(route, &spec.spec))
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
            Unstarted::Other(why) => why,
        })?;
        say(&format!("# admin: http://{bound}/healthz /readyz /version /metrics /reload /routes"));
    }
    invitations.iter().for_each(|line| say(line));
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
    systemd::watch(&life);
    let stopped = proxy::serve(&server, live, observer, life);
    watch.finish();
    stopped
}

/// A curl command that lists users through a route.
fn invitation(route: &Route, spec: &RouteSpec) -> String {
    let url = format!("{}{}", spec.public_url, users_path(spec));
    let host = spec.host.as_ref().map(|host| format!("-H 'Host: {host}' ")).unwrap_or_default();
    let token = match &route.auth {
        Auth::None => String::new(),
        Auth::Forward => "-H \"Authorization: $AUTHORIZATION\" ".to_owned(),
        Auth::Listed(known) => known.first().map_or_else(String::new, |first| shown(&first.proof)),
    };
    format!("curl {host}{token}{url}")
}

/// What curl shows for the first credential of a route.
fn shown(proof: &Proof) -> String {
    let demo: [u8; 32] = Sha256::digest(DEMO_TOKEN).into();
    match proof {
        Proof::Bearer(sha256) if *sha256 == demo => {
            format!("-H \"Authorization: Bearer {DEMO_TOKEN}\" ")
        }
        Proof::Bearer(_) | Proof::Jwt(_) => "-H \"Authorization: Bearer $TOKEN\" ".to_owned(),
        Proof::Assertion(_) => "-H \"Authorization: Bearer $ASSERTION\" ".to_owned(),
        Proof::AccessKey { project, .. } => {
            format!("-H \"Authorization: Bearer {project}:$KEY\" ")
        }
        Proof::Basic(_) => "-u \"$USER:$PASSWORD\" ".to_owned(),
        Proof::Certificate(_) => "--cert client.pem --key client-key.pem ".to_owned(),
    }
}

/// The path under which a route's clients reach its users.
pub(super) fn users_path(spec: &RouteSpec) -> String {
    let base = spec.client_vars.iter().fold(spec.client.base.clone(), |base, (name, value)| {
        base.replace(&format!("{{{name}}}"), value)
    });
    let users = spec.client.resources.iter().find(|resource| resource.schema.resource == "User");
    format!("{}{base}/{}", spec.prefix, users.map_or("", |resource| resource.path.as_str()))
}
