//! Where one attribute path goes: the view of a program that PATCH, filters, attribute lists,
//! discovery and the loss report share.

use std::sync::Arc;

use super::literal::{implies, same_literal};
use super::program::{
    Arm, Carrier, Dest, ElementsPlan, LeafVerdict, LossCause, Lost, NodePlan, ObjectPlan, Program,
    label,
};
use super::translate::{Loss, shown_key};
use crate::scim::filter::Literal;
use crate::scim::schema::{Attribute, Mutability, Operation, is_urn};

/// A leaf's place and what is known of its element.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    pub names: Vec<String>,
    /// How many of the names lead to the multi-valued complex attribute, if the leaf lies in one.
    pub array: Option<usize>,
    /// Equalities that hold for the element.
    pub known: Vec<(String, Literal)>,
}

/// What a program says of a path.
#[derive(Clone, Debug)]
pub enum Resolved {
    To(Box<LeafTarget>),
    /// A predicate of a rule says it.
    Implied,
    Lost(Lost),
    /// The path names something with leaves below it.
    Branch,
    /// It depends on the element, and the path does not say which.
    Depends,
    /// The source has no such attribute.
    Unknown,
}

/// Where a leaf goes.
#[derive(Clone, Debug)]
pub struct LeafTarget {
    pub spot: Spot,
    pub attribute: Arc<Attribute>,
    pub rule: Option<Arc<Carrier>>,
    /// Whether only one of several elements gets there.
    pub picked: bool,
    /// How many elements get there, where not all do.
    pub most: Option<usize>,
    pub read_only: bool,
    pub derived: bool,
}

impl LeafTarget {
    /// Whether a request of that operation may write it.
    pub fn takes(&self, operation: Operation) -> bool {
        let frozen =
            self.attribute.mutability == Mutability::Immutable && operation != Operation::Create;
        !self.read_only && !frozen && self.attribute.accepted.has(operation)
    }
}

impl Spot {
    pub fn new(names: Vec<String>) -> Self {
        Self { names, array: None, known: Vec::new() }
    }

    pub fn label(&self) -> String {
        label(&self.names)
    }
}

/// Follows one path through a program.
pub fn resolve(program: &Program, spot: &Spot) -> Resolved {
    let mut plan = &program.root;
    let mut arm: Option<&Arm> = None;
    for (depth, name) in spot.names.iter().enumerate() {
        let last = depth + 1 == spot.names.len();
        let Some(node) = plan.node(name) else {
            let below = spot.names.get(depth..).unwrap_or_default();
            return free(plan, below, spot, arm);
        };
        match &node.plan {
            NodePlan::Leaf(verdict) if last => return settle(verdict, &[], spot, arm),
            // A leaf of any kind may be an object whose members the schema does not list.
            NodePlan::Leaf(verdict) => {
                let below = spot.names.get(depth + 1..).unwrap_or_default();
                return settle(verdict, below, spot, arm);
            }
            NodePlan::Object(_) | NodePlan::Elements(_) if last => return Resolved::Branch,
            NodePlan::Object(inner) => plan = inner,
            NodePlan::Elements(elements) => {
                let Some(found) = arm_for(elements, &spot.known) else { return Resolved::Depends };
                arm = Some(found);
                plan = &found.plan;
            }
        }
    }
    Resolved::Branch
}

/// Every way that a path's leaf goes, each with what holds of the elements that go it: one where
/// [`resolve`] knows it, and where it depends on the element one for each arm, the rest last.
pub fn ways(program: &Program, spot: &Spot) -> Vec<(Vec<(String, Literal)>, Resolved)> {
    let whole = resolve(program, spot);
    if !matches!(whole, Resolved::Depends) {
        return vec![(spot.known.clone(), whole)];
    }
    let mut plan = &program.root;
    for (depth, name) in spot.names.iter().enumerate() {
        match plan.node(name).map(|node| &node.plan) {
            Some(NodePlan::Object(inner)) => plan = inner,
            Some(NodePlan::Elements(elements)) => {
                let below = spot.names.get(depth + 1..).unwrap_or_default();
                let arms = elements.arms.iter().chain(std::iter::once(&elements.rest));
                return arms
                    .filter(|arm| !arm.terms.iter().any(|term| excludes(&spot.known, term)))
                    .map(|arm| {
                        let mut known = spot.known.clone();
                        let fresh = arm.terms.iter().filter(|term| !implies(&spot.known, term));
                        known.extend(fresh.cloned());
                        known.sort_by(|a, b| a.0.cmp(&b.0));
                        let spot = Spot { known, ..spot.clone() };
                        let resolved = within(arm, below, &spot);
                        (spot.known, resolved)
                    })
                    .collect();
            }
            Some(NodePlan::Leaf(_)) | None => break,
        }
    }
    vec![(spot.known.clone(), whole)]
}

/// Where the leaf goes whose element takes an arm; `below` leads to it from the element.
fn within(arm: &Arm, below: &[String], spot: &Spot) -> Resolved {
    let mut plan = &arm.plan;
    for (depth, name) in below.iter().enumerate() {
        let rest = below.get(depth + 1..).unwrap_or_default();
        match plan.node(name).map(|node| &node.plan) {
            None => return free(plan, below.get(depth..).unwrap_or_default(), spot, Some(arm)),
            Some(NodePlan::Leaf(verdict)) => return settle(verdict, rest, spot, Some(arm)),
            Some(NodePlan::Object(inner)) => plan = inner,
            Some(NodePlan::Elements(_)) => return Resolved::Branch,
        }
    }
    Resolved::Branch
}

