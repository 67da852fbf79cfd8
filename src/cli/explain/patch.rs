//! `explain --patch`: what each operation comes to, the plan, and the calls.

use serde_json::{Value as Json, json};

use super::account::{Account, by, call, reason, way_json};
use crate::cli::document::{as_json as fault_json, losses_json, rules, told};
use crate::fault::Fault;
use crate::gateway::pair::Losses;
use crate::gateway::report::{Calls, OpFate, OpReport, PatchReport};
use crate::rewrite::translate::Loss;

pub(super) fn of_patch(report: &PatchReport) -> Account {
    let mut lines = Vec::new();
    let mut operations = Vec::new();
    for op in &report.operations {
        let (line, json) = operation(op);
        lines.push(line);
        operations.push(json);
    }
    let (plan, calls) = match &report.calls {
        Calls::Nothing(read) => ("nothing", vec![call(read), "answer what is there".to_owned()]),
        Calls::Native(write) => ("native", write.iter().map(call).collect()),
        Calls::Emulated { read, write, why } => {
            let then = format!("{write}, if that changes anything, under a lock ({why})");
            ("emulated", vec![call(read), then])
        }
        Calls::Refused(fault) => ("refused", vec![refusal(fault)]),
    };
    lines.push(format!("plan: {plan}"));
    lines.extend(calls.iter().map(|call| format!("  {call}")));
    let json = json!({
        "operations": operations,
        "plan": plan,
        "calls": calls,
        "losses": losses_json(&report.losses, "canonical"),
        "fault": match &report.calls {
            Calls::Refused(fault) => fault_json(fault),
            _ => Json::Null,
        },
    });
    Account { lines, json }
}

/// Operations that cannot be brought into normal form.
pub(super) fn unreadable(fault: Fault) -> Account {
    let calls = Calls::Refused(fault);
    of_patch(&PatchReport { operations: Vec::new(), calls, losses: Losses::default() })
}

fn refusal(fault: &Fault) -> String {
    format!("before any call: {}", told(fault))
}

fn operation(op: &OpReport) -> (String, Json) {
    let (fate, told) = match &op.fate {
        OpFate::Direct(as_these) => ("direct", format!("direct, as {}", as_these.join("; "))),
        OpFate::Lost(losses) if losses.is_empty() => {
            ("lost", "LOST: it removes what the upstream cannot hold".to_owned())
        }
        OpFate::Lost(losses) => {
            let cause = |l: &Loss| format!("{} {}", l.place, reason(l.cause.label()));
            let causes: Vec<String> = losses.iter().map(cause).collect();
            ("lost", format!("LOST: {}", causes.join("; ")))
        }
        OpFate::Stateful(why) => ("stateful", format!("stateful: {why}")),
        OpFate::Refused(fault) => ("refused", format!("REFUSED: {}", told(fault))),
    };
    let mut line = format!("{}  {told}", op.text);
    by(&mut line, &rules(&op.way.rules));
    let json = json!({"operation": op.text, "fate": fate, "told": told, "way": way_json(&op.way)});
    (line, json)
}
