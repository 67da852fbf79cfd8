//! The upstreams that calls can be made to, and what a reload takes over of them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::{self, Target};
use crate::dialect::Dialects;
use crate::exchange::Upstream;
use crate::inbound::KeySets;
use crate::observe::Observer;
use crate::outbound::{
    EndpointSettings, GatewayIdentity, Remote, Resilience, Resilient, UpstreamView,
};
use crate::sandbox::{Options, Sandbox, Vendor};

/// What a reload takes over. An upstream whose configuration does not change stays the same object,
/// with all that it has learned: connections, tokens, and what its care knows of it.
pub(super) struct Upstreams {
    /// By name.
    pub(super) made: HashMap<String, KeptUpstream>,
    /// The keys of issuers.
    pub(super) sets: KeySets,
    /// Told what becomes of upstreams.
    observer: Arc<dyn Observer>,
}

/// An upstream, and what it was made of.
pub(super) struct KeptUpstream {
    made_of: config::Upstream,
    /// The form of the authorization, which the dialect says.
    form: String,
    pub reached: Reached,
}

/// An upstream that calls can be made to, and who the gateway is there.
#[derive(Clone)]
pub(super) struct Reached {
    /// With care around every call.
    pub calls: Arc<dyn Upstream>,
    /// The same with clients' own credentials.
    pub strange: Arc<dyn Upstream>,
    pub care: Arc<Resilience>,
    pub network: Network,
    pub identity: Arc<GatewayIdentity>,
}

#[derive(Clone)]
pub(super) enum Network {
    Remote(Arc<Remote>),
    Sandbox(Arc<Sandbox>),
}

impl Upstreams {
    /// None yet; `observer` is told what becomes of those to come.
    pub fn new(observer: Arc<dyn Observer>) -> Self {
        Self { made: HashMap::new(), sets: KeySets::default(), observer }
    }

    /// For the configuration that comes after: none yet, with the keys of issuers that these know.
    pub fn successor(&self) -> Self {
        Self { sets: self.sets.successor(), ..Self::new(Arc::clone(&self.observer)) }
    }

    /// All of them, for whoever looks at how they stand.
    pub fn reached(&self) -> Vec<UpstreamView> {
        let reach = |kept: &KeptUpstream| UpstreamView {
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
    pub fn tend(&mut self) {
        for KeptUpstream { reached, .. } in self.made.values() {
            reached.identity.tend();
            if let Network::Remote(remote) = &reached.network {
                remote.tend();
            }
        }
        self.sets.tend(&self.observer);
    }

    /// The upstream as it is, where nothing of it changed, else a new one.
    pub fn keep(
        &self,
        upstream: &config::Upstream,
        dialects: &Dialects,
    ) -> Result<KeptUpstream, String> {
        let dialect = dialects.named(&upstream.dialect.name);
        let form = dialect.map(|dialect| dialect.authorization.clone()).unwrap_or_default();
        let before = self.made.get(&upstream.name);
        let same = before.filter(|kept| kept.made_of == *upstream && kept.form == form);
        let reached = match same {
            Some(kept) => kept.reached.clone().look_now()?,
            None => reach(upstream, &form, before, &self.observer)?,
        };
        Ok(KeptUpstream { made_of: upstream.clone(), form, reached })
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
    before: Option<&KeptUpstream>,
    observer: &Arc<dyn Observer>,
) -> Result<Reached, String> {
    let config::Upstream { name, timeouts, answer_limit, care, ca, .. } = upstream;
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
