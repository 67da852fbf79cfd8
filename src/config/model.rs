//! The configuration as plain data that cannot be wrong: what `config.toml` says, with its
//! environment read and its files loaded. Knows no dialect: names are checked by [`super::build`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::admin::Admin;
use super::audit::Audit;
use super::log::Log;
use super::route::Route;
use super::server::Server;
use super::trace::Tracing;
use super::upstream::Upstream;
use crate::diagnostic::{Diagnostic, Source};

#[derive(Clone, Debug)]
pub struct Config {
    pub server: Server,
    /// Where health, version and metrics are answered; `None`: nowhere.
    pub admin: Option<Admin>,
    pub log: Log,
    /// Where writes are recorded; `None`: nowhere.
    pub audit: Option<Audit>,
    /// Where spans go; `None`: nowhere.
    pub trace: Option<Tracing>,
    /// The operator's own rules directory, laid over the embedded dialects.
    pub rules: Option<PathBuf>,
    pub upstreams: BTreeMap<String, Upstream>,
    pub routes: Vec<Route>,
    /// What is allowed and should be known.
    pub warnings: Vec<Diagnostic>,
    /// The files that the configuration was read from, for diagnostics that come later.
    pub sources: Vec<Source>,
}
