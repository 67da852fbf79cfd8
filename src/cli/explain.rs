//! `explain`: which rule, in which file and line, does what (promise 8).

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::{Value as Json, json};

use super::Format;
use super::along::Along;
use super::document::{
    Failure, as_json as fault_json, losses_json, read, rule, rules, told, users,
};
use super::output::say;
use crate::dialect::model::Paging;
use crate::fault::{Cause, Fault};
use crate::gateway::Route;
use crate::gateway::message::resource::read_request;
use crate::gateway::pair::Pair;
use crate::gateway::report::{
    Calls, FilterReport, Leaf, LeafFate, Made, OpFate, PatchReport, Told, Way, spot,
};
use crate::gateway::truth::Truth;
use crate::scim::Value;
use crate::scim::document::{Limits, parse};
use crate::scim::grammar::{parse_filter, parse_path};
use crate::scim::http::Request;
use crate::scim::schema::Operation;

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    along: Along,
    /// A PATCH of the client's: each operation, the plan, and the calls that it makes.
    #[arg(long, value_name = "FILE", group = "what")]
    patch: Option<PathBuf>,
    /// A filter of the client's, such as 'userName eq "a@b.example"'.
    #[arg(long, value_name = "FILTER", group = "what")]
    filter: Option<String>,
    /// One attribute path of the client's, such as 'emails[type eq "work"].value'.
    #[arg(long, value_name = "PATH", group = "what")]
    path: Option<String>,
    /// What the body is sent as.
    #[arg(long, short, value_enum, default_value_t = Sent::Create)]
    operation: Sent,
    /// Print the body's values too, not only their places.
    #[arg(long)]
    values: bool,
    /// A resource as the client sends it; `-` is standard input.
    #[arg(value_name = "FILE", group = "what")]
    body: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Sent {
    /// POST.
    Create,
    /// PUT.
    Replace,
}

/// What is told, for both formats.
struct Account {
    lines: Vec<String>,
    json: Json,
}

pub(super) fn explain(options: &Options, format: Format) -> ExitCode {
    let chosen = match options.along.one() {
        Ok(chosen) => chosen,
        Err(why) => return why.tell(format),
    };
    match account(options, &chosen.route) {
        Ok(Account { lines, json }) => match format {
            Format::Text => lines.iter().for_each(|line| say(line)),
            Format::Json => say(&json.to_string()),
        },
        Err(failure) => return failure.tell(format),
    }
    ExitCode::SUCCESS
}

fn account(options: &Options, route: &Route) -> Result<Account, Failure> {
    let pair = users(route)?;
    let urns = pair.client.vendor.urns();
    let known = pair.known(&urns);
    if let Some(text) = &options.filter {
        let filter = parse_filter(text, &known)
            .map_err(|error| Fault::new(Cause::InvalidFilter, error.to_string()))?;
        return Ok(of_filter(route, pair, &pair.explain_filter(&filter)?));
    }
    if let Some(text) = &options.path {
        let path = parse_path(text, &known)
            .map_err(|error| Fault::new(Cause::InvalidPath, error.to_string()))?;
        return Ok(of_path(&pair.way(&spot(&path))));
    }
    let file = options.patch.as_ref().or(options.body.as_ref());
    let file = file.cloned().unwrap_or_else(|| PathBuf::from("-"));
    let bytes = read(&file)?;
    let limits = Limits { max_depth: route.spec.policies.max_depth };
    let body =
        parse(&bytes, &limits).map_err(|error| Fault::new(Cause::BadBody, error.to_string()))?;
    if options.patch.is_some() {
        let ops = pair.operations(&body)?;
        return Ok(of_patch(&route.explain_patch(pair, &ops, "ID")?));
    }
    let operation = match options.operation {
        Sent::Create => Operation::Create,
        Sent::Replace => Operation::Replace,
    };
    let object = read_request(&pair.client_resource, operation, None, body)?;
    let user = pair.intake(object, operation)?;
    Ok(of_body(&pair.explain(&user, operation), options.values))
}

