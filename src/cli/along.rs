//! Which route a verb is about: one of a configuration, or two dialects named on the command line.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use super::options::{Configured, Format};
use super::output::{mistakes, misused};
use crate::app::inspect;
use crate::config::Mode;
use crate::diagnostic::{Mistakes, Source, any_error, did_you_mean};
use crate::dialect::{Dialect, Dialects};
use crate::gateway::route::Policies;
use crate::gateway::{Gateway, Route, RouteSpec};
use crate::rewrite::rule::Rules;

#[derive(Debug, clap::Args)]
pub(super) struct Along {
    #[command(flatten)]
    configured: Configured,
    /// The route of the configuration, by its prefix, as `check` lists it.
    ///
    /// Not needed where the configuration has one route.
    #[arg(long, short, value_name = "ROUTE", conflicts_with_all = ["from", "to"])]
    route: Option<String>,
    /// The client's dialect: instead of a route, together with --to.
    #[arg(long, value_name = "DIALECT", requires = "to")]
    from: Option<String>,
    /// The upstream's dialect: instead of a route, together with --from.
    #[arg(long, value_name = "DIALECT", requires = "from")]
    to: Option<String>,
    /// An overlay over the upstream's dialect (with --to); may be given several times.
    #[arg(long, value_name = "FILE", requires = "to")]
    overlay: Vec<PathBuf>,
    /// A variable of either dialect (with --to); may be given several times.
    #[arg(long = "var", value_name = "NAME=VALUE", requires = "to", value_parser = variable)]
    vars: Vec<(String, String)>,
}

/// A route, and how it is served.
pub(super) struct Chosen {
    pub route: Arc<Route>,
    pub mode: Mode,
}

/// Why there is no route to speak of.
pub(super) enum Unchosen {
    Usage(String),
    Mistakes(Mistakes),
}

impl Along {
    /// The one route that is meant.
    pub fn one(&self) -> Result<Chosen, Unchosen> {
        let mut all = self.all()?;
        match (all.pop(), all.is_empty()) {
            (Some(only), true) => Ok(only),
            (None, _) => Err(Unchosen::Usage("the configuration has no route".to_owned())),
            (Some(last), false) => {
                all.push(last);
                let names: Vec<&str> = all.iter().map(|c| c.route.spec.name.as_str()).collect();
                let names = names.join(", ");
                Err(Unchosen::Usage(format!("name the route with --route, one of: {names}")))
            }
        }
    }

    /// The route that is meant, or all of the configuration's where none is named.
    pub fn all(&self) -> Result<Vec<Chosen>, Unchosen> {
        if let (Some(from), Some(to)) = (&self.from, &self.to) {
            return Ok(vec![self.between(from, to)?]);
        }
        let mut all = configured(&self.configured)?;
        let Some(wanted) = &self.route else { return Ok(all) };
        let names: Vec<String> = all.iter().map(|c| c.route.spec.name.clone()).collect();
        all.retain(|chosen| chosen.route.spec.name.eq_ignore_ascii_case(wanted));
        if all.is_empty() {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            return Err(Unchosen::Usage(absent("route", wanted, &route_like(wanted), &names)));
        }
        Ok(all)
    }

    /// A route between two dialects with the default policies.
    fn between(&self, from: &str, to: &str) -> Result<Chosen, Unchosen> {
        let dialects = Dialects::embedded().map_err(Unchosen::Mistakes)?;
        let (client, upstream) = (dialect(&dialects, from)?, dialect(&dialects, to)?);
        let of = |dialect: &Dialect| -> BTreeMap<String, String> {
            let known = |name: &String| dialect.variables.iter().any(|(known, _)| known == name);
            self.vars.iter().filter(|(name, _)| known(name)).cloned().collect()
        };
        let (client_vars, upstream_vars) = (of(&client), of(&upstream));
        for (name, _) in &self.vars {
            if !client_vars.contains_key(name) && !upstream_vars.contains_key(name) {
                let message = format!("neither dialect has a variable `{name}`");
                return Err(Unchosen::Usage(message));
            }
        }
        let overlays = self
            .overlay
            .iter()
            .map(|file| overlay(&dialects, file, to))
            .collect::<Result<_, _>>()?;
        let spec = RouteSpec {
            name: format!("/{from}/{to}"),
            host: None,
            prefix: format!("/{from}/{to}"),
            client,
            client_vars,
            client_extends: Vec::new(),
            upstream,
            upstream_vars,
            upstream_name: to.to_owned(),
            overlays,
            group_overlays: Vec::new(),
            public_url: "https://gateway.example".to_owned(),
            rules: String::new(),
            policies: Policies::default(),
        };
        let gateway = Gateway::new(vec![spec], &dialects);
        let route = gateway.routes().first().map(Arc::clone);
        let route = route.ok_or_else(|| Unchosen::Usage("there is no route".to_owned()))?;
        Ok(Chosen { route, mode: Mode::Translate })
    }
}

impl Unchosen {
    /// Says why, and what the program exits with.
    pub fn tell(self, format: Format) -> ExitCode {
        match self {
            Self::Usage(message) => misused(&message, format),
            Self::Mistakes(found) => {
                mistakes(&found, format);
                ExitCode::FAILURE
            }
        }
    }
}

fn configured(configured: &Configured) -> Result<Vec<Chosen>, Unchosen> {
    let (config, gateway) = inspect(&configured.config).map_err(Unchosen::Mistakes)?;
    let routes = gateway.routes().iter().zip(&config.routes);
    Ok(routes.map(|(route, of)| Chosen { route: Arc::clone(route), mode: of.mode }).collect())
}

fn dialect(dialects: &Dialects, name: &str) -> Result<Arc<Dialect>, Unchosen> {
    dialects.named(name).map(Arc::clone).ok_or_else(|| {
        Unchosen::Usage(absent("dialect", name, name, &dialects.names().collect::<Vec<_>>()))
    })
}

/// A route's name as it was probably meant: one begins with a slash, and has none at its end.
fn route_like(wanted: &str) -> String {
    format!("/{}", wanted.trim_matches('/'))
}

/// That something is not there, with what was probably meant, or else with all that are.
fn absent(what: &str, wanted: &str, like: &str, names: &[&str]) -> String {
    match did_you_mean(like, names.iter().copied()) {
        Some(meant) => format!("there is no {what} `{wanted}`: did you mean `{meant}`?"),
        None => format!("there is no {what} `{wanted}`; there are: {}", names.join(", ")),
    }
}

fn overlay(dialects: &Dialects, file: &PathBuf, to: &str) -> Result<Rules, Unchosen> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Unchosen::Usage(format!("{name} cannot be read: {}", error.kind())))?;
    let source = Source::new(name.as_str(), text);
    let (overlay, found) = dialects.overlay(&source);
    if any_error(&found) {
        return Err(Unchosen::Mistakes(Mistakes { diagnostics: found, sources: vec![source] }));
    }
    if overlay.dialect != to {
        let message = format!("{name} lies over the dialect `{}`, not `{to}`", overlay.dialect);
        return Err(Unchosen::Usage(message));
    }
    Ok(overlay.rules)
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
