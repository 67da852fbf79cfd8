//! The values of an attribute: whether there are several, taken out to be changed, and which of them are one.

use std::collections::HashMap;

use crate::scim::equal::{TextCase, form};
use crate::scim::schema::{Attribute, Kind};
use crate::scim::value::{Object, Value};

/// Whether nobody says what may stand there.
pub(super) fn is_free(attribute: Option<&Attribute>) -> bool {
    attribute.is_none_or(|attribute| attribute.kind == Kind::Any && !attribute.multi_valued)
}

pub(super) fn has_several(parent: &Object<'_>, name: &str, attribute: Option<&Attribute>) -> bool {
    match attribute {
        Some(attribute) if !is_free(Some(attribute)) => attribute.multi_valued,
        _ => matches!(parent.get(name), Some(Value::Array(_))),
    }
}

pub(super) fn drop_if_empty(parent: &mut Object<'_>, name: &str) {
    if parent.get(name).and_then(Value::as_object).is_some_and(Object::is_empty) {
        parent.remove(name);
    }
}

pub(super) fn stored<'v, 'a>(parent: &'v Object<'a>, name: &str) -> &'v [Value<'a>] {
    match parent.get(name) {
        Some(Value::Array(elements)) => elements,
        Some(Value::Null) | None => &[],
        Some(single) => std::slice::from_ref(single),
    }
}

/// The values of an attribute, taken out to be changed; its member keeps its place.
pub(super) struct Elements<'a> {
    pub(super) all: Vec<Value<'a>>,
    /// Whether there was one value that is no array, where nobody says that it must be one.
    single: bool,
}

impl<'a> Elements<'a> {
    pub(super) fn taken(
        parent: &mut Object<'a>,
        name: &str,
        attribute: Option<&Attribute>,
    ) -> Self {
        match parent.get_mut(name).map(std::mem::take) {
            Some(Value::Array(elements)) => Self { all: elements, single: false },
            Some(Value::Null) | None => Self { all: Vec::new(), single: false },
            Some(single) => Self { all: vec![single], single: is_free(attribute) },
        }
    }

    pub(super) fn several(all: Vec<Value<'a>>) -> Self {
        Self { all, single: false }
    }

    /// They are put back as an array, also where there was one value that is none.
    pub(super) fn are_several(&mut self) {
        self.single = false;
    }

    /// An attribute whose last value went is absent.
    pub(super) fn put_back(mut self, parent: &mut Object<'a>, name: &str) {
        let value = match self.all.len() {
            0 => return drop(parent.remove(name)),
            1 if self.single => self.all.pop().unwrap_or_default(),
            _ => Value::Array(self.all),
        };
        parent.insert(name.to_owned(), value);
    }
}

/// An element without what it clears: a new one has nothing to clear. None where it then says nothing.
/// What stands below a free key is as it is.
pub(super) fn stripped<'a>(
    element: &Value<'a>,
    attribute: Option<&Attribute>,
) -> Option<Value<'a>> {
    match element {
        Value::Null => None,
        other if is_free(attribute) => Some(other.clone()),
        Value::Object(members) => {
            let solid = solid(members);
            (!solid.is_empty()).then_some(Value::Object(solid))
        }
        other => (!other.is_cleared()).then(|| other.clone()),
    }
}

pub(super) fn solid<'a>(members: &Object<'a>) -> Object<'a> {
    let mut solid = members.clone();
    solid.retain(|_, value| !value.is_cleared());
    solid
}

/// Where elements are, by what makes two of them one: they have one `value` and their types do not
/// differ, or without a `value`, nothing does.
pub(super) struct Index {
    at: HashMap<String, usize>,
}

impl Index {
    pub(super) fn of(elements: &[Value<'_>]) -> Self {
        let mut index = Self { at: HashMap::with_capacity(elements.len()) };
        for (at, element) in elements.iter().enumerate() {
            index.note(element, at);
        }
        index
    }

    pub(super) fn find(&self, new: &Value<'_>) -> Option<usize> {
        let at = |key: String| self.at.get(&key).copied();
        match identity(new) {
            Identity::Whole(form) => at(form),
            Identity::Value(value, Some(kind)) => {
                let typed = at(format!("{value}\n{kind}"));
                let untyped = at(format!("{value}\n"));
                typed.into_iter().chain(untyped).min()
            }
            Identity::Value(value, None) => at(value),
        }
    }

    /// Says what the element there holds: for the first time, or more than before.
    pub(super) fn note(&mut self, element: &Value<'_>, at: usize) {
        let mut first = |key: String| {
            self.at.entry(key).or_insert(at);
        };
        match identity(element) {
            Identity::Whole(form) => first(form),
            Identity::Value(value, None) => {
                first(format!("{value}\n"));
                first(value);
            }
            Identity::Value(value, Some(kind)) => {
                first(format!("{value}\n{kind}"));
                let untyped = format!("{value}\n");
                first(value);
                if self.at.get(&untyped) == Some(&at) {
                    self.at.remove(&untyped);
                }
            }
        }
    }
}

enum Identity {
    Whole(String),
    /// The `value`, and the `type` in lower case.
    Value(String, Option<String>),
}

fn identity(element: &Value<'_>) -> Identity {
    let Some((object, value)) = element.as_object().and_then(|o| Some((o, o.get("value")?))) else {
        return Identity::Whole(form(element, None, TextCase::Exact));
    };
    let kind = object.get("type").and_then(Value::as_str).map(str::to_ascii_lowercase);
    // A JSON text has no line break of its own.
    Identity::Value(String::from_utf8_lossy(&value.to_json()).into_owned(), kind)
}

/// A `primary` that was just set takes it from all others (RFC 7644 section 3.5.2).
pub(super) fn only_one_primary(elements: &mut [Value<'_>], hit: &[usize]) {
    let is_primary = |value: &Value<'_>| {
        let primary = value.as_object().and_then(|object| object.get("primary"));
        primary.and_then(Value::as_bool) == Some(true)
    };
    let Some(first) = hit.iter().find(|at| elements.get(**at).is_some_and(is_primary)) else {
        return;
    };
    for (at, element) in elements.iter_mut().enumerate() {
        if at != *first && is_primary(element) {
            let primary = element.as_object_mut().and_then(|object| object.get_mut("primary"));
            if let Some(primary) = primary {
                *primary = Value::Bool(false);
            }
        }
    }
}
