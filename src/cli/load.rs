//! Configuration file -> everything that serves: what `run` and `check` have in common.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::gather::{Gathered, gather};
use super::kept::kept;
use crate::config::{self, Auth, Config, Draft, Mode, Target, UNUSABLE};
use crate::diagnostic::{Diagnostic, Mistakes, sort};
use crate::dialect::Dialects;
use crate::exchange::Upstream;
use crate::gateway::Gateway;
use crate::inbound::{Callers, Certificates, KeySets};
use crate::observe::Observer;
use crate::outbound::{
    Authenticated, EndpointSettings, GatewayIdentity, Remote, Resilience, Resilient, UpstreamView,
};
use crate::sandbox::{Options, Sandbox, Vendor};
use crate::serve::{Handler, RouteEntry};

/// A configuration with its compiled routes and their doors.
pub(super) struct Loaded {
    pub config: Config,
    pub gateway: Gateway,
    /// By the route's name.
    pub doors: HashMap<String, RouteEntry>,
    pub upstreams: Upstreams,
    pub rules_hash: String,
    pub warnings: Mistakes,
}

/// # Errors
/// All mistakes at once: of configuration, dialects, names, rules and files, also those that are to be kept.
///
/// `observer` is told what becomes of the upstreams.
pub(super) fn load(path: &Path, observer: &Arc<dyn Observer>) -> Result<Loaded, Mistakes> {
    let mut gathered = gather(Config::draft(path)?)?;
    gathered.look_at_kept();
    made(gathered, &Upstreams::new(Arc::clone(observer)))
}

/// As [`load`] of a gateway that runs: it has its files, and takes over the upstreams whose configuration is the same.
pub(super) fn load_over(path: &Path, before: &Upstreams) -> Result<Loaded, Mistakes> {
    made(gather(Config::again(path)?)?, before)
}

/// As [`load`], of what was read already, and reads also what serving does not need.
pub(super) fn load_all(draft: Draft, observer: &Arc<dyn Observer>) -> Result<Loaded, Mistakes> {
    let mut gathered = gather(draft)?;
    gathered.read_pages();
    gathered.look_at_kept();
    made(gathered, &Upstreams::new(Arc::clone(observer)))
}

fn made(mut gathered: Gathered, before: &Upstreams) -> Result<Loaded, Mistakes> {
    let doors = gathered.doors(before);
    let warnings = gathered.found.clone();
    let (config, dialects, specs) = gathered.finish()?;
    let Some((doors, upstreams)) = doors else { return Err(warnings) };
    let gateway = Gateway::new(specs, &dialects);
    let rules_hash = config::rules_hash(&config, &dialects);
    Ok(Loaded { config, gateway, doors, upstreams, rules_hash, warnings })
}

impl Gathered {
    fn look_at_kept(&mut self) {
        self.found.diagnostics.extend(self.config.iter().flat_map(kept));
        sort(&mut self.found.diagnostics);
    }

    /// The doors, or what is wrong with the files that they are made of.
    fn doors(&mut self, before: &Upstreams) -> Option<(HashMap<String, RouteEntry>, Upstreams)> {
        match doors(self.config.as_ref()?, &self.dialects, before) {
            Ok(made) => Some(made),
            Err(found) => {
                let found = found.iter().map(|why| Diagnostic::error(UNUSABLE, why));
                self.found.diagnostics.extend(found);
                None
            }
        }
    }
}

/// What a reload takes over. An upstream whose configuration does not change stays the same object,
/// with all that it has learned: connections, tokens, and what its care knows of it.
pub(super) struct Upstreams {
    /// By name.
    made: HashMap<String, Kept>,
    /// The keys of issuers.
    sets: KeySets,
    /// Told what becomes of upstreams.
    observer: Arc<dyn Observer>,
}

/// An upstream, and what it was made of.
struct Kept {
    made_of: config::Upstream,
    /// The form of the authorization, which the dialect says.
    form: String,
    reached: Reached,
}

/// An upstream that calls can be made to, and who the gateway is there.
#[derive(Clone)]
struct Reached {
    /// With care around every call.
    calls: Arc<dyn Upstream>,
    /// The same with clients' own credentials.
    strange: Arc<dyn Upstream>,
    care: Arc<Resilience>,
    network: Network,
    identity: Arc<GatewayIdentity>,
}

#[derive(Clone)]
enum Network {
    Remote(Arc<Remote>),
    Sandbox(Arc<Sandbox>),
}

