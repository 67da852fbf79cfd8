//! `run`: serves every route of a configuration.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::Format;
use super::load::{Loaded, load};
use super::output::{complain, mistakes, say};
use crate::config::model::{Auth, Proof, Route};
use crate::gateway::RouteSpec;
use crate::ops::{Admin, Metrics, Watch, log};
use crate::proxy::{self, Edge, Live, Stopped};

/// The token of the shipped `config.toml`. It is no secret.
const DEMO_TOKEN: &str = "demo-token";

pub(super) fn run(config: &Path, format: Format) -> ExitCode {
    let loaded = match load(config) {
        Ok(loaded) => loaded,
        Err(found) => {
            mistakes(&found, format);
            return ExitCode::FAILURE;
        }
    };
    match serve(loaded) {
        Ok(Stopped) => ExitCode::SUCCESS,
        Err(why) => {
            complain(&why);
            ExitCode::FAILURE
        }
    }
}

fn serve(loaded: Loaded) -> Result<Stopped, String> {
    log::start(&loaded.config.log);
    let taken = |(address, error)| format!("cannot listen on {address}: {error}");
    proxy::bind(&loaded.config.server.listen).map_err(taken)?;
    let metrics = Arc::new(Metrics::new().map_err(|error| error.to_string())?);
    let ready = Arc::default();
    let admin = Admin {
        metrics: Arc::clone(&metrics),
        ready: Arc::clone(&ready),
        rules_hash: loaded.rules_hash.clone(),
    };
    if let Some(address) = loaded.config.admin {
        let bound = admin.start(address).map_err(|error| taken((address, error)))?;
        say(&format!("# admin: http://{bound}/healthz /readyz /version /metrics"));
    }
    for (route, spec) in loaded.config.routes.iter().zip(loaded.gateway.routes()) {
        say(&invitation(route, &spec.spec));
    }
    let Loaded { config, gateway, doors, .. } = loaded;
    let edge = Edge::new(gateway, doors, config.server.limits.clone(), Arc::default());
    let watch = Arc::new(Watch::start(&config, metrics)?);
    let observer = Arc::clone(&watch);
    let stopped = proxy::serve(&config.server, Arc::new(Live::new(edge)), observer, ready);
    watch.finish();
    stopped
}

/// A curl command that lists users through a route.
fn invitation(route: &Route, spec: &RouteSpec) -> String {
    let url = format!("{}{}", spec.public_url, users_path(spec));
    let host = spec.host.as_ref().map(|host| format!("-H 'Host: {host}' ")).unwrap_or_default();
    let token = match &route.auth {
        Auth::None => String::new(),
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
