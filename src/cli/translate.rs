//! `translate`: one document from one side of a route to the other, without a call.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use http::Method;
use serde_json::json;

use super::along::Along;
use super::document::{Failure, Typed, answer, losses, losses_json, pretty, read};
use super::options::Format;
use super::output::{complain, say};
use crate::fault::{Cause, Fault};
use crate::gateway::Route;
use crate::gateway::message::{Head, read_request};
use crate::gateway::pair::{Losses, Pair};
use crate::gateway::route::Replace;
use crate::gateway::view::Stored;
use crate::gateway::write::{Plan, guard, may_deactivate};
use crate::scim::document::{DocumentLimits, parse};
use crate::scim::http::Request;
use crate::scim::projection::Projection;
use crate::scim::schema::Operation;
use crate::scim::{Object, Value};

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    along: Along,
    #[command(flatten)]
    typed: Typed,
    /// What the document is: a request of the client's, or an answer of the upstream's.
    #[arg(long, short, value_enum, default_value_t = Document::Create)]
    operation: Document,
    /// The resource that the upstream has, in its own words, as its GET answers it: PUT and PATCH
    /// are laid over it.
    #[arg(long, value_name = "FILE")]
    old: Option<PathBuf>,
    /// The resource's id, for dialects that repeat it in the body.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// The document; `-` is standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    document: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Document {
    /// The body of a POST.
    Create,
    /// The body of a PUT.
    Replace,
    /// The body of a PATCH.
    Patch,
    /// The upstream's answer: one resource, or a list.
    Response,
}

/// The other side's document.
pub(super) struct Done {
    /// The call, for a request: `PUT /Users/1`.
    call: Option<String>,
    body: Vec<u8>,
    losses: Losses,
    notes: Vec<String>,
    sender: &'static str,
}

pub(super) fn translate(options: &Options, format: Format) -> ExitCode {
    let chosen = match options.along.one() {
        Ok(chosen) => chosen,
        Err(why) => return why.tell(format),
    };
    match document(options, &chosen.route) {
        Ok(done) => print(&done, format),
        Err(failure) => return failure.tell(format),
    }
    ExitCode::SUCCESS
}

fn print(done: &Done, format: Format) {
    let Done { call, body, losses: lost, notes, sender } = done;
    match format {
        Format::Json => {
            // The body in its own order, which a JSON map would not keep.
            let limits = DocumentLimits::depth(usize::MAX);
            let mut told = Object::new();
            told.push("call", Value::from(json!(call)));
            told.push("body", parse(body, &limits).unwrap_or_default());
            told.push("losses", Value::from(losses_json(lost, sender)));
            told.push("notes", Value::from(json!(notes)));
            say(&String::from_utf8_lossy(&Value::Object(told).to_json()));
        }
        Format::Text => {
            if let Some(call) = call {
                complain(call);
            }
            for (place, cause, words) in losses(lost, sender) {
                complain(&format!("lost: {place} ({cause}, in the {words} words)"));
            }
            notes.iter().for_each(|note| complain(&format!("note: {note}")));
            if !body.is_empty() {
                say(&pretty(body));
            }
        }
    }
}

fn document(options: &Options, route: &Route) -> Result<Done, Failure> {
    let bytes = read(&options.document)?;
    let old = options.old.as_deref().map(read).transpose()?;
    let documents: Vec<&[u8]> =
        [Some(&bytes), old.as_ref()].into_iter().flatten().map(Vec::as_slice).collect();
    let pair = options.typed.pair(route, &documents)?;
    let old = old.map(answer);
    let old = old.as_ref().map(|old| route.stored(pair, Operation::Get, old)).transpose()?;
    let known = old.as_ref().and_then(|old| old.frame.id.clone());
    let id = options.id.clone().or(known).unwrap_or_else(|| "ID".to_owned());
    match options.operation {
        Document::Create => create(route, pair, &bytes),
        Document::Replace => replace(route, pair, &bytes, old.as_ref(), &id),
        Document::Patch => patch(route, pair, &bytes, old.as_ref(), &id),
        Document::Response => response(route, pair, bytes),
    }
}

fn taken<'b>(
    route: &Route,
    pair: &Pair,
    bytes: &'b [u8],
    operation: Operation,
) -> Result<Object<'b>, Fault> {
    let object = read_request(&pair.client_resource, operation, None, body(route, bytes)?)?;
    pair.intake(object, operation)
}

fn body<'b>(route: &Route, bytes: &'b [u8]) -> Result<Value<'b>, Fault> {
    parse(bytes, &route.spec.policies.limits())
        .map_err(|error| Fault::new(Cause::BadBody, error.to_string()))
}

fn sent(request: Request, losses: Losses, notes: Vec<String>) -> Done {
    let call = Some(format!("{} {}", request.method, request.path));
    Done { call, body: request.body.to_vec(), losses, notes, sender: "client" }
}

