//! Which element of one list is which of another (docs/semantics.md 4.3), in time linear in both.
//!
//! An element is known by its key, canonical's `value`: what is said of one key is never said of
//! another. Only elements without a key are told apart by what else they say.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::lens::Lens;
use super::program::label;
use super::resolve::{Resolved, Spot, resolve};
use crate::scim::Value;
use crate::scim::schema::{Attribute, Kind};

/// Attributes that name other resources: an element with another key is another element.
const REFERENCES: [&str; 5] = ["members", "groups", "roles", "entitlements", "manager"];

/// How many elements a search without a key looks ahead.
const AHEAD: usize = 16;

/// By which sub-attribute the vendor's complex attributes are known, where it is not `value`.
#[derive(Debug, Default)]
pub struct ElementIdentity {
    keys: BTreeMap<String, (String, bool)>,
}

/// What the values of one complex attribute are known by.
#[derive(Clone, Copy, Debug)]
pub struct IdentityKey<'k> {
    name: Option<&'k str>,
    exact: bool,
    reference: bool,
}

/// What an element of a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aligned {
    /// The same as that one: what is hidden of it stays.
    Same(usize),
    /// Another one in that one's place.
    Instead(usize),
    New,
}

impl ElementIdentity {
    /// Where canonical's `value`s go in this dialect.
    pub fn of(lens: &Lens) -> Self {
        let mut keys = BTreeMap::new();
        for attribute in &lens.canonical.attributes {
            if attribute.extension {
                for inner in &attribute.attributes {
                    Self::add(&mut keys, lens, &[&attribute.name], inner);
                }
            } else {
                Self::add(&mut keys, lens, &[], attribute);
            }
        }
        Self { keys }
    }

    fn add(
        keys: &mut BTreeMap<String, (String, bool)>,
        lens: &Lens,
        above: &[&String],
        attribute: &Attribute,
    ) {
        if attribute.attribute("value").is_none() {
            return;
        }
        let names = above.iter().map(|name| (*name).clone());
        let names: Vec<String> = names.chain([attribute.name.clone(), "value".into()]).collect();
        let mut spot = Spot::new(names);
        spot.array = attribute.multi_valued.then_some(above.len() + 1);
        if let Resolved::To(far) = resolve(&lens.lower, &spot)
            && let Some((key, holder)) = far.spot.names.split_last()
            && !holder.is_empty()
            && far.spot.array.is_none_or(|array| array == holder.len())
        {
            let entry = (key.clone(), is_reference(&attribute.name));
            keys.insert(label(holder).to_ascii_lowercase(), entry);
        }
    }

    /// The key of the vendor's attribute at a path.
    pub fn key<'k>(&'k self, path: &str, attribute: &'k Attribute) -> IdentityKey<'k> {
        let found = self.keys.get(&path.to_ascii_lowercase());
        let name = found.map_or("value", |(name, _)| name.as_str());
        let reference =
            found.is_some_and(|(_, reference)| *reference) || is_reference(&attribute.name);
        let sub = attribute.attribute(name);
        let exact = reference || sub.is_some_and(Attribute::is_case_exact);
        let name = sub.filter(|sub| sub.kind != Kind::Complex).map(|sub| sub.name.as_str());
        IdentityKey { name, exact, reference }
    }
}

fn is_reference(name: &str) -> bool {
    REFERENCES.iter().any(|reference| reference.eq_ignore_ascii_case(name))
}

