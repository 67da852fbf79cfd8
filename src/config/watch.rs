//! The sections about what is told of requests: `[log]`, `[audit]`, `[trace]`.

use tracing::Level;
use url::Url;

use super::Surroundings;
use super::code::{RANGE, URL};
use super::identity::{Reading, is_text};
use super::model::{Audit, Log, LogFormat, OnFailure, Tracing};
use super::value::{HTTP, kept, number, parsed};
use crate::diagnostic::Form;
use crate::diagnostic::toml::{Item, Table};

const FORMATS: &[(&str, LogFormat)] = &[("text", LogFormat::Text), ("json", LogFormat::Json)];

const ON_FAILURE: &[(&str, OnFailure)] =
    &[("refuse", OnFailure::Refuse), ("count", OnFailure::Count)];

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
    let wire = table.flag("wire");
    let reading = Reading { around, sandbox: false, cleartext: false };
    let salt = table.item("id_salt").and_then(|item| reading.secret(item, is_text));
    let id_salt = salt.map(|held| held.secret);
    table.close();
    let (format, level) = (format.unwrap_or(default.format), level.unwrap_or(default.level));
    Log { format, level, wire, id_salt }
}

pub(super) fn audit(table: Table<'_>, around: &Surroundings<'_>) -> Option<Audit> {
    let file = table.need("file").and_then(|item| kept(item, around.directory));
    let queue = table.item("queue").and_then(|item| number(item, 16..=1_000_000));
    let on_failure = table.item("on_failure").and_then(|item| item.word(ON_FAILURE));
    table.close();
    let (queue, on_failure) = (queue.unwrap_or(Audit::QUEUE), on_failure.unwrap_or_default());
    Some(Audit { file: file?, queue, on_failure })
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
    let url = parsed(item.string_like(HTTP)?).filter(usable);
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
    item.may_be(Form::Share);
    let share = item.number().and_then(|share| share.as_f64());
    let share = share.filter(|share| (0.0..=1.0).contains(share));
    if share.is_none() {
        let diagnostic = item.mistake(RANGE, "this is not a share", "out of range");
        item.reader().report(diagnostic.with_hint("0.0 to 1.0"));
    }
    share
}
