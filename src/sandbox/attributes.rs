//! Omni's user attributes: an administrator defines them with a type, and values are turned into it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::reply::Refusal;

/// The extension that holds them.
pub const ATTRIBUTES: &str = "urn:omni:params:1.0:UserAttribute";

/// The type of a user attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` and `false` come back as `yes` and `no`.
    YesNo,
    Text,
    Number,
    Texts,
}

/// The attributes that a sandbox's administrator has defined.
pub fn definitions() -> BTreeMap<String, Kind> {
    let defined = [
        ("good_blob", Kind::YesNo),
        ("is_beta", Kind::YesNo),
        ("department", Kind::Text),
        ("region", Kind::Text),
        ("cost_center", Kind::Text),
        ("employee_number", Kind::Text),
        ("title", Kind::Text),
        ("internal_note", Kind::Text),
        ("level", Kind::Number),
        ("tags", Kind::Texts),
    ];
    defined.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect()
}

/// Sets every attribute that is sent; `null` takes one away.
///
/// # Errors
/// An attribute that is not defined, or a value that its type cannot hold.
pub fn assign(
    defined: &BTreeMap<String, Kind>,
    attributes: &mut Map<String, Value>,
    sent: &Map<String, Value>,
) -> Result<(), Refusal> {
    for (name, value) in sent {
        let Some(kind) = defined.get(name) else {
            return Err(Refusal::invalid(format!("the user attribute `{name}` is not defined")));
        };
        if value.is_null() {
            attributes.remove(name);
            continue;
        }
        let wrong = || Refusal::invalid(format!("the user attribute `{name}` has another type"));
        attributes.insert(name.clone(), kind.of(value).ok_or_else(wrong)?);
    }
    Ok(())
}

impl Kind {
    fn of(self, value: &Value) -> Option<Value> {
        match (self, value) {
            (Self::YesNo, Value::Bool(yes)) => Some(json!(if *yes { "yes" } else { "no" })),
            (Self::YesNo | Self::Text, Value::String(_)) => Some(value.clone()),
            (Self::Text, Value::Bool(_) | Value::Number(_)) => Some(json!(value.to_string())),
            (Self::Number, Value::Number(_)) => Some(value.clone()),
            (Self::Number, Value::String(text)) => text
                .parse::<i64>()
                .map(Value::from)
                .or_else(|_| text.parse::<f64>().map(Value::from))
                .ok(),
            (Self::Texts, Value::Array(elements)) if elements.iter().all(Value::is_string) => {
                Some(value.clone())
            }
            _ => None,
        }
    }
}
