//! Whether the upstream did what it answered that it did: the answer to a write, held against the write.
//!
//! A vendor normalises (case, blanks, the form of a telephone number) and answers what it has made of a
//! value. That is no failure, and what may be one is not called one: only what the answer shows as it was
//! before, or the other truth value, or an element that was taken away, is sure.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::merge::attribute_at;
use super::pair::Pair;
use crate::rewrite::program::LossCause;
use crate::rewrite::resolve::place;
use crate::rewrite::translate::Loss;
use crate::scim::coerce::Leniency;
use crate::scim::equal::{Case, equal_values};
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::patch::{Op, OpKind, normalise};
use crate::scim::schema::{Attribute, Kind, Mutability, Operation, Returned, is_urn};
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
    /// that was read. All are in the upstream's words.
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
                self.whole(body, before, answer, &[], &mut found);
            }
        }
        // What a later operation says of the same place is what counts.
        let mut later = BTreeSet::new();
        let mut shown = HashMap::new();
        for (names, op) in ops.iter().rev() {
            let names: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
            let again = (1..=names.len()).any(|upto| later.contains(&(true, head(&names, upto))))
                || later.contains(&(false, names.clone()));
            if !again && let Some(sure) = self.judge(op, &names, before, answer, &mut shown) {
                self.note(&names, sure, &mut found);
            }
            later.extend((1..names.len()).map(|upto| (false, head(&names, upto))));
            later.insert((true, names));
        }
        found
    }

    /// The operations of a PATCH that was sent, each with the names of its path.
    fn said_by(&self, body: &Object<'static>) -> Vec<(Vec<String>, Op<'static>)> {
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
        found: &mut Untaken,
    ) {
        for (name, value) in asked.iter() {
            let names = [above, &[name.to_owned()]].concat();
            let attribute = attribute_at(&self.upstream.vendor.attributes, &names);
            let complex = attribute.is_some_and(|a| a.kind == Kind::Complex && !a.multi_valued)
                || (above.is_empty() && is_urn(name));
            let old = before.map(|before| before.get(name));
            if let (true, Value::Object(inner)) = (complex, value) {
                let none = Object::new();
                let within = |value: Option<&Value<'_>>| {
                    value.and_then(Value::as_object).unwrap_or(&none).borrowed().into_owned()
                };
                let old = old.map(within);
                self.whole(inner, old.as_ref(), &within(answer.get(name)), &names, found);
            } else if !matches!(old, Some(Some(old)) if alike(old, value))
                && let Some(sure) = verdict(attribute, Some(value), old, answer.get(name))
            {
                self.note(&names, sure, found);
            }
        }
    }

    /// Whether an operation is seen not to be done; true where that is sure.
    fn judge<'r>(
        &self,
        op: &Op<'_>,
        names: &[String],
        before: Option<&Object<'_>>,
        answer: &'r Object<'r>,
        // The `value` of each element that the answer shows, by place.
        seen: &mut HashMap<Vec<String>, HashSet<Option<&'r str>>>,
    ) -> Option<bool> {
        let attribute = attribute_at(&self.upstream.vendor.attributes, names);
        let shown = value_at(answer, names);
        // One operation may name one element, of many: they are looked through once for all.
        let values = |shown: &'r [Value<'r>]| {
            let seen = seen;
            let all = || shown.iter().map(value_of).collect();
            seen.entry(names.to_vec()).or_insert_with(all)
        };
        if let Some(filter) = &op.path.filter {
            let gone = removed(op, filter)?;
            let left = values(shown.and_then(Value::as_array)?);
            return left.contains(&Some(gone)).then_some(true);
        }
        if op.kind == OpKind::Add && attribute.is_some_and(|a| a.multi_valued) {
            let shown = shown.and_then(Value::as_array).filter(|shown| !shown.is_empty())?;
            let shown = values(shown);
            let mut asked = op.value.as_ref()?.as_array()?.iter();
            return asked.any(|one| !shown.contains(&value_of(one))).then_some(false);
        }
        let old = before.map(|before| value_at(before, names));
        verdict(attribute, op.value.as_ref(), old, shown)
    }

    fn note(&self, names: &[String], sure: bool, found: &mut Untaken) {
        let place = place(&self.upstream.lift, names);
        let loss = Loss { place, cause: LossCause::NotTaken };
        if sure { found.sure.push(loss) } else { found.losses.push(loss) }
    }
}

/// Whether a leaf is seen not to be as asked; true where that is sure. `old` is known where it was read.
fn verdict(
    attribute: Option<&Attribute>,
    asked: Option<&Value<'_>>,
    old: Option<Option<&Value<'_>>>,
    shown: Option<&Value<'_>>,
) -> Option<bool> {
    let told = |a: &Attribute| {
        !matches!(a.mutability, Mutability::ReadOnly | Mutability::WriteOnly)
            && matches!(a.returned, Returned::Always | Returned::Default)
    };
    if !attribute.is_none_or(told) {
        return None;
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
        (Some(Value::Bool(_)), Some(Value::Bool(_))) => Some(true),
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

/// The first of some names.
fn head(names: &[String], upto: usize) -> Vec<String> {
    names.iter().take(upto).cloned().collect()
}

/// The value, if there is one: what clears is none.
fn said(value: Option<&Value<'_>>) -> Option<Value<'static>> {
    value.filter(|value| !value.is_cleared()).map(|value| value.clone().into_owned())
}

/// Whether one may be what a vendor makes of the other: case, blanks, punctuation, the end cut off; or
/// another type ("yes" for true).
fn similar(asked: &Value<'_>, shown: &Value<'_>) -> bool {
    let (Some(a), Some(b)) = (asked.as_str(), shown.as_str()) else {
        return alike(asked, shown) || asked.type_name() != shown.type_name();
    };
    let letters = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let (a, b) = (letters(a), letters(b));
    a == b || (!b.is_empty() && a.starts_with(&b))
}

/// Equality without the order of members and elements; in an element, absent is false (`primary`).
fn alike(a: &Value<'_>, b: &Value<'_>) -> bool {
    equal_values(&without_false(a), &without_false(b), None, Case::Exact)
}

fn without_false(value: &Value<'_>) -> Value<'static> {
    let mut value = value.clone().into_owned();
    if let Value::Array(elements) = &mut value {
        for element in elements {
            if let Value::Object(element) = element {
                element.retain(|_, value| *value != Value::Bool(false));
            }
        }
    }
    value
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

fn value_of<'v>(element: &'v Value<'_>) -> Option<&'v str> {
    element.as_object()?.get("value")?.as_str()
}

fn value_at<'v, 'a>(object: &'v Object<'a>, names: &[String]) -> Option<&'v Value<'a>> {
    let (first, rest) = names.split_first()?;
    rest.iter().try_fold(object.get(first)?, |at, name| at.as_object()?.get(name))
}