/// What a path is called in losses: as the program's leaf, and `<path>.*` or `*` where the names
/// below are free. No name that a message brought is in it.
pub fn place(program: &Program, names: &[String]) -> Arc<str> {
    let mut plan = &program.root;
    let mut called = Arc::clone(&plan.free);
    for name in names {
        let Some(node) = plan.node(name) else { return Arc::clone(&plan.free) };
        called = Arc::clone(&node.label);
        plan = match &node.plan {
            NodePlan::Leaf(_) => break,
            NodePlan::Object(inner) => inner,
            NodePlan::Elements(elements) => &elements.rest.plan,
        };
    }
    called
}

/// A loss at a path of the program's source.
pub fn lost_at(program: &Program, names: &[String], cause: LossCause) -> Loss {
    let place = place(program, names);
    let key = names.first().filter(|_| *place == *"*").map(|name| shown_key(name));
    Loss { place, cause, key }
}

fn free(plan: &ObjectPlan, below: &[String], spot: &Spot, arm: Option<&Arm>) -> Resolved {
    match &plan.open {
        None => Resolved::Unknown,
        // At the top, only extensions are free (RFC 7643 section 3.3); `*` stands for them all.
        Some(LeafVerdict::To(dest))
            if dest.steps.is_empty()
                && !spot.names.first().is_some_and(|name| is_urn(name) || name == "*") =>
        {
            Resolved::Unknown
        }
        Some(LeafVerdict::To(dest)) => {
            let mut target = target(dest, spot, arm);
            // The destination's last step stands for the free key; at the top there is none.
            target.spot.names.pop();
            target.spot.names.extend(below.iter().cloned());
            Resolved::To(Box::new(target))
        }
        Some(LeafVerdict::Lost(lost)) => Resolved::Lost(lost.clone()),
        Some(LeafVerdict::Implied) => Resolved::Implied,
    }
}

fn settle(verdict: &LeafVerdict, below: &[String], spot: &Spot, arm: Option<&Arm>) -> Resolved {
    match verdict {
        LeafVerdict::To(dest) => {
            let mut target = target(dest, spot, arm);
            target.spot.names.extend(below.iter().cloned());
            Resolved::To(Box::new(target))
        }
        LeafVerdict::Implied => Resolved::Implied,
        LeafVerdict::Lost(lost) => Resolved::Lost(lost.clone()),
    }
}

fn target(dest: &Dest, spot: &Spot, arm: Option<&Arm>) -> LeafTarget {
    let names = dest.steps.iter().map(|step| step.name.to_string()).collect();
    let known = if dest.follows && dest.fields.is_empty() {
        spot.known.clone()
    } else {
        dest.fields.clone()
    };
    LeafTarget {
        spot: Spot { names, array: dest.array.map(|at| at + 1), known },
        attribute: Arc::clone(&dest.attribute),
        rule: dest.rule.clone(),
        picked: arm.is_some_and(|arm| arm.limit.is_some()),
        most: arm.and_then(|arm| arm.limit.as_ref()).map(|limit| limit.most),
        read_only: dest.read_only,
        derived: dest.derived_from.is_some(),
    }
}

/// The arm that every element with these values takes; none where that is not sure.
fn arm_for<'p>(plan: &'p ElementsPlan, known: &[(String, Literal)]) -> Option<&'p Arm> {
    for arm in &plan.arms {
        if arm.terms.iter().all(|term| implies(known, term)) {
            return Some(arm);
        }
        if !arm.terms.iter().any(|term| excludes(known, term)) {
            return None;
        }
    }
    Some(&plan.rest)
}

/// Whether the known values rule the term out.
fn excludes(known: &[(String, Literal)], (name, literal): &(String, Literal)) -> bool {
    known.iter().any(|(k, v)| k.eq_ignore_ascii_case(name) && !same_literal(v, literal))
}

/// Every leaf of a program's source, with its verdict: `*` stands for a free key.
pub fn leaves(program: &Program) -> Vec<(Spot, Arc<Attribute>, Resolved)> {
    let mut found = Vec::new();
    walk(&program.root, &Spot::new(Vec::new()), None, &mut found);
    found
}

fn walk(
    plan: &ObjectPlan,
    above: &Spot,
    arm: Option<&Arm>,
    found: &mut Vec<(Spot, Arc<Attribute>, Resolved)>,
) {
    for node in &plan.nodes {
        let mut spot = above.clone();
        spot.names.push(node.attribute.name.clone());
        match &node.plan {
            NodePlan::Leaf(verdict) => {
                let resolved = settle(verdict, &[], &spot, arm);
                found.push((spot, Arc::clone(&node.attribute), resolved));
            }
            NodePlan::Object(inner) => walk(inner, &spot, arm, found),
            NodePlan::Elements(elements) => {
                spot.array = Some(spot.names.len());
                for arm in elements.arms.iter().chain(std::iter::once(&elements.rest)) {
                    let spot = Spot { known: arm.terms.clone(), ..spot.clone() };
                    walk(&arm.plan, &spot, Some(arm), found);
                }
            }
        }
    }
    if let Some(verdict) = &plan.open {
        let mut spot = above.clone();
        spot.names.push("*".to_owned());
        let any = Attribute::new("*", crate::scim::schema::Kind::Any);
        let mut resolved = settle(verdict, &[], &spot, arm);
        if let Resolved::To(target) = &mut resolved
            && target.spot.names.is_empty()
        {
            target.spot.names.push("*".to_owned());
        }
        found.push((spot, Arc::new(any), resolved));
    }
}
