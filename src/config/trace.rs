//! Where spans go: `[trace]`.

use url::Url;

use super::code::{RANGE, URL};
use super::value::{HTTP, parsed};
use crate::diagnostic::Form;
use crate::diagnostic::toml::{Item, Table};

/// The export of spans.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracing {
    /// The collector's base, `http` alone.
    pub otlp: Url,
    /// The share of new traces that is kept, from 0 to 1.
    pub sample: f64,
}

impl Tracing {
    pub(super) const SAMPLE: f64 = 1.0;
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
