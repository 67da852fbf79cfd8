//! Filters of RFC 7644 section 3.4.2.2, read and answered apart from the engine's grammar.

use super::draft::{Attr, Kind};
use super::tree::Tree;

#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    Compare(Vec<String>, String, Tree),
    Present(Vec<String>),
    And(Box<Ask>, Box<Ask>),
    Or(Box<Ask>, Box<Ask>),
    Not(Box<Ask>),
    Within(Vec<String>, Box<Ask>),
}

/// Who answers: of several values and of none, `ne` is read in two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// One value is unlike it, or there is none.
    Client,
    /// No value is like it.
    Upstream,
    /// As a database: what is not there is not unlike.
    Database,
}

/// The names of a path; a URN's dots are no steps.
pub fn names(path: &str) -> Vec<String> {
    let split = |rest: &str| rest.split('.').map(str::to_owned).collect::<Vec<_>>();
    let lower = path.to_ascii_lowercase();
    for core in ["user", "group"].map(|of| format!("urn:ietf:params:scim:schemas:core:2.0:{of}:")) {
        if lower.starts_with(&core) {
            return split(&path[core.len()..]);
        }
    }
    if !lower.starts_with("urn:") {
        return split(path);
    }
    let end = lower.find(":2.0:user").map_or(path.len(), |at| at + ":2.0:user".len());
    let (urn, rest) = path.split_at(end);
    let rest = rest.trim_start_matches(':');
    let rest = if rest.is_empty() { Vec::new() } else { split(rest) };
    std::iter::once(urn.to_owned()).chain(rest).collect()
}

/// The attribute at a path, if the schema lists it.
pub fn attr<'a>(attributes: &'a [Attr], names: &[String]) -> Option<&'a Attr> {
    let (first, rest) = names.split_first()?;
    let found = attributes.iter().find(|attr| attr.name.eq_ignore_ascii_case(first))?;
    if rest.is_empty() { Some(found) } else { attr(&found.subs, rest) }
}

impl Ask {
    /// As a client writes it.
    pub fn print(&self) -> String {
        let path = |names: &[String]| match names.split_first() {
            Some((urn, rest)) if urn.starts_with("urn:") => format!("{urn}:{}", rest.join(".")),
            _ => names.join("."),
        };
        match self {
            Self::Compare(names, operator, value) => format!("{} {operator} {value}", path(names)),
            Self::Present(names) => format!("{} pr", path(names)),
            Self::And(a, b) => format!("({}) and ({})", a.print(), b.print()),
            Self::Or(a, b) => format!("({}) or ({})", a.print(), b.print()),
            Self::Not(a) => format!("not ({})", a.print()),
            Self::Within(names, a) => format!("{}[{}]", path(names), a.print()),
        }
    }

    /// Whether it asks of the attribute of that name, or of what is below it.
    pub fn names(&self, name: &str) -> bool {
        match self {
            Self::Compare(names, ..) | Self::Present(names) | Self::Within(names, _) => {
                names.first().is_some_and(|first| first.eq_ignore_ascii_case(name))
            }
            Self::And(a, b) | Self::Or(a, b) => a.names(name) || b.names(name),
            Self::Not(a) => a.names(name),
        }
    }

    pub fn read(text: &str) -> Option<Self> {
        let mut reader = Reader { rest: text };
        let ask = reader.either()?;
        reader.rest.trim().is_empty().then_some(ask)
    }

    pub fn holds(&self, tree: &Tree, attributes: &[Attr], reading: Reading) -> bool {
        let holds = |ask: &Self| ask.holds(tree, attributes, reading);
        match self {
            Self::And(a, b) => holds(a) && holds(b),
            Self::Or(a, b) => holds(a) || holds(b),
            Self::Not(a) => !holds(a),
            Self::Present(names) => values(tree, names).iter().any(|value| !value.is_nothing()),
            Self::Compare(names, operator, wanted) => {
                let attribute = attr(attributes, names);
                compare(&simple(tree, names), attribute, operator, wanted, reading)
            }
            Self::Within(names, ask) => {
                let subs = attr(attributes, names).map_or(&[][..], |attr| &attr.subs);
                let simple = attr(attributes, names).is_some_and(|a| a.kind != Kind::Complex);
                let of = values(tree, names);
                of.into_iter().filter(|value| !value.is_nothing()).any(|one| match simple {
                    true => {
                        let wrapped = Tree::Object(vec![("value".to_owned(), one.clone())]);
                        ask.holds(&wrapped, subs, reading)
                    }
                    false => ask.holds(one, subs, reading),
                })
            }
        }
    }
}

/// The values at a path, of all elements.
fn values<'t>(tree: &'t Tree, names: &[String]) -> Vec<&'t Tree> {
    let Some((first, rest)) = names.split_first() else {
        return match tree {
            Tree::Array(elements) => elements.iter().collect(),
            one => vec![one],
        };
    };
    let of: Vec<&Tree> = match tree {
        Tree::Array(elements) => elements.iter().collect(),
        one => vec![one],
    };
    of.into_iter().filter_map(|one| one.get(first)).flat_map(|one| values(one, rest)).collect()
}

