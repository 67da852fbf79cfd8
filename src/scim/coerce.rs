//! Values against the schema's types (RFC 7643 section 2.3): what fits is brought into the schema's
//! spelling, what does not is refused by name. It changes no text and fills nothing in.

use std::borrow::Cow;

use super::in_order::InOrder;
use super::names::twice;
use super::number::Number;
use super::schema::{Attribute, Kind};
use super::value::{Object, Value};

/// Deviations that a caller takes as if they were right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leniency {
    /// `"True"` and `"false"`, in any case, stand for booleans.
    pub string_booleans: bool,
    /// One object or simple value stands for an array of one.
    pub object_as_array: bool,
    /// A simple value stands for a complex attribute's `value`, and an array of one for a singular
    /// complex attribute (`"manager": "id"`, `"manager": [{"value": "id"}]`).
    pub value_as_complex: bool,
    /// An integer that is written with a fraction of nothing but zeros is rewritten without it.
    pub plain_integers: bool,
}

/// A value whose type is not the attribute's. Holds no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The attribute {path} must be {expected}, but it is {found}.")]
pub struct TypeMismatch {
    /// The attribute's path in the schema's spelling.
    pub path: String,
    pub expected: &'static str,
    pub found: &'static str,
}

/// Brings a value into the form that the attribute's schema gives: names of sub-attributes in the
/// schema's spelling, integers as integers, and the deviations of `leniency` undone.
///
/// `null` and `[]` pass as they are (*cleared*). Sub-attributes that the schema does not know and
/// what is below [`Kind::Any`] stay as they came.
///
/// # Errors
/// The first value whose type is not the schema's.
pub fn coerce<'a>(
    value: Value<'a>,
    attribute: &Attribute,
    leniency: Leniency,
) -> Result<Value<'a>, TypeMismatch> {
    if value.is_cleared() || attribute.kind == Kind::Any {
        return Ok(value);
    }
    let within = |error: TypeMismatch| error.within(&attribute.name);
    match value {
        Value::Array(elements) if attribute.multi_valued => {
            let elements = elements.into_iter().map(|element| single(element, attribute, leniency));
            Ok(Value::Array(elements.collect::<Result<_, _>>().map_err(within)?))
        }
        Value::Array(elements) => {
            let element = only_element(elements, attribute, leniency).map_err(within)?;
            single(element, attribute, leniency).map_err(within)
        }
        one if attribute.multi_valued && leniency.object_as_array => {
            Ok(Value::Array(vec![single(one, attribute, leniency).map_err(within)?]))
        }
        one if attribute.multi_valued => Err(within(mismatch("an array", &one))),
        one => single(one, attribute, leniency).map_err(within),
    }
}

/// Brings one element of a multi-valued attribute, or the value of a singular one, into the
/// schema's form. As [`coerce`], but an array is never right here.
///
/// # Errors
/// The first value whose type is not the schema's.
pub fn coerce_element<'a>(
    value: Value<'a>,
    attribute: &Attribute,
    leniency: Leniency,
) -> Result<Value<'a>, TypeMismatch> {
    single(value, attribute, leniency).map_err(|error| error.within(&attribute.name))
}

/// Errors of this function have a path relative to the attribute.
fn single<'a>(
    value: Value<'a>,
    attribute: &Attribute,
    leniency: Leniency,
) -> Result<Value<'a>, TypeMismatch> {
    let expected = match (attribute.kind, value) {
        (Kind::Any, value) => return Ok(value),
        (Kind::Complex, value) => return complex(value, attribute, leniency),
        (
            Kind::String | Kind::DateTime | Kind::Binary | Kind::Reference,
            text @ Value::String(_),
        ) => return Ok(text),
        (Kind::Boolean, Value::Bool(value)) => return Ok(Value::Bool(value)),
        (Kind::Boolean, value) => match boolean(&value).filter(|_| leniency.string_booleans) {
            Some(read) => return Ok(Value::Bool(read)),
            None => ("a boolean", value),
        },
        (Kind::Decimal, number @ Value::Number(_)) => return Ok(number),
        (Kind::Decimal, value) => ("a number", value),
        (Kind::Integer, Value::Number(number)) if number.is_whole() => {
            return Ok(Value::Number(integer(number, leniency)));
        }
        (Kind::Integer, value) => ("an integer", value),
        (_, value) => ("a string", value),
    };
    Err(mismatch(expected.0, &expected.1))
}

fn complex<'a>(
    value: Value<'a>,
    attribute: &Attribute,
    leniency: Leniency,
) -> Result<Value<'a>, TypeMismatch> {
    match value {
        Value::Object(object) => Ok(Value::Object(members(object, attribute, leniency)?)),
        Value::Array(_) | Value::Null => Err(mismatch("an object", &value)),
        simple => match attribute.attribute("value").filter(|_| leniency.value_as_complex) {
            Some(sub) => {
                let value = coerce(simple, sub, leniency)?;
                Ok(Value::Object([(Cow::Owned(sub.name.clone()), value)].into_iter().collect()))
            }
            None => Err(mismatch("an object", &simple)),
        },
    }
}

fn members<'a>(
    object: Object<'a>,
    attribute: &Attribute,
    leniency: Leniency,
) -> Result<Object<'a>, TypeMismatch> {
    if let Some(name) = twice(&object, |name| attribute.attribute(name).is_some()) {
        let mismatch = TypeMismatch {
            path: String::new(),
            expected: "there once",
            found: "there twice (case does not tell names apart)",
        };
        let name = attribute.attribute(name).map_or(name, |sub| sub.name.as_str());
        return Err(mismatch.within(name));
    }
    let mut known = InOrder::new(&attribute.attributes);
    object
        .into_iter()
        .map(|(name, value)| match known.find(&name) {
            Some(sub) => Ok((spelt(name, &sub.name), coerce(value, sub, leniency)?)),
            None => Ok((name, value)),
        })
        .collect()
}

/// The name as the schema spells it.
pub(crate) fn spelt<'a>(name: Cow<'a, str>, schema: &str) -> Cow<'a, str> {
    if name == schema { name } else { Cow::Owned(schema.to_owned()) }
}

fn only_element<'a>(
    elements: Vec<Value<'a>>,
    attribute: &Attribute,
    leniency: Leniency,
) -> Result<Value<'a>, TypeMismatch> {
    let mut elements = elements.into_iter();
    match (elements.next(), elements.next()) {
        (Some(element), None) if attribute.kind == Kind::Complex && leniency.value_as_complex => {
            Ok(element)
        }
        _ => {
            Err(TypeMismatch { path: String::new(), expected: "a single value", found: "an array" })
        }
    }
}

fn boolean(value: &Value<'_>) -> Option<bool> {
    let text = value.as_str()?;
    [("true", true), ("false", false)]
        .into_iter()
        .find_map(|(name, value)| text.eq_ignore_ascii_case(name).then_some(value))
}

/// `3.0` as `3` where that is asked for.
fn integer(number: Number<'_>, leniency: Leniency) -> Number<'_> {
    let plain = leniency.plain_integers.then(|| number.whole()?.parse().ok()).flatten();
    plain.map_or(number, |plain: i64| plain.into())
}

fn mismatch(expected: &'static str, found: &Value<'_>) -> TypeMismatch {
    TypeMismatch { path: String::new(), expected, found: found.type_name() }
}

impl TypeMismatch {
    fn within(mut self, name: &str) -> Self {
        let joint = if self.path.is_empty() {
            ""
        } else if super::schema::is_urn(name) {
            ":"
        } else {
            "."
        };
        self.path = format!("{name}{joint}{}", self.path);
        self
    }
}
