//! The whole file: its sections, and what only several of them together can be wrong about.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::Surroundings;
use super::auth::Place;
use super::code::{FORWARD, NO_UPSTREAM, NOTHING, PASSTHROUGH, TWICE, UNUSED};
use super::identity::Identity;
use super::model::{Auth, Config, Mode, Named, Route, Server, Target, Upstream};
use super::{admin, cleartext, route, server, upstream, value, watch};
use crate::diagnostic::Clause;
use crate::diagnostic::toml::{Item, Reader, Table};
use crate::diagnostic::{Code, Diagnostic, Mistakes, Source, any_error, did_you_mean};

/// Why a file of another encoding is not read, and what helps.
pub const NOT_UTF8: &str = "it is not UTF-8";
pub const AS_UTF8: &str = "save it as UTF-8";

/// What a file says, mistakes or not.
#[derive(Debug)]
pub struct Draft {
    /// `None` where the file is not TOML. With an error among `found` it serves nothing, and what has a
    /// mistake stands in it as if it let nobody in and led nowhere, so that the rest can be looked at.
    pub config: Option<Config>,
    /// Every dialect that is named, also in a table with mistakes.
    pub dialects: Vec<Named>,
    pub found: Vec<Diagnostic>,
    /// The file, for diagnostics.
    pub sources: Vec<Source>,
}

impl Draft {
    /// The configuration, where it has no mistake.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn finish(self) -> Result<Config, Mistakes> {
        match self.config {
            Some(config) if !any_error(&self.found) => {
                Ok(Config { warnings: self.found, ..config })
            }
            _ => Err(Mistakes { diagnostics: self.found, sources: self.sources }),
        }
    }
}

pub(super) fn draft(source: &Source, around: &Surroundings<'_>) -> Draft {
    let reader = Reader::new(source);
    let document = reader.document();
    let mut dialects = Vec::new();
    let config =
        document.as_ref().map(|document| root(reader.root(document), around, &mut dialects));
    let sources = vec![reader.shown()];
    Draft { config, dialects, found: reader.finish(), sources }
}

fn root(root: Table<'_>, around: &Surroundings<'_>, dialects: &mut Vec<Named>) -> Config {
    let reader = root.reader();
    let server = root.need("server").and_then(Item::table);
    let server = server.and_then(|table| server::server(table, around.directory));
    let admin = root.table("admin");
    let admin = admin.and_then(|table| admin::admin(table, around.directory));
    let log = root.table("log").map(|table| watch::log(table, around));
    let audit = root.table("audit").and_then(|table| watch::audit(table, around));
    let trace = root.table("trace").and_then(watch::trace);
    let rules = root.item("rules").and_then(|item| value::folder(item, around.directory));
    let (names, mut upstreams) = upstreams(&root, around, dialects);
    let place = Place::of(server.as_ref());
    let limits = server.as_ref().map(|server| server.limits.clone()).unwrap_or_default();
    // No call goes on beyond its exchange, and who is slow is known by the call's own time.
    for upstream in upstreams.values_mut() {
        upstream.timeouts.within(limits.exchange);
    }
    let tables = root.item("route");
    tables.into_iter().for_each(|item| item.may_hold(1, usize::MAX));
    root.demand(Clause::Some(&["route"]));
    let tables = root.tables("route");
    if tables.is_empty() {
        let message = "there is no [[route]]: nothing would be served";
        reader.report(reader.mistake(NOTHING, 0..0, message, "in this file"));
    }
    let read = |table: Table<'_>| {
        dialects.extend(value::mentioned(&table, "client"));
        route::route(table, around, place, &limits)
    };
    let meant: Vec<_> = tables.iter().map(|table| value::mentioned(table, "upstream")).collect();
    let mut routes: Vec<Route> = tables.into_iter().filter_map(read).collect();
    if meant.iter().all(|one| one.as_ref().is_some_and(|one| names.contains_key(one.name.as_str())))
    {
        let used: BTreeSet<&str> = meant.iter().flatten().map(|one| one.name.as_str()).collect();
        names.iter().filter(|(name, _)| !used.contains(*name)).for_each(unused);
    }
    share_overlays(&mut routes);
    for diagnostic in together(&routes, &names, &upstreams) {
        reader.report(diagnostic);
    }
    root.close();
    Config {
        server: server.unwrap_or_else(Server::nowhere),
        admin,
        log: log.unwrap_or_default(),
        audit,
        trace,
        rules,
        upstreams,
        routes,
        warnings: Vec::new(),
        sources: vec![reader.shown()],
    }
}

/// All names, and the upstreams.
fn upstreams<'r>(
    root: &Table<'r>,
    around: &Surroundings<'_>,
    dialects: &mut Vec<Named>,
) -> (BTreeMap<&'r str, Item<'r>>, BTreeMap<String, Upstream>) {
    let Some(table) = root.table("upstream") else { return Default::default() };
    let names = table.free().collect();
    let read = table.free().filter_map(|(name, item)| {
        let table = item.table()?;
        dialects.extend(value::mentioned(&table, "dialect"));
        Some((name.to_owned(), upstream::upstream(name, table, around)?))
    });
    (names, read.collect())
}

