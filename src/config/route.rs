//! `[[route]]`: where clients come in, who may, and under which policies.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use url::Url;

use super::auth::{self, Place};
use super::caller::Auth;
use super::care::{InFlight, in_flight};
use super::code::{HOST, OVERLAY, PASSTHROUGH, PREFIX};
use super::entries::extends;
use super::limits::Limits;
use super::named::{Named, Vars};
use super::safety::safety;
use super::surroundings::Surroundings;
use super::value::{named, number, vars};
use crate::diagnostic::toml::{Item, Table};
use crate::diagnostic::{Clause, Form, Source};
use crate::dialect::{MissingResource, Undeclared};
use crate::gateway::route::{Etag, Irreversible, LossPolicy, Omitted, Policies, Replace, Rights};
use crate::scim::schema::Attribute;

static OVERLAYS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/rules/overlays");

#[derive(Clone, Debug)]
pub struct Route {
    pub host: Option<String>,
    pub prefix: Named,
    pub client: Named,
    pub upstream: Named,
    pub overlays: Vec<Source>,
    pub client_vars: Vars,
    /// What this route's client manages beside its dialect's schema.
    pub client_extends: Vec<Attribute>,
    pub auth: Auth,
    /// What those of `auth` may do that may not do everything, by their names.
    pub rights: BTreeMap<String, Rights>,
    pub mode: Mode,
    pub limits: InFlight,
    pub policies: Policies,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Bodies are read, translated and written.
    Translate,
    /// Bodies stream through unread.
    Passthrough,
}

impl Route {
    /// Host and prefix: the route's name in logs and metrics, unique in a configuration.
    pub fn label(&self) -> String {
        let prefix = if self.prefix.name.is_empty() { "/" } else { &self.prefix.name };
        format!("{}{prefix}", self.host.as_deref().unwrap_or_default())
    }
}

const MODES: &[(&str, Mode)] =
    &[("translate", Mode::Translate), ("passthrough", Mode::Passthrough)];
const REPLACES: &[(&str, Replace)] = &[("preserve", Replace::Preserve), ("reset", Replace::Reset)];
const OMITTED: &[(&str, Omitted)] = &[("clear", Omitted::Clear), ("keep", Omitted::Keep)];
const LOSSES: &[(&str, LossPolicy)] =
    &[("count", LossPolicy::Count), ("report", LossPolicy::Report), ("refuse", LossPolicy::Refuse)];
const IRREVERSIBLE: &[(&str, Irreversible)] =
    &[("forward", Irreversible::Forward), ("refuse", Irreversible::Refuse)];
const ETAGS: &[(&str, Etag)] = &[("pass", Etag::Pass), ("make", Etag::Make)];
const MISSING: &[(&str, MissingResource)] =
    &[("refuse", MissingResource::Refuse), ("empty", MissingResource::Empty)];
const WAIVED: &[(&str, &str)] =
    &[("active", "active"), ("members", "members"), ("userName", "userName")];

/// What has a meaning only where bodies are read.
const TRANSLATING: [&str; 15] = [
    "overlays",
    "client_extends",
    "replace",
    "omitted",
    "undeclared",
    "loss",
    "refuse",
    "waive",
    "irreversible",
    "delete",
    "create_conflict",
    "removals",
    "etag",
    "missing_resource",
    "scan_limit",
];

/// Reads one route; a part with a mistake is as if it let nobody in. `place` says what the listener is to callers, `bounds` what a
/// body may hold.
pub(super) fn route(
    table: Table<'_>,
    around: &Surroundings<'_>,
    place: Place<'_>,
    bounds: &Limits,
) -> Option<Route> {
    for key in TRANSLATING {
        table.demand(Clause::WordBars("mode", "passthrough", key));
    }
    let mode = table.item("mode").and_then(|item| item.word(MODES)).unwrap_or(Mode::Translate);
    if mode == Mode::Passthrough {
        refuse_settings(&table);
    }
    let host = table.item("host").map(host);
    let prefix = table.need("prefix").and_then(prefix);
    let client = table.need("client").and_then(named);
    let upstream = table.need("upstream").and_then(named);
    let overlays = table.items("overlays");
    let overlays = overlays.into_iter().filter_map(|item| overlay(item, around)).collect();
    let url = url(place.url, host.as_ref().and_then(Option::as_deref), prefix.as_ref());
    let place = Place { url: &url, streams: mode == Mode::Passthrough, ..place };
    let auth = table.need("auth").and_then(|item| auth::auth(item, place, around));
    let (auth, rights) = auth.unwrap_or((Auth::Listed(Vec::new()), BTreeMap::new()));
    let policies =
        Policies { bearer: auth.by_bearer(), basic: auth.by_basic(), ..policies(&table, bounds) };
    let client_vars = vars(&table, "client_vars");
    let client_extends = extends(&table, "client_extends");
    let limits = in_flight(&table, "requests", InFlight::of_route());
    let span = table.span();
    table.close();
    let (client, upstream) = (client?, upstream?);
    let named = host != Some(None) && prefix.is_some();
    // Like no other, so that it is not taken for one that is there twice.
    let unnamed = Named { name: format!("#{}", span.start), span, file: Arc::clone(&client.file) };
    Some(Route {
        host: host.flatten(),
        prefix: prefix.filter(|_| named).unwrap_or(unnamed),
        client,
        upstream,
        overlays,
        client_vars,
        client_extends,
        auth,
        rights,
        mode,
        limits,
        policies,
    })
}

