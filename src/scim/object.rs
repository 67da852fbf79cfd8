//! The members of a JSON object, found by name in any case. A few are looked through; many have an
//! index, so that work on an object stays linear whatever a client or an upstream puts into it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use super::print;
use super::value::Value;
use super::work::step;

/// So many members are looked through.
const FEW: usize = 32;

/// The members of a JSON object, in order, without two of one name.
///
/// A name is found without regard to ASCII case (RFC 7643 section 2.1), but a member that is spelled
/// as it is looked for goes first: below open objects `Region` and `region` are two.
#[derive(Clone, Debug, Default)]
pub struct Object<'a> {
    members: Members<'a>,
}

#[derive(Clone, Debug)]
enum Members<'a> {
    Few(Vec<(Cow<'a, str>, Value<'a>)>),
    Many(Box<Many<'a>>),
}

/// More members than [`FEW`], or as many as were once more.
#[derive(Clone, Debug)]
struct Many<'a> {
    list: Vec<(Cow<'a, str>, Value<'a>)>,
    /// Where each name lies.
    spelled: HashMap<Cow<'a, str>, usize>,
    /// Where the first of the names lies that are this one in lower case.
    folded: HashMap<String, usize>,
}

impl<'a> Object<'a> {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn with_capacity(members: usize) -> Self {
        Self { members: Members::Few(Vec::with_capacity(members)) }
    }

    pub fn len(&self) -> usize {
        self.list().len()
    }

    pub fn is_empty(&self) -> bool {
        self.list().is_empty()
    }

