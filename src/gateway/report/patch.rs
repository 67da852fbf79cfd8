//! What a PATCH comes to: each operation, the plan, and the calls that it makes.

use http::Method;

use super::way::{Way, spot};
use crate::fault::Fault;
use crate::gateway::pair::{Losses, Pair};
use crate::gateway::route::Route;
use crate::gateway::write::{Plan, Planned, Step, guard, may_deactivate};
use crate::rewrite::translate::Loss;
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::http::Request;
use crate::scim::patch::{Op, OpKind};
use crate::scim::schema::{Attribute, Operation};
use crate::scim::{Object, Path, Value};

#[derive(Debug)]
pub struct PatchReport {
    pub operations: Vec<OpReport>,
    pub calls: Calls,
    pub losses: Losses,
}

/// One operation in normal form.
#[derive(Debug)]
pub struct OpReport {
    /// `replace emails[type eq "work"].value`.
    pub text: String,
    pub fate: OpFate,
    pub way: Way,
}

#[derive(Debug)]
pub enum OpFate {
    /// As these operations of the upstream's.
    Direct(Vec<String>),
    Lost(Vec<Loss>),
    Stateful(&'static str),
    /// A rule or the upstream's schema cannot take it.
    Refused(Fault),
}

/// What is sent to the upstream.
#[derive(Debug)]
pub enum Calls {
    /// Nothing can be said: the resource is read and answered.
    Nothing(Request),
    /// One call, whatever is stored; several only for many members.
    Native(Vec<Request>),
    /// Read, change, write the difference, if there is one. Why not in one call.
    Emulated { read: Request, write: &'static str, why: &'static str },
    /// Nothing, before any call.
    Refused(Fault),
}

impl Route {
    /// Explains operations in normal form on a resource of that id.
    pub fn explain_patch(&self, pair: &Pair, ops: &[Op<'_>], id: &str) -> PatchReport {
        let operations: Vec<OpReport> = ops.iter().map(|op| pair.explain_op(op)).collect();
        let policies = &self.spec.policies;
        let planned = pair.plan_patch(ops).and_then(|planned| {
            let lifted = pair.lifted_ops(ops);
            guard(pair, &planned.losses, &lifted, policies)?;
            may_deactivate(&lifted, policies)?;
            Ok(planned)
        });
        let read = || self.call(pair, Method::GET, Some(id), "");
        let write = |body| self.call_with(pair, Operation::Patch, Some(id), body);
        let (calls, losses) = match planned {
            Err(fault) => (Calls::Refused(fault), Losses::default()),
            Ok(Planned { plan, losses, .. }) => {
                let calls = match plan {
                    Plan::Native(bodies) => Calls::Native(bodies.iter().map(write).collect()),
                    Plan::Nothing => Calls::Nothing(read()),
                    Plan::Emulate => {
                        let why = pair.why_emulated(&operations);
                        Calls::Emulated { read: read(), write: writes(pair, Operation::Patch), why }
                    }
                };
                (calls, losses)
            }
        };
        PatchReport { operations, calls, losses }
    }
}

impl Pair {
    fn explain_op(&self, op: &Op<'_>) -> OpReport {
        let fate = match self.step(op) {
            Ok(Step::Direct(direct) | Step::Partly(direct, _)) => {
                OpFate::Direct(direct.iter().map(text).collect())
            }
            Ok(Step::Lost(losses)) => OpFate::Lost(losses),
            Ok(Step::Stateful(why)) => OpFate::Stateful(why),
            Err(fault) => OpFate::Refused(fault),
        };
        OpReport { text: text(op), fate, way: self.way(&spot(&op.path)) }
    }

    /// Why operations do not go in one call.
    fn why_emulated(&self, operations: &[OpReport]) -> &'static str {
        if !self.upstream_resource.operations.has(Operation::Patch) {
            return "the upstream has no PATCH";
        }
        let stateful = operations.iter().find_map(|op| match op.fate {
            OpFate::Stateful(why) => Some(why),
            _ => None,
        });
        stateful
            .unwrap_or("the upstream's PATCH has no form that says all operations in one request")
    }
}

/// The methods that may write a changed resource, where the client asked for that.
pub(super) fn writes(pair: &Pair, asked: Operation) -> &'static str {
    let merges = pair.upstream_resource.put == crate::dialect::Put::Merge;
    let has = |operation| pair.upstream_resource.operations.has(operation);
    match (has(Operation::Replace), has(Operation::Patch)) {
        (true, true) if merges || asked == Operation::Patch => "PATCH of the difference, or PUT",
        (true, _) => "PUT",
        (false, true) => "PATCH of the difference",
        (false, false) => "nothing: the upstream can neither replace nor patch",
    }
}

/// Whether a replacement of the leaf goes natively in one call.
pub(super) fn is_native(pair: &Pair, path: &Path, value: Value<'static>) -> bool {
    goes_alone(pair, &Op { kind: OpKind::Replace, path: path.clone(), value: Some(value) })
}

/// Whether adding one element, named by its `value`, and taking it away each go natively in one call.
pub(super) fn takes_elements(pair: &Pair, array: &Attribute) -> bool {
    const ANY: &str = "a@b";
    let path = Path::core(&array.name);
    let mut element = Object::new();
    element.push("value", Value::text(ANY));
    let value = Some(Value::Array(vec![Value::Object(element)]));
    let add = Op { kind: OpKind::Add, path: path.clone(), value };
    let is_it = Filter::Compare {
        path: Path::core("value"),
        operator: Operator::Eq,
        literal: Literal::String(ANY.to_owned()),
    };
    let path = Path { filter: Some(Box::new(is_it)), ..path };
    let remove = Op { kind: OpKind::Remove, path, value: None };
    goes_alone(pair, &add) && goes_alone(pair, &remove)
}

fn goes_alone(pair: &Pair, op: &Op<'_>) -> bool {
    match pair.step(op) {
        Ok(Step::Direct(direct) | Step::Partly(direct, _)) => pair.printed(&direct).is_some(),
        _ => false,
    }
}

fn text(op: &Op<'_>) -> String {
    let kind = match op.kind {
        OpKind::Add => "add",
        OpKind::Replace => "replace",
        OpKind::Remove => "remove",
    };
    format!("{kind} {}", op.path)
}
