//! What one exchange is as spans. Names and attributes are words of closed sets and names from the
//! configuration; no id, value, path or host.

use std::time::{Duration, SystemTime};

use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use crate::exchange::CallRecord;
use crate::observe::AccessRecord;

/// The exchange's span, then one for each of its calls.
pub(super) fn spans(seen: &AccessRecord<'_>) -> impl Iterator<Item = SpanData> {
    let calls = seen.record.calls.iter().filter_map(|call| one_call(seen, call));
    std::iter::once(exchange(seen)).chain(calls)
}

fn exchange(seen: &AccessRecord<'_>) -> SpanData {
    let record = seen.record;
    let operation = record.operation.map(|operation| operation.name()).or(record.document);
    let operation = operation.unwrap_or("request");
    let name = [operation, record.resource.unwrap_or_default()].join(" ");
    let status = seen.status.map(|status| status.as_u16());
    let mut attributes = vec![
        KeyValue::new("scim.operation", operation),
        KeyValue::new("scim.losses", count(record.losses.len())),
        KeyValue::new("scim.emulated", record.emulated),
    ];
    attributes.extend(seen.route.map(|route| KeyValue::new("scim.route", route.to_owned())));
    attributes.extend(record.resource.map(|resource| KeyValue::new("scim.resource", resource)));
    attributes.extend(answered(status));
    if let Some(fault) = &record.fault {
        attributes.push(KeyValue::new("error.type", fault.cause.label()));
        attributes.push(KeyValue::new("scim.side", fault.cause.side().label()));
    }
    let parent = seen.trace.parent;
    SpanData {
        parent_span_is_remote: parent.is_some(),
        name: name.trim_end().to_owned().into(),
        status: if status.is_none_or(|status| status >= 500) { failed() } else { Status::Unset },
        attributes,
        ..span(seen, seen.trace.span, parent, SpanKind::Server, (seen.duration, seen.duration))
    }
}

fn one_call(seen: &AccessRecord<'_>, call: &CallRecord) -> Option<SpanData> {
    let mut attributes = vec![KeyValue::new("scim.operation", call.operation.name())];
    let upstream = seen.upstream.map(|name| KeyValue::new("scim.upstream", name.to_owned()));
    attributes.extend(upstream);
    attributes.extend(seen.route.map(|route| KeyValue::new("scim.route", route.to_owned())));
    attributes.extend(answered(call.status));
    let times = (call.began.elapsed(), call.duration);
    Some(SpanData {
        name: format!("upstream {}", call.operation.name()).into(),
        // A client's span fails with any error status (OpenTelemetry's conventions for HTTP).
        status: if call.status.is_none_or(|status| status >= 400) {
            failed()
        } else {
            Status::Unset
        },
        attributes,
        ..span(seen, call.span?, Some(seen.trace.span), SpanKind::Client, times)
    })
}

/// `times`: how long ago it began, and how long it took.
fn span(
    seen: &AccessRecord<'_>,
    own: [u8; 8],
    parent: Option<[u8; 8]>,
    kind: SpanKind,
    (ago, took): (Duration, Duration),
) -> SpanData {
    let began = SystemTime::now().checked_sub(ago).unwrap_or(SystemTime::UNIX_EPOCH);
    SpanData {
        span_context: SpanContext::new(
            TraceId::from_bytes(seen.trace.id),
            SpanId::from_bytes(own),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        ),
        parent_span_id: parent.map_or(SpanId::INVALID, SpanId::from_bytes),
        parent_span_is_remote: false,
        span_kind: kind,
        name: "".into(),
        start_time: began,
        end_time: began.checked_add(took).unwrap_or(began),
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::builder(env!("CARGO_PKG_NAME")).build(),
    }
}

fn answered(status: Option<u16>) -> Option<KeyValue> {
    status.map(|status| KeyValue::new("http.response.status_code", i64::from(status)))
}

fn failed() -> Status {
    Status::error("")
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
