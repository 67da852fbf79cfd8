//! The whole file, section by section.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::auth::Place;
use super::code::NOTHING;
use super::draft::Draft;
use super::log::log;
use super::model::Config;
use super::named::Named;
use super::route::Route;
use super::server::Server;
use super::surroundings::Surroundings;
use super::together::{together, unused};
use super::trace::trace;
use super::upstream::Upstream;
use super::{admin, audit, route, server, upstream, value};
use crate::diagnostic::Clause;
use crate::diagnostic::Source;
use crate::diagnostic::toml::{Item, Reader, Table};

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
    let log = root.table("log").map(|table| log(table, around));
    let audit = root.table("audit").and_then(|table| audit::audit(table, around));
    let trace = root.table("trace").and_then(trace);
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
