//! `explain`: which rule, in which file and line, does what.

mod account;
mod body;
mod filter;
mod patch;

use std::path::PathBuf;
use std::process::ExitCode;

use self::account::{Account, by, way_json};
use super::along::Along;
use super::document::{Failure, STDIN, Typed, read, rules};
use super::options::Format;
use super::output::{row, say};
use crate::fault::{Cause, Fault};
use crate::gateway::Route;
use crate::gateway::message::read_request;
use crate::gateway::report::{Way, spot};
use crate::gateway::write::{guard, may_deactivate};
use crate::scim::document::parse;
use crate::scim::grammar::{parse_filter, parse_path};
use crate::scim::schema::Operation;
use clap::ValueEnum;

/// Where a line goes on that is longer than the terminal is wide.
const BELOW: usize = 4;

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    along: Along,
    #[command(flatten)]
    typed: Typed,
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

pub(super) fn explain(options: &Options, format: Format) -> ExitCode {
    let chosen = match options.along.one() {
        Ok(chosen) => chosen,
        Err(why) => return why.tell(format),
    };
    match account(options, &chosen.route) {
        Ok(Account { lines, json }) => match format {
            Format::Text => lines.iter().for_each(|line| row(line, BELOW)),
            Format::Json => say(&json.to_string()),
        },
        Err(failure) => return failure.tell(format),
    }
    ExitCode::SUCCESS
}

fn account(options: &Options, route: &Route) -> Result<Account, Failure> {
    if options.filter.is_some() || options.path.is_some() {
        return of_text(options, route);
    }
    let file = options.patch.as_ref().or(options.body.as_ref());
    let file = file.cloned().unwrap_or_else(|| PathBuf::from(STDIN));
    let bytes = read(&file)?;
    let pair = options.typed.pair(route, &[&bytes])?;
    let limits = route.spec.policies.limits();
    let body =
        parse(&bytes, &limits).map_err(|error| Fault::new(Cause::BadBody, error.to_string()))?;
    if options.patch.is_some() {
        return Ok(match pair.operations(&body) {
            Ok(ops) => patch::of_patch(&route.explain_patch(pair, &ops, "ID")),
            Err(fault) => patch::unreadable(fault),
        });
    }
    let operation = match options.operation {
        Sent::Create => Operation::Create,
        Sent::Replace => Operation::Replace,
    };
    let object = read_request(&pair.client_resource, operation, None, body)?;
    let resource = pair.intake(object, operation)?;
    let mut told = pair.explain(&resource, operation);
    let policies = &route.spec.policies;
    let lifted = pair.lifted_resource(&resource, operation, policies);
    let allowed =
        || guard(pair, &told.losses, &lifted, policies).and(may_deactivate(&lifted, policies));
    told.fault = told.fault.or_else(|| allowed().err());
    Ok(body::of_body(&told, options.values))
}

/// A filter or a path, which stand on the command line.
fn of_text(options: &Options, route: &Route) -> Result<Account, Failure> {
    let pair = options.typed.pair(route, &[])?;
    let urns = pair.client.vendor.urns();
    let known = pair.known(&urns);
    if let Some(text) = &options.filter {
        let filter = parse_filter(text, &known)
            .map_err(|error| Fault::new(Cause::InvalidFilter, error.to_string()))?;
        return Ok(filter::of_filter(route, pair, &pair.explain_filter(&filter)?));
    }
    let path = parse_path(options.path.as_deref().unwrap_or_default(), &known)
        .map_err(|error| Fault::new(Cause::InvalidPath, error.to_string()))?;
    Ok(of_path(&pair.way(&spot(&path))))
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
