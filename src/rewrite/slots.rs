//! The elements that the upstream has, and what becomes of each when put lays a request over them.

use std::collections::HashMap;

use super::align::{Aligned, IdentityKey};
use crate::scim::Value;
use crate::scim::reading::read_element;
use crate::scim::schema::Attribute;

/// One element of the old resource.
pub(super) struct Slot<'o, 'a> {
    pub came: &'o Value<'a>,
    /// None where it is unreadable.
    pub read: Option<Value<'a>>,
    pub differs: bool,
}

/// The old elements; a single value in the place of a list is a list of one.
pub(super) fn slots<'o, 'a>(
    old: Option<&'o Value<'a>>,
    raw: Option<&'o Value<'a>>,
    attribute: &Attribute,
) -> Vec<Slot<'o, 'a>> {
    let all = |value: Option<&'o Value<'a>>| match value {
        Some(Value::Array(elements)) => elements.as_slice(),
        Some(single) => std::slice::from_ref(single),
        None => &[],
    };
    let Some(raw) = raw else {
        let slot = |came: &'o Value<'a>| Slot { came, read: Some(came.clone()), differs: false };
        return all(old).iter().map(slot).collect();
    };
    all(Some(raw))
        .iter()
        .map(|came| {
            let read = read_element(came, attribute);
            let differs = read.as_ref() != Some(came);
            Slot { came, read, differs }
        })
        .collect()
}

/// What becomes of each old element, and which of the request's are new.
pub(super) struct Plan {
    /// One for each old element.
    pub fates: Vec<Fate>,
    /// Elements of the request that are none of the old ones.
    pub added: Vec<usize>,
}

#[derive(Clone, Copy)]
pub(super) enum Fate {
    Hidden,
    /// The client saw it and says it no more.
    Gone,
    /// The client says it: `same` where it is known to be the same one.
    Said {
        new: usize,
        shown: Option<usize>,
        same: bool,
    },
}

impl Plan {
    /// `at` says where each readable old element stands among `count`.
    pub fn new(
        key: &IdentityKey<'_>,
        old: &[Value<'_>],
        at: &[usize],
        new: &[Value<'_>],
        shown: &[Value<'_>],
        count: usize,
    ) -> Self {
        let mut fates = vec![Fate::Hidden; count];
        let mut place_of_shown = vec![None; shown.len()];
        for ((shown_at, origin), place) in
            key.origins(shown, old).iter().enumerate().zip(&mut place_of_shown)
        {
            let slot = origin.and_then(|origin| at.get(origin).copied());
            *place = slot.map(|slot| (slot, shown_at));
            if let Some(fate) = slot.and_then(|slot| fates.get_mut(slot)) {
                *fate = Fate::Gone;
            }
        }
        let mut hidden: HashMap<String, usize> = HashMap::new();
        for (element, slot) in old.iter().zip(at) {
            if let (Some(Fate::Hidden), Some(text)) = (fates.get(*slot), key.of(element)) {
                hidden.entry(text).or_insert(*slot);
            }
        }
        let mut added = Vec::new();
        for (new_at, aligned) in key.meant(new, shown).into_iter().enumerate() {
            let seen = match aligned {
                Aligned::Same(at) => place_of_shown.get(at).copied().flatten().map(|p| (p, true)),
                Aligned::Instead(at) => {
                    place_of_shown.get(at).copied().flatten().map(|p| (p, false))
                }
                Aligned::New => None,
            };
            // Hidden from the client, which may still say the same element again.
            let mut again =
                || new.get(new_at).and_then(|n| key.of(n)).and_then(|k| hidden.remove(&k));
            let (slot, fate) = match seen {
                Some(((slot, shown), same)) if same => {
                    (slot, Fate::Said { new: new_at, shown: Some(shown), same })
                }
                _ => match (again(), seen) {
                    (Some(slot), _) => (slot, Fate::Said { new: new_at, shown: None, same: true }),
                    (None, Some(((slot, _), _))) => {
                        (slot, Fate::Said { new: new_at, shown: None, same: false })
                    }
                    (None, None) => {
                        added.push(new_at);
                        continue;
                    }
                },
            };
            match fates.get_mut(slot) {
                Some(place) => *place = fate,
                None => added.push(new_at),
            }
        }
        if key.is_reference() {
            all_gone(key, old, at, &mut fates);
        }
        Self { fates, added }
    }
}

/// A reference that the server keeps twice is shown once: where it goes, all of it do.
fn all_gone(key: &IdentityKey<'_>, old: &[Value<'_>], at: &[usize], fates: &mut [Fate]) {
    let is = |slot: usize, wanted: fn(&Fate) -> bool| fates.get(slot).is_some_and(wanted);
    let of = |wanted: fn(&Fate) -> bool| -> HashMap<String, Vec<usize>> {
        let mut found: HashMap<String, Vec<usize>> = HashMap::new();
        for (element, slot) in old.iter().zip(at).filter(|(_, slot)| is(**slot, wanted)) {
            if let Some(text) = key.of(element) {
                found.entry(text).or_default().push(*slot);
            }
        }
        found
    };
    let (gone, mut hidden) =
        (of(|fate| matches!(fate, Fate::Gone)), of(|fate| matches!(fate, Fate::Hidden)));
    for text in gone.keys() {
        for slot in hidden.remove(text).unwrap_or_default() {
            if let Some(fate) = fates.get_mut(slot) {
                *fate = Fate::Gone;
            }
        }
    }
}
