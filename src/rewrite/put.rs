//! put: the client's view laid over the resource that the upstream already has (docs/semantics.md 4).
//!
//! Three resources in the upstream's words: `old` is what it has; `shown` is what the client's view
//! of `old` comes to when it is sent back unchanged; `new` is what the client's request comes to.
//! Where `new` says what `shown` says, the client changed nothing and `old` stays verbatim, as it
//! came: that gives GetPut for pick, n:1 values, coercion and case alike. What neither says is hidden,
//! and stays, unreadable or not. What is unreadable and is said anew is a conflict.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};

use super::align::{ElementIdentity, IdentityKey};
use super::slots::{Fate, Plan, Slot, slots};
use crate::scim::in_order::InOrder;
use crate::scim::reading::{Old, read};
use crate::scim::schema::{Attribute, Kind, Schema};
use crate::scim::{Object, Value};

/// What put comes to.
#[derive(Debug, Default)]
pub struct Laid<'a> {
    /// The merged resource; what the client cleared is absent from it.
    pub object: Object<'a>,
    /// Paths of what is unreadable in the old resource and written by the request.
    pub conflicts: Vec<String>,
}

pub fn put<'a>(
    old: Old<'a>,
    new: &Object<'a>,
    shown: &Object<'a>,
    schema: &Schema,
    identity: &ElementIdentity,
) -> Laid<'a> {
    let mut put = Put { identity, conflicts: Vec::new() };
    let object = put.object(
        Stored { read: Some(old.read), raw: old.raw },
        new,
        shown,
        Place { attributes: &schema.attributes, path: "", of: None },
    );
    put.conflicts.sort_unstable();
    put.conflicts.dedup();
    Laid { object, conflicts: put.conflicts }
}

struct Put<'k> {
    identity: &'k ElementIdentity,
    conflicts: Vec<String>,
}

/// One object of the old resource.
#[derive(Clone, Copy)]
struct Stored<'o, 'a> {
    read: Option<&'o Object<'a>>,
    /// As it came, where that may differ.
    raw: Option<&'o Object<'a>>,
}

/// One member of the old resource, of the request and of the view.
#[derive(Clone, Copy)]
struct Three<'o, 'a> {
    old: Option<&'o Value<'a>>,
    /// As it came, where that may differ.
    raw: Option<&'o Value<'a>>,
    new: Option<&'o Value<'a>>,
    shown: Option<&'o Value<'a>>,
}

/// Where in the schema an object is.
#[derive(Clone, Copy)]
struct Place<'s> {
    attributes: &'s [Attribute],
    path: &'s str,
    of: Option<&'s Attribute>,
}

