//! `check`: every mistake of a configuration, and what each route does; nothing is served.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value as Json, json};

use super::document::{STDIN, plural, read};
use super::options::{Format, Named};
use super::output::{counted, mistakes, report, row, say};
use crate::app::{Loaded, load_all};
use crate::config::{
    self, AS_UTF8, Auth, Config, Draft, Mode, Moved, NOT_UTF8, RELEASES, Surroundings, moved,
    unreadable,
};
use crate::diagnostic::{Mistakes, Source};
use crate::gateway::Route;
use crate::gateway::pair::{Fate, Kind, Pair, PairTable};
use crate::gateway::report::{OperationReport, operations};
use crate::scim::schema::Attribute;

/// Of a route whose clients the upstream knows.
const FORWARDED: &str = "auth       forward   the gateway checks nothing: the client's Authorization goes to the \
                         upstream, whose 401 and 403 come back";

/// What a route that streams bodies unread cannot keep.
const GIVEN_UP: [&str; 5] = [
    "translation: both sides must speak the same dialect",
    "what a client cannot see survives its PUT",
    "nothing is lost silently",
    "lists are complete or refused",
    "what the upstream lacks is emulated, and discovery says what works",
];

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    named: Named,
    /// Exit with 1 also where there are only warnings.
    #[arg(long)]
    deny_warnings: bool,
    /// Print mistakes and warnings alone: nothing where there are none.
    #[arg(long, short)]
    quiet: bool,
    /// Tell also what of this configuration is read otherwise than by this earlier version.
    #[arg(long, value_name = "VERSION", value_parser = RELEASES)]
    since: Option<String>,
}

