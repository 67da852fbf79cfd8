//! The document: a JSON tree that borrows its text from the body it was read from.
//!
//! It does not know schemas: an attribute that is `null` or `[]` is *cleared* (RFC 7643 section 2.5),
//! one that is not there is *absent*, and `""` is a value.

use std::borrow::Cow;

use super::members::Members;
use super::number::Number;
use super::work::step;

/// A JSON value whose strings borrow from the body where they could.
#[derive(Clone, Debug, Eq, Hash, Default)]
pub enum Value<'a> {
    #[default]
    Null,
    Bool(bool),
    Number(Number<'a>),
    String(Cow<'a, str>),
    Array(Vec<Value<'a>>),
    Object(Object<'a>),
}

/// The members of a JSON object, in order, without two of one name.
///
/// A name is found without regard to ASCII case (RFC 7643 section 2.1), but a member that is spelled
/// as it is looked for goes first: below open objects `Region` and `region` are two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Object<'a> {
    pub(super) members: Members<'a, Value<'a>>,
}

impl<'a> Value<'a> {
    /// A string value that borrows `text`.
    pub fn text(text: &'a str) -> Self {
        Self::String(Cow::Borrowed(text))
    }

    pub fn as_str(&self) -> Option<&str> {
        step(1);
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        step(1);
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub fn as_object(&self) -> Option<&Object<'a>> {
        step(1);
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    pub fn as_object_mut(&mut self) -> Option<&mut Object<'a>> {
        step(1);
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    pub fn as_array(&self) -> Option<&[Value<'a>]> {
        step(1);
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// Whether the value says "no value": `null` or an empty array (RFC 7643 section 2.5).
    pub fn is_cleared(&self) -> bool {
        step(1);
        match self {
            Self::Null => true,
            Self::Array(elements) => elements.is_empty(),
            _ => false,
        }
    }

    /// Whether it says "no value" or is an object without members, or anything in it is: most documents
    /// hold nothing of the kind, and what would take it out need not look at their names.
    pub fn holds_cleared(&self) -> bool {
        step(1);
        match self {
            Self::Object(object) => object.is_empty() || object.holds_cleared(),
            Self::Array(elements) => {
                elements.is_empty() || elements.iter().any(Self::holds_cleared)
            }
            other => other.is_cleared(),
        }
    }

    /// The JSON name of the value's type, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// The same tree, borrowing its strings from `self`.
    pub fn borrowed(&self) -> Value<'_> {
        step(1);
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(number) => Value::Number(number.borrowed()),
            Self::String(text) => Value::String(Cow::Borrowed(text)),
            Self::Array(elements) => Value::Array(elements.iter().map(Value::borrowed).collect()),
            Self::Object(object) => Value::Object(object.borrowed()),
        }
    }

    /// The same tree, owning its strings.
    pub fn into_owned(self) -> Value<'static> {
        step(1);
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Number(number) => Value::Number(number.into_owned()),
            Self::String(text) => Value::String(Cow::Owned(text.into_owned())),
            Self::Array(elements) => {
                Value::Array(elements.into_iter().map(Value::into_owned).collect())
            }
            Self::Object(object) => Value::Object(object.into_owned()),
        }
    }
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        step(1);
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => a == b,
            _ => false,
        }
    }
}

impl From<serde_json::Value> for Value<'static> {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(value),
            serde_json::Value::Number(number) => Self::Number(number.into()),
            serde_json::Value::String(text) => Self::String(Cow::Owned(text)),
            serde_json::Value::Array(elements) => {
                Self::Array(elements.into_iter().map(Self::from).collect())
            }
            serde_json::Value::Object(members) => Self::Object(
                members.into_iter().map(|(name, v)| (Cow::Owned(name), Self::from(v))).collect(),
            ),
        }
    }
}