impl Put<'_> {
    fn object<'a>(
        &mut self,
        old: Stored<'_, 'a>,
        new: &Object<'a>,
        shown: &Object<'a>,
        place: Place<'_>,
    ) -> Object<'a> {
        let mut merged = Object::with_capacity(old.read.map_or(0, Object::len));
        for attribute in place.attributes {
            let name = attribute.name.as_str();
            let three = Three {
                old: said(old.read.and_then(|read| read.get(name))),
                raw: said(old.raw.and_then(|raw| raw.get(name))),
                new: new.get(name),
                shown: said(shown.get(name)),
            };
            if let Some(value) = self.member(three, attribute, old.raw.is_some(), place) {
                merged.push(name.to_owned(), value);
            }
        }
        free(old, new, shown, place, &mut merged);
        merged
    }

    fn member<'a>(
        &mut self,
        three: Three<'_, 'a>,
        attribute: &Attribute,
        came: bool,
        place: Place<'_>,
    ) -> Option<Value<'a>> {
        let Three { old, raw, new, shown } = three;
        let raw = if came && raw != old { raw } else { None };
        let unread = || raw.is_some_and(|raw| read(raw, attribute).is_none());
        let parts = raw.is_some_and(|raw| match raw {
            Value::Array(_) => attribute.multi_valued,
            Value::Object(_) => attribute.kind == Kind::Complex && !attribute.multi_valued,
            _ => false,
        });
        if !parts && old.is_none() && unread() {
            if said(new).is_some() {
                self.conflicts.push(path(place, &attribute.name));
            }
            return raw.cloned();
        }
        let three = Three { raw, ..three };
        match (attribute.kind, attribute.multi_valued) {
            (Kind::Complex, true) => self.elements(three, attribute, place),
            (Kind::Complex, false) => self.complex(three, attribute, place),
            (_, true) if raw.is_some() => values(three, attribute),
            _ => {
                let cleared = new.is_some_and(Value::is_cleared);
                let unchanged = !cleared && said(new) == shown;
                if unchanged { raw.or(old).cloned() } else { said(new).cloned() }
            }
        }
    }

    fn complex<'a>(
        &mut self,
        three: Three<'_, 'a>,
        attribute: &Attribute,
        place: Place<'_>,
    ) -> Option<Value<'a>> {
        let Three { old, raw, new, shown } = three;
        let below = path(place, &attribute.name);
        let key = self.identity.key(&below, attribute);
        if is_another(&key, old, new, shown) {
            return said(new).cloned();
        }
        let none = Object::new();
        let cleared = new.is_some_and(Value::is_cleared);
        let [read, new, shown] =
            [old, new, shown].map(|value| value.and_then(Value::as_object).unwrap_or(&none));
        let stored = Stored { read: Some(read), raw: raw.and_then(Value::as_object) };
        let below = Place { attributes: &attribute.attributes, path: &below, of: Some(attribute) };
        let merged = self.object(stored, new, shown, below);
        let bare = raw.filter(|raw| raw.as_object().is_none() && merged == *read);
        match bare {
            Some(bare) => Some(bare.clone()),
            // An object that was empty and of which nothing is said stays as it is.
            None if merged.is_empty() && !cleared => {
                raw.or(old).filter(|old| is_bare(old)).cloned()
            }
            None => (!merged.is_empty()).then_some(Value::Object(merged)),
        }
    }

    /// Elements align with what was shown, and through it with the old ones (docs/semantics.md 4.3).
    fn elements<'a>(
        &mut self,
        three: Three<'_, 'a>,
        attribute: &Attribute,
        place: Place<'_>,
    ) -> Option<Value<'a>> {
        let Three { old, raw, new, shown } = three;
        if said(new) == shown && !new.is_some_and(Value::is_cleared) {
            return raw.or(old).cloned();
        }
        let below = path(place, &attribute.name);
        let key = self.identity.key(&below, attribute);
        let slots = slots(old, raw, attribute);
        let (reads, at): (Vec<Value<'a>>, Vec<usize>) = slots
            .iter()
            .enumerate()
            .filter_map(|(at, slot)| Some((slot.read.clone()?, at)))
            .unzip();
        let (new, shown) = (list(new), list(shown));
        let plan = Plan::new(&key, &reads, &at, &new, &shown, slots.len());
        let below = Place { attributes: &attribute.attributes, path: &below, of: Some(attribute) };
        let mut merged = Vec::new();
        for (slot, fate) in slots.iter().zip(&plan.fates) {
            match fate {
                Fate::Hidden => merged.push((slot.came.clone(), false)),
                Fate::Gone => {}
                Fate::Said { new: new_at, shown: shown_at, same } => {
                    let Some(said) = new.get(*new_at) else { continue };
                    let seen = shown_at.and_then(|at| shown.get(at));
                    let value =
                        if *same { self.joined(slot, said, seen, below) } else { said.clone() };
                    merged.push((value, primary(said)));
                }
            }
        }
        for at in plan.added {
            merged.extend(new.get(at).map(|value| (value.clone(), primary(value))));
        }
        merged.retain(|(value, _)| !value.as_object().is_some_and(Object::is_empty));
        (!merged.is_empty()).then(|| Value::Array(one_primary(merged)))
    }

    fn joined<'a>(
        &mut self,
        slot: &Slot<'_, 'a>,
        new: &Value<'a>,
        shown: Option<&Value<'a>>,
        place: Place<'_>,
    ) -> Value<'a> {
        let none = Object::new();
        let shown = shown.and_then(Value::as_object).unwrap_or(&none);
        let (Some(Value::Object(read)), Value::Object(new)) = (&slot.read, new) else {
            return new.clone();
        };
        let raw = Some(slot.came).filter(|_| slot.differs);
        let stored = Stored { read: Some(read), raw: raw.and_then(Value::as_object) };
        let merged = self.object(stored, new, shown, place);
        match raw {
            Some(bare) if bare.as_object().is_none() && merged == *read => bare.clone(),
            _ => Value::Object(merged),
        }
    }
}

/// Whether a complex value is about something else than the old one was: nothing of that one stays.
fn is_another(
    key: &IdentityKey<'_>,
    old: Option<&Value<'_>>,
    new: Option<&Value<'_>>,
    shown: Option<&Value<'_>>,
) -> bool {
    let of = |value: Option<&Value<'_>>| value.and_then(|value| key.of(value));
    let Some(old) = of(old) else { return false };
    match (of(new), of(shown)) {
        (Some(new), shown) => Some(&new) != shown.as_ref() && new != old,
        (None, shown) => shown.is_some(),
    }
}