pub(super) fn check(options: &Options, format: Format) -> ExitCode {
    let draft = draft(options.named.path());
    let moved = draft.as_ref().map(|draft| moved_in(draft, options)).unwrap_or_default();
    let loaded = draft.and_then(load_all);
    let passes = |loaded: &Loaded| !options.deny_warnings || loaded.warnings.diagnostics.is_empty();
    let passed = loaded.as_ref().is_ok_and(passes);
    match (format, &loaded) {
        (Format::Json, loaded) => say(&as_json(loaded, passed, &moved).to_string()),
        (Format::Text, Ok(loaded)) => text(loaded, options.quiet),
        (Format::Text, Err(found)) => mistakes(found, format),
    }
    if format == Format::Text {
        let lines = moved.iter().flat_map(|(moved, places)| otherwise(moved, places));
        lines.for_each(|line| row(&line, 13));
    }
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The configuration, from a file, or from standard input for `-`; its paths begin at the current folder then.
fn draft(path: &Path) -> Result<Draft, Mistakes> {
    if path != Path::new(STDIN) {
        return Config::draft(path);
    }
    const NAME: &str = "standard input";
    let bytes = read(path).map_err(|_| unreadable(NAME, "it ends with an error", None))?;
    let text = String::from_utf8(bytes);
    let text = text.map_err(|_| unreadable(NAME, NOT_UTF8, Some(AS_UTF8)))?;
    let around = Surroundings { directory: Path::new(""), env: &|name| std::env::var(name).ok() };
    Ok(Config::drafted(&Source::new(NAME, text), &around))
}

/// What is read otherwise than by the version that is named.
fn moved_in(draft: &Draft, options: &Options) -> Vec<(&'static Moved, Vec<String>)> {
    let Some((since, source)) = options.since.as_deref().zip(draft.sources.first()) else {
        return Vec::new();
    };
    source.text.parse().map(|table| moved(&table, since)).unwrap_or_default()
}

fn otherwise(moved: &Moved, places: &[String]) -> Vec<String> {
    let Moved { since, key, was, is, before, .. } = moved;
    let lines = [("here", &*places.join(", ")), ("was", was), ("is", is), ("as before", before)];
    let mut told = vec![format!("read otherwise since {since}: {key}")];
    told.extend(lines.iter().map(|(name, text)| format!("  {name:<10} {text}")));
    told
}

fn routes(loaded: &Loaded) -> impl Iterator<Item = (&config::Route, &Route)> {
    loaded.config.routes.iter().zip(loaded.gateway.routes().iter().map(AsRef::as_ref))
}

fn text(loaded: &Loaded, quiet: bool) {
    if !loaded.warnings.diagnostics.is_empty() {
        mistakes(&loaded.warnings, Format::Text);
    }
    if quiet {
        return;
    }
    for (of, route) in routes(loaded) {
        let spec = &route.spec;
        say(&format!("{}  {} -> {}", spec.name, spec.client.title, spec.upstream.title));
        match of.mode {
            Mode::Passthrough => {
                say("  bodies stream through unread; this route gives up:");
                GIVEN_UP.iter().for_each(|promise| row(&format!("    {promise}"), 6));
            }
            Mode::Translate => translated(route),
        }
        if matches!(of.auth, Auth::Forward) {
            row(&format!("  {FORWARDED}"), 23);
        }
        overrides(loaded, of).iter().for_each(|line| row(&format!("  {line}"), 13));
    }
    let count = loaded.gateway.routes().len();
    let routes = if count == 1 { "1 route".to_owned() } else { format!("{count} routes") };
    say(&format!("{routes}, {}; rules {}", counted(&loaded.warnings), loaded.rules_hash));
}

fn translated(route: &Route) {
    for kind in Kind::ALL {
        say(&format!("  {}", plural(kind)));
        let Some(pair) = route.pair(kind) else {
            row(&format!("    {}", missing(route, kind)), 6);
            continue;
        };
        for operation in operations(pair, &route.spec.policies) {
            // The reason is the fourth column.
            row(&format!("    {}", line(&operation)), 36);
        }
        row(&format!("    losses     {}", summary(&pair.table)), 15);
    }
}

/// What becomes of a resource type that one of the dialects lacks.
fn missing(route: &Route, kind: Kind) -> &'static str {
    let mut known = route.spec.client.resources.iter();
    if !known.any(|resource| resource.schema.resource == kind.name()) {
        return "refused: the client's dialect has none";
    }
    if route.empty_if_missing() {
        return "the upstream has none: lists are empty, anything else is refused (501)";
    }
    "refused: the upstream has none (501)"
}

fn line(operation: &OperationReport) -> String {
    let OperationReport { name, says, calls: (least, most), why } = operation;
    let calls = match (least, most) {
        (_, 0) => String::new(),
        (1, 1) => "1 call".to_owned(),
        (least, most) if least == most => format!("{most} calls"),
        (least, most) => format!("{least}-{most} calls"),
    };
    format!("{name:<10} {:<9} {calls:<10} {why}", says.label()).trim_end().to_owned()
}

/// `12 exact, 3 shared, 40 lost`
fn summary(table: &PairTable) -> String {
    let [exact, shared, lost] = counts(table);
    let hidden = table.hidden.len();
    format!(
        "{exact} places carried exactly, {shared} shared, {lost} lost, {hidden} hidden from the \
         client (`losses` names them)"
    )
}

fn counts(table: &PairTable) -> [usize; 3] {
    let count = |is: fn(&Fate) -> bool| table.rows.iter().filter(|row| is(&row.fate)).count();
    [
        count(|fate| {
            matches!(fate, Fate::Carried { exact: true, .. } | Fate::Implied | Fate::Constant)
        }),
        count(|fate| matches!(fate, Fate::Carried { exact: false, .. })),
        count(|fate| matches!(fate, Fate::Lost(_))),
    ]
}

