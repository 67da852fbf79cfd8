//! How a PATCH goes (design 6e): natively in one call, not at all, or by emulation.

use super::demand::{missing, violated};
use super::fixed::at;
use super::merge::{attribute_at, understood};
use super::message::typed::read_typed;
use super::pair::{Losses, Pair};
use super::reach::is_total;
use super::receive::bad_query;
use super::table::many_to_one;
use super::write::op;
use crate::fault::{Cause, Fault};
use crate::rewrite::carry::{Carried, carried};
use crate::rewrite::program::{Carrier, LossCause, Program, label};
use crate::rewrite::resolve::{LeafTarget, Resolved, Spot, lost_at, resolve};
use crate::rewrite::translate::Loss;
use crate::scim::patch::{ApplyOptions, Op, OpKind, PatchError, apply, normalise};
use crate::scim::query::QueryError;
use crate::scim::reading::Old;
use crate::scim::schema::{Attribute, Kind, Mutability, Operation, Schema, is_urn};
use crate::scim::{Object, Value};

/// What is to be done, and what the operations say that the upstream cannot hold.
#[derive(Debug)]
pub struct Planned {
    pub plan: Plan,
    pub losses: Losses,
}

#[derive(Debug, PartialEq)]
pub enum Plan {
    /// PATCH in the upstream's forms: the body's attributes; several only for members.
    Native(Vec<Object<'static>>),
    /// Everything is lost: nothing is written.
    Nothing,
    /// Read, apply, put, write the difference.
    Emulate,
}

/// What one operation comes to.
#[derive(Debug)]
pub enum Step {
    /// These operations of the upstream's say it, whatever is stored.
    Direct(Vec<Op<'static>>),
    /// Carried, but for these losses.
    Partly(Vec<Op<'static>>, Vec<Loss>),
    Lost(Vec<Loss>),
    /// It depends on what is stored; why.
    Stateful(&'static str),
}

const SHARED: &str = "several elements or values share the upstream's place";

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
                && let Some(there) = at(raw, &far.spot.names)
                && at(stored.read, &far.spot.names).is_none()
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

    fn leaf(
        &self,
        kind: OpKind,
        names: Vec<String>,
        value: Option<&Value<'_>>,
    ) -> Result<Step, Fault> {
        let clears = value.is_none_or(Value::is_cleared);
        let lose = |program: &Program, spot: &Spot, cause| {
            let loss = lost_at(program, &spot.names, cause);
            // To remove what the other side cannot hold is no information (design 6g).
            Step::Lost(if clears { Vec::new() } else { vec![loss] })
        };
        let spot = Spot::new(names);
        let (lift, lower) = (&self.client.lift, &self.upstream.lower);
        let near = match resolve(lift, &spot) {
            Resolved::To(near) if is_plain(&near) => near,
            Resolved::Lost(lost) => return Ok(lose(lift, &spot, lost.cause)),
            Resolved::Unknown => return Ok(lose(lift, &spot, LossCause::NoPlace)),
            _ => return Ok(Step::Stateful(SHARED)),
        };
        let far = match resolve(lower, &near.spot) {
            Resolved::To(far) if far.read_only && !far.derived => {
                return Ok(lose(lower, &near.spot, LossCause::NoPlace));
            }
            Resolved::To(far) if is_plain(&far) && !far.read_only => far,
            Resolved::Lost(lost) => return Ok(lose(lower, &near.spot, lost.cause)),
            Resolved::Unknown => return Ok(lose(lower, &near.spot, LossCause::NoPlace)),
            _ => return Ok(Step::Stateful(SHARED)),
        };
        if clears && far.attribute.is_permanent() {
            return Err(permanent(&spot.label()));
        }
        if far.attribute.mutability == Mutability::Immutable
            || !far.attribute.accepted.has(Operation::Patch)
            || (clears && far.attribute.required.has(Operation::Replace))
        {
            return Ok(Step::Stateful("the upstream does not take this attribute in a PATCH"));
        }
        if clears {
            let shows_all = |target: &LeafTarget| target.rule.as_deref().is_none_or(is_total);
            if !shows_all(&near) || !shows_all(&far) {
                return Ok(Step::Stateful(
                    "a value that its rule does not know is not shown, and stays",
                ));
            }
            return Ok(Step::Direct(vec![op(OpKind::Remove, &far.spot.names, None)]));
        }
        let Some(value) = value else { return Ok(Step::Stateful(SHARED)) };
        if merges(attribute_at(&self.client.vendor.attributes, &spot.names), kind, value) {
            return Ok(Step::Stateful("what its value is laid over, only what is stored says"));
        }
        let carried = match through(near.rule.as_deref(), value, &near.spot)? {
            Some(value) => through(far.rule.as_deref(), &value, &far.spot)?,
            None => None,
        };
        // Put says what becomes of the old one.
        let Some(value) = carried else {
            return Ok(Step::Stateful("a rule lets its value go"));
        };
        if let (Some(format), Some(text)) = (&far.attribute.format, value.as_str())
            && let Some(wanted) = violated(format, text)
        {
            let label = far.spot.label();
            let detail =
                format!("The upstream cannot take this: The attribute {label} must be {wanted}.");
            return Err(Fault::new(Cause::InvalidValue, detail));
        }
        Ok(Step::Direct(vec![op(kind, &far.spot.names, Some(value))]))
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

/// Whether a value below a free key is added to what is stored: elements, or members.
fn merges(attribute: Option<&Attribute>, kind: OpKind, value: &Value<'_>) -> bool {
    let free = attribute.is_none_or(|attribute| attribute.kind == Kind::Any);
    free && match value {
        Value::Object(_) => true,
        Value::Array(_) => kind == OpKind::Add,
        _ => false,
    }
}

/// Whether one leaf stands for one leaf, whatever is stored.
fn is_plain(target: &LeafTarget) -> bool {
    !target.picked && target.spot.array.is_none() && !many_to_one(target.rule.as_deref())
}

fn through(
    rule: Option<&Carrier>,
    value: &Value<'_>,
    spot: &Spot,
) -> Result<Option<Value<'static>>, Fault> {
    match carried(rule, value) {
        Carried::Value(value) => Ok(Some(value.into_owned())),
        Carried::Dropped(_) => Ok(None),
        Carried::Refused(reason) => {
            let detail = format!("The attribute {} {reason}.", spot.label());
            Err(Fault::new(Cause::InvalidValue, detail))
        }
    }
}

fn owned(op: &Op<'_>) -> Op<'static> {
    let value = op.value.as_ref().map(|value| value.clone().into_owned());
    Op { kind: op.kind, path: op.path.clone(), value }
}

/// The refusal to remove what /Schemas calls required (RFC 7644 section 3.5.2.2). Gone, it would come
/// back as the vendor's default, which enables a disabled account.
pub fn permanent(label: &str) -> Fault {
    let detail = format!("The upstream cannot be without {label}: replace it by a value.");
    Fault::new(Cause::Mutability, detail)
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
