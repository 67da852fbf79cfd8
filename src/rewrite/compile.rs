//! Rules and two schemas -> a [`Program`] for one direction (docs/semantics.md 1).

use std::cell::Cell;
use std::sync::Arc;

use super::fit::{carries, fits};
use super::join::join;
use super::layers::{End, Layers};
use super::owner::{OwnedLeaf, Owner, owner};
use super::place::{Element, Place};
use super::program::{
    Arm, Carrier, Dest, ElementsPlan, LeafVerdict, Limit, LossCause, Lost, NodePlan, ObjectPlan,
    PlanNode, Program, Towards, label,
};
use super::rule::{Map, Pick, RuleOrigin, SetTarget, SetValue};
use super::target::{TargetPlace, find};
use crate::scim::Value;
use crate::scim::filter::Literal;
use crate::scim::schema::{Attribute, Kind, Schema};

/// Compiles the direction that reads `from`.
pub fn compile(layers: &Layers, source: &Schema, target: &Schema, from: End) -> Program {
    let carriers = layers.maps.iter().map(|map| Arc::new(carrier(map, from))).collect();
    let compiler = Compiler { layers, target, from, carriers, numbers: Cell::new(0) };
    let mut root = compiler.object(&source.attributes, &[], &Scope::default(), false);
    root.open = source.open_extensions.then(|| {
        if target.open_extensions {
            LeafVerdict::To(Box::new(compiler.root_dest()))
        } else {
            LeafVerdict::Lost(Lost::new(LossCause::NoPlace))
        }
    });
    Program { root }
}

struct Compiler<'c> {
    layers: &'c Layers,
    target: &'c Schema,
    from: End,
    carriers: Vec<Arc<Carrier>>,
    /// How many multi-valued attributes have a number.
    numbers: Cell<usize>,
}

/// What is known where a leaf lies.
#[derive(Clone, Debug, Default)]
struct Scope {
    in_element: bool,
    known: Vec<(String, Literal)>,
}

