//! How a PATCH goes (docs/semantics.md 5): natively in one call, not at all, or by emulation.

use super::demand::missing;
use super::plan::{Plan, Planned, Step};
use super::refusals::{permanent, understood};
use crate::fault::{Cause, Fault};
use crate::gateway::message::read_typed;
use crate::gateway::pair::{Losses, Pair, said_at};
use crate::gateway::view::bad_query;
use crate::rewrite::program::label;
use crate::rewrite::resolve::{Resolved, Spot, resolve};
use crate::scim::patch::{ApplyOptions, Op, OpKind, PatchError, apply, normalise};
use crate::scim::query::QueryError;
use crate::scim::reading::Old;
use crate::scim::schema::{Kind, Operation, Schema, attribute_at, is_urn};
use crate::scim::{Object, Value};

impl Pair {
    /// The client's operations in normal form.
    ///
    /// # Errors
    /// `BadBody`, `InvalidPath`, `InvalidValue`, `Mutability`: before any call.
    pub fn operations<'a>(&self, body: &Value<'a>) -> Result<Vec<Op<'a>>, Fault> {
        let urns = self.client.vendor.urns();
        let schema = &self.client.vendor;
        let form = self.client_resource.typed_patch();
        let plain = form.map(|form| read_typed(form, body));
        let body = plain.as_ref().unwrap_or(body);
        normalise(body, schema, &self.known(&urns), self.leniency).map_err(bad_patch)
    }

    /// Plans the operations against this pair.
    ///
    /// # Errors
    /// `InvalidValue` for values that a rule or the upstream refuses.
    pub fn plan_patch(&self, ops: &[Op<'_>]) -> Result<Planned, Fault> {
        let mut direct = Vec::new();
        let mut losses = Losses::default();
        let (mut stateful, mut carried) = (false, false);
        for op in ops {
            match self.step(op)? {
                Step::Direct(ops) => {
                    carried = true;
                    direct.extend(ops);
                }
                Step::Partly(ops, lost) => {
                    carried = true;
                    direct.extend(ops);
                    losses.lowering.extend(lost);
                }
                Step::Lost(lost) => losses.lowering.extend(lost),
                Step::Stateful(_) => stateful = true,
            }
        }
        let native = || self.printed(&direct);
        let plan = if stateful {
            Plan::Emulate
        } else if !carried {
            Plan::Nothing
        } else {
            native().map_or(Plan::Emulate, Plan::Native)
        };
        Ok(Planned { plan, losses })
    }

    /// The client's view of the resource after the operations (RFC 7644 section 3.5.2).
    ///
    /// # Errors
    /// `NoTarget` and what else the operations meet on this resource.
    pub fn applied<'o>(
        &self,
        stored: impl Into<Old<'o>>,
        ops: &[Op<'_>],
    ) -> Result<Object<'static>, Fault> {
        let stored = stored.into();
        self.removes_unread(stored, ops)?;
        self.foresees(ops)?;
        let mut view = self.view(stored.read).object;
        let lacked = missing(&view, &self.client.vendor.attributes, Operation::Replace);
        let options = ApplyOptions { create_missing: self.create_missing };
        let ops: Vec<Op<'static>> = ops.iter().map(owned).collect();
        apply(&mut view, &ops, &self.client.vendor, &options).map_err(bad_patch)?;
        // An empty list is a list, where the client's own dialect demands one.
        super::demand::say_empty(&mut view, &self.client.vendor, Operation::Replace);
        self.intake_over(view, Operation::Replace, &lacked)
    }

    /// Refuses to take away a value that nobody can read, and so nobody was shown.
    fn removes_unread(&self, stored: Old<'_>, ops: &[Op<'_>]) -> Result<(), Fault> {
        let Some(raw) = stored.raw else { return Ok(()) };
        for op in ops.iter().filter(|op| op.kind == OpKind::Remove && op.path.filter.is_none()) {
            let spot = Spot::new(op.path.members().map(str::to_owned).collect());
            if let Resolved::To(near) = resolve(&self.client.lift, &spot)
                && let Resolved::To(far) = resolve(&self.upstream.lower, &near.spot)
                && let Some(there) = said_at(raw, &far.spot.names)
                && said_at(stored.read, &far.spot.names).is_none()
                && !is_whole_list(there)
            {
                understood(&[far.spot.label()])?;
            }
        }
        Ok(())
    }

    /// What one operation comes to.
    ///
    /// # Errors
    /// `InvalidValue` for a value that a rule or the upstream refuses.
    pub fn step(&self, given: &Op<'_>) -> Result<Step, Fault> {
        let mut names: Vec<String> = given.path.members().map(str::to_owned).collect();
        names.truncate(names.len().saturating_sub(given.path.sub.len()));
        if given.kind == OpKind::Remove && given.value.is_some() {
            names.extend(given.path.sub.iter().cloned());
            return Ok(match self.leaf(OpKind::Remove, names, None)? {
                Step::Lost(lost) => Step::Lost(lost),
                _ => Step::Stateful("which of its values go depends on what is stored"),
            });
        }
        let array = attribute_at(&self.client.vendor.attributes, &names)
            .is_some_and(|a| a.kind == Kind::Complex && a.multi_valued);
        if array && given.path.sub.is_empty() {
            return self.array_step(given, &names);
        }
        if given.path.filter.is_some() {
            return Ok(Step::Stateful("its path selects elements by their values"));
        }
        names.extend(given.path.sub.iter().cloned());
        if given.value.as_ref().is_none_or(Value::is_cleared) {
            self.removable(&names)?;
        }
        let mut leaves = Vec::new();
        if !expand(&self.client.vendor, &names, given.value.as_ref(), &mut leaves) {
            return Ok(Step::Stateful("it changes a whole attribute with parts or elements"));
        }
        let (mut direct, mut lost) = (Vec::new(), Vec::new());
        for (names, value) in leaves {
            match self.leaf(given.kind, names, value)? {
                Step::Direct(ops) => direct.extend(ops),
                Step::Partly(ops, losses) => {
                    direct.extend(ops);
                    lost.extend(losses);
                }
                Step::Lost(losses) => lost.extend(losses),
                Step::Stateful(why) => return Ok(Step::Stateful(why)),
            }
        }
        Ok(if direct.is_empty() { Step::Lost(lost) } else { Step::Partly(direct, lost) })
    }

    /// RFC 7644 section 3.5.2.2: what is required is not removed.
    fn removable(&self, names: &[String]) -> Result<(), Fault> {
        let own = attribute_at(&self.client.vendor.attributes, names);
        let required = own.is_some_and(|attribute| attribute.required.has(Operation::Replace));
        if required || self.table.needs.demands(names, Operation::Replace) {
            let detail = format!(
                "The attribute {} is required and cannot be removed: replace it by a value.",
                label(names)
            );
            return Err(Fault::new(Cause::Mutability, detail));
        }
        if self.table.keeps(names) {
            return Err(permanent(&label(names)));
        }
        Ok(())
    }
}