/// One door for each route. Routes to one upstream share its connections and its care.
fn doors(
    config: &Config,
    dialects: &Dialects,
    before: &Upstreams,
) -> Result<(HashMap<String, RouteEntry>, Upstreams), Vec<String>> {
    let mut found: Vec<_> =
        config.server.tls.iter().filter_map(|tls| Certificates::new(tls).err()).collect();
    let mut upstreams = Upstreams::new(Arc::clone(&before.observer));
    upstreams.sets = before.sets.successor();
    // One that has none has a mistake in its URL.
    let has_nodes = |upstream: &&config::Upstream| !matches!(&upstream.target, Target::Remote(urls) if urls.is_empty());
    for upstream in config.upstreams.values().filter(has_nodes) {
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
    let door = |route: &config::Route| {
        let Reached { calls, strange, care, network, identity } =
            &upstreams.made.get(&route.upstream.name)?.reached;
        let (calls, identity) = (Arc::clone(calls), Arc::clone(identity));
        let forwards = matches!(route.auth, Auth::Forward);
        let handler = match (network, route.mode) {
            (Network::Remote(remote), Mode::Passthrough) => {
                let identity = (!forwards).then_some(identity);
                Handler::Stream {
                    remote: Arc::clone(remote),
                    resilience: Arc::clone(care),
                    identity,
                }
            }
            _ if forwards => Handler::Forward(Arc::clone(strange)),
            _ => Handler::Translate(Arc::new(Authenticated::new(calls, identity))),
        };
        let callers = Arc::clone(callers.get(&route.label())?);
        Some((
            route.label(),
            RouteEntry::new(callers, handler).limited(&route.limits).granting(route.rights.clone()),
        ))
    };
    let doors = config.routes.iter().filter_map(door).collect();
    if found.is_empty() { Ok((doors, upstreams)) } else { Err(found) }
}

impl Upstreams {
    /// None yet; `observer` is told what becomes of those to come.
    fn new(observer: Arc<dyn Observer>) -> Self {
        Self { made: HashMap::new(), sets: KeySets::default(), observer }
    }

    /// All of them, for whoever looks at how they stand.
    pub(super) fn reached(&self) -> Vec<UpstreamView> {
        let reach = |kept: &Kept| UpstreamView {
            resilience: Arc::clone(&kept.reached.care),
            remote: match &kept.reached.network {
                Network::Remote(remote) => Some(Arc::clone(remote)),
                Network::Sandbox(_) => None,
            },
        };
        self.made.values().map(reach).collect()
    }

    /// Begins to look after files and tokens, before anything is asked of the upstreams; on the
    /// runtime that this is called within. What is looked after already goes on.
    pub(super) fn tend(&mut self) {
        for Kept { reached, .. } in self.made.values() {
            reached.identity.tend();
            if let Network::Remote(remote) = &reached.network {
                remote.tend();
            }
        }
        self.sets.tend(&self.observer);
    }

    /// The upstream as it is, where nothing of it changed, else a new one.
    fn keep(&self, upstream: &config::Upstream, dialects: &Dialects) -> Result<Kept, String> {
        let dialect = dialects.named(&upstream.dialect.name);
        let form = dialect.map(|dialect| dialect.authorization.clone()).unwrap_or_default();
        let before = self.made.get(&upstream.name);
        let same = before.filter(|kept| kept.made_of == *upstream && kept.form == form);
        let reached = match same {
            Some(kept) => kept.reached.clone().look_now()?,
            None => reach(upstream, &form, before, &self.observer)?,
        };
        Ok(Kept { made_of: upstream.clone(), form, reached })
    }
}

impl Reached {
    /// With what its files hold now: they may be other ones under the same names.
    fn look_now(self) -> Result<Self, String> {
        self.identity.look_now()?;
        if let Network::Remote(remote) = &self.network {
            remote.look_now()?;
        }
        Ok(self)
    }
}

/// A new way to the upstream; a simulator keeps its data also where the way to it changes.
fn reach(
    upstream: &config::Upstream,
    form: &str,
    before: Option<&Kept>,
    observer: &Arc<dyn Observer>,
) -> Result<Reached, String> {
    let model::Upstream { name, timeouts, answer_limit, care, ca, .. } = upstream;
    let identity = GatewayIdentity::new(upstream, form, observer)?;
    let (called, network): (Arc<dyn Upstream>, _) = match &upstream.target {
        Target::Remote(urls) => {
            let (certificate, ca) = (identity.certificate(), ca.as_deref());
            let making = EndpointSettings { name, timeouts, care, certificate, ca, observer };
            let remote = Arc::new(Remote::of_nodes(urls, *answer_limit, &making)?);
            remote.ask_as(identity.clone());
            (Arc::clone(&remote) as _, Network::Remote(remote))
        }
        Target::Sandbox(named) => {
            let vendor = Vendor::named(&named.name).ok_or("there is no such sandbox")?;
            let stands = |made_of: &config::Upstream| {
                (&made_of.target, made_of.demo) == (&upstream.target, upstream.demo)
            };
            let same = before.filter(|kept| stands(&kept.made_of));
            let sandbox = match same.map(|kept| &kept.reached.network) {
                Some(Network::Sandbox(sandbox)) => Arc::clone(sandbox),
                _ if upstream.demo => Arc::new(Sandbox::with_people(vendor)),
                _ => Arc::new(Sandbox::new(vendor, Options::of(vendor))),
            };
            (Arc::clone(&sandbox) as _, Network::Sandbox(sandbox))
        }
    };
    let care = Arc::new(Resilience::new(name, care, Arc::clone(observer)));
    let calls = Arc::new(Resilient::new(Arc::clone(&called), Arc::clone(&care)));
    let strange = Arc::new(Resilient::new(called, Arc::clone(&care)).of_strangers());
    Ok(Reached { calls, strange, care, network, identity })
}
