//! `deploy/`: what is shipped beside the program speaks of things that the program has.

use std::collections::BTreeSet;
use std::path::Path;

use scim_gateway::ops::metrics::{Kind, METRICS};

pub fn file(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The metrics that a text names, a histogram's parts under its own name.
fn metrics(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
    let named = words.filter(|w| w.starts_with("scim_gateway_") || w.starts_with("process_"));
    let parts = ["_bucket", "_sum", "_count"];
    let whole = |name: &'static str| {
        move |word: &str| parts.iter().any(|part| word.strip_suffix(part) == Some(name))
    };
    named
        .map(|word| {
            let histogram = METRICS
                .iter()
                .find(|metric| metric.kind == Kind::Histogram && whole(metric.name)(word));
            histogram.map_or(word, |metric| metric.name)
        })
        .collect()
}

#[test]
fn alerts_and_dashboard_name_metrics_that_exist() {
    let known: BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
    for (name, least) in [("deploy/alerts.yml", 8), ("deploy/grafana-dashboard.json", 14)] {
        let text = file(name);
        let named = metrics(&text);
        let unknown: Vec<_> = named.difference(&known).collect();
        assert!(unknown.is_empty(), "{name} names {unknown:?}");
        assert!(named.len() >= least, "{name} names only {named:?}");
    }
}

#[test]
fn each_metric_has_a_panel() {
    let text = file("deploy/grafana-dashboard.json");
    let shown = metrics(&text);
    let missing: Vec<_> =
        METRICS.iter().map(|metric| metric.name).filter(|name| !shown.contains(name)).collect();
    assert!(missing.is_empty(), "no panel shows {missing:?}");
}

#[test]
fn alerts_and_dashboard_ask_for_labels_that_their_metrics_have() {
    // What the scrape and the expressions themselves bring.
    let brought = ["job", "instance", "le", "severity"];
    let labels: BTreeSet<_> = METRICS.iter().flat_map(|metric| metric.labels).copied().collect();
    for name in ["deploy/alerts.yml", "deploy/grafana-dashboard.json"] {
        let text = file(name);
        let groups = text.split("by (").skip(1).filter_map(|rest| rest.split(')').next());
        let grouped: BTreeSet<_> = groups.flat_map(|group| group.split(", ")).collect();
        assert!(!grouped.is_empty(), "{name}");
        let unknown: Vec<_> = grouped
            .iter()
            .filter(|label| !labels.contains(**label) && !brought.contains(label))
            .collect();
        assert!(unknown.is_empty(), "{name} groups by {unknown:?}");
    }
}

#[test]
fn each_alert_has_its_section_and_each_section_its_alert() {
    let (alerts, page) = (file("deploy/alerts.yml"), file("docs/operations.md"));
    let named = |text: &str, begin: &str| -> BTreeSet<String> {
        text.lines().filter_map(|line| line.trim().strip_prefix(begin)).map(str::to_owned).collect()
    };
    let (alerts, links) =
        (named(&alerts, "- alert: "), named(&alerts, "runbook: docs/operations.md#"));
    let sections: BTreeSet<_> =
        named(&page, "### ").into_iter().filter(|name| name.starts_with("ScimGateway")).collect();
    assert_eq!(alerts, sections);
    assert_eq!(links, alerts.iter().map(|name| name.to_lowercase()).collect());
}
