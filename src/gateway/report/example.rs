//! Runs the examples of a dialect's page through the engine: what goes in, what must come out.
//!
//! The other side of each example is plain SCIM. It compares, and leaves files alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;
use serde_json::Value as Json;

use crate::dialect::Dialect;
use crate::dialect::cases::{Block, Case, Direction, Kind};
use crate::fault::Fault;
use crate::gateway::message::{read_answer, read_error, write_error, write_request};
use crate::gateway::pair;
use crate::gateway::pair::{Losses, Pair, PairSpec};
use crate::gateway::view::{Pushed, Stored, Truth};
use crate::gateway::write::Plan;
use crate::rewrite::lens::strip_cleared;
use crate::rewrite::translate::Message;
use crate::scim::document::{DocumentLimits, parse};
use crate::scim::grammar::parse_filter;
use crate::scim::http::Response;
use crate::scim::schema::{Operation, Schema};
use crate::scim::{Object, Value};

/// A block that is not what the engine makes of the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The block's index in its case.
    pub block: usize,
    pub expected: String,
    /// What the engine makes, as the block would be written.
    pub got: String,
    /// Who wrote the block; such a block is not to be changed.
    pub source: Option<String>,
}

/// What cases about one resource type run on.
pub struct Stage {
    pair: Pair,
    plain: Arc<Dialect>,
    dialect: Arc<Dialect>,
}

/// What the engine makes of a case.
#[derive(Default)]
struct Made {
    canonical: Option<String>,
    vendor: Option<String>,
    lost: Option<String>,
    filter: Option<String>,
}

impl Stage {
    /// A route from plain SCIM to the dialect; `None` where one of them has no such resources.
    pub fn new(
        canonical: &Schema,
        plain: &Arc<Dialect>,
        dialect: &Arc<Dialect>,
        kind: pair::Kind,
    ) -> Option<Self> {
        let (plain, dialect) = (Arc::clone(plain), Arc::clone(dialect));
        let spec = PairSpec {
            client: Arc::clone(&plain),
            client_vars: BTreeMap::new(),
            client_extends: Vec::new(),
            upstream: Arc::clone(&dialect),
            upstream_vars: BTreeMap::new(),
            overlays: Vec::new(),
            group_overlays: Vec::new(),
            undeclared: None,
        };
        Some(Self { pair: Pair::new(&spec, canonical, kind)?, plain, dialect })
    }

    /// Every computed block of a case that differs from what the engine makes.
    pub fn run(&self, case: &Case) -> Vec<Mismatch> {
        let made = match self.make(case) {
            Ok(made) => made,
            Err(fault) => {
                let refused = format!("refused: {}", fault.detail);
                return vec![self.refused(case, refused)];
            }
        };
        let mut filters = 0_usize;
        let compared = case.blocks.iter().enumerate().filter_map(|(at, block)| {
            let got = match block.kind {
                Kind::Canonical => made.canonical.as_ref()?,
                Kind::Vendor => made.vendor.as_ref()?,
                Kind::Lost => made.lost.as_ref()?,
                Kind::Filter => {
                    filters += 1;
                    // Where there is one, the dialect is asked just what the client asks.
                    made.filter.as_ref().filter(|_| filters == count(case, Kind::Filter))?
                }
                Kind::Patch | Kind::Error => return None,
            };
            let source = block.source.clone();
            let differs = !same(block, got);
            differs.then(|| Mismatch {
                block: at,
                expected: block.text.clone(),
                got: got.clone(),
                source,
            })
        });
        compared.collect()
    }

    /// A case that the engine refuses: its outcome block cannot be made.
    fn refused(&self, case: &Case, got: String) -> Mismatch {
        let outcome = |block: &Block| matches!(block.kind, Kind::Vendor | Kind::Filter);
        let at = case.blocks.iter().position(outcome).unwrap_or_default();
        let expected = case.blocks.get(at).map(|block| block.text.clone()).unwrap_or_default();
        Mismatch { block: at, expected, got, source: Some("the engine refuses it".to_owned()) }
    }

    fn make(&self, case: &Case) -> Result<Made, Fault> {
        if let Some(filter) = of(case, Kind::Filter) {
            return Ok(Made { filter: Some(self.filter(&filter.text)?), ..Made::default() });
        }
        if let Some(error) = of(case, Kind::Error) {
            return Ok(Made { canonical: Some(self.error(error)), ..Made::default() });
        }
        let Some(vendor) = of(case, Kind::Vendor) else { return Ok(Made::default()) };
        if let Some(patch) = of(case, Kind::Patch) {
            return self.patch(&patch.text);
        }
        let lifts = vendor.direction == Some(Direction::Lift)
            || (vendor.direction.is_none() && !matches!(vendor.message, Some(Message::Request(_))));
        if lifts {
            return self.lift(&vendor.text);
        }
        let operation = match vendor.message {
            Some(Message::Request(operation)) => operation,
            Some(Message::Response) | None => Operation::Create,
        };
        match of(case, Kind::Canonical) {
            Some(canonical) => self.lower(&canonical.text, operation, &vendor.text),
            None => Ok(Made::default()),
        }
    }

