//! What can be done with the members of a JSON object.

use std::borrow::Cow;

use super::members::Members;
use super::value::{Object, Value};
use super::work::step;

impl<'a> Object<'a> {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn with_capacity(members: usize) -> Self {
        Self { members: Members::Few(Vec::with_capacity(members)) }
    }

    pub fn len(&self) -> usize {
        self.members.list().len()
    }

    pub fn is_empty(&self) -> bool {
        self.members.list().is_empty()
    }

    /// The member of that name, else the first whose name differs by ASCII case only.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.members.list().get(self.members.position(name)?).map(|(_, value)| value)
    }

    /// The member of exactly that name.
    pub fn get_exact(&self, name: &str) -> Option<&Value<'a>> {
        self.members.list().get(self.members.position_exact(name)?).map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value<'a>> {
        let at = self.members.position(name)?;
        self.members.list_mut().get_mut(at).map(|(_, value)| value)
    }

    pub fn contains(&self, name: &str) -> bool {
        self.members.position(name).is_some()
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
        self.members.list_mut().insert(at, (name.into(), value));
        self.members.index();
    }

    /// Appends a member whose name the caller knows to be new.
    pub fn push(&mut self, name: impl Into<Cow<'a, str>>, value: Value<'a>) {
        self.members.push(name.into(), value);
    }

    /// Whether anything in it, however deep, says "no value" or is an object without members.
    pub fn holds_cleared(&self) -> bool {
        self.iter().any(|(_, value)| value.holds_cleared())
    }

    pub fn remove(&mut self, name: &str) -> Option<Value<'a>> {
        let at = self.members.position(name)?;
        Some(self.members.remove(at))
    }

    /// The value of that member, which is made an empty object if it is not one.
    pub fn object_at(&mut self, name: &str) -> &mut Object<'a> {
        let at = match self.members.position(name) {
            Some(at) => at,
            None => {
                self.push(name.to_owned(), Value::Null);
                self.len().saturating_sub(1)
            }
        };
        #[expect(clippy::indexing_slicing, reason = "the position was found or made just above")]
        let value = &mut self.members.list_mut()[at].1;
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
        self.members.list().iter().inspect(|_| step(1))
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.entries().map(|(name, value)| (name.as_ref(), value))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Value<'a>)> {
        self.members.list_mut().iter_mut().map(|(name, value)| {
            step(1);
            let name: &Cow<'a, str> = name;
            (name.as_ref(), value)
        })
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value<'a>) -> bool) {
        let before = self.len();
        self.members.list_mut().retain_mut(|(name, value)| {
            step(1);
            keep(name, value)
        });
        if self.len() < before {
            self.members.index();
        }
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
}

/// Collects members whose names the caller knows to differ.
impl<'a> FromIterator<(Cow<'a, str>, Value<'a>)> for Object<'a> {
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Value<'a>)>>(members: I) -> Self {
        Self { members: members.into_iter().collect() }
    }
}

impl<'a> IntoIterator for Object<'a> {
    type Item = (Cow<'a, str>, Value<'a>);
    type IntoIter = std::vec::IntoIter<(Cow<'a, str>, Value<'a>)>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.into_list().into_iter()
    }
}
