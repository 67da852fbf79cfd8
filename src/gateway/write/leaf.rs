//! A PATCH operation on one leaf: what it comes to at the upstream.

use super::demand::violated;
use super::op::op;
use super::plan::Step;
use super::refusals::permanent;
use crate::fault::{Cause, Fault};
use crate::gateway::pair::{Pair, many_to_one};
use crate::gateway::view::is_total;
use crate::rewrite::carry::{Carried, carried};
use crate::rewrite::program::{Carrier, LossCause, Program};
use crate::rewrite::resolve::{LeafTarget, Resolved, Spot, lost_at, resolve};
use crate::scim::Value;
use crate::scim::patch::OpKind;
use crate::scim::schema::{Attribute, Kind, Mutability, Operation, attribute_at};

const SHARED: &str = "several elements or values share the upstream's place";

impl Pair {
    pub(super) fn leaf(
        &self,
        kind: OpKind,
        names: Vec<String>,
        value: Option<&Value<'_>>,
    ) -> Result<Step, Fault> {
        let clears = value.is_none_or(Value::is_cleared);
        let lose = |program: &Program, spot: &Spot, cause| {
            let loss = lost_at(program, &spot.names, cause);
            // To remove what the other side cannot hold is no information (docs/semantics.md 9.2).
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