/// What is left of a list after a removal is what the client was not shown.
fn is_whole_list(value: &Value<'_>) -> bool {
    value.as_array().is_some()
}

/// The leaves that an operation touches; false where that depends on what is stored.
fn expand<'v, 'a>(
    schema: &Schema,
    names: &[String],
    value: Option<&'v Value<'a>>,
    leaves: &mut Vec<(Vec<String>, Option<&'v Value<'a>>)>,
) -> bool {
    let attribute = attribute_at(&schema.attributes, names);
    let complex = match attribute {
        Some(attribute) if attribute.kind == Kind::Complex && attribute.multi_valued => {
            return false;
        }
        Some(attribute) => attribute.kind == Kind::Complex,
        // An extension that the schema does not list, as a whole.
        None => names.len() == 1 && names.first().is_some_and(|name| is_urn(name)),
    };
    match value {
        Some(Value::Object(object)) if complex => object.iter().all(|(name, value)| {
            let names = [names, &[name.to_owned()]].concat();
            expand(schema, &names, Some(value), leaves)
        }),
        _ if complex => false,
        _ => {
            leaves.push((names.to_vec(), value));
            true
        }
    }
}

fn owned(op: &Op<'_>) -> Op<'static> {
    let value = op.value.as_ref().map(|value| value.clone().into_owned());
    Op { kind: op.kind, path: op.path.clone(), value }
}

fn bad_patch(error: PatchError) -> Fault {
    let cause = match error.scim_type {
        "invalidPath" => Cause::InvalidPath,
        "mutability" => Cause::Mutability,
        "noTarget" => Cause::NoTarget,
        other => return bad_query(QueryError { scim_type: other, detail: error.detail }),
    };
    Fault::new(cause, error.detail)
}
