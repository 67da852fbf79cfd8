//! Brings a request, a change and losses to canonical, to be judged there.

use std::collections::BTreeSet;

use super::lifted::{Lifted, Taken, is_inactive, owned, values};
use super::removal::Removals;
use crate::gateway::pair::{Kind, Losses, Pair};
use crate::gateway::route::{Omitted, Policies};
use crate::rewrite::carry::{Carried, carried};
use crate::rewrite::program::label;
use crate::rewrite::resolve::{Resolved, Spot, resolve};
use crate::rewrite::translate::{Loss, Message};
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::patch::{Op, OpKind};
use crate::scim::schema::Operation;
use crate::scim::{Object, Value};

impl Pair {
    /// A client's resource, of a create or a replacement.
    pub fn lifted_resource(
        &self,
        resource: &Object<'_>,
        operation: Operation,
        policies: &Policies,
    ) -> Lifted {
        let canonical = self.client.lift(resource, Message::Request(operation));
        self.lifted_whole(&canonical.object, operation, policies)
    }

    /// The same of a resource that is in canonical words already.
    pub fn lifted_whole(
        &self,
        canonical: &Object<'_>,
        operation: Operation,
        policies: &Policies,
    ) -> Lifted {
        let replaces = operation == Operation::Replace && self.kind == Kind::Group;
        let members = match canonical.get("members") {
            _ if !replaces => Taken::None,
            None if self.omission(policies) == Omitted::Clear
                && self.client_places.says_members() =>
            {
                Taken::AllBut(Vec::new())
            }
            said @ Some(_) => Taken::AllBut(owned(values(said))),
            None => Taken::None,
        };
        let said = |name: &str| canonical.contains(name);
        Lifted { deactivates: is_inactive(canonical), members, names: self.canonical_names(said) }
    }

