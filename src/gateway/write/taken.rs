//! Whether the upstream did what it answered that it did: the answer to a write, held against the write.
//!
//! What a vendor may have made of a value is no failure (`likeness`), and what may be one is not called
//! one: only what the answer shows as it was before, or the other truth value, or an element that was
//! taken away, is sure.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::likeness::{Elements, alike, similar, value_of};
use crate::gateway::pair::{Pair, value_at};
use crate::rewrite::carry::{Carried, carried};
use crate::rewrite::program::LossCause;
use crate::rewrite::resolve::{Resolved, Spot, lost_at, resolve};
use crate::rewrite::translate::Loss;
use crate::scim::coerce::Leniency;
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::patch::{Op, OpKind, normalise};
use crate::scim::schema::{Attribute, Kind, Mutability, Operation, Returned, attribute_at, is_urn};
use crate::scim::{Object, Value};

/// What was asked for and the answer does not show.
#[derive(Debug, Default)]
pub struct Untaken {
    /// The upstream may have made something else of it.
    pub losses: Vec<Loss>,
    /// The upstream did not do it.
    pub sure: Vec<Loss>,
}

impl Pair {
    /// What the writes asked for and `answer` does not show; `before` is what the upstream had, where
    /// that was read. Before a create there was nothing, so that an array which is answered without any
    /// of its elements is as it was. All are in the upstream's words.
    pub fn untaken(
        &self,
        writes: &[(Operation, Object<'static>)],
        before: Option<&Object<'_>>,
        answer: &Object<'_>,
    ) -> Untaken {
        let mut found = Untaken::default();
        let mut ops: Vec<(Vec<String>, Op<'static>)> = Vec::new();
        for (operation, body) in writes {
            if *operation == Operation::Patch {
                ops.extend(self.said_by(body));
            } else {
                let created = *operation == Operation::Create;
                self.whole(body, before, answer, &[], created, &mut found);
                if *operation == Operation::Replace {
                    self.emptied(body, before, answer, &mut found);
                }
            }
        }
        // What a later operation says of the same place, or of the same element, is what counts.
        let mut later = Later::default();
        let mut arrays = (Arrays::default(), Arrays::default());
        for (names, op) in ops.iter().rev() {
            let names: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
            let of_elements = self.is_of_elements(op);
            if !later.hides(&names, of_elements)
                && let Some(sure) =
                    self.judge(op, &names, before, answer, &mut arrays, &mut later.elements)
            {
                self.note(&names, sure, &mut found);
            }
            later.take(names, of_elements);
        }
        found
    }

    /// The operations of a PATCH that was sent, each with the names of its path.
    pub(super) fn said_by(&self, body: &Object<'static>) -> Vec<(Vec<String>, Op<'static>)> {
        let schema = &self.upstream.vendor;
        let urns = schema.urns();
        let body = Value::Object(body.clone());
        let ops = normalise(&body, schema, &self.known(&urns), Leniency::default());
        let named = |op: Op<'_>| {
            let names = op.path.members().map(str::to_owned).collect();
            let value = op.value.map(Value::into_owned);
            (names, Op { kind: op.kind, path: op.path, value })
        };
        ops.unwrap_or_default().into_iter().map(named).collect()
    }

    /// Every leaf that a replacement changes.
    fn whole(
        &self,
        asked: &Object<'_>,
        before: Option<&Object<'_>>,
        answer: &Object<'_>,
        above: &[String],
        created: bool,
        found: &mut Untaken,
    ) {
        // What is shown as it was asked for was done: nearly always everything.
        for (name, value) in asked.iter().filter(|(name, value)| answer.get(name) != Some(*value)) {
            let names = [above, &[name.to_owned()]].concat();
            let attribute = attribute_at(&self.upstream.vendor.attributes, &names);
            let complex = attribute.is_some_and(|a| a.kind == Kind::Complex && !a.multi_valued)
                || (above.is_empty() && is_urn(name));
            let array = value.as_array().is_some();
            let old = match before {
                None if created && array => Some(None),
                before => before.map(|before| before.get(name)),
            };
            if let (true, Value::Object(inner)) = (complex, value) {
                let none = Object::new();
                let within = |value: Option<&Value<'_>>| {
                    value.and_then(Value::as_object).unwrap_or(&none).borrowed().into_owned()
                };
                let old = old.map(within);
                let shown = within(answer.get(name));
                self.whole(inner, old.as_ref(), &shown, &names, created, found);
            } else if !matches!(old, Some(Some(old)) if alike(old, value))
                && let Some(sure) =
                    self.verdict(&names, attribute, Some(value), old, answer.get(name))
            {
                self.note(&names, sure, found);
            }
        }
    }

    /// Every array that a replacement takes away by leaving it out. Of other attributes the vendor may
    /// have a default.
    fn emptied(
        &self,
        asked: &Object<'_>,
        before: Option<&Object<'_>>,
        answer: &Object<'_>,
        found: &mut Untaken,
    ) {
        let members = before.into_iter().flat_map(|before| before.iter());
        for (name, old) in members.filter(|(name, _)| !asked.contains(name)) {
            let names = [name.to_owned()];
            let attribute = attribute_at(&self.upstream.vendor.attributes, &names);
            let none = Value::Array(Vec::new());
            if old.as_array().is_some_and(|old| !old.is_empty())
                && attribute.is_some()
                && let Some(sure) =
                    self.verdict(&names, attribute, Some(&none), Some(Some(old)), answer.get(name))
            {
                self.note(&names, sure, found);
            }
        }
    }

    /// Whether an operation is about single elements and leaves the others alone.
    fn is_of_elements(&self, op: &Op<'_>) -> bool {
        let names: Vec<String> = op.path.members().map(str::to_owned).collect();
        let attribute = attribute_at(&self.upstream.vendor.attributes, &names);
        op.path.filter.is_some()
            || op.kind == OpKind::Add && attribute.is_some_and(|a| a.multi_valued)
    }

    /// Whether an operation is seen not to be done; true where that is sure. The elements of each array
    /// are sorted once, however many operations name them.
    fn judge<'v>(
        &self,
        op: &Op<'_>,
        names: &[String],
        before: Option<&'v Object<'_>>,
        answer: &'v Object<'_>,
        (now, then): &mut (Arrays<'v>, Arrays<'v>),
        settled: &mut HashSet<(Vec<String>, String)>,
    ) -> Option<bool> {
        let attribute = attribute_at(&self.upstream.vendor.attributes, names);
        let shown = value_at(answer, names);
        if !self.is_of_elements(op) {
            let old = before.map(|before| value_at(before, names));
            return self.verdict(names, attribute, op.value.as_ref(), old, shown);
        }
        let mut open = |value: Option<&str>| {
            value.is_none_or(|value| settled.insert((names.to_vec(), value.to_owned())))
        };
        let elements = shown.and_then(Value::as_array).filter(|elements| !elements.is_empty());
        match &op.path.filter {
            Some(filter) => {
                let gone = removed(op, filter)?;
                let is_open = open(Some(gone));
                let left = now.sorted(names, elements?, attribute);
                (is_open && left.has(gone)).then_some(true)
            }
            None => {
                let asked = op.value.as_ref()?.as_array()?.iter();
                let asked: Vec<&Value<'_>> = asked.filter(|one| open(value_of(one))).collect();
                let left = now.sorted(names, elements?, attribute);
                let missing = asked.iter().any(|one| !left.shows(one));
                let unmoved = |before: &'v Object<'_>| {
                    let old = value_at(before, names).and_then(Value::as_array);
                    then.sorted(names, old.unwrap_or_default(), attribute).same(left)
                };
                missing.then(|| before.is_some_and(unmoved))
            }
        }
    }

