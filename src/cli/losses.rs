//! `losses`: what a route carries and loses, known before any request (docs/semantics.md 9.1).

use std::process::ExitCode;

use serde_json::{Value as Json, json};

use super::along::{Along, Chosen};
use super::document::{plural, rules};
use super::options::Format;
use super::output::{row as fit, say};
use crate::config::Mode;
use crate::gateway::pair::{Fate, Kind, Pair, Row};
use crate::gateway::write::GUARDED;
use crate::scim::schema::Mutability;

/// Where a place goes on that is longer than the terminal is wide.
const BELOW: usize = 10;

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    along: Along,
}

pub(super) fn losses(options: &Options, format: Format) -> ExitCode {
    let all = match options.along.all() {
        Ok(all) => all,
        Err(why) => return why.tell(format),
    };
    match format {
        Format::Text => all.iter().flat_map(text).for_each(|line| fit(&line, BELOW)),
        Format::Json => say(&Json::Array(all.iter().map(as_json).collect()).to_string()),
    }
    ExitCode::SUCCESS
}

fn text(chosen: &Chosen) -> Vec<String> {
    let spec = &chosen.route.spec;
    let mut lines =
        vec![format!("{}  {} -> {}", spec.name, spec.client.title, spec.upstream.title)];
    if chosen.mode == Mode::Passthrough {
        lines.push("  bodies stream through unread: nothing is translated and nothing lost".into());
        return lines;
    }
    for kind in Kind::ALL {
        lines.push(format!("  {}", plural(kind)));
        match chosen.route.pair(kind) {
            Some(pair) => of(&mut lines, pair),
            None => lines.push("    not on this route: one of the two dialects has none".into()),
        }
    }
    lines.push("  refused instead of lost".to_owned());
    let guarded = guarded(chosen);
    lines.push(format!(
        "    {}",
        if guarded.is_empty() { "nothing".into() } else { guarded.join(", ") }
    ));
    lines.push(String::new());
    lines
}

fn of(lines: &mut Vec<String>, pair: &Pair) {
    let rows = &pair.table.rows;
    section(lines, "carried exactly", rows.iter().filter(|row| exact(row)));
    section(lines, "carried, but several share one place", rows.iter().filter(|row| shared(row)));
    section(lines, "only shown", rows.iter().filter(|row| shown(row)));
    section(lines, "lost", rows.iter().filter(|row| matches!(row.fate, Fate::Lost(_))));
    if !pair.table.hidden.is_empty() {
        lines.push("    the upstream's own, which the client cannot see and PUT keeps".to_owned());
        lines.extend(pair.table.hidden.iter().map(|place| format!("      {place}")));
    }
}

fn section<'r>(lines: &mut Vec<String>, title: &str, rows: impl Iterator<Item = &'r Row>) {
    let rows: Vec<String> = rows.map(row).collect();
    if !rows.is_empty() {
        lines.push(format!("    {title}"));
        lines.extend(rows.into_iter().map(|row| format!("      {row}")));
    }
}

fn row(row: &Row) -> String {
    let mut text = row.client.clone();
    match &row.fate {
        Fate::Carried { upstream, .. } if *upstream != row.client => {
            text.push_str(&format!(" -> {upstream}"));
        }
        Fate::Carried { .. } => {}
        Fate::Lost(cause) => text.push_str(&format!(": {}", cause.label())),
        Fate::Implied => text.push_str(": it chooses the place"),
        Fate::Constant => text.push_str(": every answer says the same"),
    }
    let rules = rules(&row.rules);
    if !rules.is_empty() {
        text.push_str(&format!("  ({})", rules.join(", ")));
    }
    text
}

fn exact(row: &Row) -> bool {
    matches!(row.fate, Fate::Carried { exact: true, .. } | Fate::Implied) && !shown(row)
}

fn shared(row: &Row) -> bool {
    matches!(row.fate, Fate::Carried { exact: false, .. }) && !shown(row)
}

/// In answers alone.
fn shown(row: &Row) -> bool {
    match row.fate {
        Fate::Carried { read_only, .. } => read_only || row.mutability == Mutability::ReadOnly,
        Fate::Constant => true,
        Fate::Implied | Fate::Lost(_) => false,
    }
}

/// Places whose loss is refused on the route.
fn guarded(chosen: &Chosen) -> Vec<String> {
    let policies = &chosen.route.spec.policies;
    let waived =
        |place: &str| policies.waive.iter().any(|waived| waived.eq_ignore_ascii_case(place));
    let own = GUARDED.iter().filter(|place| !waived(place)).map(|place| {
        let when = if *place == "active" { " when false" } else { "" };
        format!("{place}{when}")
    });
    own.chain(policies.refuse.iter().cloned()).collect()
}

fn as_json(chosen: &Chosen) -> Json {
    let spec = &chosen.route.spec;
    let translated = chosen.mode == Mode::Translate;
    let pairs = Kind::ALL.into_iter().filter_map(|kind| chosen.route.pair(kind).zip(Some(kind)));
    let resources = pairs.filter(|_| translated).map(|(pair, kind)| {
        json!({
            "resource": kind.name(),
            "places": pair.table.rows.iter().map(row_json).collect::<Vec<_>>(),
            "hidden": pair.table.hidden,
        })
    });
    json!({
        "route": spec.name,
        "client": spec.client.name,
        "upstream": spec.upstream.name,
        "translated": translated,
        "resources": resources.collect::<Vec<_>>(),
        "guarded": guarded(chosen),
    })
}

fn row_json(row: &Row) -> Json {
    let (fate, upstream) = match &row.fate {
        _ if shown(row) => ("shown", None),
        Fate::Carried { upstream, exact: true, .. } => ("exact", Some(upstream)),
        Fate::Carried { upstream, .. } => ("shared", Some(upstream)),
        Fate::Implied => ("exact", None),
        Fate::Lost(_) => ("lost", None),
        Fate::Constant => ("shown", None),
    };
    let cause = match row.fate {
        Fate::Lost(cause) => Some(cause.label()),
        _ => None,
    };
    let rules = rules(&row.rules);
    json!({"client": row.client, "fate": fate, "upstream": upstream, "cause": cause, "rules": rules})
}