/// A create, as a request to the upstream.
///
/// # Errors
/// Why the gateway would refuse it.
pub(super) fn create(route: &Route, pair: &Pair, bytes: &[u8]) -> Result<Done, Failure> {
    let resource = taken(route, pair, bytes, Operation::Create)?;
    let lowered = pair.create(&resource)?;
    let policies = &route.spec.policies;
    let lifted = pair.lifted_resource(&resource, Operation::Create, policies);
    guard(pair, &lowered.losses, &lifted, policies)?;
    may_deactivate(&lifted, policies)?;
    let mut notes = Vec::new();
    if lowered.deactivate {
        notes.push(
            "a second call deactivates the new resource: the upstream takes no active on create",
        );
    }
    let request = route.call_with(pair, Operation::Create, None, &lowered.object);
    Ok(sent(request, lowered.losses, notes.into_iter().map(str::to_owned).collect()))
}

fn replace(
    route: &Route,
    pair: &Pair,
    bytes: &[u8],
    old: Option<&Stored>,
    id: &str,
) -> Result<Done, Failure> {
    let resource = taken(route, pair, bytes, Operation::Replace)?;
    let policies = &route.spec.policies;
    let lifted = pair.lifted_resource(&resource, Operation::Replace, policies);
    may_deactivate(&lifted, policies)?;
    if let Some(old) = old.filter(|_| policies.replace == Replace::Preserve) {
        let merged = pair.merge(&resource, old.old(), policies, false)?;
        guard(pair, &merged.losses, &lifted, policies)?;
        return written(route, pair, Operation::Replace, &merged, id);
    }
    let lowered = pair.replace(&resource)?;
    guard(pair, &lowered.losses, &lifted, policies)?;
    let mut notes = Vec::new();
    if policies.replace == Replace::Preserve {
        notes.push(
            "the gateway reads the resource first and keeps what the client cannot see; give it \
             with --old to see that"
                .to_owned(),
        );
    }
    let request = route.call_with(pair, Operation::Replace, Some(id), &lowered.object);
    Ok(sent(request, lowered.losses, notes))
}

fn patch(
    route: &Route,
    pair: &Pair,
    bytes: &[u8],
    old: Option<&Stored>,
    id: &str,
) -> Result<Done, Failure> {
    let ops = pair.operations(&body(route, bytes)?)?;
    let planned = pair.plan_patch(&ops)?;
    let lifted = pair.lifted_ops(&ops);
    guard(pair, &planned.losses, &lifted, &route.spec.policies)?;
    may_deactivate(&lifted, &route.spec.policies)?;
    match (planned.plan, old) {
        (Plan::Native(bodies), _) => {
            let writes = bodies.into_iter().map(|body| (Operation::Patch, body)).collect();
            first(route, pair, id, writes, planned.losses)
        }
        (Plan::Nothing, _) => {
            let request = route.call(pair, Method::GET, Some(id), "");
            let notes = vec!["everything is lost: nothing is written".to_owned()];
            Ok(sent(request, planned.losses, notes))
        }
        (Plan::Emulate, Some(old)) => {
            let wanted = pair.applied(old.old(), &ops)?;
            let merged = pair.merge(&wanted, old.old(), &route.spec.policies, true)?;
            written(route, pair, Operation::Patch, &merged, id)
        }
        (Plan::Emulate, None) => Err(Failure::Usage(
            "this PATCH depends on what the upstream has: give that with --old".to_owned(),
        )),
    }
}

fn written(
    route: &Route,
    pair: &Pair,
    asked: Operation,
    merged: &crate::gateway::write::Merged,
    id: &str,
) -> Result<Done, Failure> {
    if !merged.changed {
        let notes = vec!["nothing changes: nothing is written".to_owned()];
        let request = route.call(pair, Method::GET, Some(id), "");
        return Ok(sent(request, merged.losses.clone(), notes));
    }
    first(route, pair, id, pair.written(merged, asked)?, merged.losses.clone())
}

/// The first write, and how many more there are: only members are changed in several.
fn first(
    route: &Route,
    pair: &Pair,
    id: &str,
    writes: Vec<(Operation, Object<'static>)>,
    losses: Losses,
) -> Result<Done, Failure> {
    let notes = match writes.len().saturating_sub(1) {
        0 => Vec::new(),
        more => vec![format!("{more} more requests change the other members")],
    };
    match writes.first() {
        Some((operation, body)) => {
            Ok(sent(route.call_with(pair, *operation, Some(id), body), losses, notes))
        }
        None => Ok(sent(route.call(pair, Method::GET, Some(id), ""), losses, notes)),
    }
}

fn response(route: &Route, pair: &Pair, bytes: Vec<u8>) -> Result<Done, Failure> {
    let mut losses = Losses::default();
    let is_list =
        matches!(body(route, &bytes)?, Value::Object(object) if object.contains("Resources"));
    let answer = answer(bytes);
    let answered = if is_list {
        let page = route.page(pair, &answer)?;
        let total = page.total.unwrap_or(page.resources.len());
        let shown = page
            .resources
            .iter()
            .map(|s| route.shown(pair, Operation::List, s, &Projection::Default, &mut losses));
        route.answer_list(&Head::index(total, 1), shown)
    } else {
        let stored = route.stored(pair, Operation::Get, &answer)?;
        route.answer(pair, Operation::Get, &stored, &Projection::Default, &mut losses)
    };
    let body = answered.body.to_vec();
    Ok(Done { call: None, body, losses, notes: Vec::new(), sender: "upstream" })
}