impl Compiler<'_> {
    fn object(
        &self,
        attributes: &[Attribute],
        path: &[String],
        scope: &Scope,
        open: bool,
    ) -> ObjectPlan {
        let nodes = attributes.iter().map(|attribute| self.node(attribute, path, scope)).collect();
        let open = open.then(|| {
            let names = [path, &["*".to_owned()]].concat();
            self.verdict(&names, &Attribute::new("*", Kind::Any), scope)
        });
        let free = if path.is_empty() { "*".into() } else { format!("{}.*", label(path)).into() };
        ObjectPlan { nodes, open, free }
    }

    fn node(&self, attribute: &Attribute, path: &[String], scope: &Scope) -> PlanNode {
        let names = [path, std::slice::from_ref(&attribute.name)].concat();
        let plan = if attribute.kind != Kind::Complex {
            NodePlan::Leaf(self.verdict(&names, attribute, scope))
        } else if attribute.multi_valued && !scope.in_element {
            NodePlan::Elements(self.elements(attribute, &names))
        } else {
            NodePlan::Object(self.object(&attribute.attributes, &names, scope, attribute.open))
        };
        let facts = Attribute { attributes: Vec::new(), ..attribute.clone() };
        let constant = self.constant(&names);
        PlanNode { attribute: Arc::new(facts), label: label(&names).into(), constant, plan }
    }

    fn constant(&self, path: &[String]) -> Option<Value<'static>> {
        if self.from == End::Vendor {
            return None;
        }
        self.layers.sets.iter().find_map(|set| match (&set.target, &set.value) {
            (SetTarget::Canonical(place), SetValue::Constant(value))
                if same_names(&place.path(), path) =>
            {
                Some(value.clone())
            }
            _ => None,
        })
    }

    fn elements(&self, attribute: &Attribute, path: &[String]) -> ElementsPlan {
        let mut predicates = self.predicates(self.from, path);
        if let Some(target) = self.counterpart(path) {
            predicates.extend(self.predicates(other(self.from), &target));
        }
        join(&mut predicates);
        // The most terms first. An element takes the arm of all that it meets, which is the longest of
        // those that it meets; arms of one length have no element in common, and the text decides
        // nothing.
        predicates.sort_by_key(|terms| (usize::MAX - terms.len(), format!("{terms:?}")));
        let arm = |terms: Vec<(String, Literal)>| {
            let scope = Scope { in_element: true, known: terms.clone() };
            let plan = self.object(&attribute.attributes, path, &scope, attribute.open);
            let limit = self.limit(&plan);
            Arm { terms, plan, limit }
        };
        let number = self.numbers.get();
        self.numbers.set(number.saturating_add(1));
        let arms = predicates.into_iter().map(arm).collect();
        ElementsPlan { number, arms, rest: arm(Vec::new()) }
    }

    /// The predicates of rules on one side that step into this attribute's elements.
    fn predicates(&self, end: End, path: &[String]) -> Vec<Vec<(String, Literal)>> {
        let maps = self.layers.maps.iter().map(|map| place(map, end));
        let shadows = self.layers.shadows.iter().filter(|s| s.side == end).map(|s| &s.place);
        maps.chain(shadows)
            .filter(|place| same_names(&place.members, path))
            .filter_map(|place| match &place.element {
                Element::Where(terms) => Some(terms.clone()),
                Element::Whole | Element::Each => None,
            })
            .collect()
    }

    /// The target's attribute that takes this attribute's elements one by one.
    fn counterpart(&self, path: &[String]) -> Option<Vec<String>> {
        match owner(self.layers, self.from, OwnedLeaf { names: path, known: &[] }) {
            None => Some(path.to_vec()),
            Some(Owner::Map(at)) => {
                let map = self.layers.maps.get(at)?;
                let names = place(map, self.from).path();
                let rest = path.get(names.len()..)?;
                let far = place(map, other(self.from));
                Some([far.members.clone(), far.rest.clone(), rest.to_vec()].concat())
            }
            Some(Owner::Shadow(_) | Owner::Term(_)) => None,
        }
    }

    fn verdict(&self, path: &[String], source: &Attribute, scope: &Scope) -> LeafVerdict {
        let leaf = OwnedLeaf { names: path, known: &scope.known };
        match owner(self.layers, self.from, leaf) {
            Some(Owner::Shadow(at)) => {
                let by = self.layers.shadows.get(at).map(|shadow| shadow.by.clone());
                lost(LossCause::Shadowed, by)
            }
            None => self.implicit(path, source, scope),
            Some(Owner::Term(_)) => LeafVerdict::Implied,
            Some(Owner::Map(at)) => self.explicit(at, path, source, scope),
        }
    }

    fn implicit(&self, path: &[String], source: &Attribute, scope: &Scope) -> LeafVerdict {
        let Some(found) = find(self.target, path) else { return lost(LossCause::NoPlace, None) };
        match self.target_owner(path, &scope.known) {
            Some(Owner::Map(at)) => {
                lost(LossCause::Shadowed, self.layers.maps.get(at).map(|m| m.origin.clone()))
            }
            Some(Owner::Shadow(at)) => {
                lost(LossCause::Shadowed, self.layers.shadows.get(at).map(|s| s.by.clone()))
            }
            Some(Owner::Term(_)) => LeafVerdict::Implied,
            None if !fits(source, &found.attribute) => lost(LossCause::NoPlace, None),
            None => dest(found, scope.in_element, Vec::new(), None),
        }
    }

    fn explicit(
        &self,
        at: usize,
        path: &[String],
        source: &Attribute,
        scope: &Scope,
    ) -> LeafVerdict {
        let (Some(map), Some(carrier)) = (self.layers.maps.get(at), self.carriers.get(at)) else {
            return lost(LossCause::NoPlace, None);
        };
        let (near, far) = (place(map, self.from), place(map, other(self.from)));
        let suffix = path.get(near.names().count()..).unwrap_or_default();
        let target = [far.path(), suffix.to_vec()].concat();
        let Some(found) = find(self.target, &target) else {
            if super::owner::is_term(near, OwnedLeaf { names: path, known: &scope.known }) {
                return LeafVerdict::Implied;
            }
            return lost(LossCause::NoPlace, Some(map.origin.clone()));
        };
        let carried = match self.from {
            End::Canonical => carries(map, source, &found.attribute),
            End::Vendor => carries(map, &found.attribute, source),
        };
        if !carried {
            return lost(LossCause::NoPlace, Some(map.origin.clone()));
        }
        let fields = match &far.element {
            Element::Where(terms) => terms.clone(),
            Element::Whole | Element::Each => Vec::new(),
        };
        let known = match (&far.element, &near.element) {
            (Element::Where(terms), _) => terms.clone(),
            (_, Element::Where(_)) => Vec::new(),
            _ => scope.known.clone(),
        };
        let owner_there = self.target_owner(&target, &known);
        if owner_there != Some(Owner::Map(at)) {
            let mut verdict = Lost::new(LossCause::Shadowed);
            verdict.rules.push(map.origin.clone());
            verdict.rules.extend(owner_there.and_then(|owner| self.origin(owner)));
            return LeafVerdict::Lost(verdict);
        }
        let order = self.order(&found, &fields);
        match dest(found, scope.in_element, fields, Some(Arc::clone(carrier))) {
            LeafVerdict::To(to) => LeafVerdict::To(Box::new(Dest { order, ..*to })),
            lost => lost,
        }
    }

    /// The place of a made element among its like: that of its `type` in canonicalValues.
    fn order(&self, found: &TargetPlace, fields: &[(String, Literal)]) -> usize {
        let place = || {
            let path = found.steps.get(..=found.array?)?;
            let path: Vec<String> = path.iter().map(|step| step.name.to_string()).collect();
            let known =
                find(self.target, &path)?.attribute.attribute("type")?.canonical_values.clone();
            let (_, wanted) = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("type"))?;
            let Literal::String(wanted) = wanted else { return None };
            known.iter().position(|value| value.eq_ignore_ascii_case(wanted))
        };
        place().unwrap_or(usize::MAX)
    }

    fn origin(&self, owner: Owner) -> Option<RuleOrigin> {
        match owner {
            Owner::Map(at) | Owner::Term(at) => {
                self.layers.maps.get(at).map(|map| map.origin.clone())
            }
            Owner::Shadow(at) => self.layers.shadows.get(at).map(|shadow| shadow.by.clone()),
        }
    }

    fn target_owner(&self, path: &[String], known: &[(String, Literal)]) -> Option<Owner> {
        owner(self.layers, other(self.from), OwnedLeaf { names: path, known })
    }

    /// One element speaks where the target is singular; as many as `max` where it is not.
    fn limit(&self, plan: &ObjectPlan) -> Option<Limit> {
        let mut dests = Vec::new();
        dests_of(plan, &mut dests);
        let pick = dests.iter().find_map(|dest| {
            let rule = dest.rule.as_ref()?;
            let map = self.layers.maps.iter().find(|map| map.origin == rule.origin)?;
            (!map.pick.is_empty()).then(|| map.pick.clone())
        });
        let most = dests
            .iter()
            .filter_map(|dest| if dest.one_of_many { Some(1) } else { self.max_of(dest) })
            .min()?;
        let primary = Pick::Where("primary".to_owned(), Literal::Bool(true));
        Some(Limit { most, pick: pick.unwrap_or_else(|| vec![primary, Pick::First]) })
    }

    fn max_of(&self, dest: &Dest) -> Option<usize> {
        let steps = dest.steps.get(..=dest.array?)?;
        let path: Vec<String> = steps.iter().map(|step| step.name.to_string()).collect();
        find(self.target, &path)?.attribute.max
    }

    fn root_dest(&self) -> Dest {
        Dest {
            steps: Vec::new(),
            array: None,
            follows: false,
            fields: Vec::new(),
            one_of_many: false,
            rule: None,
            attribute: Arc::new(Attribute { open: true, ..Attribute::new("*", Kind::Any) }),
            read_only: false,
            derived_from: None,
            order: usize::MAX,
        }
    }
}