fn of_body(told_of: &Told, values: bool) -> Account {
    let Told { leaves, made, losses, fault, deactivate } = told_of;
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

fn leaf_line(leaf: &Leaf, values: bool) -> String {
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

fn by(line: &mut String, rules: &[String]) {
    if !rules.is_empty() {
        line.push_str(&format!("  by {}", rules.join(", ")));
    }
}

/// What a cause of loss means, for people.
fn reason(label: &str) -> String {
    let meaning = match label {
        "no_place" => "the other side has no such place",
        "shadowed" => "the place belongs to another rule",
        "picked" => "another element was picked",
        "converted" => "the value cannot be converted",
        _ => "a rule says so",
    };
    format!("{label} ({meaning})")
}

fn made_line(made: &Made) -> String {
    let Made { place, by, rule: origin, loss } = made;
    let why = loss.as_ref().map(|loss| format!(": {loss}")).unwrap_or_default();
    format!("{place}  made by {by} {}{why}", rule(origin))
}

fn leaf_json(leaf: &Leaf, values: bool) -> Json {
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

fn of_patch(report: &PatchReport) -> Account {
    let mut lines = Vec::new();
    let mut operations = Vec::new();
    for op in &report.operations {
        let (fate, told) = match &op.fate {
            OpFate::Direct(as_these) => ("direct", format!("direct, as {}", as_these.join("; "))),
            OpFate::Lost(losses) => {
                let causes: Vec<String> = losses
                    .iter()
                    .map(|l| format!("{} {}", l.place, reason(l.cause.label())))
                    .collect();
                ("lost", format!("LOST: {}", causes.join("; ")))
            }
            OpFate::Stateful(why) => ("stateful", format!("stateful: {why}")),
        };
        let mut line = format!("{}  {told}", op.text);
        by(&mut line, &rules(&op.way.rules));
        lines.push(line);
        operations.push(json!({
            "operation": op.text, "fate": fate, "told": told, "way": way_json(&op.way),
        }));
    }
    let (plan, calls) = match &report.calls {
        Calls::Nothing(read) => ("nothing", vec![call(read), "answer what is there".to_owned()]),
        Calls::Native(write) => ("native", write.iter().map(call).collect()),
        Calls::Emulated { read, write, why } => {
            let then = format!("{write}, if that changes anything, under a lock ({why})");
            ("emulated", vec![call(read), then])
        }
    };
    lines.push(format!("plan: {plan}"));
    lines.extend(calls.iter().map(|call| format!("  {call}")));
    let json = json!({
        "operations": operations,
        "plan": plan,
        "calls": calls,
        "losses": losses_json(&report.losses, "canonical"),
    });
    Account { lines, json }
}

/// The call, with the body that the user's own file gave.
fn call(request: &Request) -> String {
    let body = String::from_utf8_lossy(&request.body);
    format!("{} {} {body}", request.method, request.path).trim_end().to_owned()
}

fn of_filter(route: &Route, pair: &Pair, report: &FilterReport) -> Account {
    let mut lines = Vec::new();
    let mut terms = Vec::new();
    for term in &report.terms {
        let upstream = term.upstream.as_ref().map(|text| format!(" -> {text}")).unwrap_or_default();
        let reach = term.reach.label();
        let mut line =
            format!("{} -> {}{upstream}  {reach}: {}", term.client, truth(&term.truth), term.why);
        by(&mut line, &rules(&term.way.rules));
        lines.push(line);
        terms.push(json!({
            "client": term.client, "canonical": truth(&term.truth), "upstream": term.upstream,
            "reach": reach, "why": term.why, "rules": rules(&term.way.rules),
        }));
    }
    let plan = &report.plan;
    let canonical = truth(&plan.truth);
    let asked = plan.pushed.as_ref().map(ToString::to_string);
    lines.push(format!("truth: {canonical}"));
    lines.push(format!(
        "asked of the upstream ({}): {}",
        report.reach.label(),
        asked.as_deref().unwrap_or("nothing")
    ));
    let answered = match (&plan.truth, plan.direct, plan.unique) {
        (Truth::Never, ..) => "an empty list, without a call".to_owned(),
        (_, true, _) => "one call: the upstream's own page and total".to_owned(),
        _ if pair.upstream_resource.list.paging == Paging::Capped => {
            let most = pair.upstream_resource.list.max_count;
            format!("from one page; a full one ({most}) cannot be shown to be all, and is refused")
        }
        (_, _, true) => "page by page, until the one that can match is found".to_owned(),
        (_, _, false) => {
            let most = route.spec.policies.scan_limit;
            let page = pair.upstream_resource.list.max_count;
            format!("all pages of {page} are read, at most {most} resources; beyond: tooMany")
        }
    };
    lines.push(format!("answered: {answered}"));
    let json = json!({
        "terms": terms, "truth": canonical, "reach": report.reach.label(), "asked": asked,
        "direct": plan.direct, "unique": plan.unique, "answered": answered,
    });
    Account { lines, json }
}

fn truth(truth: &Truth) -> String {
    match truth {
        Truth::Always => "true".to_owned(),
        Truth::Never => "false".to_owned(),
        Truth::Test(filter) => filter.to_string(),
    }
}

fn of_path(way: &Way) -> Account {
    let mut line = way.client.clone();
    for place in [&way.canonical, &way.upstream].into_iter().flatten() {
        line.push_str(&format!(" -> {place}"));
    }
    line.push_str(&format!("  {}", way.outcome.label()));
    by(&mut line, &rules(&way.rules));
    Account { lines: vec![line], json: way_json(way) }
}

fn way_json(way: &Way) -> Json {
    json!({
        "client": way.client,
        "canonical": way.canonical,
        "upstream": way.upstream,
        "outcome": way.outcome.label(),
        "rules": rules(&way.rules),
    })
}