/// The upstream's own schema entries, which stand instead of the dialect's.
fn overrides(loaded: &Loaded, route: &config::Route) -> Vec<String> {
    let Some(upstream) = loaded.config.upstreams.get(&route.upstream.name) else {
        return Vec::new();
    };
    let from = |key: &str, entry: &Attribute| {
        let file = &route.upstream.file;
        format!("{}: {}, from {key} in {file}", entry.name, facts(entry))
    };
    let own = upstream.schema.iter().map(|entry| {
        let key = format!("upstream.{}.schema", upstream.name);
        format!("schema     {} (instead of the dialect's)", from(&key, entry))
    });
    let extends = route
        .client_extends
        .iter()
        .map(|entry| format!("client     {}", from("route.client_extends", entry)));
    own.chain(extends).collect()
}

/// The facts that matter for a translation, in words.
fn facts(entry: &Attribute) -> String {
    let mut words = vec![format!("{:?}", entry.kind).to_lowercase()];
    let operations = |set: crate::scim::schema::Operations| {
        let all = crate::scim::schema::Operation::ALL;
        let named: Vec<&str> = all.into_iter().filter(|o| set.has(*o)).map(|o| o.name()).collect();
        named.join(", ")
    };
    words.extend(entry.multi_valued.then(|| "multi-valued".to_owned()));
    words.extend(entry.open.then(|| "free keys".to_owned()));
    words.extend(entry.max.map(|max| format!("at most {max}")));
    let required = operations(entry.required);
    words.extend((!required.is_empty()).then(|| format!("required in {required}")));
    words.join(", ")
}

/// One form for what passes and what does not: `rules` is `null` and `routes` empty where there is a
/// mistake.
fn as_json(
    loaded: &Result<Loaded, Mistakes>,
    passed: bool,
    moved: &[(&'static Moved, Vec<String>)],
) -> Json {
    let (found, rules, routes) = match loaded {
        Ok(loaded) => {
            let routes = routes(loaded).map(|(of, route)| route_json(loaded, of, route));
            (&loaded.warnings, json!(loaded.rules_hash), routes.collect::<Vec<_>>())
        }
        Err(found) => (found, Json::Null, Vec::new()),
    };
    let mut all = report(if passed { "passed" } else { "failed" }, found);
    if let Json::Object(all) = &mut all {
        all.insert("rules".to_owned(), rules);
        all.insert("routes".to_owned(), json!(routes));
        let moved = moved.iter().map(|(moved, places)| {
            let Moved { since, key, was, is, before, .. } = moved;
            json!({"key": key, "places": places, "since": since, "was": was, "is": is, "before": before})
        });
        all.insert("moved".to_owned(), moved.collect());
    }
    all
}

fn route_json(loaded: &Loaded, of: &config::Route, route: &Route) -> Json {
    let spec = &route.spec;
    let pairs = Kind::ALL.into_iter().filter_map(|kind| route.pair(kind).zip(Some(kind)));
    let resources: Vec<Json> = pairs
        .filter(|_| of.mode == Mode::Translate)
        .map(|(pair, kind)| resource_json(pair, kind, route))
        .collect();
    json!({
        "route": spec.name,
        "client": spec.client.name,
        "upstream": spec.upstream.name,
        "resources": resources,
        "gives_up": if of.mode == Mode::Passthrough { GIVEN_UP.to_vec() } else { Vec::new() },
        "forwards": matches!(of.auth, Auth::Forward),
        "schema": overrides(loaded, of),
    })
}

fn resource_json(pair: &Pair, kind: Kind, route: &Route) -> Json {
    let operations = operations(pair, &route.spec.policies).into_iter().map(|operation| {
        let OperationReport { name, says, calls: (least, most), why } = operation;
        json!({"name": name, "says": says.label(), "calls": [least, most], "why": why})
    });
    let [exact, shared, lost] = counts(&pair.table);
    let hidden = pair.table.hidden.len();
    json!({
        "resource": kind.name(),
        "operations": operations.collect::<Vec<_>>(),
        "places": {"exact": exact, "shared": shared, "lost": lost, "hidden": hidden},
    })
}
