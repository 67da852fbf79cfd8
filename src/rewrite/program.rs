//! A compiled direction: for every attribute of the source schema, where its values go.
//!
//! Nothing here is text to be parsed again: names are found by position, predicates are literals.

use std::sync::Arc;

use super::rule::{Conversion, Otherwise, Pick, RuleOrigin};
use crate::scim::Value;
use crate::scim::filter::Literal;
use crate::scim::in_order::{InOrder, Named};
use crate::scim::same::same;
use crate::scim::schema::Attribute;

/// One direction between canonical and a dialect, for one resource type.
#[derive(Debug)]
pub struct Program {
    pub root: ObjectPlan,
}

/// What becomes of an object's members.
#[derive(Debug)]
pub struct ObjectPlan {
    pub nodes: Vec<PlanNode>,
    /// What becomes of a free key; `None` where the object has no free keys.
    pub open: Option<LeafVerdict>,
    /// What a loss of a free key is called: `<path>.*`, or `*` at the top.
    pub free: Arc<str>,
}

/// One attribute of the source.
#[derive(Debug)]
pub struct PlanNode {
    pub attribute: Arc<Attribute>,
    /// The attribute path, for losses: `emails.value`, `urn:…:User:department`.
    pub label: Arc<str>,
    /// What every answer of the vendor's shows here (a `set` on a canonical place): saying it again
    /// is no information.
    pub constant: Option<Value<'static>>,
    pub plan: NodePlan,
}

#[derive(Debug)]
pub enum NodePlan {
    /// The value moves as a whole.
    Leaf(LeafVerdict),
    /// A singular complex attribute or an extension.
    Object(ObjectPlan),
    /// A multi-valued complex attribute.
    Elements(ElementsPlan),
}

#[derive(Debug)]
pub struct ElementsPlan {
    /// Tells the program's multi-valued attributes apart; in the source schema's order.
    pub number: usize,
    /// Elements with these values go this way; the most specific first.
    pub arms: Vec<Arm>,
    /// All other elements.
    pub rest: Arm,
}

#[derive(Debug)]
pub struct Arm {
    /// Sorted by name; empty for [`ElementsPlan::rest`].
    pub terms: Vec<(String, Literal)>,
    pub plan: ObjectPlan,
    /// How many elements the target holds, and which survive.
    pub limit: Option<Limit>,
}

#[derive(Clone, Debug)]
pub struct Limit {
    pub most: usize,
    pub pick: Vec<Pick>,
}

#[derive(Clone, Debug)]
pub enum LeafVerdict {
    To(Box<Dest>),
    /// A rule's predicate says it: the element that it names is written with it.
    Implied,
    Lost(Lost),
}

/// Where a value goes.
#[derive(Clone, Debug)]
pub struct Dest {
    pub steps: Vec<TargetStep>,
    /// The index of the step that is a multi-valued complex attribute, if there is one.
    pub array: Option<usize>,
    /// Whether the element follows the source's element; else there is one element by its fields.
    pub follows: bool,
    /// What an element is given besides: the target place's predicate.
    pub fields: Vec<(String, Literal)>,
    /// Whether the source lies in an element and the target does not, so that one element speaks.
    pub one_of_many: bool,
    /// The rule that carries it; `None` for the same place on both sides.
    pub rule: Option<Arc<Carrier>>,
    /// The target's facts.
    pub attribute: Arc<Attribute>,
    /// Whether some object on the way to the target is readOnly.
    pub read_only: bool,
    /// The attribute from whose value the vendor computes the target, if it does.
    pub derived_from: Option<Arc<str>>,
    /// The place of a made element among the made elements of its attribute.
    pub order: usize,
}

/// A name on the way down the target, with its position among the schema's attributes.
#[derive(Clone, Debug)]
pub struct TargetStep {
    pub name: Arc<str>,
    pub position: u16,
}

/// What a rule does to the value on the way.
#[derive(Debug)]
pub struct Carrier {
    pub origin: RuleOrigin,
    /// (from, to), in this program's direction; the first pair of a `from` is meant.
    pub values: Option<Vec<(Literal, Literal)>>,
    pub otherwise: Otherwise,
    pub convert: Option<(Conversion, Towards)>,
    pub sticky: bool,
    pub loss: Option<String>,
    pub picks: bool,
}

/// The direction of a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards {
    Canonical,
    Vendor,
}

/// Why a leaf is not carried.
#[derive(Clone, Debug, PartialEq)]
pub struct Lost {
    pub cause: LossCause,
    /// The rules concerned: for `Shadowed`, the one that owns this end and the one that owns the other.
    pub rules: Vec<RuleOrigin>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LossCause {
    /// A rule says so (its `loss`), or a value is not in its table.
    Rule,
    /// The other side has no such place.
    NoPlace,
    /// The place on the other side belongs to another rule.
    Shadowed,
    /// Another element was picked.
    Picked,
    /// A conversion could not take the value.
    Converted,
    /// The upstream answered that it was done, and its answer shows otherwise.
    NotTaken,
}

impl LossCause {
    /// The word in metrics and reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::NoPlace => "no_place",
            Self::Shadowed => "shadowed",
            Self::Picked => "picked",
            Self::Converted => "converted",
            Self::NotTaken => "not_taken",
        }
    }
}

impl Lost {
    pub fn new(cause: LossCause) -> Self {
        Self { cause, rules: Vec::new() }
    }
}

impl Named for PlanNode {
    fn name(&self) -> &str {
        &self.attribute.name
    }
}

impl ObjectPlan {
    /// The nodes, for the members of one object.
    pub fn in_order(&self) -> InOrder<'_, PlanNode> {
        InOrder::new(&self.nodes)
    }

    pub fn node(&self, name: &str) -> Option<&PlanNode> {
        self.nodes.iter().find(|node| same(node.name(), name))
    }
}

/// `emails.value`, `urn:…:User:department`, `name`: the attribute path of member names.
pub fn label(names: &[String]) -> String {
    let mut text = String::new();
    for (depth, name) in names.iter().enumerate() {
        if depth > 0 {
            let urn = depth == 1 && names.first().is_some_and(|n| crate::scim::schema::is_urn(n));
            text.push(if urn { ':' } else { '.' });
        }
        text.push_str(name);
    }
    text
}
