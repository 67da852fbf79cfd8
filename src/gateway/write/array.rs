//! PATCH on a whole multi-valued attribute, or on one element by its `value`: native where every
//! element goes over one to one (docs/semantics.md 5.2).

use std::collections::{HashMap, HashSet};

use super::op::op;
use super::plan::Step;
use crate::fault::Fault;
use crate::gateway::pair::{Alike, Pair, checked, many_to_one, once, path, value_at};
use crate::rewrite::program::LossCause;
use crate::rewrite::resolve::{Resolved, Spot, resolve};
use crate::rewrite::translate::{Loss, Message};
use crate::scim::filter::{Filter, Operator};
use crate::scim::patch::{Op, OpKind};
use crate::scim::schema::{Kind, Mutability, Operation, attribute_at};
use crate::scim::{Object, Path, Value};

/// Where an array's elements go.
enum Way {
    /// To this array of the upstream's.
    To(Vec<String>),
    /// Nowhere.
    Lost,
    /// It depends on what is stored.
    Stateful,
}

impl Pair {
    /// What an operation on a multi-valued complex attribute comes to.
    ///
    /// # Errors
    /// `InvalidValue` for values that a rule refuses.
    pub(super) fn array_step(&self, given: &Op<'_>, names: &[String]) -> Result<Step, Fault> {
        let clears = given.value.as_ref().is_none_or(Value::is_cleared);
        let far = match self.array_way(names, given.kind, clears) {
            Way::To(far) => far,
            Way::Lost => {
                let place = crate::rewrite::program::label(names).into();
                return Ok(Step::Lost(vec![Loss::new(place, LossCause::NoPlace)]));
            }
            Way::Stateful => return Ok(Step::Stateful("its elements do not go over one to one")),
        };
        match (given.kind, &given.path.filter) {
            (OpKind::Remove, None) => Ok(Step::Direct(vec![self.removal(&far)])),
            (OpKind::Replace, None) if clears => Ok(Step::Direct(vec![self.removal(&far)])),
            (OpKind::Remove, Some(filter)) if is_by_value(filter) && given.path.sub.is_empty() => {
                let path = Path { filter: Some(filter.clone()), ..path(&far) };
                Ok(Step::Direct(vec![Op { kind: OpKind::Remove, path, value: None }]))
            }
            (OpKind::Add | OpKind::Replace, None) => self.elements(given, names, &far),
            _ => Ok(Step::Stateful("its path selects elements by their values")),
        }
    }

    /// The elements of an operation in the upstream's words.
    fn elements(&self, given: &Op<'_>, names: &[String], far: &[String]) -> Result<Step, Fault> {
        let Some(value) = &given.value else { return Ok(Step::Stateful("it has no value")) };
        let value = match value {
            Value::Array(_) => value.borrowed(),
            single => Value::Array(vec![single.borrowed()]),
        };
        let message = Message::Request(Operation::Patch);
        let mut source = nested(names, value);
        once(&self.client.vendor.attributes, &mut source, Alike::Agreeing);
        let lifted = checked(self.client.lift(&source, message))?;
        let mut lowered = checked(self.upstream.lower(&lifted.object, message))?;
        let made = self.upstream.complete_elements(
            &mut lowered.object,
            &lifted.object,
            Operation::Replace,
            None,
        );
        let Some(value) = value_at(&lowered.object, far) else {
            return Ok(Step::Stateful("nothing of its value goes over"));
        };
        super::demand::check_formats(&lowered.object, &self.upstream.vendor)?;
        let value = value.clone().into_owned();
        let losses = lifted.losses.into_iter().chain(lowered.losses).chain(made).collect();
        Ok(Step::Partly(vec![op(given.kind, far, Some(value))], losses))
    }

    /// Whether elements go over one to one, and nothing hidden lies in the upstream's where the operation
    /// could meet it: a replacement would lose it, and an element to add is there already where it
    /// differs in what is hidden alone. (What has no primary one is known by its `value`.)
    fn array_way(&self, names: &[String], kind: OpKind, clears: bool) -> Way {
        let Some(attribute) = attribute_at(&self.client.vendor.attributes, names) else {
            return Way::Stateful;
        };
        let mut far: Option<Vec<String>> = None;
        for sub in attribute.attributes.iter().filter(|a| a.mutability != Mutability::ReadOnly) {
            let mut spot = Spot::new([names, std::slice::from_ref(&sub.name)].concat());
            spot.array = Some(names.len());
            let near = match resolve(&self.client.lift, &spot) {
                Resolved::To(near) if !near.picked && !many_to_one(near.rule.as_deref()) => near,
                Resolved::Lost(_) => continue,
                _ => return Way::Stateful,
            };
            // What the client is shown may be one of several: the others are hidden from it.
            if matches!(resolve(&self.client.lower, &near.spot), Resolved::To(back) if back.picked)
            {
                return Way::Stateful;
            }
            let target = match resolve(&self.upstream.lower, &near.spot) {
                Resolved::To(target) if target.read_only => continue,
                Resolved::To(target) if !target.picked && !many_to_one(target.rule.as_deref()) => {
                    target
                }
                Resolved::Lost(_) => continue,
                _ => return Way::Stateful,
            };
            let Some(array) = target.spot.array else { return Way::Stateful };
            let found = target.spot.names.get(..array).unwrap_or_default().to_vec();
            if far.as_ref().is_some_and(|far| *far != found) {
                return Way::Stateful;
            }
            far = Some(found);
        }
        let Some(far) = far else { return Way::Lost };
        let inside = format!("{}.", crate::rewrite::program::label(&far).to_ascii_lowercase());
        let upstream = attribute_at(&self.upstream.vendor.attributes, &far);
        let valued = upstream.is_some_and(|array| array.attribute("primary").is_none());
        let meets = kind == OpKind::Replace || (kind == OpKind::Add && !valued);
        if meets
            && self.table.hidden.iter().any(|leaf| leaf.to_ascii_lowercase().starts_with(&inside))
        {
            return Way::Stateful;
        }
        // What answers leave out of elements is not told by whoever lists them anew.
        if kind == OpKind::Replace && !clears && self.unreturned_in(&far).next().is_some() {
            return Way::Stateful;
        }
        // A dialect that stands for servers it does not know whole: elements may hold more than it lists.
        if kind == OpKind::Replace && !clears && self.upstream.vendor.open_extensions {
            return Way::Stateful;
        }
        Way::To(far)
    }

