//! Every metric of the table is counted or read, and what is gone is in none.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::exchange::{CallRecord, LossRecord, Standing, Trace};
use crate::fault::{Cause, Fault};
use crate::observe::{AuthRefusal, Reason, Trigger};
use crate::outbound::{EndpointStanding, UpstreamStanding};
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
    metrics.state_written(true);
    metrics.library_messages().with_label_values(&["other", "error"]).inc();
    metrics.audit_refused("queue");
    metrics.count(&AccessRecord {
        request_id: "private-id",
        method: "get",
        writes: false,
        delivered: true,
        caller: None,
        route: Some("/a/b"),
        upstream: Some("b"),
        credential: Some("tester"),
        refused: Some(AuthRefusal::Unknown),
        translated: true,
        status: http::StatusCode::from_u16(401).ok(),
        duration: Duration::from_millis(5),
        trace: &Trace::of(&http::HeaderMap::new(), |_| false),
        record: &record,
    });
    metrics.happened(&Event::Rules("0123".to_owned()));
    metrics.happened(&Event::Reloaded(Trigger::File));
    let upstream = || "b".into();
    for event in [
        Event::Keys(Ok(())),
        Event::Certificates(Ok(())),
        Event::TokenRequest { upstream: "b".to_owned(), outcome: "ok" },
        Event::SecretReload {
            upstream: "b".to_owned(),
            key: "auth",
            outcome: "changed",
            why: None,
        },
        Event::LookedUp { upstream: upstream(), found: true },
        Event::Refused { at: None, reason: Reason::Connections },
        Event::Retried { upstream: upstream(), reason: "503" },
    ] {
        metrics.happened(&event);
    }
    let text = metrics.scrape(&now());
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

fn now() -> Now {
    let standing = Standing { removed: 1, seen: 1, tripped: true };
    let node = |up, ejected| EndpointStanding { up, ejected };
    let upstream = UpstreamStanding {
        name: "b".into(),
        breaker_open: Some(true),
        under_way: 3,
        waiting: 2,
        nodes: vec![node(true, false), node(false, true)],
    };
    Now {
        connections: 5,
        ready: true,
        routes: BTreeMap::from([("/a/b".to_owned(), (false, standing, standing))]),
        rules: "0123".to_owned(),
        upstreams: vec![upstream],
    }
}

#[test]
fn gauges_are_what_stands_now_and_what_is_gone_is_gone() {
    let metrics = Metrics::new().unwrap();
    let mut now = now();
    let text = metrics.scrape(&now);
    for line in [
        "scim_gateway_connections 5",
        "scim_gateway_ready 1",
        "scim_gateway_route_paused{route=\"/a/b\"} 0",
        "scim_gateway_removal_breaker_tripped{route=\"/a/b\"} 1",
        "scim_gateway_rules_info{hash=\"0123\"} 1",
        "scim_gateway_upstream_breaker_open{upstream=\"b\"} 1",
        "scim_gateway_upstream_in_flight{upstream=\"b\"} 3",
        "scim_gateway_upstream_waiting{upstream=\"b\"} 2",
        "scim_gateway_upstream_node_up{node=\"2\",upstream=\"b\"} 0",
        "scim_gateway_upstream_node_ejected{node=\"2\",upstream=\"b\"} 1",
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line}: {text}");
    }
    now.upstreams[0].breaker_open = None;
    now.upstreams[0].nodes.pop();
    let text = metrics.scrape(&now);
    assert!(!text.contains("breaker_open{") && !text.contains("node=\"2\""), "{text}");
    (now.upstreams, now.routes) = (Vec::new(), BTreeMap::new());
    let text = metrics.scrape(&now);
    assert!(!text.contains("upstream=") && !text.contains("route="), "{text}");
}

#[test]
fn the_table_is_sorted() {
    assert!(METRICS.is_sorted_by_key(|metric| metric.name));
}