    fn lower(&self, canonical: &str, operation: Operation, vendor: &str) -> Result<Made, Fault> {
        let user = self.pair.intake(object(canonical), operation)?;
        let lowered = match operation {
            Operation::Replace => self.pair.replace(&user)?,
            _ => self.pair.create(&user)?,
        };
        let resource = &self.pair.upstream_resource;
        // The id is the page's: no attribute says it.
        let page = object(vendor);
        let extras = resource.request_extras.iter().filter(|(of, _, _)| *of == operation);
        let mut ids = extras.filter(|(_, _, value)| value.as_str() == Some("{id}"));
        let id = ids.find_map(|(_, name, _)| page.get(name)?.as_str());
        let body = write_request(resource, operation, id, &lowered.object);
        Ok(Made { vendor: Some(text(&body)), lost: Some(lost(&lowered.losses)), ..Made::default() })
    }

    fn lift(&self, vendor: &str) -> Result<Made, Fault> {
        let resource = &self.pair.upstream_resource;
        let body = Value::Object(object(vendor));
        let (frame, answered) = read_answer(resource, Operation::Get, body)?;
        let Stored { object, losses, .. } = Stored::read(frame, self.pair.receive(answered));
        let lifted = self.pair.lift(&object);
        let mut canonical = lifted.object;
        strip_cleared(&mut canonical, &self.pair.upstream.canonical.attributes);
        let losses =
            Losses { lifting: [losses.lifting, lifted.losses].concat(), lowering: Vec::new() };
        Ok(Made {
            canonical: Some(text(&Value::Object(canonical).to_json())),
            lost: Some(lost(&losses)),
            ..Made::default()
        })
    }

    fn patch(&self, body: &str) -> Result<Made, Fault> {
        let ops = self.pair.operations(&Value::Object(object(body)))?;
        let planned = self.pair.plan_patch(&ops)?;
        let vendor = match planned.plan {
            Plan::Native(bodies) => {
                let resource = &self.pair.upstream_resource;
                let print = |body| text(&write_request(resource, Operation::Patch, None, body));
                bodies.iter().map(print).collect::<Vec<_>>().join("\n")
            }
            Plan::Emulate => "\"emulated: read, changed, and written\"".to_owned(),
            Plan::Nothing => "\"nothing is written\"".to_owned(),
        };
        let lost = Some(lost(&planned.losses));
        Ok(Made { vendor: Some(vendor), lost, ..Made::default() })
    }

    fn filter(&self, given: &str) -> Result<String, Fault> {
        let urns = self.pair.client.vendor.urns();
        let filter = parse_filter(given.trim(), &self.pair.known(&urns))
            .map_err(|error| Fault::new(crate::fault::Cause::InvalidFilter, error.to_string()))?;
        let pushed = match self.pair.truth(&filter)? {
            Truth::Test(test) => self.pair.pushed(&test),
            Truth::Always | Truth::Never => Pushed::Nothing(String::new()),
        };
        Ok(match pushed {
            Pushed::Exact(filter) => filter.to_string(),
            Pushed::Superset(filter, _) => format!("{filter} (and more is sifted here)"),
            Pushed::Subset(filter, _) => format!("{filter} (and a miss is looked for here)"),
            Pushed::Nothing(_) => "nothing can be asked".to_owned(),
        })
    }

    /// The error as a plain SCIM client gets it.
    fn error(&self, block: &Block) -> String {
        let body: Json = serde_json::from_str(&block.text).unwrap_or_default();
        let said = body.get("status").and_then(|status| match status {
            Json::String(text) => text.parse().ok(),
            other => other.as_u64().and_then(|number| u16::try_from(number).ok()),
        });
        let status = said.and_then(|status| StatusCode::from_u16(status).ok());
        let mut response = Response::new(status.unwrap_or(StatusCode::BAD_REQUEST));
        response.body = block.text.clone().into();
        let operation = match block.message {
            Some(Message::Request(operation)) => operation,
            Some(Message::Response) | None => Operation::Get,
        };
        let fault = read_error(&self.dialect, operation, &response);
        text(&write_error(&self.plain, &fault, "").body)
    }
}

fn of(case: &Case, kind: Kind) -> Option<&Block> {
    case.blocks.iter().find(|block| block.kind == kind)
}

fn count(case: &Case, kind: Kind) -> usize {
    case.blocks.iter().filter(|block| block.kind == kind).count()
}

fn object(text: &str) -> Object<'_> {
    match parse(text.as_bytes(), &DocumentLimits::depth(64)) {
        Ok(Value::Object(object)) => object,
        _ => Object::new(),
    }
}

fn text(json: &[u8]) -> String {
    String::from_utf8_lossy(json).into_owned()
}

fn lost(losses: &Losses) -> String {
    let mut lines: Vec<String> =
        losses.all().map(|loss| format!("{}: {}", loss.place, loss.cause.label())).collect();
    lines.sort();
    lines.dedup();
    Json::from(lines).to_string()
}

/// Whether the block says what was made; the order of an object's members says nothing.
fn same(block: &Block, got: &str) -> bool {
    if !block.kind.is_json() {
        return block.text.trim() == got;
    }
    let json = |text: &str| serde_json::from_str::<Json>(text).ok();
    json(&block.text) == json(got)
}
