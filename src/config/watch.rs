//! The sections about what is told of requests: `[log]`, `[audit]`, `[trace]`.

use tracing::Level;
use url::Url;

use super::Surroundings;
use super::code::{RANGE, SECRET, SECRET_MISSING, URL};
use super::model::{Audit, Log, LogFormat, Tracing};
use super::secret::Secret;
use super::value::{number, path};
use crate::diagnostic::toml::{Item, Table};

const FORMATS: &[(&str, LogFormat)] = &[("text", LogFormat::Text), ("json", LogFormat::Json)];

const LEVELS: &[(&str, Level)] = &[
    ("error", Level::ERROR),
    ("warn", Level::WARN),
    ("info", Level::INFO),
    ("debug", Level::DEBUG),
];

pub(super) fn log(table: Table<'_>, around: &Surroundings<'_>) -> Log {
    let default = Log::default();
    let format = table.item("format").and_then(|item| item.word(FORMATS));
    let level = table.item("level").and_then(|item| item.word(LEVELS));
    let id_salt = table.table("id_salt").and_then(|table| salt(table, around));
    table.close();
    Log { format: format.unwrap_or(default.format), level: level.unwrap_or(default.level), id_salt }
}

/// `{ env = "…" }` or `{ file = "…" }`.
fn salt(table: Table<'_>, around: &Surroundings<'_>) -> Option<Secret> {
    let reader = table.reader();
    let (env, file) = (table.item("env"), table.item("file"));
    let found = match (env, file) {
        (Some(item), None) => Some((item, (around.env)(item.string()?))),
        (None, Some(item)) => {
            let text = std::fs::read_to_string(around.directory.join(item.string()?)).ok();
            Some((item, text))
        }
        _ => {
            let message = "a salt is exactly one of env and file";
            let at = reader.mistake(SECRET, table.span(), message, "which one is not clear");
            reader.report(at.with_hint("write { env = \"NAME\" }"));
            None
        }
    };
    table.close();
    let (item, text) = found?;
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if text.is_none() {
        let message = "the salt is not there or is empty";
        let hint = "any long random text, the same for all replicas";
        reader.report(item.mistake(SECRET_MISSING, message, "read here").with_hint(hint));
    }
    text.map(Secret::new)
}

pub(super) fn audit(table: Table<'_>, around: &Surroundings<'_>) -> Option<Audit> {
    let file = table.need("file").and_then(|item| path(item, around.directory));
    let queue = table.item("queue").and_then(|item| number(item, 16..=1_000_000));
    table.close();
    Some(Audit { file: file?, queue: queue.unwrap_or(Audit::QUEUE) })
}

pub(super) fn trace(table: Table<'_>) -> Option<Tracing> {
    let otlp = table.need("otlp").and_then(collector);
    let sample = table.item("sample").map_or(Some(Tracing::SAMPLE), share);
    table.close();
    Some(Tracing { otlp: otlp?, sample: sample? })
}

/// Plain HTTP: a collector runs beside its programs and does the rest of the way.
fn collector(item: Item<'_>) -> Option<Url> {
    let usable = |url: &Url| {
        url.scheme() == "http"
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    let url = Url::parse(item.string()?).ok().filter(usable);
    if url.is_none() {
        item.hide();
        let diagnostic = item.mistake(URL, "this is not the URL of a collector", "not usable");
        let hint = "write http://127.0.0.1:4318, without user, query and fragment; for TLS run a \
                    collector beside the gateway";
        item.reader().report(diagnostic.with_hint(hint));
    }
    url
}

/// From 0 to 1.
fn share(item: Item<'_>) -> Option<f64> {
    let share = item.json()?.as_f64().filter(|share| (0.0..=1.0).contains(share));
    if share.is_none() {
        let diagnostic = item.mistake(RANGE, "this is not a share", "out of range");
        item.reader().report(diagnostic.with_hint("0.0 to 1.0"));
    }
    share
}
