//! Configuration file -> everything that serves: what `run` and `check` have in common.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::config::model::{self, Mode, Target};
use crate::config::{self, Config, UNUSABLE};
use crate::diagnostic::{Diagnostic, Mistakes};
use crate::dialect::{Dialect, Dialects};
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
    pub upstreams: Upstreams,
    pub rules_hash: String,
    pub warnings: Mistakes,
}

/// # Errors
/// All mistakes of the stage that has some: configuration, dialects, names, rules, files.
pub(super) fn load(path: &Path) -> Result<Loaded, Mistakes> {
    load_over(path, &Upstreams::default())
}

/// As [`load`], and takes over the upstreams whose configuration is the same.
pub(super) fn load_over(path: &Path, before: &Upstreams) -> Result<Loaded, Mistakes> {
    let config = Config::load(path)?;
    let dialects = match &config.rules {
        Some(directory) => Dialects::with_directory(directory),
        None => Dialects::embedded(),
    }?;
    let specs = config::specs(&config, &dialects)?;
    let (doors, upstreams) = doors(&config, &dialects, before).map_err(|found| Mistakes {
        diagnostics: found.iter().map(|why| Diagnostic::error(UNUSABLE, why)).collect(),
        sources: Vec::new(),
    })?;
    let gateway = Gateway::new(specs, &dialects);
    let rules_hash = config::rules_hash(&config, &dialects);
    let warnings = Mistakes {
        diagnostics: dialects.warnings().to_vec(),
        sources: dialects.sources().to_vec(),
    };
    Ok(Loaded { config, gateway, doors, upstreams, rules_hash, warnings })
}

/// What a reload takes over. An upstream whose configuration does not change stays the same object,
/// with all that it has learned: connections, and whatever else it keeps.
#[derive(Default)]
pub(super) struct Upstreams {
    /// By name.
    made: HashMap<String, Kept>,
    /// The keys of issuers.
    sets: KeySets,
}

/// An upstream, and what it was made of.
struct Kept {
    made_of: model::Upstream,
    /// The form of the authorization, which the dialect says.
    form: String,
    reached: Reached,
}

/// An upstream that calls can be made to.
#[derive(Clone)]
enum Reached {
    Remote(Arc<Remote>),
    /// The simulator, and the way to it.
    Sandbox(Arc<Sandbox>, Arc<dyn Upstream>),
}

/// One door for each route. Routes to one upstream share its connections.
fn doors(
    config: &Config,
    dialects: &Dialects,
    before: &Upstreams,
) -> Result<(HashMap<String, Door>, Upstreams), Vec<String>> {
    let mut found: Vec<_> =
        config.server.tls.iter().filter_map(|tls| Certificates::new(tls).err()).collect();
    let mut upstreams = Upstreams { made: HashMap::new(), sets: before.sets.clone() };
    for upstream in config.upstreams.values() {
        match before.keep(upstream, dialects) {
            Ok(kept) => drop(upstreams.made.insert(upstream.name.clone(), kept)),
            Err(why) => found.push(format!("upstream `{}`: {why}", upstream.name)),
        }
    }
    let mut callers = HashMap::new();
    for route in &config.routes {
        match Callers::new(route.auth.clone(), &mut upstreams.sets) {
            Ok(known) => drop(callers.insert(route.label(), Arc::new(known))),
            Err(why) => found.push(format!("route `{}`: {why}", route.label())),
        }
    }
    let door = |route: &model::Route| {
        let way = match (&upstreams.made.get(&route.upstream.name)?.reached, route.mode) {
            (Reached::Remote(remote), Mode::Passthrough) => Way::Stream(Arc::clone(remote)),
            (Reached::Remote(remote), Mode::Translate) => Way::Translate(Arc::clone(remote) as _),
            (Reached::Sandbox(_, way), _) => Way::Translate(Arc::clone(way)),
        };
        let callers = Arc::clone(callers.get(&route.label())?);
        Some((route.label(), Door { callers, way }))
    };
    let doors = config.routes.iter().filter_map(door).collect();
    if found.is_empty() { Ok((doors, upstreams)) } else { Err(found) }
}

impl Upstreams {
    /// The upstream as it is, where nothing of it changed, else a new one.
    fn keep(&self, upstream: &model::Upstream, dialects: &Dialects) -> Result<Kept, String> {
        let dialect = dialects.named(&upstream.dialect.name);
        let form = dialect.map(|dialect| dialect.authorization.clone()).unwrap_or_default();
        let before = self.made.get(&upstream.name);
        let same = before.filter(|kept| kept.made_of == *upstream && kept.form == form);
        let reached = match same {
            Some(kept) => kept.reached.clone(),
            None => reach(upstream, dialect.map(AsRef::as_ref), before)?,
        };
        Ok(Kept { made_of: upstream.clone(), form, reached })
    }
}

/// A new way to the upstream; a simulator keeps its data also where the way to it changes.
fn reach(
    upstream: &model::Upstream,
    dialect: Option<&Dialect>,
    before: Option<&Kept>,
) -> Result<Reached, String> {
    let authorization = dialect.and_then(|dialect| config::authorization(upstream, dialect));
    match &upstream.target {
        Target::Remote(url) => {
            let (timeouts, limit) = (&upstream.timeouts, upstream.answer_limit);
            let remote = Remote::new(url, authorization, timeouts, limit, upstream.ca.as_deref())?;
            Ok(Reached::Remote(Arc::new(remote)))
        }
        Target::Sandbox(named) => {
            let vendor = Vendor::named(&named.name).ok_or("there is no such sandbox")?;
            let same = before.filter(|kept| kept.made_of.target == upstream.target);
            let sandbox = match same.map(|kept| &kept.reached) {
                Some(Reached::Sandbox(sandbox, _)) => Arc::clone(sandbox),
                _ => Arc::new(Sandbox::new(vendor, Options::of(vendor))),
            };
            let signed = Signed::new(Arc::clone(&sandbox) as _, authorization);
            Ok(Reached::Sandbox(sandbox, Arc::new(signed)))
        }
    }
}