fn dests_of<'p>(plan: &'p ObjectPlan, into: &mut Vec<&'p Dest>) {
    for node in &plan.nodes {
        match &node.plan {
            NodePlan::Leaf(LeafVerdict::To(dest)) => into.push(dest),
            NodePlan::Leaf(_) | NodePlan::Elements(_) => {}
            NodePlan::Object(plan) => dests_of(plan, into),
        }
    }
    if let Some(LeafVerdict::To(dest)) = &plan.open {
        into.push(dest);
    }
}

fn dest(
    found: TargetPlace,
    in_element: bool,
    fields: Vec<(String, Literal)>,
    rule: Option<Arc<Carrier>>,
) -> LeafVerdict {
    let attribute = Arc::new(Attribute { attributes: Vec::new(), ..found.attribute });
    LeafVerdict::To(Box::new(Dest {
        follows: in_element && found.array.is_some(),
        one_of_many: in_element && found.array.is_none(),
        steps: found.steps,
        array: found.array,
        fields,
        rule,
        attribute,
        read_only: found.read_only,
        derived_from: found.derived_from,
        order: usize::MAX,
    }))
}

fn carrier(map: &Map, from: End) -> Carrier {
    let values = map.values.as_ref().map(|table| {
        let turn = |(canonical, vendor): &(Literal, Literal)| match from {
            End::Canonical => (canonical.clone(), vendor.clone()),
            End::Vendor => (vendor.clone(), canonical.clone()),
        };
        table.pairs.iter().map(turn).collect()
    });
    let towards = match from {
        End::Canonical => Towards::Vendor,
        End::Vendor => Towards::Canonical,
    };
    Carrier {
        origin: map.origin.clone(),
        values,
        otherwise: map.values.as_ref().map_or(super::rule::Otherwise::Refuse, |v| v.otherwise),
        convert: map.convert.map(|conversion| (conversion, towards)),
        sticky: map.sticky,
        loss: map.loss.clone(),
        picks: !map.pick.is_empty(),
    }
}

fn lost(cause: LossCause, rule: Option<RuleOrigin>) -> LeafVerdict {
    LeafVerdict::Lost(Lost { rules: rule.into_iter().collect(), ..Lost::new(cause) })
}

fn place(map: &Map, end: End) -> &Place {
    match end {
        End::Canonical => &map.canonical,
        End::Vendor => &map.vendor,
    }
}

fn other(end: End) -> End {
    match end {
        End::Canonical => End::Vendor,
        End::Vendor => End::Canonical,
    }
}

fn same_names(a: &[String], b: &[String]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.eq_ignore_ascii_case(b))
}
