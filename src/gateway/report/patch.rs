//! What a PATCH comes to: each operation, the plan, and the calls that it makes.

use super::way::{Way, spot};
use crate::fault::Fault;
use crate::gateway::pair::{Losses, Pair};
use crate::gateway::patch::{Plan, Step};
use crate::gateway::route::Route;
use crate::rewrite::translate::Loss;
use crate::scim::Value;
use crate::scim::http::Request;
use crate::scim::patch::{Op, OpKind};
use crate::scim::schema::Operation;
use http::Method;

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
}

impl Route {
    /// Explains operations in normal form on a resource of that id.
    ///
    /// # Errors
    /// Those of [`Pair::plan_patch`].
    pub fn explain_patch(
        &self,
        pair: &Pair,
        ops: &[Op<'_>],
        id: &str,
    ) -> Result<PatchReport, Fault> {
        let planned = pair.plan_patch(ops)?;
        let mut why = "the upstream's PATCH cannot say one of the operations";
        let mut operations = Vec::new();
        for op in ops {
            let fate = match pair.step(op)? {
                Step::Direct(direct) | Step::Partly(direct, _) => {
                    OpFate::Direct(direct.iter().map(text).collect())
                }
                Step::Lost(losses) => OpFate::Lost(losses),
                Step::Stateful(reason) => {
                    why = reason;
                    OpFate::Stateful(reason)
                }
            };
            operations.push(OpReport { text: text(op), fate, way: pair.way(&spot(&op.path)) });
        }
        if !pair.upstream_resource.operations.has(Operation::Patch) {
            why = "the upstream has no PATCH";
        }
        let read = || self.call(pair, Method::GET, Some(id), "");
        let calls = match planned.plan {
            Plan::Native(bodies) => Calls::Native(
                bodies
                    .iter()
                    .map(|body| self.call_with(pair, Operation::Patch, Some(id), body))
                    .collect(),
            ),
            Plan::Nothing => Calls::Nothing(read()),
            Plan::Emulate => {
                Calls::Emulated { read: read(), write: writes(pair, Operation::Patch), why }
            }
        };
        Ok(PatchReport { operations, calls, losses: planned.losses })
    }
}

/// The methods that may write a changed resource, where the client asked for that.
pub(super) fn writes(pair: &Pair, asked: Operation) -> &'static str {
    let merges = pair.upstream_resource.put == crate::dialect::model::Put::Merge;
    let has = |operation| pair.upstream_resource.operations.has(operation);
    match (has(Operation::Replace), has(Operation::Patch)) {
        (true, true) if merges || asked == Operation::Patch => "PATCH of the difference, or PUT",
        (true, _) => "PUT",
        (false, true) => "PATCH of the difference",
        (false, false) => "nothing: the upstream can neither replace nor patch",
    }
}

/// Whether a replacement of the leaf goes natively in one call.
pub(super) fn is_native(
    pair: &Pair,
    path: &crate::scim::path::Path,
    value: Value<'static>,
) -> bool {
    let op = Op { kind: OpKind::Replace, path: path.clone(), value: Some(value) };
    match pair.step(&op) {
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
