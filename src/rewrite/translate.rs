//! Runs a program over a resource: lift or lower, by the program given (docs/semantics.md 2.2 to 2.4).

use std::sync::Arc;

use super::build::{Builder, ElementKey};
use super::carry::{Carried, carried};
pub use super::loss::{Loss, shown_key};
use super::message::Admission;
pub use super::message::Message;
use super::program::{LeafVerdict, LossCause, Lost, NodePlan, ObjectPlan, PlanNode, Program};
use super::trace::{Came, Trace, TraceEvent, TraceOutcome};
use crate::scim::schema::{Attribute, is_urn};
use crate::scim::{Object, Value};

/// A resource on the other side, and what did not get there.
#[derive(Debug, Default)]
pub struct Translation<'a> {
    pub object: Object<'a>,
    pub losses: Vec<Loss>,
    /// Values that a rule refuses; a request with one goes nowhere.
    pub problems: Vec<Problem>,
}

/// A value that cannot be taken, named by its place, never by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub place: Arc<str>,
    pub reason: String,
}

/// Translates a resource without `schemas`, `id` and `meta`.
pub fn translate<'a>(
    program: &'a Program,
    source: &'a Object<'a>,
    message: Message,
) -> Translation<'a> {
    run(program, source, message, None).0
}

/// The same, with what became of every value.
pub fn traced<'a>(
    program: &'a Program,
    source: &'a Object<'a>,
    message: Message,
) -> (Translation<'a>, Vec<TraceEvent<'a>>) {
    let (translation, trace) = run(program, source, message, Some(Trace::default()));
    (translation, trace.map(|trace| trace.events).unwrap_or_default())
}

fn run<'a>(
    program: &'a Program,
    source: &'a Object<'a>,
    message: Message,
    trace: Option<Trace<'a>>,
) -> (Translation<'a>, Option<Trace<'a>>) {
    let (losses, problems) = (Vec::new(), Vec::new());
    let (out, derived) = (Builder::with_capacity(source.len()), Vec::new());
    let mut run = Run { message, out, losses, problems, settled: 0, derived, trace };
    run.object(&program.root, source, ElementKey::Made(usize::MAX), true);
    let mut losses = run.losses;
    let object = run.out.finish();
    for one in run.derived {
        let idle = one.shown_anyway(&object);
        if let Some(trace) = &mut run.trace {
            trace.settle(one.value, idle);
        }
        losses.extend((!idle).then_some(one.loss));
    }
    losses.sort();
    losses.dedup();
    (Translation { object, losses, problems: run.problems }, run.trace)
}

pub(super) struct Run<'a> {
    pub(super) message: Message,
    pub(super) out: Builder<'a>,
    pub(super) losses: Vec<Loss>,
    pub(super) problems: Vec<Problem>,
    /// How many values went somewhere, or need not.
    pub(super) settled: usize,
    derived: Vec<Derived<'a>>,
    /// Only for `explain`.
    pub(super) trace: Option<Trace<'a>>,
}

/// A value for an attribute that the vendor computes from another: a loss only if it says more.
struct Derived<'a> {
    loss: Loss,
    from: &'a str,
    name: &'a str,
    value: &'a Value<'a>,
}

impl Derived<'_> {
    fn shown_anyway(&self, object: &Object<'_>) -> bool {
        match self.name {
            "value" => object.get(self.from).is_some_and(|shown| shown == self.value),
            "primary" => self.value.as_bool() == Some(true),
            _ => false,
        }
    }
}

impl<'a> Run<'a> {
    pub(super) fn object(
        &mut self,
        plan: &'a ObjectPlan,
        source: &'a Object<'a>,
        key: ElementKey,
        chosen: bool,
    ) {
        let mut known = plan.in_order();
        for (name, value) in source.iter() {
            match known.find(name) {
                Some(node) if self.message.skips(&node.attribute) => {
                    self.settled += 1;
                    if let Some(trace) = &mut self.trace {
                        trace.add(&node.label, key, value, TraceOutcome::Withheld, Vec::new());
                    }
                }
                Some(node) => {
                    let before = self.losses.len();
                    self.node(node, value, key, chosen);
                    if self.repeats(&node.attribute) {
                        self.losses.truncate(before);
                    }
                }
                None => self.free(plan, name, value, key, chosen),
            }
        }
    }

    /// What a vendor computes from another attribute says nothing of its own in an answer.
    fn repeats(&self, attribute: &Attribute) -> bool {
        self.message == Message::Response && attribute.derived_from.is_some()
    }

    fn node(&mut self, node: &'a PlanNode, value: &'a Value<'a>, key: ElementKey, chosen: bool) {
        let above = self.trace.as_mut().map(|trace| trace.enter(&node.label));
        self.planned(node, value, key, chosen);
        if let (Some(trace), Some(above)) = (&mut self.trace, above) {
            trace.above = above;
        }
    }