/// Where clients reach the route: below the listener's own URL, at the route's host.
fn url(public: &str, host: Option<&str>, prefix: Option<&Named>) -> String {
    let at = |host: &str| {
        let mut url = Url::parse(public).ok()?;
        url.set_host(Some(host)).ok()?;
        Some(url.to_string())
    };
    let base = host.and_then(at).unwrap_or_else(|| public.to_owned());
    format!("{}{}", base.trim_end_matches('/'), prefix.map_or("", |prefix| &prefix.name))
}

fn policies(table: &Table<'_>, bounds: &Limits) -> Policies {
    let default = Policies::default();
    let replace = table.item("replace").and_then(|item| item.word(REPLACES));
    let loss = table.item("loss").and_then(|item| item.word(LOSSES));
    let irreversible = table.item("irreversible").and_then(|item| item.word(IRREVERSIBLE));
    let scan_limit = table.item("scan_limit").and_then(|item| number(item, 1..=1_000_000));
    let etag = table.item("etag").and_then(|item| item.word(ETAGS));
    let waive = table.items("waive").into_iter().filter_map(|item| item.word(WAIVED));
    Policies {
        replace: replace.unwrap_or(default.replace),
        omitted: table.item("omitted").and_then(|item| item.word(OMITTED)),
        undeclared: table.item("undeclared").and_then(|item| item.word(Undeclared::WORDS)),
        loss: loss.unwrap_or(default.loss),
        refuse: table.item("refuse").map(Item::strings).unwrap_or_default(),
        waive: waive.map(str::to_owned).collect(),
        irreversible: irreversible.unwrap_or(default.irreversible),
        safety: safety(table),
        etag: etag.unwrap_or(default.etag),
        missing_resource: table.item("missing_resource").and_then(|item| item.word(MISSING)),
        scan_limit: scan_limit.unwrap_or(default.scan_limit),
        max_depth: bounds.depth,
        max_elements: bounds.elements,
        max_body: bounds.body,
        ..default
    }
}

fn refuse_settings(table: &Table<'_>) {
    for item in TRANSLATING.into_iter().filter_map(|key| table.item(key)) {
        let message = "a pass-through route translates nothing, so this has no effect on it";
        let hint = "remove it, or write `mode = \"translate\"`";
        item.reader().report(item.mistake(PASSTHROUGH, message, "no effect").with_hint(hint));
    }
}

/// What a prefix looks like: segments that are not `.` or `..`.
const SEGMENTS: &str = "^(/([.]{3,}|[.]*[A-Za-z0-9_~-][A-Za-z0-9._~-]*))*$";

fn prefix(item: Item<'_>) -> Option<Named> {
    item.may_be(Form::Text(SEGMENTS));
    let prefix = named(item)?;
    let plain = |segment: &str| {
        let dots = segment == "." || segment == "..";
        let word = segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
        !segment.is_empty() && !dots && word
    };
    let fits = prefix.name.is_empty()
        || prefix.name.strip_prefix('/').is_some_and(|rest| rest.split('/').all(plain));
    if !fits {
        let message = format!("`{}` is not a prefix", prefix.name);
        let hint = "write /name or /name/name, without a slash at the end; \"\" is every path";
        item.reader().report(item.mistake(PREFIX, message, "not a plain path").with_hint(hint));
    }
    fits.then_some(prefix)
}

fn host(item: Item<'_>) -> Option<String> {
    let text = item.string_like("^([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])$")?;
    let word = |b: u8| b.is_ascii_alphanumeric() || b"-.".contains(&b);
    let fits = match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !text.is_empty() && text.bytes().all(word),
    };
    if !fits {
        let message = format!("`{text}` is not a host");
        let hint = "write the name alone, without scheme, port and path; an address of IPv6 in [ ]";
        item.reader().report(item.mistake(HOST, message, "not a host").with_hint(hint));
    }
    fits.then(|| text.to_ascii_lowercase())
}

fn overlay(item: Item<'_>, around: &Surroundings<'_>) -> Option<Source> {
    let name = item.string()?;
    let text = std::fs::read_to_string(around.directory.join(name)).ok();
    let found = text.or_else(|| embedded_overlay(name).map(str::to_owned));
    if found.is_none() {
        let message = format!("the overlay {name} cannot be read");
        let hint = "a path from this file's directory, or an embedded rules/overlays/<name>.toml";
        item.reader().report(item.mistake(OVERLAY, message, "not there").with_hint(hint));
    }
    found.map(|text| Source::new(name, text))
}

/// An overlay that the program was built with, by its name `rules/overlays/<file>`.
fn embedded_overlay(name: &str) -> Option<&'static str> {
    OVERLAYS.get_file(name.strip_prefix("rules/overlays/")?)?.contents_utf8()
}
