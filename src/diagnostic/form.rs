//! What may stand at a key, as its reader tells it: forms of values, and what the keys of one table
//! demand of one another. It knows no file format.

use serde_json::{Map, Value, json};

/// A form of a value, beside words, lists and tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Whatever TOML can say.
    Any,
    Boolean,
    /// A whole number from the one to the other, both taken.
    Integer(usize, usize),
    Number,
    /// A number from 0 to 1.
    Share,
    /// A text with a match of this pattern (ECMA-262, as JSON Schema has it) somewhere in it. The pattern
    /// refuses nothing that the reader takes.
    Text(&'static str),
}

/// A text of any kind.
pub const TEXT: Form = Form::Text("");

/// What the keys of one table demand of one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clause {
    /// Exactly one of these is there.
    One(&'static [&'static str]),
    /// At least one of these is there.
    Some(&'static [&'static str]),
    /// Where the first is there, and no empty list, the second is too.
    Needs(&'static str, &'static str),
    /// Where the first is there, the second is not.
    Bars(&'static str, &'static str),
    /// Where the first is true, the second is not there.
    FlagBars(&'static str, &'static str),
    /// Where the first is this word, the other is not there.
    WordBars(&'static str, &'static str, &'static str),
}

impl Form {
    pub(super) fn schema(self) -> Value {
        match self {
            Self::Any => json!({}),
            Self::Boolean => json!({ "type": "boolean" }),
            Self::Integer(only, most) if only == most => json!({ "const": only }),
            Self::Integer(least, usize::MAX) => json!({ "type": "integer", "minimum": least }),
            Self::Integer(least, most) => {
                json!({ "type": "integer", "minimum": least, "maximum": most })
            }
            Self::Number => json!({ "type": "number" }),
            Self::Share => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
            Self::Text("") => json!({ "type": "string" }),
            Self::Text(pattern) => json!({ "type": "string", "pattern": pattern }),
        }
    }

    /// Whether a number or boolean is of this form.
    pub(super) fn has(self, value: &Value) -> bool {
        match self {
            Self::Boolean => value.is_boolean(),
            Self::Integer(..) => value.is_u64(),
            Self::Number | Self::Share => value.is_number(),
            Self::Text(_) => value.is_string(),
            Self::Any => false,
        }
    }
}

impl Clause {
    /// Whether the key is one of several of which one has to be there.
    pub(super) fn is_choice_of(self, key: &str) -> bool {
        matches!(self, Self::One(keys) | Self::Some(keys) if keys.contains(&key))
    }

    pub(super) fn schema(self) -> Value {
        let there = |key: &&str| json!({ "required": [key] });
        let never = |key: &str, value: Option<Value>, other: &str| {
            let is = value.map(|value| (key.to_owned(), json!({ "const": value })));
            let is: Map<_, _> = is.into_iter().collect();
            json!({ "not": { "required": [key, other], "properties": is } })
        };
        match self {
            Self::One(keys) => json!({ "oneOf": keys.iter().map(there).collect::<Vec<_>>() }),
            Self::Some([only]) => there(only),
            Self::Some(keys) => json!({ "anyOf": keys.iter().map(there).collect::<Vec<_>>() }),
            Self::Needs(key, other) => {
                json!({ "anyOf": [{ "properties": { key: { "const": [] } } }, there(&other)] })
            }
            Self::Bars(key, other) => never(key, None, other),
            Self::FlagBars(key, other) => never(key, Some(Value::Bool(true)), other),
            Self::WordBars(key, word, other) => never(key, Some(Value::from(word)), other),
        }
    }
}
