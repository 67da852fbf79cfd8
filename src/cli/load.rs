//! Configuration file -> everything that serves: what `run` and `check` have in common.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::config::model::{self, Mode, Target};
use crate::config::{self, Config, UNUSABLE};
use crate::diagnostic::{Diagnostic, Mistakes};
use crate::dialect::Dialects;
use crate::exchange::Upstream;
use crate::gateway::Gateway;
use crate::proxy::{Callers, Certificates, Door, KeySets, Remote, Signed, Way};
use crate::sandbox::{Options, Sandbox, Vendor};

/// A configuration with its compiled routes and their doors.
pub(super) struct Loaded {
    pub config: Config,
    pub gateway: Gateway,
    /// By the route's name.
    pub doors: HashMap<String, Door>,
    pub rules_hash: String,
    pub warnings: Mistakes,
}

/// # Errors
/// All mistakes of the stage that has some: configuration, dialects, names, rules, files.
pub(super) fn load(path: &Path) -> Result<Loaded, Mistakes> {
    let config = Config::load(path)?;
    let dialects = match &config.rules {
        Some(directory) => Dialects::with_directory(directory),
        None => Dialects::embedded(),
    }?;
    let specs = config::specs(&config, &dialects)?;
    let gateway = Gateway::new(specs, &dialects);
    let doors = doors(&config, &dialects).map_err(|found| Mistakes {
        diagnostics: found.iter().map(|why| Diagnostic::error(UNUSABLE, why)).collect(),
        sources: Vec::new(),
    })?;
    let rules_hash = config::rules_hash(&config, &dialects);
    let warnings = Mistakes {
        diagnostics: dialects.warnings().to_vec(),
        sources: dialects.sources().to_vec(),
    };
    Ok(Loaded { config, gateway, doors, rules_hash, warnings })
}

/// An upstream that calls can be made to.
enum Reached {
    Remote(Arc<Remote>),
    Sandbox(Arc<dyn Upstream>),
}

/// One door for each route. Routes to one upstream share its connections.
fn doors(config: &Config, dialects: &Dialects) -> Result<HashMap<String, Door>, Vec<String>> {
    let mut found: Vec<_> =
        config.server.tls.iter().filter_map(|tls| Certificates::new(tls).err()).collect();
    let mut reached = HashMap::new();
    for upstream in config.upstreams.values() {
        match reach(upstream, dialects) {
            Ok(way) => drop(reached.insert(upstream.name.as_str(), way)),
            Err(why) => found.push(format!("upstream `{}`: {why}", upstream.name)),
        }
    }
    let mut sets = KeySets::default();
    let mut callers = HashMap::new();
    for route in &config.routes {
        match Callers::new(route.auth.clone(), &mut sets) {
            Ok(known) => drop(callers.insert(route.label(), Arc::new(known))),
            Err(why) => found.push(format!("route `{}`: {why}", route.label())),
        }
    }
    let door = |route: &model::Route| {
        let way = match (reached.get(route.upstream.name.as_str())?, route.mode) {
            (Reached::Remote(remote), Mode::Passthrough) => Way::Stream(Arc::clone(remote)),
            (Reached::Remote(remote), Mode::Translate) => Way::Translate(Arc::clone(remote) as _),
            (Reached::Sandbox(sandbox), _) => Way::Translate(Arc::clone(sandbox)),
        };
        let callers = Arc::clone(callers.get(&route.label())?);
        Some((route.label(), Door { callers, way }))
    };
    let doors = config.routes.iter().filter_map(door).collect();
    if found.is_empty() { Ok(doors) } else { Err(found) }
}

fn reach(upstream: &model::Upstream, dialects: &Dialects) -> Result<Reached, String> {
    let dialect = dialects.named(&upstream.dialect.name);
    let authorization = dialect.and_then(|dialect| config::authorization(upstream, dialect));
    match &upstream.target {
        Target::Remote(url) => {
            let (timeouts, limit) = (&upstream.timeouts, upstream.answer_limit);
            let remote = Remote::new(url, authorization, timeouts, limit, upstream.ca.as_deref())?;
            Ok(Reached::Remote(Arc::new(remote)))
        }
        Target::Sandbox(named) => {
            let vendor = Vendor::named(&named.name).ok_or("there is no such sandbox")?;
            let sandbox = Arc::new(Sandbox::new(vendor, Options::of(vendor)));
            Ok(Reached::Sandbox(Arc::new(Signed::new(sandbox, authorization))))
        }
    }
}
