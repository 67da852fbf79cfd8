//! Configuration file -> everything that serves: what `run` and `check` have in common.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::doors::doors;
use super::gather::{Gathered, gather};
use super::kept::kept;
use super::upstreams::Upstreams;
use crate::config::{self, Config, Draft, UNUSABLE};
use crate::diagnostic::{Diagnostic, Mistakes, sort};
use crate::gateway::Gateway;
use crate::observe::{Observer, Silent};
use crate::serve::RouteEntry;

/// A configuration with its compiled routes and their doors.
pub struct Loaded {
    pub config: Config,
    pub gateway: Gateway,
    /// By the route's name.
    pub(super) doors: HashMap<String, RouteEntry>,
    pub(super) upstreams: Upstreams,
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

/// As [`load`], of what was read already, and reads also what serving does not need. Nobody is told what becomes of
/// the upstreams.
///
/// # Errors
/// As of [`load`].
pub fn load_all(draft: Draft) -> Result<Loaded, Mistakes> {
    let mut gathered = gather(draft)?;
    gathered.read_pages();
    gathered.look_at_kept();
    made(gathered, &Upstreams::new(Arc::new(Silent)))
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