    /// The member of that name, else the first whose name differs by ASCII case only.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.list().get(self.position(name)?).map(|(_, value)| value)
    }

    /// The member of exactly that name.
    pub fn get_exact(&self, name: &str) -> Option<&Value<'a>> {
        self.list().get(self.position_exact(name)?).map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value<'a>> {
        let at = self.position(name)?;
        self.list_mut().get_mut(at).map(|(_, value)| value)
    }

    pub fn contains(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// Sets a member in place, or appends it.
    pub fn insert(&mut self, name: impl Into<Cow<'a, str>>, value: Value<'a>) {
        let name = name.into();
        match self.get_mut(&name) {
            Some(old) => *old = value,
            None => self.push(name, value),
        }
    }

    /// Puts a member whose name the caller knows to be new before the one at that position.
    pub fn insert_at(&mut self, at: usize, name: impl Into<Cow<'a, str>>, value: Value<'a>) {
        if at >= self.len() {
            return self.push(name, value);
        }
        self.list_mut().insert(at, (name.into(), value));
        self.index();
    }

    /// Appends a member whose name the caller knows to be new.
    pub fn push(&mut self, name: impl Into<Cow<'a, str>>, value: Value<'a>) {
        let name = name.into();
        match &mut self.members {
            Members::Few(list) => {
                list.push((name, value));
                if list.len() > FEW {
                    self.index();
                }
            }
            Members::Many(many) => {
                let at = many.list.len();
                many.note(name.clone(), at);
                many.list.push((name, value));
            }
        }
    }

    pub fn remove(&mut self, name: &str) -> Option<Value<'a>> {
        let at = self.position(name)?;
        match &mut self.members {
            Members::Few(list) => Some(list.remove(at).1),
            Members::Many(many) => Some(many.remove(at)),
        }
    }

    /// The value of that member, which is made an empty object if it is not one.
    pub fn object_at(&mut self, name: &str) -> &mut Object<'a> {
        let at = match self.position(name) {
            Some(at) => at,
            None => {
                self.push(name.to_owned(), Value::Null);
                self.len().saturating_sub(1)
            }
        };
        #[expect(clippy::indexing_slicing, reason = "the position was found or made just above")]
        let value = &mut self.list_mut()[at].1;
        if !matches!(value, Value::Object(_)) {
            *value = Value::Object(Object::new());
        }
        match value {
            Value::Object(object) => object,
            #[expect(clippy::unreachable, reason = "set to an object just above")]
            _ => unreachable!(),
        }
    }

    /// The members with their names as they are held.
    pub fn entries(&self) -> impl Iterator<Item = &(Cow<'a, str>, Value<'a>)> {
        self.list().iter().inspect(|_| step(1))
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.entries().map(|(name, value)| (name.as_ref(), value))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Value<'a>)> {
        self.list_mut().iter_mut().map(|(name, value)| {
            step(1);
            let name: &Cow<'a, str> = name;
            (name.as_ref(), value)
        })
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value<'a>) -> bool) {
        let before = self.len();
        self.list_mut().retain_mut(|(name, value)| {
            step(1);
            keep(name, value)
        });
        if self.len() < before {
            self.index();
        }
    }

    /// The object as JSON text without blanks.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        self.write_json(&mut out);
        out
    }

    /// Appends the object as JSON text without blanks.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        print::members(self, out);
    }

    pub fn borrowed(&self) -> Object<'_> {
        self.iter().map(|(name, value)| (Cow::Borrowed(name), value.borrowed())).collect()
    }

    pub fn into_owned(self) -> Object<'static> {
        let owned = |(name, value): (Cow<'a, str>, Value<'a>)| {
            (Cow::Owned(name.into_owned()), value.into_owned())
        };
        self.into_iter().map(owned).collect()
    }

    fn list(&self) -> &Vec<(Cow<'a, str>, Value<'a>)> {
        match &self.members {
            Members::Few(list) => list,
            Members::Many(many) => &many.list,
        }
    }

    /// Who adds or removes members of it says so by [`index`](Self::index).
    fn list_mut(&mut self) -> &mut Vec<(Cow<'a, str>, Value<'a>)> {
        match &mut self.members {
            Members::Few(list) => list,
            Members::Many(many) => &mut many.list,
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        match &self.members {
            Members::Few(list) => {
                let mut near = None;
                for (at, (key, _)) in list.iter().enumerate() {
                    step(1);
                    if key.eq_ignore_ascii_case(name) {
                        if key == name {
                            return Some(at);
                        }
                        near = near.or(Some(at));
                    }
                }
                near
            }
            Members::Many(many) => {
                step(1);
                let folded = || many.folded.get(&name.to_ascii_lowercase());
                many.spelled.get(name).or_else(folded).copied()
            }
        }
    }

    fn position_exact(&self, name: &str) -> Option<usize> {
        match &self.members {
            Members::Few(list) => list.iter().inspect(|_| step(1)).position(|(key, _)| key == name),
            Members::Many(many) => {
                step(1);
                many.spelled.get(name).copied()
            }
        }
    }

    /// Makes the index anew where there are many members.
    fn index(&mut self) {
        let list = std::mem::take(self.list_mut());
        *self = list.into_iter().collect();
    }
}

impl<'a> Many<'a> {
    fn new(list: Vec<(Cow<'a, str>, Value<'a>)>) -> Self {
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

    fn remove(&mut self, at: usize) -> Value<'a> {
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

impl Default for Members<'_> {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

/// By the members and their order; the index says nothing of its own.
impl PartialEq for Object<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.list() == other.list()
    }
}

impl Eq for Object<'_> {}

impl Hash for Object<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.list().hash(state);
    }
}

/// Collects members whose names the caller knows to differ.
impl<'a> FromIterator<(Cow<'a, str>, Value<'a>)> for Object<'a> {
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Value<'a>)>>(members: I) -> Self {
        let list: Vec<(Cow<'a, str>, Value<'a>)> = members.into_iter().collect();
        let many = list.len() > FEW;
        let members =
            if many { Members::Many(Box::new(Many::new(list))) } else { Members::Few(list) };
        Self { members }
    }
}

impl<'a> IntoIterator for Object<'a> {
    type Item = (Cow<'a, str>, Value<'a>);
    type IntoIter = std::vec::IntoIter<(Cow<'a, str>, Value<'a>)>;

    fn into_iter(self) -> Self::IntoIter {
        match self.members {
            Members::Few(list) => list.into_iter(),
            Members::Many(many) => many.list.into_iter(),
        }
    }
}
