//! What became of every value of a resource on its way through a program: the engine's own account,
//! for `explain`. Nothing of it is made while requests are served.

use std::sync::Arc;

use super::build::ElementKey;
use super::carry::{Carried, carried};
use super::literal::literal_text;
use super::message::{Admission, Message};
use super::program::{Carrier, Dest, LeafVerdict, LossCause, ObjectPlan, PlanNode, label};
use super::rule::RuleOrigin;
use crate::scim::Value;

/// One value and where it went.
#[derive(Clone, Debug)]
pub struct TraceEvent<'a> {
    /// The source's attribute path; a free key is named.
    pub place: String,
    /// Which element of the multi-valued attribute it lies in, from zero.
    pub element: Option<usize>,
    pub value: &'a Value<'a>,
    pub outcome: TraceOutcome<'a>,
    /// The rules that decided it.
    pub rules: Vec<RuleOrigin>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TraceOutcome<'a> {
    /// It went to this place as this value.
    To(Goal, Value<'a>),
    Lost(LossCause),
    /// The vendor computes the target from another attribute; it is a loss if it says more.
    Derived,
    /// It says nothing that the other side does not show anyway.
    Idle,
    /// A message of this kind does not hold it.
    Withheld,
    /// A rule refuses the value.
    Refused,
}

/// Where a value went.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// The attribute path, as the next program's events name it.
    pub place: String,
    /// The same with the predicate that a rule writes: `phoneNumbers[type eq "mobile"].value`.
    pub shown: String,
}

/// The account while it is made.
#[derive(Debug, Default)]
pub(super) struct Trace<'a> {
    pub events: Vec<TraceEvent<'a>>,
    /// The attribute path of the object that the values lie in.
    pub above: Option<Arc<str>>,
}

/// What the translation came to at a leaf.
#[derive(Clone, Copy)]
pub(super) struct Came {
    pub message: Message,
    pub lost: Option<LossCause>,
    pub refused: bool,
    pub derived: bool,
}

impl<'a> Trace<'a> {
    /// Goes into an attribute; gives back what is to be restored after it.
    pub fn enter(&mut self, label: &Arc<str>) -> Option<Arc<str>> {
        self.above.replace(Arc::clone(label))
    }

    pub fn add(
        &mut self,
        place: &str,
        key: ElementKey,
        value: &'a Value<'a>,
        outcome: TraceOutcome<'a>,
        rules: Vec<RuleOrigin>,
    ) {
        let element = match key {
            ElementKey::Source(_, index) => Some(index),
            ElementKey::Made(_) => None,
        };
        self.events.push(TraceEvent { place: place.to_owned(), element, value, outcome, rules });
    }

    /// Adds what became of a leaf.
    pub fn note(
        &mut self,
        node: &'a PlanNode,
        verdict: &'a LeafVerdict,
        value: &'a Value<'a>,
        key: ElementKey,
        came: Came,
    ) {
        let outcome = match (came.lost, verdict) {
            (Some(cause), _) => TraceOutcome::Lost(cause),
            (None, _) if came.refused => TraceOutcome::Refused,
            (None, LeafVerdict::To(_)) if came.derived => TraceOutcome::Derived,
            (None, LeafVerdict::To(dest)) => match came.message.admits(dest, value) {
                Admission::Yes => arrived(dest, value),
                Admission::Silently | Admission::Lost => TraceOutcome::Withheld,
            },
            (None, LeafVerdict::Implied | LeafVerdict::Lost(_)) => TraceOutcome::Idle,
        };
        self.add(&node.label, key, value, outcome, rules(verdict));
    }

    /// A free key of an object.
    pub fn add_free(
        &mut self,
        plan: &'a ObjectPlan,
        name: &str,
        key: ElementKey,
        value: &'a Value<'a>,
        lost: Option<LossCause>,
    ) {
        let above = self.above.iter().map(|above| above.to_string());
        let place = label(&above.chain([name.to_owned()]).collect::<Vec<_>>());
        let outcome = match (lost, &plan.open) {
            (Some(cause), _) => TraceOutcome::Lost(cause),
            (None, Some(LeafVerdict::To(dest))) => {
                TraceOutcome::To(goal(dest, Some(name)), value.borrowed())
            }
            (None, _) => TraceOutcome::Idle,
        };
        let rules = plan.open.as_ref().map(rules).unwrap_or_default();
        self.add(&place, key, value, outcome, rules);
    }

    /// Says of a computed attribute's value whether it is shown anyway, or lost.
    pub fn settle(&mut self, value: &Value<'_>, idle: bool) {
        let mut events = self.events.iter_mut();
        if let Some(event) = events.find(|event| std::ptr::eq(event.value, value)) {
            event.outcome =
                if idle { TraceOutcome::Idle } else { TraceOutcome::Lost(LossCause::NoPlace) };
        }
    }
}

/// What became of a value that its target admits.
fn arrived<'a>(dest: &'a Dest, value: &'a Value<'a>) -> TraceOutcome<'a> {
    match carried(dest.rule.as_deref(), value) {
        Carried::Value(value) => TraceOutcome::To(goal(dest, None), value),
        Carried::Dropped(_) | Carried::Refused(_) => TraceOutcome::Idle,
    }
}

/// Where a destination is; `key` stands for its last step.
fn goal(dest: &Dest, key: Option<&str>) -> Goal {
    let mut names: Vec<String> = dest.steps.iter().map(|step| step.name.to_string()).collect();
    if let Some(key) = key {
        names.pop();
        names.push(key.to_owned());
    }
    let place = label(&names);
    let Some(array) = dest.array.filter(|_| !dest.fields.is_empty()) else {
        return Goal { shown: place.clone(), place };
    };
    let (head, rest) = names.split_at((array + 1).min(names.len()));
    let terms: Vec<String> = dest
        .fields
        .iter()
        .map(|(name, value)| format!("{name} eq {}", literal_text(value)))
        .collect();
    let rest: String = rest.iter().map(|name| format!(".{name}")).collect();
    Goal { shown: format!("{}[{}]{rest}", label(head), terms.join(" and ")), place }
}

/// The rules behind a verdict.
fn rules(verdict: &LeafVerdict) -> Vec<RuleOrigin> {
    let of = |rule: &Option<Arc<Carrier>>| rule.iter().map(|rule| rule.origin.clone()).collect();
    match verdict {
        LeafVerdict::To(dest) => of(&dest.rule),
        LeafVerdict::Lost(lost) => lost.rules.clone(),
        LeafVerdict::Implied => Vec::new(),
    }
}
