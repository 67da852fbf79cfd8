//! What became of every value of one client body.

use crate::fault::Fault;
use crate::gateway::pair::{Losses, Pair};
use crate::rewrite::lens::{place_values, strip_cleared};
use crate::rewrite::program::{LossCause, label};
use crate::rewrite::rule::{RuleOrigin, SetTarget};
use crate::rewrite::trace::{TraceEvent, TraceOutcome};
use crate::rewrite::translate::{Message, traced};
use crate::scim::schema::{Attribute, Kind, Operation, is_urn};
use crate::scim::{Object, Value};

/// The whole account of a body.
#[derive(Debug)]
pub struct BodyReport {
    pub leaves: Vec<LeafReport>,
    /// What the upstream gets that the client did not say.
    pub made: Vec<Made>,
    pub losses: Losses,
    /// Why the request is refused before any call.
    pub fault: Option<Fault>,
    /// The upstream creates what is inactive in two steps.
    pub deactivate: bool,
}

/// One value of the client's.
#[derive(Clone, Debug)]
pub struct LeafReport {
    /// With the element's index: `emails[0].value`.
    pub client: String,
    pub canonical: Option<String>,
    pub upstream: Option<String>,
    pub fate: LeafFate,
    /// The rules that decided it, the client dialect's first.
    pub rules: Vec<RuleOrigin>,
    /// Whether the upstream's value differs from the client's.
    pub changed: bool,
    pub value: Value<'static>,
    pub upstream_value: Option<Value<'static>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeafFate {
    Carried,
    Lost(LossCause),
    /// It says nothing that the upstream does not show anyway.
    Idle,
    /// A message of this operation does not hold it.
    Withheld,
    /// A second call says it.
    Later,
    Refused,
}

/// A value that a rule adds.
#[derive(Clone, Debug)]
pub struct Made {
    /// The upstream's place.
    pub place: String,
    /// `fill` or `set`.
    pub by: &'static str,
    pub rule: RuleOrigin,
    /// The rule's own sentence.
    pub loss: Option<String>,
}

impl Pair {
    /// Explains a body that [`intake`](Self::intake) took.
    pub fn explain(&self, user: &Object<'_>, operation: Operation) -> BodyReport {
        let message = Message::Request(operation);
        let (lifted, near) = traced(&self.client.lift, user, message);
        let (lowered, far) = traced(&self.upstream.lower, &lifted.object, message);
        let mut far: Vec<Option<TraceEvent<'_>>> = far.into_iter().map(Some).collect();
        let schema = &self.client.vendor.attributes;
        let mut leaves: Vec<LeafReport> = near
            .iter()
            .filter(|event| !event.value.is_cleared())
            .map(|event| leaf(event, &mut far, schema))
            .collect();
        let mut sent = lowered.object.borrowed();
        strip_cleared(&mut sent, &self.upstream.vendor.attributes);
        let made = self.made(&sent, &lifted.object, operation);
        let outcome = match operation {
            Operation::Create => self.create(user),
            _ => self.replace(user),
        };
        let (losses, fault, deactivate) = match outcome {
            Ok(lowered) => (lowered.losses, None, lowered.deactivate),
            Err(fault) => {
                let losses = Losses { lifting: lifted.losses, lowering: lowered.losses };
                (losses, Some(fault), false)
            }
        };
        let is_active = |leaf: &&mut LeafReport| leaf.canonical.as_deref() == Some("active");
        for leaf in leaves.iter_mut().filter(is_active).filter(|_| deactivate) {
            leaf.fate = LeafFate::Later;
        }
        BodyReport { leaves, made, losses, fault, deactivate }
    }

