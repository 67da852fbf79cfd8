//! What is cleared on one side is cleared on the other: every leaf below it (RFC 7643 section 2.5).

use super::build::ElementKey;
use super::message::Admission;
use super::program::{Dest, ElementsPlan, LeafVerdict, NodePlan, ObjectPlan};
use super::translate::Run;
use crate::scim::Value;

impl<'a> Run<'a> {
    pub(super) fn clear_object(&mut self, plan: &'a ObjectPlan, key: ElementKey) {
        for node in &plan.nodes {
            match &node.plan {
                _ if self.message.skips(&node.attribute) => {}
                NodePlan::Leaf(LeafVerdict::To(dest)) => self.clear_leaf(dest, key),
                NodePlan::Leaf(_) => {}
                NodePlan::Object(plan) => self.clear_object(plan, key),
                NodePlan::Elements(plan) => self.clear_elements(plan),
            }
        }
        if let Some(LeafVerdict::To(dest)) = &plan.open
            && dest.steps.len() > 1
            && matches!(self.message.admits(dest, &Value::Null), Admission::Yes)
        {
            self.out.write_parent(dest, key, Value::Null);
        }
    }

    fn clear_leaf(&mut self, dest: &'a Dest, key: ElementKey) {
        if matches!(self.message.admits(dest, &Value::Null), Admission::Yes) {
            if dest.array.is_some() {
                self.out.clear(dest);
            } else {
                self.out.write(dest, key, None, Value::Null);
            }
        }
    }

    pub(super) fn clear_elements(&mut self, plan: &'a ElementsPlan) {
        for arm in plan.arms.iter().chain(std::iter::once(&plan.rest)) {
            self.clear_object(&arm.plan, ElementKey::Made(usize::MAX));
        }
    }
}