    fn planned(&mut self, node: &'a PlanNode, value: &'a Value<'a>, key: ElementKey, chosen: bool) {
        match (&node.plan, value) {
            (NodePlan::Leaf(verdict), _) => {
                let before = (self.losses.len(), self.problems.len(), self.derived.len());
                self.leaf(node, verdict, value, key, chosen);
                if let Some(trace) = &mut self.trace {
                    let lost = self.losses.get(before.0).map(|loss| loss.cause);
                    let refused = self.problems.len() > before.1;
                    let derived = self.derived.len() > before.2;
                    let came = Came { message: self.message, lost, refused, derived };
                    trace.note(node, verdict, value, key, came);
                }
            }
            (NodePlan::Object(plan), Value::Object(object)) => {
                self.object(plan, object, key, chosen);
            }
            (NodePlan::Object(plan), Value::Null) => self.clear_object(plan, key),
            (NodePlan::Elements(plan), Value::Array(elements)) if !elements.is_empty() => {
                self.elements(node, plan, elements);
            }
            (NodePlan::Elements(plan), value) if value.is_cleared() => self.clear_elements(plan),
            (NodePlan::Object(_) | NodePlan::Elements(_), _) => {
                self.problem(&node.label, format!("cannot be {}", value.type_name()));
            }
        }
    }

    fn leaf(
        &mut self,
        node: &'a PlanNode,
        verdict: &'a LeafVerdict,
        value: &'a Value<'a>,
        key: ElementKey,
        chosen: bool,
    ) {
        let dest = match verdict {
            LeafVerdict::Lost(lost) => return self.lose(node, lost, value),
            LeafVerdict::Implied => return,
            LeafVerdict::To(dest) => dest,
        };
        if !chosen {
            return self.lose(node, &Lost::new(LossCause::Picked), value);
        }
        match self.message.admits(dest, value) {
            Admission::Yes => {}
            Admission::Silently => {
                self.settled += 1;
                return;
            }
            Admission::Lost => {
                if value.is_cleared() {
                    return;
                }
                let loss = Loss::new(Arc::clone(&node.label), LossCause::NoPlace);
                let Some(from) = &dest.derived_from else { return self.losses.push(loss) };
                let name = node.attribute.name.as_str();
                self.settled += 1;
                return self.derived.push(Derived { loss, from, name, value });
            }
        }
        match carried(dest.rule.as_deref(), value) {
            Carried::Value(value) => {
                let key = if dest.follows { key } else { ElementKey::Made(dest.order) };
                self.settled += 1;
                self.out.write(dest, key, None, value);
            }
            Carried::Dropped(cause) => {
                self.losses.push(Loss::new(Arc::clone(&node.label), cause));
            }
            Carried::Refused(reason) => self.problem(&node.label, reason),
        }
    }

    fn free(
        &mut self,
        plan: &'a ObjectPlan,
        name: &'a str,
        value: &'a Value<'a>,
        key: ElementKey,
        chosen: bool,
    ) {
        let before = self.losses.len();
        self.free_key(plan, name, value, key, chosen);
        if let Some(trace) = &mut self.trace {
            let lost = self.losses.get(before).map(|loss| loss.cause);
            trace.add_free(plan, name, key, value, lost);
        }
    }

    fn free_key(
        &mut self,
        plan: &'a ObjectPlan,
        name: &'a str,
        value: &'a Value<'a>,
        key: ElementKey,
        chosen: bool,
    ) {
        let cause = match &plan.open {
            // At the top, only extensions are free (RFC 7643 section 3.3).
            Some(LeafVerdict::To(dest)) if dest.steps.is_empty() => {
                if is_urn(name) {
                    self.out.write(dest, key, Some(name), value.borrowed());
                    return;
                }
                LossCause::NoPlace
            }
            Some(LeafVerdict::To(_)) if !chosen => LossCause::Picked,
            Some(LeafVerdict::To(dest)) => {
                if !(dest.read_only && matches!(self.message, Message::Request(_))) {
                    let key = if dest.follows { key } else { ElementKey::Made(dest.order) };
                    self.settled += 1;
                    self.out.write_key(dest, key, name, value.borrowed());
                    return;
                }
                LossCause::NoPlace
            }
            Some(LeafVerdict::Lost(lost)) => lost.cause,
            Some(LeafVerdict::Implied) => return,
            None => LossCause::NoPlace,
        };
        if !value.is_cleared() {
            let key = (*plan.free == *"*").then(|| shown_key(name));
            self.losses.push(Loss { place: Arc::clone(&plan.free), cause, key });
        }
    }

    fn lose(&mut self, node: &PlanNode, lost: &Lost, value: &Value<'_>) {
        let shown = || node.constant.as_ref().is_some_and(|constant| value == constant);
        if !value.is_cleared() && !shown() {
            self.losses.push(Loss::new(Arc::clone(&node.label), lost.cause));
        }
    }

    pub(super) fn problem(&mut self, place: &Arc<str>, reason: String) {
        if matches!(self.message, Message::Response) {
            self.losses.push(Loss::new(Arc::clone(place), LossCause::Converted));
        } else {
            self.problems.push(Problem { place: Arc::clone(place), reason });
        }
    }
}
