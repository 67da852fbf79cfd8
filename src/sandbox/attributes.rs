//! Omni's user attributes: an administrator defines them with a type, and values are turned into it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::reply::VendorRefusal;

/// The extension that holds them.
pub const ATTRIBUTES: &str = "urn:omni:params:1.0:UserAttribute";

/// The type of a user attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OmniKind {
    /// `true` and `false` come back as `yes` and `no`.
    YesNo,
    Text,
    Number,
    Texts,
}

/// The attributes that a sandbox's administrator has defined.
pub fn definitions() -> BTreeMap<String, OmniKind> {
    let defined = [
        ("good_blob", OmniKind::YesNo),
        ("is_beta", OmniKind::YesNo),
        ("department", OmniKind::Text),
        ("region", OmniKind::Text),
        ("cost_center", OmniKind::Text),
        ("employee_number", OmniKind::Text),
        ("title", OmniKind::Text),
        ("internal_note", OmniKind::Text),
        ("level", OmniKind::Number),
        ("tags", OmniKind::Texts),
    ];
    defined.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect()
}

/// Sets every attribute that is sent; `null` takes one away.
///
/// # Errors
/// An attribute that is not defined, or a value that its type cannot hold.
pub fn assign(
    defined: &BTreeMap<String, OmniKind>,
    attributes: &mut Map<String, Value>,
    sent: &Map<String, Value>,
) -> Result<(), VendorRefusal> {
    for (name, value) in sent {
        let Some(kind) = defined.get(name) else {
            return Err(VendorRefusal::invalid(format!(
                "the user attribute `{name}` is not defined"
            )));
        };
        if value.is_null() {
            attributes.remove(name);
            continue;
        }
        let wrong =
            || VendorRefusal::invalid(format!("the user attribute `{name}` has another type"));
        attributes.insert(name.clone(), kind.of(value).ok_or_else(wrong)?);
    }
    Ok(())
}

impl OmniKind {
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
