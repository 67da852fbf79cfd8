//! What verbs on one document share: reading it, and telling faults, rules and losses.

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value as Json, json};

use super::options::Format;
use super::output::{complain, misused, say};
use crate::fault::Fault;
use crate::gateway::Route;
use crate::gateway::pair::{Kind, Losses, Pair};
use crate::rewrite::rule::RuleOrigin;
use crate::rewrite::translate::Loss;
use crate::scim::Value;
use crate::scim::document::{DocumentLimits, parse};
use crate::scim::http::Response;
use crate::scim::patch::Op;

/// The largest document that is read, in bytes.
const LARGEST: u64 = 64 << 20;

/// The name of standard input among files.
pub(super) const STDIN: &str = "-";

/// Why a verb did not do what was asked for.
pub(super) enum Failure {
    /// The command line is wrong, or a file is not there.
    Usage(String),
    Fault(Fault),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Failure {
    /// Says why, and what the program exits with.
    pub fn tell(&self, format: Format) -> ExitCode {
        match (self, format) {
            (Self::Usage(message), format) => return misused(message, format),
            (Self::Fault(fault), Format::Text) => complain(&told(fault)),
            (Self::Fault(fault), Format::Json) => {
                say(&json!({"fault": as_json(fault)}).to_string())
            }
        }
        ExitCode::FAILURE
    }
}

/// A document from a file, or from standard input for `-`.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::Usage(format!("{} cannot be read: {}", file.display(), error.kind()))
    };
    let mut bytes = Vec::new();
    let read = if file == Path::new(STDIN) {
        let stdin = std::io::stdin();
        if stdin.is_terminal() {
            complain("reading from standard input; Ctrl-D ends it (or name a file)");
        }
        stdin.lock().take(LARGEST).read_to_end(&mut bytes)
    } else {
        let file = std::fs::File::open(file).map_err(unreadable)?;
        file.take(LARGEST).read_to_end(&mut bytes)
    };
    read.map_err(unreadable)?;
    Ok(bytes)
}

/// The document as an upstream's successful answer.
pub(super) fn answer(bytes: Vec<u8>) -> Response {
    let mut response = Response::new(StatusCode::OK);
    response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
    response.body = bytes.into();
    response
}

/// Which resource type a document is about.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Typed {
    /// The resource type; where it is not given, as the document's `schemas` say or a PATCH's paths, or User.
    #[arg(long, value_name = "TYPE", value_parser = PossibleValuesParser::new(Kind::ALL.map(Kind::name)))]
    resource: Option<String>,
}

impl Typed {
    /// The route's pair of the type that is named, or else told by the first document that tells one:
    /// by its `schemas`, or by what its operations name.
    pub fn pair<'r>(&self, route: &'r Route, documents: &[&[u8]]) -> Result<&'r Pair, Failure> {
        let named = |name: &str| Kind::ALL.into_iter().find(|kind| kind.name() == name);
        let kind = match &self.resource {
            Some(name) => named(name),
            None => {
                let schemas = documents.iter().find_map(|bytes| told_by(bytes, route));
                schemas.or_else(|| documents.iter().find_map(|bytes| patched(bytes, route)))
            }
        };
        let kind = kind.unwrap_or(Kind::User);
        let why = format!("one of the route's two dialects has no {}", plural(kind));
        route.pair(kind).ok_or(Failure::Usage(why))
    }
}

/// The resource type that the `schemas` of a resource, or of a list's first one, name.
fn told_by(bytes: &[u8], route: &Route) -> Option<Kind> {
    let limits = DocumentLimits::depth(route.spec.policies.max_depth);
    let parsed = parse(bytes, &limits).ok()?;
    let body = parsed.as_object()?;
    let first = body.get("Resources").and_then(Value::as_array).and_then(<[_]>::first);
    let whole = first.and_then(Value::as_object).unwrap_or(body);
    // In an envelope, the resource is the only member.
    let inner = whole.iter().next().and_then(|(_, inner)| inner.as_object());
    let resource = inner.filter(|_| whole.len() == 1).unwrap_or(whole);
    let schemas = resource.get("schemas").and_then(Value::as_array)?;
    // The type's name ends its URN, whatever vendor's (RFC 7643 section 8.7, and URLs of older forms).
    let is = |urn: &str, kind: Kind| {
        urn.rsplit([':', '/']).next().is_some_and(|last| last.eq_ignore_ascii_case(kind.name()))
    };
    let urns = || schemas.iter().filter_map(Value::as_str);
    Kind::ALL.into_iter().find(|kind| urns().any(|urn| is(urn, *kind)))
}

/// The resource type that alone has all that a PATCH names, such as `members`; User, where several have.
fn patched(bytes: &[u8], route: &Route) -> Option<Kind> {
    let limits = DocumentLimits::depth(route.spec.policies.max_depth);
    let body = parse(bytes, &limits).ok()?;
    let has_all = |kind: &Kind| {
        let pair = route.pair(*kind)?;
        let schema = &pair.client.vendor;
        let known =
            |op: &Op<'_>| op.path.members().next().is_none_or(|n| schema.attribute(n).is_some());
        pair.operations(&body).ok()?.iter().all(known).then_some(*kind)
    };
    Kind::ALL.iter().find_map(has_all)
}

/// The resource type in sentences and tables.
pub(super) fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "users",
        Kind::Group => "groups",
    }
}

/// `400 invalidValue (client): …`
pub(super) fn told(fault: &Fault) -> String {
    let kind = fault.scim_type().map(|kind| format!(" {kind}")).unwrap_or_default();
    let status = fault.status().as_u16();
    format!("{status}{kind} (fault of the {}): {}", fault.cause.side().label(), fault.detail)
}

pub(super) fn as_json(fault: &Fault) -> Json {
    json!({
        "status": fault.status().as_u16(),
        "scimType": fault.scim_type(),
        "cause": fault.cause.label(),
        "side": fault.cause.side().label(),
        "detail": fault.detail,
    })
}

/// `rules/<dialect>/user.toml:12`
pub(super) fn rule(origin: &RuleOrigin) -> String {
    format!("{}:{}", origin.file, origin.line)
}

pub(super) fn rules(origins: &[RuleOrigin]) -> Vec<String> {
    origins.iter().map(rule).collect()
}

/// (place, cause, whose words the place is in), `first` being the sender's.
pub(super) fn losses(
    losses: &Losses,
    sender: &'static str,
) -> Vec<(String, &'static str, &'static str)> {
    let told = |loss: &Loss, words| (loss.place.to_string(), loss.cause.label(), words);
    let lifting = losses.lifting.iter().map(|loss| told(loss, sender));
    lifting.chain(losses.lowering.iter().map(|loss| told(loss, "canonical"))).collect()
}

pub(super) fn losses_json(found: &Losses, sender: &'static str) -> Json {
    losses(found, sender)
        .into_iter()
        .map(|(place, cause, words)| json!({"place": place, "cause": cause, "words": words}))
        .collect()
}

/// The bytes as indented JSON in their own order; as they are where they are none.
pub(super) fn pretty(bytes: &[u8]) -> String {
    parse(bytes, &DocumentLimits::depth(usize::MAX))
        .map(|value| value.to_pretty_json())
        .unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned())
}