/// Members that the schema does not list: as the client says them, verbatim where it says what it saw.
fn free<'o, 'a>(
    old: Stored<'o, 'a>,
    new: &'o Object<'a>,
    shown: &'o Object<'a>,
    place: Place<'_>,
    merged: &mut Object<'a>,
) {
    // At the top they are named by URNs, which compare without case; below, names are data.
    let fold = place.of.is_none();
    let folded = |name: &str| if fold { name.to_ascii_lowercase() } else { name.to_owned() };
    let index = |object: Option<&'o Object<'a>>| -> Vec<(&'o str, &'o Value<'a>)> {
        let mut known = InOrder::new(place.attributes);
        let members = object.into_iter().flat_map(Object::iter);
        members.filter(|(name, _)| known.find(name).is_none()).collect()
    };
    let came = old.raw.or(old.read);
    let all = [index(came), index(Some(new)), index(Some(shown))];
    let [olds, news, showns] = all.each_ref().map(|members| -> HashMap<String, &Value<'a>> {
        members.iter().map(|(name, value)| (folded(name), *value)).collect()
    });
    let mut seen = HashSet::new();
    let [old, new, _] = &all;
    for (name, _) in old.iter().chain(new) {
        let folded = folded(name);
        if !seen.insert(folded.clone()) {
            continue;
        }
        let new = news.get(&folded).copied();
        let shown = said(showns.get(&folded).copied());
        let cleared = new.is_some_and(Value::is_cleared);
        let value = match !cleared && said(new) == shown {
            true => olds.get(&folded).copied(),
            false => said(new),
        };
        if let Some(value) = value {
            merged.push(Cow::Owned((*name).to_owned()), value.clone());
        }
    }
}

/// A list of simple values that holds something as the schema does not: what the client says, each
/// as it came, and what it cannot see.
fn values<'a>(three: Three<'_, 'a>, attribute: &Attribute) -> Option<Value<'a>> {
    let Three { old, raw, new, shown } = three;
    if said(new) == shown && !new.is_some_and(Value::is_cleared) {
        return raw.or(old).cloned();
    }
    let mut came: HashMap<String, VecDeque<Value<'a>>> = HashMap::new();
    let mut hidden = Vec::new();
    for slot in slots(old, raw, attribute) {
        match &slot.read {
            Some(read) => came.entry(json(read)).or_default().push_back(slot.came.clone()),
            None => hidden.push(slot.came.clone()),
        }
    }
    let mut verbatim = |value: &Value<'a>| came.get_mut(&json(value)).and_then(VecDeque::pop_front);
    let mut merged: Vec<Value<'a>> =
        list(new).iter().map(|value| verbatim(value).unwrap_or_else(|| value.clone())).collect();
    merged.extend(hidden);
    (!merged.is_empty()).then_some(Value::Array(merged))
}

fn is_bare(value: &Value<'_>) -> bool {
    value.as_object().is_some_and(Object::is_empty)
}

fn json(value: &Value<'_>) -> String {
    String::from_utf8_lossy(&value.to_json()).into_owned()
}

fn list<'a>(value: Option<&Value<'a>>) -> Vec<Value<'a>> {
    value.and_then(Value::as_array).unwrap_or_default().to_vec()
}

fn said<'v, 'a>(value: Option<&'v Value<'a>>) -> Option<&'v Value<'a>> {
    value.filter(|value| !value.is_cleared())
}

fn path(place: Place<'_>, name: &str) -> String {
    match place.of {
        None => name.to_owned(),
        Some(of) if of.extension => format!("{}:{name}", place.path),
        Some(_) => format!("{}.{name}", place.path),
    }
}

/// RFC 7644 section 3.5.2: where the client makes one element primary, no other stays so.
fn one_primary<'a>(elements: Vec<(Value<'a>, bool)>) -> Vec<Value<'a>> {
    let chosen = elements.iter().any(|(_, says_so)| *says_so);
    let mut values = Vec::with_capacity(elements.len());
    for (mut value, says_so) in elements {
        if chosen
            && !says_so
            && primary(&value)
            && let Some(object) = value.as_object_mut()
        {
            object.remove("primary");
        }
        values.push(value);
    }
    values
}

fn primary(value: &Value<'_>) -> bool {
    value.as_object().and_then(|object| object.get("primary")?.as_bool()) == Some(true)
}
