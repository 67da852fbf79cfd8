//! The information string of a case block: `json vendor operation=create source=https://…`.

use crate::diagnostic::{Code, did_you_mean};
use crate::dialect::code::{CASE_ATTRIBUTE, CASE_BLOCK};
use crate::rewrite::translate::Message;
use crate::scim::schema::Operation;

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A canonical resource or message.
    Canonical,
    /// The dialect's resource or message.
    Vendor,
    /// The places that are lost.
    Lost,
    /// A PATCH body.
    Patch,
    /// A filter, as text.
    Filter,
    /// An error's body.
    Error,
}

/// Which way a case goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Lift,
    Lower,
}

impl Kind {
    /// Whether the block's text is JSON.
    pub fn is_json(self) -> bool {
        self != Self::Filter
    }
}

pub(super) struct Info {
    pub kind: Kind,
    pub message: Option<Message>,
    pub direction: Option<Direction>,
    pub resource: Option<&'static str>,
    pub source: Option<String>,
}

/// Reads an information string; `None` for a block that is no part of a case, such as `sh`.
///
/// # Errors
/// Every mistake as code, message and hint.
pub(super) fn read(text: &str) -> Result<Option<Info>, Vec<(Code, String, String)>> {
    let mut words = text.split_whitespace();
    let language = words.next().unwrap_or_default();
    let Some(word) = words.next().filter(|_| ["json", "text"].contains(&language)) else {
        return Ok(None);
    };
    let mut mistakes = Vec::new();
    let kind = KINDS.iter().find(|(l, name, _)| *l == language && *name == word);
    if kind.is_none() {
        let names = KINDS.iter().map(|(_, name, _)| *name);
        let known = KINDS.map(|(language, name, _)| format!("`{language} {name}`")).join(", ");
        let message = format!("`{language} {word}` is not a kind of case block");
        mistakes.push((CASE_BLOCK, message, hint(word, names, &known)));
    }
    let mut info = Info {
        kind: Kind::Canonical,
        message: None,
        direction: None,
        resource: None,
        source: None,
    };
    for word in words {
        mistakes.extend(attribute(&mut info, word).err());
    }
    match kind {
        Some((_, _, kind)) if mistakes.is_empty() => Ok(Some(Info { kind: *kind, ..info })),
        _ => Err(mistakes),
    }
}

const KINDS: [(&str, &str, Kind); 6] = [
    ("json", "canonical", Kind::Canonical),
    ("json", "vendor", Kind::Vendor),
    ("json", "lost", Kind::Lost),
    ("json", "patch", Kind::Patch),
    ("text", "filter", Kind::Filter),
    ("json", "error", Kind::Error),
];

/// The resource types that cases are about.
const RESOURCES: [&str; 2] = ["User", "Group"];

const NAMES: [&str; 4] = ["operation", "direction", "resource", "source"];

fn attribute(info: &mut Info, word: &str) -> Result<(), (Code, String, String)> {
    let refuse = |what: String, hint: String| Err((CASE_ATTRIBUTE, what, hint));
    let (name, value) = word.split_once('=').unwrap_or((word, ""));
    let again = match name {
        "operation" => {
            let message = match value {
                "response" => Some(Message::Response),
                _ => Operation::named(value).map(Message::Request),
            };
            if message.is_none() {
                let words = Operation::ALL.map(Operation::name);
                let known = format!("{}, response", words.join(", "));
                let what = format!("`{value}` is not an operation");
                return refuse(what, hint(value, words, &known));
            }
            std::mem::replace(&mut info.message, message).is_some()
        }
        "direction" => {
            let direction = match value {
                "lift" => Direction::Lift,
                "lower" => Direction::Lower,
                _ => return refuse(format!("`{value}` is not a direction"), "lift, lower".into()),
            };
            info.direction.replace(direction).is_some()
        }
        "resource" => {
            let Some(resource) = RESOURCES.into_iter().find(|name| *name == value) else {
                let what = format!("`{value}` is not a resource type of cases");
                return refuse(what, hint(value, RESOURCES, &RESOURCES.join(", ")));
            };
            info.resource.replace(resource).is_some()
        }
        "source" if !value.is_empty() => info.source.replace(value.to_owned()).is_some(),
        _ => {
            let what = format!("`{word}` is not an attribute of a case block");
            return refuse(
                what,
                hint(name, NAMES, "operation=…, direction=…, resource=…, source=…"),
            );
        }
    };
    if again { refuse(format!("`{name}` twice"), "say it once".into()) } else { Ok(()) }
}

fn hint<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>, known: &str) -> String {
    match did_you_mean(word, candidates) {
        Some(meant) => format!("did you mean `{meant}`? allowed: {known}"),
        None => format!("allowed: {known}"),
    }
}