impl IdentityKey<'_> {
    pub fn is_reference(&self) -> bool {
        self.reference
    }

    /// What the value is known by, as text that compares.
    pub fn of(&self, value: &Value<'_>) -> Option<String> {
        let key = value.as_object()?.get(self.name?)?;
        match key {
            Value::String(text) if self.exact => Some(text.to_string()),
            Value::String(text) => Some(text.to_lowercase()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// For each element shown, which of the old ones it is: it was made of one of them, in order.
    pub fn origins(&self, shown: &[Value<'_>], old: &[Value<'_>]) -> Vec<Option<usize>> {
        let mut pairing = Pairing::new(shown, old);
        pairing.by_key(self);
        pairing.ahead();
        pairing.by_order(kind);
        pairing.by_order(|_| Some(String::new()));
        pairing.pairs
    }

    /// For each element of a request, which of those shown it is.
    pub fn meant(&self, new: &[Value<'_>], shown: &[Value<'_>]) -> Vec<Aligned> {
        let mut pairing = Pairing::new(new, shown);
        pairing.by_key(self);
        pairing.exclude(|element| self.of(element).is_some());
        pairing.by_order(|element| Some(text(element)));
        if !self.reference {
            pairing.ahead();
            pairing.by_slot();
        }
        let same = std::mem::take(&mut pairing.pairs);
        let mut rest = Pairing::new(new, shown);
        rest.taken_from(&same);
        if !self.reference {
            rest.by_order(kind);
        }
        same.iter()
            .zip(rest.pairs)
            .map(|pair| match pair {
                (Some(at), _) => Aligned::Same(*at),
                (None, Some(at)) => Aligned::Instead(at),
                (None, None) => Aligned::New,
            })
            .collect()
    }
}

/// Two lists on the way to be aligned: each test sees what those before it left.
struct Pairing<'p, 'v> {
    from: &'p [Value<'v>],
    to: &'p [Value<'v>],
    pairs: Vec<Option<usize>>,
    /// Whether an element of `from` is no longer asked about.
    done: Vec<bool>,
    taken: Vec<bool>,
}

impl<'p, 'v> Pairing<'p, 'v> {
    fn new(from: &'p [Value<'v>], to: &'p [Value<'v>]) -> Self {
        Self {
            from,
            to,
            pairs: vec![None; from.len()],
            done: vec![false; from.len()],
            taken: vec![false; to.len()],
        }
    }

    fn pair(&mut self, from: usize, to: usize) {
        if let (Some(pair), Some(done), Some(taken)) =
            (self.pairs.get_mut(from), self.done.get_mut(from), self.taken.get_mut(to))
        {
            *pair = Some(to);
            (*done, *taken) = (true, true);
        }
    }

    /// Those of `from` that are still asked about.
    fn open(&self) -> Vec<(usize, &'p Value<'v>)> {
        let open = self.from.iter().enumerate().zip(&self.done);
        open.filter(|(_, done)| !**done).map(|(element, _)| element).collect()
    }

    fn free(&self) -> impl Iterator<Item = (usize, &'p Value<'v>)> {
        let free = self.to.iter().enumerate().zip(&self.taken);
        free.filter(|(_, taken)| !**taken).map(|(element, _)| element)
    }

    fn exclude(&mut self, of: impl Fn(&Value<'_>) -> bool) {
        for (element, done) in self.from.iter().zip(&mut self.done) {
            *done |= of(element);
        }
        for (element, taken) in self.to.iter().zip(&mut self.taken) {
            *taken |= of(element);
        }
    }

    fn taken_from(&mut self, pairs: &[Option<usize>]) {
        for (at, pair) in pairs.iter().enumerate() {
            if let Some(to) = pair
                && let (Some(done), Some(taken)) = (self.done.get_mut(at), self.taken.get_mut(*to))
            {
                (*done, *taken) = (true, true);
            }
        }
    }

    /// One key, and of several with it the first that says as much, has the type, or is there.
    fn by_key(&mut self, key: &IdentityKey<'_>) {
        let mut of_key: HashMap<String, VecDeque<usize>> = HashMap::new();
        for (at, element) in self.free() {
            if let Some(text) = key.of(element) {
                of_key.entry(text).or_default().push_back(at);
            }
        }
        for (at, element) in self.open() {
            let Some(found) = key.of(element).and_then(|text| of_key.get_mut(&text)) else {
                continue;
            };
            let near = |test: &dyn Fn(&Value<'_>) -> bool| {
                found.iter().take(AHEAD).position(|to| self.to.get(*to).is_some_and(test))
            };
            let best = near(&|candidate| within(element, candidate))
                .or_else(|| near(&|candidate| kind(element) == kind(candidate)))
                .unwrap_or(0);
            if let Some(to) = found.remove(best) {
                self.pair(at, to);
            }
        }
    }

    /// The next one that says all that is said, a few elements ahead at most.
    fn ahead(&mut self) {
        let mut next = 0;
        for (at, element) in self.open() {
            let ahead = self.to.iter().enumerate().skip(next);
            let ahead = ahead.filter(|(to, _)| self.taken.get(*to) == Some(&false));
            let found = ahead.take(AHEAD).find(|(_, candidate)| within(element, candidate));
            if let Some((to, _)) = found {
                self.pair(at, to);
                next = to + 1;
            }
        }
    }

    /// Those with one text, one after the other.
    fn by_order(&mut self, text: impl Fn(&Value<'_>) -> Option<String>) {
        let mut of_text: HashMap<String, VecDeque<usize>> = HashMap::new();
        for (at, element) in self.free() {
            if let Some(text) = text(element) {
                of_text.entry(text).or_default().push_back(at);
            }
        }
        for (at, element) in self.open() {
            let found = text(element).and_then(|text| of_text.get_mut(&text)?.pop_front());
            if let Some(to) = found {
                self.pair(at, to);
            }
        }
    }

    /// The only ones of a type on both sides; else the only ones left.
    fn by_slot(&mut self) {
        let mut of_kind: HashMap<String, (Vec<usize>, Vec<usize>)> = HashMap::new();
        for (at, element) in self.open() {
            if let Some(kind) = kind(element) {
                of_kind.entry(kind).or_default().0.push(at);
            }
        }
        for (at, element) in self.free() {
            if let Some(kind) = kind(element) {
                of_kind.entry(kind).or_default().1.push(at);
            }
        }
        for (from, to) in of_kind.into_values() {
            if let ([from], [to]) = (from.as_slice(), to.as_slice()) {
                self.pair(*from, *to);
            }
        }
        let free: Vec<usize> = self.free().map(|(at, _)| at).take(2).collect();
        if let ([(from, _)], [to]) = (self.open().as_slice(), free.as_slice()) {
            self.pair(*from, *to);
        }
    }
}

/// Whether `whole` says all that `part` says.
fn within(part: &Value<'_>, whole: &Value<'_>) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(name, value)| whole.get(name) == Some(value))
        }
        _ => part == whole,
    }
}