    /// Whether a leaf is seen not to be as asked; true where that is sure. `old` is known where it was read.
    fn verdict(
        &self,
        names: &[String],
        attribute: Option<&Attribute>,
        asked: Option<&Value<'_>>,
        old: Option<Option<&Value<'_>>>,
        shown: Option<&Value<'_>>,
    ) -> Option<bool> {
        if !attribute.is_none_or(is_told) {
            return None;
        }
        if let (Some(Value::Array(asked)), Some(Value::Array(shown))) = (asked, shown) {
            return elements(attribute, asked, old, shown);
        }
        let (asked, shown) = (said(asked), said(shown));
        let old = old.map(said);
        match (&asked, &shown) {
            // Without a value, a server takes its default, which may be what was there.
            (None, None | Some(Value::Bool(_))) => None,
            (None, Some(shown)) => match old {
                // Something else came in its place: the vendor's default.
                Some(old) => old.is_some_and(|old| alike(&old, shown)).then_some(true),
                None => Some(false),
            },
            (Some(asked), Some(shown)) if similar(asked, shown) => None,
            (Some(asked), Some(shown)) if self.contradicts(names, asked, shown) => Some(true),
            // A vendor may leave out what is false.
            (Some(Value::Bool(false)), None) => None,
            (Some(_), Some(shown)) if old.is_some() => {
                old.flatten().is_some_and(|old| alike(&old, shown)).then_some(true)
            }
            (Some(_), None) if old.is_some() => old.flatten().is_none().then_some(false),
            (Some(Value::String(_)), Some(Value::String(_))) => attribute.map(|_| false),
            (Some(_), None) => attribute.map(|_| false),
            _ => None,
        }
    }

