//! `explain FILE`: what becomes of every value of a body.

use serde_json::{Value as Json, json};

use super::account::{Account, by, reason};
use crate::cli::document::{as_json as fault_json, losses_json, rule, rules, told};
use crate::gateway::report::{BodyReport, LeafFate, LeafReport, Made};
use crate::scim::Value;

pub(super) fn of_body(told_of: &BodyReport, values: bool) -> Account {
    let BodyReport { leaves, made, losses, fault, deactivate } = told_of;
    let mut lines: Vec<String> = leaves.iter().map(|leaf| leaf_line(leaf, values)).collect();
    lines.extend(made.iter().map(made_line));
    if *deactivate {
        lines.push("then a second call deactivates the new resource".to_owned());
    }
    lines.extend(fault.iter().map(|fault| format!("refused: {}", told(fault))));
    let json = json!({
        "values": leaves.iter().map(|leaf| leaf_json(leaf, values)).collect::<Vec<_>>(),
        "made": made.iter().map(made_json).collect::<Vec<_>>(),
        "losses": losses_json(losses, "client"),
        "deactivates": deactivate,
        "fault": fault.as_ref().map(fault_json),
    });
    Account { lines, json }
}

fn leaf_line(leaf: &LeafReport, values: bool) -> String {
    let mut line = leaf.client.clone();
    for place in [&leaf.canonical, &leaf.upstream].into_iter().flatten() {
        line.push_str(&format!(" -> {place}"));
    }
    line.push_str(&match leaf.fate {
        LeafFate::Carried if leaf.changed => "  changed".to_owned(),
        LeafFate::Carried => String::new(),
        LeafFate::Lost(cause) => format!("  LOST: {}", reason(cause.label())),
        LeafFate::Idle => "  says nothing that the upstream does not show anyway".to_owned(),
        LeafFate::Withheld => "  is not part of this message".to_owned(),
        LeafFate::Later => "  said by a second call".to_owned(),
        LeafFate::Refused => "  REFUSED by the rule".to_owned(),
    });
    if values {
        let shown = |value: &Value<'_>| String::from_utf8_lossy(&value.to_json()).into_owned();
        line.push_str(&format!("  {}", shown(&leaf.value)));
        if let Some(upstream) = leaf.upstream_value.as_ref().filter(|_| leaf.changed) {
            line.push_str(&format!(" -> {}", shown(upstream)));
        }
    }
    by(&mut line, &rules(&leaf.rules));
    line
}

fn made_line(made: &Made) -> String {
    let Made { place, by, rule: origin, loss } = made;
    let why = loss.as_ref().map(|loss| format!(": {loss}")).unwrap_or_default();
    format!("{place}  made by {by} {}{why}", rule(origin))
}

fn leaf_json(leaf: &LeafReport, values: bool) -> Json {
    let (fate, cause) = match leaf.fate {
        LeafFate::Carried => ("carried", None),
        LeafFate::Lost(cause) => ("lost", Some(cause.label())),
        LeafFate::Idle => ("idle", None),
        LeafFate::Withheld => ("withheld", None),
        LeafFate::Later => ("later", None),
        LeafFate::Refused => ("refused", None),
    };
    let mut told = json!({
        "client": leaf.client,
        "canonical": leaf.canonical,
        "upstream": leaf.upstream,
        "fate": fate,
        "cause": cause,
        "changed": leaf.changed,
        "rules": rules(&leaf.rules),
    });
    if let (true, Some(told)) = (values, told.as_object_mut()) {
        let value =
            |v: &Value<'_>| serde_json::from_slice::<Json>(&v.to_json()).unwrap_or_default();
        told.insert("value".to_owned(), value(&leaf.value));
        told.insert("upstream_value".to_owned(), json!(leaf.upstream_value.as_ref().map(value)));
    }
    told
}

fn made_json(made: &Made) -> Json {
    json!({"place": made.place, "by": made.by, "rule": rule(&made.rule), "loss": made.loss})
}