fn together(
    routes: &[Route],
    names: &BTreeMap<&str, Item<'_>>,
    upstreams: &BTreeMap<String, Upstream>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<String, &Named> = BTreeMap::new();
    for route in routes {
        let Named { name, .. } = &route.upstream;
        if !names.contains_key(name.as_str()) {
            let hint = match did_you_mean(name, names.keys().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("add [upstream.{name}]; there are: {}", list(names)),
            };
            let message = format!("there is no upstream `{name}`");
            found.push(mistake(NO_UPSTREAM, &route.upstream, message, "not there").with_hint(hint));
        }
        let own_ca = upstreams.get(name).is_some_and(|upstream| upstream.ca.is_some());
        if own_ca && route.mode == Mode::Passthrough {
            let message = "a pass-through route trusts the system's authorities alone";
            found.push(mistake(PASSTHROUGH, &route.upstream, message, "this upstream has its own"));
        }
        let sandbox = upstreams.get(name).is_some_and(|u| matches!(u.target, Target::Sandbox(_)));
        if sandbox && route.mode == Mode::Passthrough {
            let message = "a sandbox has no socket to pass a stream through to";
            found.push(mistake(PASSTHROUGH, &route.upstream, message, "this is a sandbox"));
        }
        let own_auth = upstreams.get(name).is_some_and(|u| u.identity != Identity::None);
        if own_auth && matches!(route.auth, Auth::Forward) {
            let message =
                "a route that forwards its clients' Authorization, and the upstream has auth";
            let hint =
                "remove `auth` from the upstream, or forward to another [upstream] without it";
            let label = "the gateway is somebody itself there";
            found.push(mistake(FORWARD, &route.upstream, message, label).with_hint(hint));
        }
        let open = upstreams.get(name).and_then(|upstream| cleartext::forwarded(route, upstream));
        found.extend(open);
        if let Some(first) = seen.insert(route.label(), &route.prefix) {
            let message = format!("two routes are reached as `{}`", route.label());
            let twice = mistake(TWICE, &route.prefix, message, "the second");
            found.push(twice.at(&first.file, first.span.clone(), "the first"));
        }
    }
    found
}

fn list(names: &BTreeMap<&str, Item<'_>>) -> String {
    names.keys().copied().collect::<Vec<_>>().join(", ")
}

/// Warns of an upstream that no route names, where each route names one that is there: else it may be
/// the one that is meant.
fn unused((name, item): (&&str, &Item<'_>)) {
    let message = format!("no route goes to the upstream `{name}`");
    let hint = format!("write upstream = \"{name}\" in a [[route]], or remove it");
    let found = item.mistake(UNUSED, message, "nobody reaches it");
    item.reader().report(found.as_warning().with_hint(hint));
}

/// Routes with one overlay hold one text.
fn share_overlays(routes: &mut [Route]) {
    let mut read: HashSet<Source> = HashSet::new();
    for overlay in routes.iter_mut().flat_map(|route| &mut route.overlays) {
        match read.get(overlay) {
            Some(first) => *overlay = first.clone(),
            None => drop(read.insert(overlay.clone())),
        }
    }
}

/// A mistake about a name of the configuration.
pub(super) fn mistake(
    code: Code,
    at: &Named,
    message: impl Into<String>,
    label: &str,
) -> Diagnostic {
    Diagnostic::error(code, message).at(&at.file, at.span.clone(), label)
}

/// What keeps a configuration from being read, and what to do, where something is known to help.
pub fn unreadable(name: &str, why: &str, hint: Option<&str>) -> Mistakes {
    let message = format!("{name} cannot be read: {why}");
    let mut diagnostic = Diagnostic::error(super::code::NOT_READABLE, message);
    if let Some(hint) = hint {
        diagnostic = diagnostic.with_hint(hint);
    }
    Mistakes { diagnostics: vec![diagnostic], sources: vec![Source::new(name, "")] }
}

/// The same of a file; `missing` is what to do where there is none.
pub(super) fn unread(path: &Path, error: &io::Error, missing: &str) -> Mistakes {
    let inner = || format!("name the file in it, such as {}", path.join("config.toml").display());
    let (why, hint) = match error.kind() {
        ErrorKind::NotFound => ("there is no such file", missing.to_owned()),
        ErrorKind::NotADirectory => ("a part of its path is no folder", missing.to_owned()),
        ErrorKind::IsADirectory => ("it is a directory", inner()),
        ErrorKind::InvalidData => (NOT_UTF8, AS_UTF8.to_owned()),
        ErrorKind::PermissionDenied => {
            ("permission denied", "let the user that runs this read it".to_owned())
        }
        other => return unreadable(&path.display().to_string(), &other.to_string(), None),
    };
    unreadable(&path.display().to_string(), why, Some(&hint))
}
