//! The oracle of filters (RFC 7644 section 3.4.2.2): its own form, its own evaluation, and arbitrary
//! filters that find something now and then.

use serde_json::{Value, json};

use super::oracle::kept;
use super::speech::{has, spoken_path, steps};
use super::tables::{ENTERPRISE, How, how};

/// A filter over canonical leaves.
#[derive(Clone, Debug)]
pub enum Ask {
    Compare(String, &'static str, Value),
    Present(String),
    /// Some element of the attribute satisfies all of these.
    Element(String, Vec<Ask>),
    All(Vec<Ask>),
    Any(Vec<Ask>),
    Not(Box<Ask>),
}

impl Ask {
    /// Whether the canonical user satisfies it.
    pub fn holds(&self, x: &Value) -> bool {
        match self {
            Self::Compare(leaf, operator, literal) => {
                compare(&values(x, leaf), leaf, operator, literal)
            }
            Self::Present(leaf) => values(x, leaf).into_iter().any(present),
            Self::Element(array, terms) => {
                let elements = x.get(array).and_then(Value::as_array).into_iter().flatten();
                let whole = |element: &Value| json!({ array: [element] });
                elements.map(whole).any(|one| terms.iter().all(|term| term.holds(&one)))
            }
            Self::All(terms) => terms.iter().all(|term| term.holds(x)),
            Self::Any(terms) => terms.iter().any(|term| term.holds(x)),
            Self::Not(term) => !term.holds(x),
        }
    }

    /// The filter in a client's words.
    pub fn text(&self, client: &str) -> String {
        let all = |terms: &[Self], word: &str| {
            let terms: Vec<_> =
                terms.iter().map(|term| format!("({})", term.text(client))).collect();
            terms.join(word)
        };
        match self {
            Self::Compare(leaf, operator, literal) => {
                format!("{} {operator} {literal}", spoken_path(client, leaf))
            }
            Self::Present(leaf) => format!("{} pr", spoken_path(client, leaf)),
            Self::Element(array, terms) => {
                let inner: Vec<_> = terms.iter().map(|term| term.text(client)).collect();
                format!("{array}[{}]", inner.join(" and ").replace(&format!("{array}."), ""))
            }
            Self::All(terms) => all(terms, " and "),
            Self::Any(terms) => all(terms, " or "),
            Self::Not(term) => format!("not ({})", term.text(client)),
        }
    }
}

fn values<'x>(x: &'x Value, leaf: &str) -> Vec<&'x Value> {
    steps(leaf).into_iter().fold(vec![x], |at, name| {
        at.into_iter().filter_map(|value| value.get(name)).flat_map(spread).collect()
    })
}

fn spread(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(elements) => elements.iter().collect(),
        one => vec![one],
    }
}

fn present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(elements) => elements.iter().any(present),
        Value::Object(members) => members.values().any(present),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// An absent value is unlike any; of several values one is enough.
fn compare(values: &[&Value], leaf: &str, operator: &str, literal: &Value) -> bool {
    let mut found = values.iter().filter(|value| !value.is_null()).peekable();
    if found.peek().is_none() {
        return operator == "ne";
    }
    found.any(|value| match (value, literal) {
        (Value::String(text), Value::String(wanted)) => {
            let fold = |text: &str| if exact(leaf) { text.to_owned() } else { text.to_lowercase() };
            let (text, wanted) = (fold(text), fold(wanted));
            match operator {
                "eq" => text == wanted,
                "ne" => text != wanted,
                "co" => text.contains(&wanted),
                "sw" => text.starts_with(&wanted),
                other => panic!("no such operator: {other}"),
            }
        }
        (value, wanted) => {
            (operator == "eq") == (*value == wanted) && ["eq", "ne"].contains(&operator)
        }
    })
}

/// RFC 7643 sections 2.3.6, 2.3.7, 3.1 and 8.7.1.
fn exact(leaf: &str) -> bool {
    let manager = format!("{ENTERPRISE}.manager.");
    leaf == "externalId"
        || leaf == "x509Certificates.value"
        || leaf == "profileUrl"
        || leaf == "photos.value"
        || leaf == "groups.value"
        || leaf == format!("{manager}value")
        || leaf.ends_with("$ref")
}

/// A filter over what these canonical users have and the client can name, by the numbers drawn.
pub fn asked(client: &str, users: &[Value], drawn: &[u16]) -> Ask {
    let nameable = |leaf: &str| has(client, leaf) && how(client, leaf) != Some(How::Secret);
    let mut leaves = vec![
        ("userName".to_owned(), json!("nobody@corp.example")),
        ("active".to_owned(), json!(false)),
    ];
    for user in users {
        collect(&kept(user, "", &nameable), "", &mut leaves);
    }
    Dice { drawn, at: 0 }.ask(&leaves, 2)
}

fn collect(x: &Value, at: &str, leaves: &mut Vec<(String, Value)>) {
    match x {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            let dot = if at.is_empty() { "" } else { "." };
            collect(value, &format!("{at}{dot}{name}"), leaves);
        }),
        Value::Array(elements) => elements.iter().for_each(|one| collect(one, at, leaves)),
        Value::Null => {}
        leaf => leaves.push((at.to_owned(), leaf.clone())),
    }
}

struct Dice<'d> {
    drawn: &'d [u16],
    at: usize,
}

impl Dice<'_> {
    fn roll(&mut self, sides: usize) -> usize {
        let drawn = self.drawn.get(self.at % self.drawn.len().max(1)).copied().unwrap_or_default();
        self.at += 1;
        usize::from(drawn) % sides.max(1)
    }

    fn ask(&mut self, leaves: &[(String, Value)], depth: usize) -> Ask {
        match self.roll(if depth == 0 { 4 } else { 8 }) {
            0..=2 => self.compare(leaves),
            3 => Ask::Present(leaves[self.roll(leaves.len())].0.clone()),
            4 => self.element(leaves),
            5 => Ask::All((0..2).map(|_| self.ask(leaves, depth - 1)).collect()),
            6 => Ask::Any((0..2).map(|_| self.ask(leaves, depth - 1)).collect()),
            _ => Ask::Not(Box::new(self.ask(leaves, depth - 1))),
        }
    }

    fn compare(&mut self, leaves: &[(String, Value)]) -> Ask {
        let (leaf, value) = leaves[self.roll(leaves.len())].clone();
        let operator = ["eq", "eq", "ne", "co", "sw"][self.roll(5)];
        let Value::String(text) = &value else {
            return Ask::Compare(leaf, if operator == "ne" { "ne" } else { "eq" }, value);
        };
        let part: String = match operator {
            "co" => text.chars().skip(1).take(3).collect(),
            "sw" => text.chars().take(2).collect(),
            _ => text.clone(),
        };
        let part = if part.is_empty() { text.clone() } else { part };
        let part = if self.roll(3) == 0 { part.to_ascii_uppercase() } else { part };
        Ask::Compare(leaf, operator, part.into())
    }

    fn element(&mut self, leaves: &[(String, Value)]) -> Ask {
        let arrays = ["emails", "phoneNumbers", "addresses", "roles"];
        let array = arrays[self.roll(arrays.len())];
        let within = format!("{array}.");
        let inner: Vec<_> =
            leaves.iter().filter(|(leaf, _)| leaf.starts_with(&within)).cloned().collect();
        if inner.is_empty() {
            return self.compare(leaves);
        }
        let terms = 1 + self.roll(2);
        Ask::Element(array.to_owned(), (0..terms).map(|_| self.compare(&inner)).collect())
    }
}