    /// Whether one value is the other truth value of another: by itself, or by what its rule makes of it.
    fn contradicts(&self, names: &[String], asked: &Value<'_>, shown: &Value<'_>) -> bool {
        let leaf = resolve(&self.upstream.lift, &Spot::new(names.to_vec()));
        let rule = if let Resolved::To(target) = leaf { target.rule } else { None };
        let truth = |value| match carried(rule.as_deref(), value) {
            Carried::Value(value) => value.as_bool(),
            Carried::Dropped(_) | Carried::Refused(_) => None,
        };
        truth(asked).zip(truth(shown)).is_some_and(|(asked, shown)| asked != shown)
    }

    fn note(&self, names: &[String], sure: bool, found: &mut Untaken) {
        let loss = lost_at(&self.upstream.lift, names, LossCause::NotTaken);
        if sure { found.sure.push(loss) } else { found.losses.push(loss) }
    }
}

/// The elements of arrays, by the arrays' names; each array is sorted when it is first asked for.
#[derive(Default)]
struct Arrays<'v>(HashMap<Vec<String>, Elements<'v>>);

impl<'v> Arrays<'v> {
    fn sorted(
        &mut self,
        names: &[String],
        elements: &'v [Value<'v>],
        attribute: Option<&Attribute>,
    ) -> &Elements<'v> {
        self.0.entry(names.to_vec()).or_insert_with(|| Elements::of(elements, attribute))
    }
}

/// What later operations of a PATCH say.
#[derive(Default)]
struct Later {
    /// Places, and whether as a whole.
    places: BTreeSet<(bool, Vec<String>)>,
    elements: HashSet<(Vec<String>, String)>,
}

impl Later {
    /// Whether one hides an operation; of an array, an operation of single elements hides no other.
    fn hides(&self, names: &[String], of_elements: bool) -> bool {
        (1..=names.len()).any(|upto| self.places.contains(&(true, head(names, upto))))
            || !of_elements && self.places.contains(&(false, names.to_vec()))
    }

    fn take(&mut self, names: Vec<String>, of_elements: bool) {
        self.places.extend((1..names.len()).map(|upto| (false, head(&names, upto))));
        self.places.insert((!of_elements, names));
    }
}

/// Whether an answer shows what was written there.
pub fn is_told(attribute: &Attribute) -> bool {
    !matches!(attribute.mutability, Mutability::ReadOnly | Mutability::WriteOnly)
        && matches!(attribute.returned, Returned::Always | Returned::Default)
}

/// Whether an array is seen not to be as asked. Sure is what stands there as it did: one who was taken
/// away, or all that was there before and nobody else.
fn elements(
    attribute: Option<&Attribute>,
    asked: &[Value<'_>],
    old: Option<Option<&Value<'_>>>,
    shown: &[Value<'_>],
) -> Option<bool> {
    let before = old.map(|old| old.and_then(Value::as_array).unwrap_or_default());
    let before = before.map(|old| Elements::of(old, attribute));
    let (wanted, seen) = (Elements::of(asked, attribute), Elements::of(shown, attribute));
    if before.as_ref().is_some_and(|before| seen.keeps(before, &wanted)) {
        return Some(true);
    }
    let missing = asked.iter().any(|one| !seen.shows(one));
    // Whoever else is there may have come since, or be the vendor's own.
    let others = before.is_none() && !shown.iter().all(|one| wanted.names(one));
    let unmoved = before.is_some_and(|before| before.same(&seen));
    (missing || others).then_some(unmoved && !wanted.same(&seen))
}

/// The first of some names.
fn head(names: &[String], upto: usize) -> Vec<String> {
    names.iter().take(upto).cloned().collect()
}

/// The value, if there is one: what clears is none.
fn said(value: Option<&Value<'_>>) -> Option<Value<'static>> {
    value.filter(|value| !value.is_cleared()).map(|value| value.clone().into_owned())
}

/// The value of the element that a removal takes away.
fn removed<'f>(op: &Op<'_>, filter: &'f Filter) -> Option<&'f str> {
    match filter {
        Filter::Compare { path, operator: Operator::Eq, literal: Literal::String(value) }
            if op.kind == OpKind::Remove
                && op.path.sub.is_empty()
                && path.attribute.as_deref().is_some_and(|name| name == "value") =>
        {
            Some(value)
        }
        _ => None,
    }
}