    /// A client's operations.
    pub fn lifted_ops(&self, ops: &[Op<'_>]) -> Lifted {
        let mut found = Lifted { deactivates: false, members: Taken::None, names: Vec::new() };
        let mut touched = BTreeSet::new();
        let mut last = (Vec::new(), BTreeSet::new());
        for op in ops {
            let names: Vec<String> = op.path.members().map(str::to_owned).collect();
            if last.0 != names {
                let tops = self.client_places.tops(&names);
                touched.extend(tops.iter().cloned());
                last = (names, tops);
            }
            let (names, tops) = &last;
            let value = op.value.as_ref().filter(|value| !value.is_cleared());
            let source = value.map(|value| said_by(op, value)).unwrap_or_default();
            let canonical = self.client.lift(&source, Message::Request(Operation::Patch)).object;
            found.deactivates |= is_inactive(&canonical);
            touched.extend(canonical.iter().map(|(name, _)| name.to_ascii_lowercase()));
            if self.kind == Kind::Group && tops.contains("members") {
                let taken = match op.kind {
                    OpKind::Add => Taken::None,
                    _ => self.taken_by(op, names, &canonical),
                };
                let given = values(canonical.get("members"));
                if !given.is_empty() {
                    found.members = found.members.but(&given);
                }
                found.members = found.members.and(taken);
            }
        }
        found.names = self.canonical_names(|name| touched.contains(&name.to_ascii_lowercase()));
        found
    }

    /// What a write over what is stored changes; both in the upstream's words.
    pub fn lifted_change(&self, before: &Object<'_>, after: &Object<'_>) -> Lifted {
        // Both as they are read: what stays as it came may be of another type.
        let before = self.receive(before.borrowed()).read;
        let after = self.receive(after.borrowed()).read;
        let before = self.upstream.lift(&before, Message::Response).object;
        let after = self.upstream.lift(&after, Message::Response).object;
        let had = values(before.get("members"));
        let has = values(after.get("members"));
        let values = owned(had.difference(&has).copied().collect());
        let members = match values.len() {
            0 => Taken::None,
            // The last one to go is one of many that go one by one.
            gone => Taken::These { values, emptied: has.is_empty() && gone > 1 },
        };
        let names = self.canonical_names(|name| before.get(name) != after.get(name));
        let deactivates = !is_inactive(&before) && is_inactive(&after);
        Lifted { deactivates, members, names }
    }

    /// What is taken from a stored resource, in the upstream's words; see [`Lifted::removals`].
    pub fn removals(&self, lifted: &Lifted, stored: Option<&Object<'_>>) -> Removals {
        let stored = stored.map(|stored| self.upstream.lift(stored, Message::Response).object);
        lifted.removals(stored.as_ref())
    }

    /// Whether a stored user is active, where it says so in one place.
    pub fn is_active(&self, stored: &Object<'_>) -> Option<bool> {
        let name = self.upstream_places.told_at("active")?;
        let mut told = Object::with_capacity(1);
        told.push(name, stored.get(name)?.borrowed());
        let lifted = self.upstream.lift(&told, Message::Response).object;
        lifted.get("active").and_then(Value::as_bool)
    }

    /// How many members a stored group shows.
    pub fn member_count(&self, stored: &Object<'_>) -> usize {
        let name = self.upstream_places.told_at("members.value");
        let members = name.and_then(|name| stored.get(name)).and_then(Value::as_array);
        members.map_or(0, <[_]>::len)
    }

    /// The places of losses as canonical has them: what the client's dialect alone has, has none.
    pub fn canonical_losses<'l>(&'l self, losses: &'l Losses) -> impl Iterator<Item = Judged<'l>> {
        let lifting = losses.lifting.iter().map(|loss| {
            let canonical = self.client_places.of(&loss.place);
            Judged { told: loss.name(), canonical }
        });
        // What a PATCH loses on its way to canonical is among these, too.
        let lowering = losses.lowering.iter().map(|loss| {
            let mut canonical = self.client_places.of(&loss.place);
            canonical.insert(loss.place.to_string());
            Judged { told: loss.name(), canonical }
        });
        lifting.chain(lowering)
    }

    /// The places of what an upstream did not take.
    pub fn canonical_untaken<'l>(
        &'l self,
        untaken: &'l [Loss],
    ) -> impl Iterator<Item = Judged<'l>> {
        untaken.iter().map(|loss| {
            let canonical = self.upstream_places.of(&loss.place);
            Judged { told: loss.name(), canonical }
        })
    }

    fn canonical_names(&self, about: impl Fn(&str) -> bool) -> Vec<String> {
        let attributes = self.client.canonical.attributes.iter();
        let known = attributes.filter(|attribute| about(&attribute.name));
        known.map(|attribute| attribute.name.clone()).collect()
    }

    /// The members that an operation takes from a group.
    fn taken_by(&self, op: &Op<'_>, names: &[String], canonical: &Object<'_>) -> Taken {
        let clears = op.value.as_ref().is_none_or(Value::is_cleared);
        let array = names.len() - op.path.sub.len().min(names.len());
        let own = label(names.get(..array).unwrap_or_default()).to_ascii_lowercase();
        let whole = self.client_places.are_members(&own);
        match (op.kind, &op.path.filter) {
            _ if !whole => Taken::Unknown,
            (_, None) if op.path.sub.is_empty() && clears => Taken::AllBut(Vec::new()),
            (OpKind::Replace, None) if op.path.sub.is_empty() => {
                Taken::AllBut(owned(values(canonical.get("members"))))
            }
            (OpKind::Remove, Some(filter)) if op.path.sub.is_empty() => {
                match self.member_of(names, filter) {
                    Some(value) => Taken::These { values: vec![value], emptied: false },
                    None => Taken::Unknown,
                }
            }
            _ => Taken::Unknown,
        }
    }

    /// The canonical value of the one member that a filter names.
    fn member_of(&self, names: &[String], filter: &Filter) -> Option<String> {
        let Filter::Compare { path, operator: Operator::Eq, literal: Literal::String(text) } =
            filter
        else {
            return None;
        };
        let mut spot = Spot::new([names, &[path.attribute.clone()?]].concat());
        spot.array = Some(names.len());
        let Resolved::To(near) = resolve(&self.client.lift, &spot) else { return None };
        if label(&near.spot.names) != "members.value" {
            return None;
        }
        match carried(near.rule.as_deref(), &Value::text(text.as_str())) {
            Carried::Value(value) => value.as_str().map(str::to_owned),
            _ => None,
        }
    }
}

/// A loss that is to be judged.
pub struct Judged<'l> {
    /// As it was lost, for people.
    pub told: &'l str,
    pub canonical: BTreeSet<String>,
}

/// The part of a resource that an operation says.
fn said_by<'a>(op: &Op<'_>, value: &'a Value<'_>) -> Object<'a> {
    let mut value = value.borrowed();
    for name in op.path.sub.iter().rev() {
        value = member(name, value);
    }
    if let Some(filter) = &op.path.filter {
        let Value::Object(mut element) = value else { return Object::new() };
        for (name, literal) in equalities(filter) {
            if !element.contains(&name) {
                element.push(name, told(literal));
            }
        }
        value = Value::Array(vec![Value::Object(element)]);
    }
    for name in op.path.urn.iter().chain(&op.path.attribute).rev() {
        value = member(name, value);
    }
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

fn member<'a>(name: &str, value: Value<'a>) -> Value<'a> {
    let mut object = Object::with_capacity(1);
    object.push(name.to_owned(), value);
    Value::Object(object)
}

fn told(literal: Literal) -> Value<'static> {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(flag) => Value::Bool(flag),
        Literal::Number(number) => Value::Number(number),
        Literal::String(text) => Value::String(text.into()),
    }
}

/// What every element that satisfies the filter has.
fn equalities(filter: &Filter) -> Vec<(String, Literal)> {
    match filter {
        Filter::Compare { path, operator: Operator::Eq, literal } if path.sub.is_empty() => {
            path.attribute.iter().map(|name| (name.clone(), literal.clone())).collect()
        }
        Filter::And(terms) => terms.iter().flat_map(equalities).collect(),
        _ => Vec::new(),
    }
}