    /// The elements of an attribute that is told whole, with what the vendor demands of each.
    pub(super) fn filled(&self, names: &[String], value: Value<'static>) -> Value<'static> {
        if !self.upstream.fills_elements(names) {
            return value;
        }
        let mut object = nested(names, value.clone());
        let alone = object.clone();
        let canonical = self.upstream.lift(&alone, Message::Response).object;
        drop(self.upstream.complete_elements(&mut object, &canonical, Operation::Replace, None));
        value_at(&object, names).cloned().unwrap_or(value)
    }

    /// The removal of a whole multi-valued attribute, as this upstream takes it.
    pub(super) fn removal(&self, names: &[String]) -> Op<'static> {
        let whole = self.upstream_resource.patch.as_ref().is_none_or(|forms| forms.remove_whole);
        if whole {
            op(OpKind::Remove, names, None)
        } else {
            op(OpKind::Replace, names, Some(Value::Array(Vec::new())))
        }
    }

    /// How the elements of an attribute without `primary` change: one removal an element, one
    /// addition of all that are new. `None` where an element changed otherwise.
    pub(super) fn membership(
        &self,
        names: &[String],
        before: &Value<'_>,
        after: &Value<'_>,
    ) -> Option<Vec<Op<'static>>> {
        let attribute = attribute_at(&self.upstream.vendor.attributes, names)?;
        let forms = self.upstream_resource.patch.as_ref()?;
        let fits = attribute.kind == Kind::Complex
            && attribute.multi_valued
            && attribute.attribute("primary").is_none()
            && forms.value_paths
            && forms.array_values;
        if !fits {
            return None;
        }
        let (before, after) = (before.as_array()?, after.as_array()?);
        let old = by_value(before)?;
        let mut ops = Vec::new();
        let mut new = Vec::new();
        for element in after {
            match old.get(value_of(element)?) {
                Some(old) if old.iter().any(|old| same_element(old, element)) => {}
                Some(_) => return None,
                None => new.push(element.clone().into_owned()),
            }
        }
        let left = by_value(after)?;
        let mut gone = HashSet::new();
        for element in before {
            let value = value_of(element)?;
            if !left.contains_key(value) && gone.insert(value) {
                let literal = crate::scim::filter::Literal::String(value.to_owned());
                let sub = Path::core("value");
                let filter = Filter::Compare { path: sub, operator: Operator::Eq, literal };
                let path = Path { filter: Some(Box::new(filter)), ..path(names) };
                ops.push(Op { kind: OpKind::Remove, path, value: None });
            }
        }
        if !new.is_empty() {
            ops.push(op(OpKind::Add, names, Some(Value::Array(new))));
        }
        Some(ops)
    }
}

fn is_by_value(filter: &Filter) -> bool {
    match filter {
        Filter::Compare { path, operator: Operator::Eq, .. } => {
            path.sub.is_empty()
                && path.attribute.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("value"))
        }
        _ => false,
    }
}

fn value_of<'v>(element: &'v Value<'_>) -> Option<&'v str> {
    element.as_object()?.get("value")?.as_str()
}

/// The elements with each `value`; none where one has no such text.
fn by_value<'v, 'a>(elements: &'v [Value<'a>]) -> Option<HashMap<&'v str, Vec<&'v Value<'a>>>> {
    let mut found: HashMap<&str, Vec<&Value<'_>>> = HashMap::with_capacity(elements.len());
    for element in elements {
        found.entry(value_of(element)?).or_default().push(element);
    }
    Some(found)
}

/// Whether the new element says nothing that the old one does not.
fn same_element(old: &Value<'_>, new: &Value<'_>) -> bool {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            new.iter().all(|(name, value)| old.get(name) == Some(value))
        }
        _ => false,
    }
}

fn nested<'a>(names: &[String], value: Value<'a>) -> Object<'a> {
    let mut value = value;
    for name in names.iter().rev() {
        let mut object = Object::with_capacity(1);
        object.push(name.clone(), value);
        value = Value::Object(object);
    }
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}
