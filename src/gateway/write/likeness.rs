//! Whether an upstream's answer may be what it made of what was asked: a vendor normalises (case, blanks,
//! punctuation, the form of a telephone number), cuts off, decorates elements and orders them anew.
//!
//! Elements are found by their `value`, so that the work is linear in what is said. What a difference
//! means is for the caller to know.

use std::collections::{HashMap, HashSet};

use crate::scim::Value;
use crate::scim::equal::{TextCase, equal_values};
use crate::scim::schema::Attribute;

/// The elements of a multi-valued attribute, by what names each.
#[derive(Debug, Default)]
pub struct Elements<'v> {
    /// Whether they are references, whose `value` is all that they ask for.
    refer: bool,
    /// By `value` as it stands.
    exact: HashSet<&'v str>,
    /// By what a vendor leaves of the value.
    named: HashMap<String, Vec<&'v Value<'v>>>,
    /// What those say that share a name.
    said: HashMap<String, HashSet<String>>,
}

impl<'v> Elements<'v> {
    pub fn of(elements: &'v [Value<'v>], attribute: Option<&Attribute>) -> Self {
        let mut found = Self { refer: refers(attribute), ..Self::default() };
        for element in elements {
            found.exact.extend(value_of(element));
            found.named.entry(found.name(element)).or_default().push(element);
        }
        for (name, several) in found.named.iter().filter(|(_, several)| several.len() > 1) {
            found.said.insert(name.clone(), several.iter().flat_map(|one| words(one)).collect());
        }
        found
    }

    /// Whether there is an element with exactly this value.
    pub fn has(&self, value: &str) -> bool {
        self.exact.contains(value)
    }

    /// Whether there is an element of this one's name.
    pub fn names(&self, element: &Value<'_>) -> bool {
        self.named.contains_key(&self.name(element))
    }

    /// Whether there is what the vendor may have made of an element.
    pub fn shows(&self, asked: &Value<'_>) -> bool {
        let name = self.name(asked);
        match (self.named.get(&name).map(Vec::as_slice), self.said.get(&name)) {
            (None, _) => false,
            (Some(_), _) if self.refer => true,
            (Some([one]), _) => says(asked, one),
            (Some(_), Some(said)) => words(asked).all(|word| said.contains(&word)),
            (Some(_), None) => true,
        }
    }

    /// Whether both have elements of the same names.
    pub fn same(&self, other: &Self) -> bool {
        self.named.len() == other.named.len()
            && self.named.keys().all(|name| other.named.contains_key(name))
    }

    /// Whether one that was there before is there and nobody asks for it.
    pub fn keeps(&self, old: &Self, asked: &Self) -> bool {
        let among = |other: &Self, name: &String| other.named.contains_key(name);
        self.named.keys().any(|name| among(old, name) && !among(asked, name))
    }

    /// What tells an element from others: of a reference the value, of anything else what a vendor
    /// leaves of it. Those without a value share a name.
    fn name(&self, element: &Value<'_>) -> String {
        let value = match element {
            Value::Object(object) => object.get("value"),
            simple => Some(simple),
        };
        match value {
            Some(Value::String(text)) if self.refer => text.to_ascii_lowercase(),
            Some(Value::String(text)) => match letters(text) {
                letters if letters.is_empty() => text.clone().into_owned(),
                letters => letters,
            },
            Some(other) => String::from_utf8_lossy(&other.to_json()).into_owned(),
            None => String::new(),
        }
    }
}

/// Whether the elements name resources.
fn refers(attribute: Option<&Attribute>) -> bool {
    attribute.is_some_and(|attribute| {
        let named = ["members", "groups"].iter().any(|n| attribute.name.eq_ignore_ascii_case(n));
        named || attribute.attribute("$ref").is_some()
    })
}

/// Whether one may be what a vendor makes of the other: case, blanks, punctuation, the end cut off; or
/// another type ("yes" for true).
pub fn similar(asked: &Value<'_>, shown: &Value<'_>) -> bool {
    if asked == shown {
        return true;
    }
    if let (Value::Object(_), Value::Object(_)) = (asked, shown) {
        return says(asked, shown);
    }
    let (Some(a), Some(b)) = (asked.as_str(), shown.as_str()) else {
        return alike(asked, shown) || asked.type_name() != shown.type_name();
    };
    let (a, b) = (letters(a), letters(b));
    a == b || (!b.is_empty() && a.starts_with(&b))
}

/// Equality without the order of members and elements; in an element, absent is false (`primary`).
pub fn alike(a: &Value<'_>, b: &Value<'_>) -> bool {
    equal_values(&without_false(a), &without_false(b), None, TextCase::Exact)
}

/// The `value` of an element.
pub fn value_of<'v>(element: &'v Value<'_>) -> Option<&'v str> {
    element.as_object()?.get("value")?.as_str()
}

/// Whether an answer says all that was asked; it may say more.
fn says(asked: &Value<'_>, shown: &Value<'_>) -> bool {
    let (Some(asked), Some(shown)) = (asked.as_object(), shown.as_object()) else {
        return similar(asked, shown);
    };
    asked
        .iter()
        .filter(|(name, value)| *name != "$ref" && is_said(value))
        .all(|(name, value)| shown.get(name).is_some_and(|shown| similar(value, shown)))
}

/// What an element says, as words that are alike where the values may be.
fn words<'w>(element: &'w Value<'_>) -> impl Iterator<Item = String> + 'w {
    let members = element.as_object().into_iter().flat_map(|object| object.iter());
    let said = members.filter(|(name, value)| *name != "$ref" && is_said(value));
    said.map(|(name, value)| {
        let text = match value.as_str() {
            Some(text) => letters(text),
            None => String::from_utf8_lossy(&value.to_json()).into_owned(),
        };
        format!("{}:{text}", name.to_ascii_lowercase())
    })
}

/// Whether leaving it out would say something else: what clears says nothing, and absent is false.
fn is_said(value: &Value<'_>) -> bool {
    !value.is_cleared() && *value != Value::Bool(false)
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
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
