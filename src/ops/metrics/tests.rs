//! Every metric of the table is counted.

use std::time::Duration;

use super::*;
use crate::exchange::Trace;
use crate::exchange::record::{CallRecord, LossRecord};
use crate::fault::{Cause, Fault};
use crate::proxy::{Reason, Refusal, Trigger};
use crate::scim::schema::Operation;

#[test]
fn one_exchange_shows_in_every_metric_of_the_table() {
    let metrics = Metrics::new().unwrap();
    let record = Record {
        resource: Some("User"),
        operation: Some(Operation::Patch),
        calls: vec![CallRecord {
            began: tokio::time::Instant::now(),
            span: None,
            operation: Operation::Get,
            status: None,
            duration: Duration::from_millis(3),
            asked: None,
            wired: None,
        }],
        losses: vec![LossRecord { place: "title".into(), cause: "no_place", direction: "request" }],
        fault: Some(Fault::new(Cause::Unauthenticated, "who")),
        emulated: true,
        filter_ignored: true,
        removals: vec!["deletion"],
        alarm: Some("warned"),
        adopted: true,
        ..Record::default()
    };
    metrics.audit_lost("file", 1);
    metrics.library_messages().with_label_values(&["other", "error"]).inc();
    metrics.audit_refused("queue");
    metrics.count(&Seen {
        request_id: "private-id",
        method: "get",
        writes: false,
        delivered: true,
        caller: None,
        route: Some("/a/b"),
        upstream: Some("b"),
        credential: Some("tester"),
        refused: Some(Refusal::Unknown),
        translated: true,
        status: http::StatusCode::from_u16(401).ok(),
        duration: Duration::from_millis(5),
        trace: &Trace::of(&http::HeaderMap::new(), |_| false),
        record: &record,
    });
    let standing = Standing { removed: 1, seen: 1, tripped: true };
    metrics.stand(&BTreeMap::from([("/a/b".to_owned(), (false, standing, standing))]));
    metrics.happened(&Event::Rules("0123".to_owned()));
    metrics.happened(&Event::Reloaded(Trigger::File));
    let upstream = || "b".into();
    for event in [
        Event::Keys(true),
        Event::Certificates(true),
        Event::TokenRequest { upstream: "b".to_owned(), outcome: "ok" },
        Event::SecretReload { upstream: "b".to_owned(), outcome: "changed" },
        Event::Cared { upstream: upstream() },
        Event::Refused { at: None, reason: Reason::Connections },
        Event::Retried { upstream: upstream(), reason: "503" },
        Event::Probed { upstream: upstream(), nodes: 2 },
        Event::Ejected { upstream: upstream(), node: 1, out: true },
    ] {
        metrics.happened(&event);
    }
    let text = metrics.text();
    for metric in METRICS {
        assert!(text.contains(&format!("# HELP {} {}", metric.name, metric.help)), "{text}");
    }
    assert_eq!(text.matches("# TYPE").count(), METRICS.len(), "{text}");
    let line =
        "requests_total{operation=\"patch\",resource=\"User\",route=\"/a/b\",status=\"4xx\"} 1";
    assert!(text.contains(line), "{text}");
    let calls = "calls_per_exchange_bucket{operation=\"patch\",route=\"/a/b\",le=";
    for (most, wanted) in [("0", 0), ("1", 1), ("100", 1)] {
        assert!(text.contains(&format!("{calls}\"{most}\"}} {wanted}")), "{text}");
    }
    assert!(!text.contains("private-id"), "{text}");
}

#[test]
fn one_hash_of_rules_is_in_force_at_a_time() {
    let metrics = Metrics::new().unwrap();
    for hash in ["old", "new"] {
        metrics.happened(&Event::Rules(hash.to_owned()));
    }
    metrics.happened(&Event::ReloadRefused(Trigger::Signal, "why".to_owned()));
    let text = metrics.text();
    assert!(text.contains("scim_gateway_rules_info{hash=\"new\"} 1"), "{text}");
    assert!(!text.contains("hash=\"old\""), "{text}");
    assert!(text.contains("scim_gateway_reloads_total{outcome=\"refused\"} 1"), "{text}");
}

#[test]
fn the_table_is_sorted() {
    assert!(METRICS.is_sorted_by_key(|metric| metric.name));
}
