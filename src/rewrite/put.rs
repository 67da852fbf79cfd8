//! put: the client's view laid over the resource that the upstream already has (design 6c).
//!
//! Three resources in the upstream's words: `old` is what it has; `shown` is what the client's view
//! of `old` comes to when it is sent back unchanged; `new` is what the client's request comes to.
//! Where `new` says what `shown` says, the client changed nothing and `old` stays verbatim: that
//! gives GetPut for pick, n:1 values, coercion and case alike. What neither says is hidden, and stays.

use crate::scim::schema::{Attribute, Kind, Schema};
use crate::scim::{Object, Value};

/// The merged resource; what the client cleared is absent from it.
pub fn put<'a>(
    old: &Object<'a>,
    new: &Object<'a>,
    shown: &Object<'a>,
    schema: &Schema,
) -> Object<'a> {
    object(old, new, shown, &schema.attributes)
}

fn object<'a>(
    old: &Object<'a>,
    new: &Object<'a>,
    shown: &Object<'a>,
    attributes: &[Attribute],
) -> Object<'a> {
    let mut merged = Object::new();
    for name in members(old, new, attributes) {
        let attribute = attributes.iter().find(|a| a.name.eq_ignore_ascii_case(&name));
        let value = member(said(old.get(&name)), new.get(&name), said(shown.get(&name)), attribute);
        if let Some(value) = value {
            merged.push(name, value);
        }
    }
    merged
}

/// Known attributes in the schema's order, then the rest as they come.
fn members<'a>(
    old: &Object<'a>,
    new: &Object<'a>,
    attributes: &[Attribute],
) -> Vec<std::borrow::Cow<'a, str>> {
    let mut names: Vec<std::borrow::Cow<'a, str>> = Vec::new();
    for (name, _) in old.borrowed().iter().chain(new.borrowed().iter()) {
        if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            names.push(std::borrow::Cow::Owned(name.to_owned()));
        }
    }
    names.sort_by_key(|name| {
        attributes.iter().position(|a| a.name.eq_ignore_ascii_case(name)).unwrap_or(usize::MAX)
    });
    names
}

fn said<'v, 'a>(value: Option<&'v Value<'a>>) -> Option<&'v Value<'a>> {
    value.filter(|value| !value.is_cleared())
}

fn member<'a>(
    old: Option<&Value<'a>>,
    new: Option<&Value<'a>>,
    shown: Option<&Value<'a>>,
    attribute: Option<&Attribute>,
) -> Option<Value<'a>> {
    let complex = attribute.is_some_and(|a| a.kind == Kind::Complex);
    let below = attribute.map_or(&[][..], |attribute| attribute.attributes.as_slice());
    if complex && attribute.is_some_and(|a| a.multi_valued) {
        let none: &[Value<'a>] = &[];
        let list = |value: Option<&Value<'a>>| -> Vec<Value<'a>> {
            value.and_then(Value::as_array).unwrap_or(none).to_vec()
        };
        let merged = elements(&list(old), &list(new), &list(shown), below);
        return (!merged.is_empty()).then_some(Value::Array(merged));
    }
    if complex {
        let none = Object::new();
        let inner = |value: Option<&Value<'a>>| -> Object<'a> {
            value.and_then(Value::as_object).unwrap_or(&none).clone()
        };
        let merged = object(&inner(old), &inner(new), &inner(shown), below);
        return (!merged.is_empty()).then_some(Value::Object(merged));
    }
    let cleared = new.is_some_and(Value::is_cleared);
    let unchanged = !cleared && said(new) == shown;
    if unchanged { old.cloned() } else { said(new).cloned() }
}

/// Elements align with what was shown, and through it with the old ones (6c.5).
fn elements<'a>(
    old: &[Value<'a>],
    new: &[Value<'a>],
    shown: &[Value<'a>],
    attributes: &[Attribute],
) -> Vec<Value<'a>> {
    let seen = align(shown, old);
    let kept = align(new, shown);
    let none = Value::Object(Object::new());
    let mut placed = vec![false; new.len()];
    let mut merged = Vec::new();
    for (at, element) in old.iter().enumerate() {
        let shown_at = seen.iter().position(|o| *o == Some(at));
        let new_at = match shown_at {
            Some(shown_at) => kept.iter().position(|s| *s == Some(shown_at)),
            // Hidden from the client; it may still say the same element again.
            None => new.iter().enumerate().position(|(n, element_new)| {
                kept.get(n) == Some(&None)
                    && key(element_new).is_some()
                    && key(element_new) == key(element)
            }),
        };
        match (shown_at.and_then(|s| shown.get(s)), new_at) {
            (Some(_), None) => {}
            (None, None) => merged.push((joined(element, &none, &none, attributes), false)),
            (shown, Some(new_at)) => {
                let Some(said) = new.get(new_at) else { continue };
                if let Some(placed) = placed.get_mut(new_at) {
                    *placed = true;
                }
                let value = joined(element, said, shown.unwrap_or(&none), attributes);
                merged.push((value, primary(said)));
            }
        }
    }
    for (value, placed) in new.iter().zip(&placed) {
        if !placed {
            merged.push((value.clone(), primary(value)));
        }
    }
    one_primary(merged)
}

fn joined<'a>(
    old: &Value<'a>,
    new: &Value<'a>,
    shown: &Value<'a>,
    attributes: &[Attribute],
) -> Value<'a> {
    match (old, new, shown) {
        (Value::Object(old), Value::Object(new), Value::Object(shown)) => {
            Value::Object(object(old, new, shown, attributes))
        }
        _ => new.clone(),
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

/// For each of `from`, which of `to` it is: the same in all it says, else by `value`, else by
/// `type`, else the only one left on both sides.
fn align(from: &[Value<'_>], to: &[Value<'_>]) -> Vec<Option<usize>> {
    let mut pairs: Vec<Option<usize>> = vec![None; from.len()];
    let mut taken = vec![false; to.len()];
    let tests: [fn(&Value<'_>, &Value<'_>) -> bool; 3] = [
        within,
        |a, b| key(a).is_some() && key(a) == key(b),
        |a, b| kind(a).is_some() && kind(a) == kind(b),
    ];
    for test in tests {
        for (element, pair) in from.iter().zip(&mut pairs).filter(|(_, pair)| pair.is_none()) {
            let free = to
                .iter()
                .zip(&mut taken)
                .enumerate()
                .find(|(_, (candidate, taken))| !**taken && test(element, candidate));
            if let Some((at, (_, taken))) = free {
                *taken = true;
                *pair = Some(at);
            }
        }
    }
    if let ([pair @ None], [false]) = (pairs.as_mut_slice(), taken.as_slice()) {
        *pair = Some(0);
    }
    pairs
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

fn key<'v>(element: &'v Value<'_>) -> Option<&'v Value<'v>> {
    element.as_object()?.get("value")
}

fn kind(element: &Value<'_>) -> Option<String> {
    Some(element.as_object()?.get("type")?.as_str()?.to_lowercase())
}