    fn made(&self, sent: &Object<'_>, canonical: &Object<'_>, operation: Operation) -> Vec<Made> {
        let mut whole = sent.borrowed();
        drop(self.upstream.complete(&mut whole, canonical, operation));
        let fresh = |place: &crate::rewrite::place::Place| {
            let there = |object: &Object<'_>| -> Vec<Value<'static>> {
                place_values(object, place).into_iter().map(|v| v.clone().into_owned()).collect()
            };
            let (before, after) = (there(sent), there(&whole));
            !after.is_empty() && before != after
        };
        let names = |place: &crate::rewrite::place::Place| -> String {
            label(&place.members.iter().chain(&place.rest).cloned().collect::<Vec<_>>())
        };
        let layers = &self.upstream.layers;
        let fills = layers.fills.iter().filter(|fill| fresh(&fill.vendor)).map(|fill| Made {
            place: names(&fill.vendor),
            by: "fill",
            rule: fill.origin.clone(),
            loss: Some(fill.loss.clone()),
        });
        let sets = layers.sets.iter().filter(|set| !set.render).filter_map(|set| {
            let SetTarget::Vendor(place) = &set.target else { return None };
            let rule = set.origin.clone();
            fresh(place).then(|| Made { place: names(place), by: "set", rule, loss: None })
        });
        fills.chain(sets).collect()
    }
}

/// Joins what the client's dialect did with what the upstream's did next.
fn leaf(
    near: &TraceEvent<'_>,
    far: &mut [Option<TraceEvent<'_>>],
    schema: &[Attribute],
) -> LeafReport {
    let mut leaf = LeafReport {
        client: indexed(&near.place, near.element, schema),
        canonical: None,
        upstream: None,
        fate: fate(&near.outcome),
        rules: near.rules.clone(),
        changed: false,
        value: near.value.clone().into_owned(),
        upstream_value: None,
    };
    let TraceOutcome::To(goal, value) = &near.outcome else { return leaf };
    leaf.canonical = Some(goal.shown.clone());
    let next = far.iter_mut().find(|event| {
        event.as_ref().is_some_and(|event| {
            event.place.eq_ignore_ascii_case(&goal.place) && event.value == value
        })
    });
    // A value as a whole may be told of by its parts, which say the same.
    let Some(next) = next.and_then(Option::take) else { return leaf };
    leaf.rules.extend(next.rules.iter().filter(|rule| !near.rules.contains(rule)).cloned());
    leaf.fate = fate(&next.outcome);
    if let TraceOutcome::To(goal, value) = next.outcome {
        leaf.upstream = Some(goal.shown);
        leaf.changed = value != *near.value;
        leaf.upstream_value = Some(value.into_owned());
    }
    leaf
}

fn fate(outcome: &TraceOutcome<'_>) -> LeafFate {
    match outcome {
        TraceOutcome::To(..) => LeafFate::Carried,
        TraceOutcome::Lost(cause) => LeafFate::Lost(*cause),
        TraceOutcome::Derived | TraceOutcome::Idle => LeafFate::Idle,
        TraceOutcome::Withheld => LeafFate::Withheld,
        TraceOutcome::Refused => LeafFate::Refused,
    }
}

/// The attribute path with the element's index.
fn indexed(place: &str, element: Option<usize>, schema: &[Attribute]) -> String {
    let Some(element) = element else { return place.to_owned() };
    arrays(schema, "")
        .into_iter()
        .find_map(|array| {
            let rest = place.strip_prefix(&array)?;
            rest.starts_with('.').then(|| format!("{array}[{element}]{rest}"))
        })
        .unwrap_or_else(|| place.to_owned())
}

/// The attribute paths of all multi-valued complex attributes.
fn arrays(schema: &[Attribute], above: &str) -> Vec<String> {
    let mut found = Vec::new();
    for attribute in schema.iter().filter(|attribute| attribute.kind == Kind::Complex) {
        let path = format!("{above}{}", attribute.name);
        if attribute.multi_valued {
            found.push(path);
        } else {
            let dot = if is_urn(&attribute.name) { ':' } else { '.' };
            found.extend(arrays(&attribute.attributes, &format!("{path}{dot}")));
        }
    }
    found
}