/// As [`values`]; an element stands for its `value`.
fn simple<'t>(tree: &'t Tree, names: &[String]) -> Vec<&'t Tree> {
    let of = values(tree, names).into_iter();
    of.filter_map(|one| if one.members().is_empty() { Some(one) } else { one.get("value") })
        .filter(|one| !one.is_nothing())
        .collect()
}

fn compare(
    values: &[&Tree],
    attribute: Option<&Attr>,
    operator: &str,
    wanted: &Tree,
    reading: Reading,
) -> bool {
    let one = |operator: &str, value: &Tree| single(value, attribute, operator, wanted);
    let absent = values.is_empty();
    if *wanted == Tree::Null {
        return if operator == "eq" { absent } else { operator == "ne" && !absent };
    }
    match (operator, reading) {
        ("ne", Reading::Client) => absent || values.iter().any(|value| !one("eq", value)),
        ("ne", Reading::Upstream) => !values.iter().any(|value| one("eq", value)),
        ("ne", Reading::Database) => !absent && !values.iter().any(|value| one("eq", value)),
        _ => values.iter().any(|value| one(operator, value)),
    }
}

fn single(value: &Tree, attribute: Option<&Attr>, operator: &str, wanted: &Tree) -> bool {
    let order = match (value, wanted) {
        (Tree::Text(a), Tree::Text(b)) => {
            let kind = attribute.map(|attr| attr.kind);
            if kind == Some(Kind::Date)
                && let (Some(a), Some(b)) = (seconds(a), seconds(b))
            {
                return ordered(a.total_cmp(&b), operator);
            }
            let fold = |text: &str| match attribute.is_some_and(Attr::is_exact) {
                true => text.to_owned(),
                false => text.to_lowercase(),
            };
            let (a, b) = (fold(a), fold(b));
            match operator {
                "co" => return a.contains(&b),
                "sw" => return a.starts_with(&b),
                "ew" => return a.ends_with(&b),
                _ => a.cmp(&b),
            }
        }
        (Tree::Number(a), Tree::Number(b)) => {
            let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
            number(a).total_cmp(&number(b))
        }
        (Tree::Bool(a), Tree::Bool(b)) if operator == "eq" => return a == b,
        _ => return false,
    };
    ordered(order, operator)
}

fn ordered(order: std::cmp::Ordering, operator: &str) -> bool {
    match operator {
        "eq" => order.is_eq(),
        "gt" => order.is_gt(),
        "ge" => order.is_ge(),
        "lt" => order.is_lt(),
        "le" => order.is_le(),
        _ => false,
    }
}

/// The seconds since the epoch of a dateTime.
fn seconds(text: &str) -> Option<f64> {
    let stamp: jiff::Timestamp = text.parse().ok()?;
    Some(stamp.as_nanosecond() as f64 / 1e9)
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn takes(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start();
        let there = rest.get(..token.len()).is_some_and(|head| head.eq_ignore_ascii_case(token));
        if there {
            self.rest = rest.get(token.len()..).unwrap_or_default();
        }
        there
    }

    fn either(&mut self) -> Option<Ask> {
        let mut ask = self.both()?;
        while self.takes("or ") {
            ask = Ask::Or(Box::new(ask), Box::new(self.both()?));
        }
        Some(ask)
    }

    fn both(&mut self) -> Option<Ask> {
        let mut ask = self.term()?;
        while self.takes("and ") {
            ask = Ask::And(Box::new(ask), Box::new(self.term()?));
        }
        Some(ask)
    }

    fn term(&mut self) -> Option<Ask> {
        if self.takes("not ") || self.takes("not(") {
            let open = self.rest.trim_start().strip_prefix('(').unwrap_or(self.rest);
            self.rest = open;
            return self.closed().map(|ask| Ask::Not(Box::new(ask)));
        }
        if self.takes("(") {
            return self.closed();
        }
        let path = self.word("[)] ")?;
        let path = names(&path);
        if self.takes("[") {
            let ask = self.either()?;
            return self.takes("]").then(|| Ask::Within(path, Box::new(ask)));
        }
        let operator = self.word(" )]")?.to_ascii_lowercase();
        if operator == "pr" {
            return Some(Ask::Present(path));
        }
        let rest = self.rest.trim_start();
        let end = match rest.strip_prefix('"') {
            Some(inner) => {
                let mut escaped = false;
                let close = inner.find(|c| {
                    let closes = c == '"' && !escaped;
                    escaped = c == '\\' && !escaped;
                    closes
                })?;
                close + 2
            }
            None => rest.find([' ', ')', ']']).unwrap_or(rest.len()),
        };
        let (value, rest) = rest.split_at(end);
        self.rest = rest;
        Some(Ask::Compare(path, operator, Tree::read(value.as_bytes())?))
    }

    fn closed(&mut self) -> Option<Ask> {
        let ask = self.either()?;
        self.takes(")").then_some(ask)
    }

    fn word(&mut self, ends: &str) -> Option<String> {
        let rest = self.rest.trim_start();
        let end = rest.find(|c| ends.contains(c)).unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then(|| word.to_owned())
    }
}
