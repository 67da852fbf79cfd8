//! A configuration with the dialects and the routes that it names, and all mistakes of all of them at
//! once: no stage that has mistakes hides those of the next.
//!
//! It opens no socket and looks at no certificate.

use std::path::Path;

use crate::config::{self, Config, Draft};
use crate::diagnostic::{Mistakes, any_error, sort};
use crate::dialect::Dialects;
use crate::dialect::cases::cases;
use crate::gateway::{Gateway, RouteSpec};

/// What a configuration says, as far as it can be used.
pub(super) struct Gathered {
    /// `None` where the file is not TOML.
    pub config: Option<Config>,
    pub dialects: Dialects,
    /// In the configuration's order; where there is no mistake, one for each route.
    pub specs: Vec<RouteSpec>,
    /// Warnings too.
    pub found: Mistakes,
}

/// # Errors
/// Where the embedded dialects themselves cannot be read.
pub(super) fn gather(draft: Draft) -> Result<Gathered, Mistakes> {
    let Draft { config, dialects: named, found, sources } = draft;
    // One that is not there is told already, with its place.
    let directory = config.as_ref().and_then(|config| config.rules.as_deref());
    let (dialects, wrong) = Dialects::draft(directory.filter(|directory| directory.is_dir()))?;
    let mut found = Mistakes { diagnostics: found, sources };
    found.extend(wrong);
    let mut specs = Vec::new();
    if let Some(config) = &config {
        let (composed, wrong) = config::compose(config, &named, &dialects);
        found.extend(wrong);
        specs = composed;
    }
    sort(&mut found.diagnostics);
    Ok(Gathered { config, dialects, specs, found })
}

impl Gathered {
    /// Reads the dialects' pages (`cases.md`) too, which serving does not need.
    pub(super) fn read_pages(&mut self) {
        let pages = self.dialects.sources().iter().filter(|s| s.name.ends_with("/cases.md"));
        for page in pages {
            let (_, diagnostics) = cases(page);
            self.found.extend(Mistakes { diagnostics, sources: vec![page.clone()] });
        }
        sort(&mut self.found.diagnostics);
    }

    /// The configuration, its dialects and its routes, where they have no mistake.
    ///
    /// # Errors
    /// All mistakes at once.
    pub(super) fn finish(self) -> Result<(Config, Dialects, Vec<RouteSpec>), Mistakes> {
        match self.config {
            Some(config) if !any_error(&self.found.diagnostics) => {
                Ok((config, self.dialects, self.specs))
            }
            _ => Err(self.found),
        }
    }
}

/// A configuration and its compiled routes, of a file that nothing is served from: a secret that the environment
/// lacks is no mistake.
///
/// # Errors
/// All mistakes at once.
pub fn inspect(path: &Path) -> Result<(Config, Gateway), Mistakes> {
    let (config, dialects, specs) = gather(Config::inspect(path)?)?.finish()?;
    Ok((config, Gateway::new(specs, &dialects)))
}
