//! What becomes of the elements of a multi-valued attribute: each goes the way of its arm, and none is
//! lost silently.

use std::sync::Arc;

use super::build::ElementKey;
use super::carry::ways;
use super::loss::Loss;
use super::program::{ElementsPlan, LeafVerdict, LossCause, NodePlan, ObjectPlan, PlanNode};
use super::translate::Run;
use crate::scim::{Object, Value};

impl<'a> Run<'a> {
    pub(super) fn elements(
        &mut self,
        node: &'a PlanNode,
        plan: &'a ElementsPlan,
        elements: &'a [Value<'a>],
    ) {
        let ways = ways(plan, elements);
        for (index, (element, way)) in elements.iter().zip(ways).enumerate() {
            let Value::Object(object) = element else {
                if !element.is_cleared() {
                    self.problem(&node.label, "holds an element that is not an object".to_owned());
                }
                continue;
            };
            let key = ElementKey::Source(plan.number, index);
            let before = self.settled;
            self.object(&way.arm.plan, object, key, way.chosen);
            if self.settled == before {
                self.lose_implied(&way.arm.plan, object);
            }
        }
    }

    /// Where nothing of an element gets there, no place there says what its predicate says.
    fn lose_implied(&mut self, plan: &'a ObjectPlan, element: &'a Object<'a>) {
        for (name, value) in element.iter().filter(|(_, value)| !value.is_cleared()) {
            let implied =
                |node: &&PlanNode| matches!(node.plan, NodePlan::Leaf(LeafVerdict::Implied));
            let Some(node) = plan.node(name).filter(implied) else { continue };
            self.losses.push(Loss::new(Arc::clone(&node.label), LossCause::NoPlace));
            if let Some(trace) = &mut self.trace {
                trace.settle(value, false);
            }
        }
    }
}
