//! Members in their order, found by name in any case. A few are looked through; many have an index, so
//! that work on them stays linear whatever a client or an upstream puts into an object.
//!
//! It does not know what the members hold.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use super::same::end_alike;
use super::work::step;

/// So many members are looked through.
const FEW: usize = 32;

#[derive(Clone, Debug)]
pub(super) enum Members<'a, V> {
    Few(Vec<(Cow<'a, str>, V)>),
    Many(Box<Many<'a, V>>),
}

/// More members than [`FEW`], or as many as were once more.
#[derive(Clone, Debug)]
pub(super) struct Many<'a, V> {
    list: Vec<(Cow<'a, str>, V)>,
    /// Where each name lies.
    spelled: HashMap<Cow<'a, str>, usize>,
    /// Where the first of the names lies that are this one in lower case.
    folded: HashMap<String, usize>,
}

impl<'a, V> Members<'a, V> {
    pub(super) fn list(&self) -> &Vec<(Cow<'a, str>, V)> {
        match self {
            Self::Few(list) => list,
            Self::Many(many) => &many.list,
        }
    }

    /// Who adds or removes members of it says so by [`index`](Self::index).
    pub(super) fn list_mut(&mut self) -> &mut Vec<(Cow<'a, str>, V)> {
        match self {
            Self::Few(list) => list,
            Self::Many(many) => &mut many.list,
        }
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        match self {
            Self::Few(list) => {
                let mut near = None;
                for (at, (key, _)) in list.iter().enumerate() {
                    step(1);
                    if !end_alike(key, name) {
                        continue;
                    }
                    if key == name {
                        return Some(at);
                    }
                    if near.is_none() && key.eq_ignore_ascii_case(name) {
                        near = Some(at);
                    }
                }
                near
            }
            Self::Many(many) => {
                step(1);
                let folded = || many.folded.get(&name.to_ascii_lowercase());
                many.spelled.get(name).or_else(folded).copied()
            }
        }
    }

    pub(super) fn position_exact(&self, name: &str) -> Option<usize> {
        match self {
            Self::Few(list) => {
                let mut keys = list.iter().inspect(|_| step(1));
                keys.position(|(key, _)| end_alike(key, name) && key == name)
            }
            Self::Many(many) => {
                step(1);
                many.spelled.get(name).copied()
            }
        }
    }

    /// Appends a member whose name the caller knows to be new.
    pub(super) fn push(&mut self, name: Cow<'a, str>, value: V) {
        match self {
            Self::Few(list) => {
                list.push((name, value));
                if list.len() > FEW {
                    self.index();
                }
            }
            Self::Many(many) => {
                let at = many.list.len();
                many.note(name.clone(), at);
                many.list.push((name, value));
            }
        }
    }

    /// Takes out the member at a position that was just found.
    pub(super) fn remove(&mut self, at: usize) -> V {
        match self {
            Self::Few(list) => list.remove(at).1,
            Self::Many(many) => many.remove(at),
        }
    }

    pub(super) fn into_list(self) -> Vec<(Cow<'a, str>, V)> {
        match self {
            Self::Few(list) => list,
            Self::Many(many) => many.list,
        }
    }

    /// Makes the index anew where there are many members.
    pub(super) fn index(&mut self) {
        let list = std::mem::take(self.list_mut());
        *self = list.into_iter().collect();
    }
}

impl<'a, V> Many<'a, V> {
    fn new(list: Vec<(Cow<'a, str>, V)>) -> Self {
        let (spelled, folded) =
            (HashMap::with_capacity(list.len()), HashMap::with_capacity(list.len()));
        let mut many = Self { list: Vec::new(), spelled, folded };
        for (at, (name, _)) in list.iter().enumerate() {
            many.note(name.clone(), at);
        }
        Self { list, ..many }
    }

    fn note(&mut self, name: Cow<'a, str>, at: usize) {
        step(1);
        self.folded.entry(name.to_ascii_lowercase()).or_insert(at);
        self.spelled.insert(name, at);
    }

    fn remove(&mut self, at: usize) -> V {
        let (name, value) = self.list.remove(at);
        self.spelled.remove(&name);
        self.folded.remove(&name.to_ascii_lowercase());
        for place in self.spelled.values_mut().chain(self.folded.values_mut()) {
            *place = place.saturating_sub(usize::from(*place > at));
        }
        let twin = self.list.iter().position(|(key, _)| key.eq_ignore_ascii_case(&name));
        if let Some(twin) = twin {
            self.folded.insert(name.to_ascii_lowercase(), twin);
        }
        value
    }
}

impl<V> Default for Members<'_, V> {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

/// By the members and their order; the index says nothing of its own.
impl<V: PartialEq> PartialEq for Members<'_, V> {
    fn eq(&self, other: &Self) -> bool {
        self.list() == other.list()
    }
}

impl<V: Eq> Eq for Members<'_, V> {}

impl<V: Hash> Hash for Members<'_, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.list().hash(state);
    }
}

/// Collects members whose names the caller knows to differ.
impl<'a, V> FromIterator<(Cow<'a, str>, V)> for Members<'a, V> {
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, V)>>(members: I) -> Self {
        let list: Vec<(Cow<'a, str>, V)> = members.into_iter().collect();
        if list.len() > FEW { Self::Many(Box::new(Many::new(list))) } else { Self::Few(list) }
    }
}