fn kind(element: &Value<'_>) -> Option<String> {
    Some(element.as_object()?.get("type")?.as_str()?.to_lowercase())
}

/// All that an element says, whatever the order of its members.
fn text(element: &Value<'_>) -> String {
    let Some(object) = element.as_object() else {
        return String::from_utf8_lossy(&element.to_json()).into_owned();
    };
    let mut members: Vec<(String, String)> = object
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(&value.to_json()).into_owned();
            (name.to_ascii_lowercase(), value)
        })
        .collect();
    members.sort_unstable();
    format!("{members:?}")
}

#[cfg(test)]
mod tests {
    use super::{Aligned, IdentityKey};
    use crate::scim::Value;

    fn all(elements: &[&str]) -> Vec<Value<'static>> {
        elements
            .iter()
            .map(|text| {
                Value::from(serde_json::from_str::<serde_json::Value>(text).unwrap_or_default())
            })
            .collect()
    }

    #[test]
    fn without_a_key_what_says_the_same_in_another_order_is_the_same() {
        let key = IdentityKey { name: Some("value"), exact: true, reference: false };
        let shown = all(&[
            r#"{"locality": "Bonn", "streetAddress": "1 Main"}"#,
            r#"{"streetAddress": "2 Side", "locality": "Bonn"}"#,
            r#"{"locality": "Ulm"}"#,
        ]);
        let new = all(&[
            r#"{"locality": "Bonn", "streetAddress": "2 Side"}"#,
            r#"{"streetAddress": "1 Main", "locality": "Bonn"}"#,
        ]);
        assert_eq!(key.meant(&new, &shown), [Aligned::Same(1), Aligned::Same(0)]);
    }
}
