//! Configuration file -> everything that serves: what `run` and `check` have in common.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::config::model::{Mode, Target};
use crate::config::{self, Config};
use crate::diagnostic::{Diagnostic, Mistakes};
use crate::dialect::Dialects;
use crate::exchange::Upstream;
use crate::gateway::Gateway;
use crate::proxy::{Door, Remote, Signed, Way};
use crate::sandbox::{Options, Sandbox, Vendor};

/// A configuration with its dialects and compiled routes.
pub(super) struct Loaded {
    pub config: Config,
    pub gateway: Gateway,
    pub rules_hash: String,
    pub warnings: Vec<Diagnostic>,
    dialects: Dialects,
}

/// # Errors
/// All mistakes of the stage that has some: configuration, dialects, names, rules.
pub(super) fn load(path: &Path) -> Result<Loaded, Mistakes> {
    let config = Config::load(path)?;
    let dialects = match &config.rules {
        Some(directory) => Dialects::with_directory(directory),
        None => Dialects::embedded(),
    }?;
    let specs = config::specs(&config, &dialects)?;
    let gateway = Gateway::new(specs, dialects.canonical());
    let rules_hash = config::rules_hash(&config, &dialects);
    let warnings = dialects.warnings().to_vec();
    Ok(Loaded { config, gateway, rules_hash, warnings, dialects })
}

impl Loaded {
    /// One door for each route, by the route's name. Routes to one upstream share its connections.
    pub(super) fn doors(&self) -> HashMap<String, Door> {
        let ways: HashMap<&str, Ways> = self
            .config
            .upstreams
            .values()
            .filter_map(|upstream| Some((upstream.name.as_str(), self.ways(upstream)?)))
            .collect();
        let door = |route: &config::model::Route| {
            let way = match (ways.get(route.upstream.name.as_str())?, route.mode) {
                (Ways::Remote(remote), Mode::Passthrough) => Way::Stream(Arc::clone(remote)),
                (Ways::Remote(remote), Mode::Translate) => Way::Translate(Arc::clone(remote) as _),
                (Ways::Sandbox(sandbox), _) => Way::Translate(Arc::clone(sandbox)),
            };
            Some((route.label(), Door { auth: route.auth.clone(), way }))
        };
        self.config.routes.iter().filter_map(door).collect()
    }

    fn ways(&self, upstream: &config::model::Upstream) -> Option<Ways> {
        let dialect = self.dialects.named(&upstream.dialect.name)?;
        let authorization = config::authorization(upstream, dialect);
        match &upstream.target {
            Target::Remote(url) => {
                let (timeouts, limit) = (&upstream.timeouts, upstream.answer_limit);
                let remote =
                    Remote::new(url, authorization, timeouts, limit, upstream.ca.as_deref());
                remote.map(Arc::new).map(Ways::Remote)
            }
            Target::Sandbox(vendor) => {
                let vendor = Vendor::named(&vendor.name)?;
                let sandbox = Arc::new(Sandbox::new(vendor, Options::of(vendor)));
                Some(Ways::Sandbox(Arc::new(Signed::new(sandbox, authorization))))
            }
        }
    }
}

enum Ways {
    Remote(Arc<Remote>),
    Sandbox(Arc<dyn Upstream>),
}
