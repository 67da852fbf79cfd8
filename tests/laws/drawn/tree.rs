//! JSON as the laws compare it: numbers are their text, members and elements keep their order.
//!
//! It shares no code with the engine, nor with a library that the engine reads by.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tree {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub fn number(number: impl fmt::Display) -> Self {
        Self::Number(number.to_string())
    }

    /// What a body says; `None` where it is no JSON.
    pub fn read(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let mut reader = Reader { rest: text };
        let tree = reader.value()?;
        reader.blank();
        reader.rest.is_empty().then_some(tree)
    }

    pub fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    pub fn elements(&self) -> &[Self] {
        match self {
            Self::Array(elements) => elements,
            _ => &[],
        }
    }

    pub fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut Self> {
        let Self::Object(members) = self else { return None };
        members.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn at(&self, names: &[String]) -> Option<&Self> {
        names.iter().try_fold(self, |at, name| at.get(name))
    }

    pub fn set(&mut self, name: &str, value: Self) {
        if let Some(there) = self.get_mut(name) {
            *there = value;
        } else if let Self::Object(members) = self {
            members.push((name.to_owned(), value));
        }
    }

    pub fn remove(&mut self, name: &str) {
        if let Self::Object(members) = self {
            members.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        }
    }

    pub fn without(mut self, names: &[&str]) -> Self {
        names.iter().for_each(|name| self.remove(name));
        self
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it says nothing (RFC 7643 section 2.5).
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Array(elements) => elements.iter().all(Self::is_nothing),
            Self::Object(members) => members.iter().all(|(_, value)| value.is_nothing()),
            _ => false,
        }
    }

    /// Without the members of objects that say nothing, at every depth (RFC 7643 section 2.5); elements
    /// as they are. `None` where nothing is said at all.
    pub fn settled(&self) -> Option<Self> {
        match self {
            Self::Object(members) => {
                let members = members.iter().filter(|(_, value)| !value.is_nothing());
                let kept =
                    members.filter_map(|(name, value)| Some((name.clone(), value.settled()?)));
                let kept: Vec<_> = kept.collect();
                (!kept.is_empty()).then_some(Self::Object(kept))
            }
            other => (!other.is_nothing()).then(|| other.clone()),
        }
    }

    /// Without members and elements that are objects and say nothing, and members that are null (RFC 7643
    /// section 2.5), members sorted; all else as it is.
    pub fn said(&self) -> Self {
        if let Self::Array(elements) = self {
            let empty = |one: &&Self| matches!(one, Self::Object(_)) && one.is_nothing();
            return Self::Array(
                elements.iter().filter(|one| !empty(one)).map(Self::said).collect(),
            );
        }
        let Self::Object(members) = self else { return self.clone() };
        let said = members.iter().filter(|(_, value)| !value.is_nothing());
        let mut said: Vec<_> = said.map(|(n, value)| (n.clone(), value.said())).collect();
        said.sort();
        Self::Object(said)
    }

    /// Each value that holds no other, with the names and positions that lead to it.
    pub fn leaves(&self) -> Vec<(Vec<Step>, &Self)> {
        let mut found = Vec::new();
        self.walk(&mut Vec::new(), &mut found);
        found
    }

    fn walk<'t>(&'t self, at: &mut Vec<Step>, found: &mut Vec<(Vec<Step>, &'t Self)>) {
        match self {
            Self::Object(members) => {
                for (name, value) in members {
                    at.push(Step::Name(name.clone()));
                    value.walk(at, found);
                    at.pop();
                }
            }
            Self::Array(elements) => {
                for (index, value) in elements.iter().enumerate() {
                    at.push(Step::Index(index));
                    value.walk(at, found);
                    at.pop();
                }
            }
            _ => found.push((at.clone(), self)),
        }
    }

    pub fn follow(&mut self, steps: &[Step]) -> Option<&mut Self> {
        let Some((first, rest)) = steps.split_first() else { return Some(self) };
        match (self, first) {
            (Self::Object(members), Step::Name(name)) => {
                members.iter_mut().find(|(n, _)| n == name)?.1.follow(rest)
            }
            (Self::Array(elements), Step::Index(index)) => elements.get_mut(*index)?.follow(rest),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Name(String),
    Index(usize),
}

pub fn object<const N: usize>(members: [(&str, Tree); N]) -> Tree {
    Tree::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => f.write_str(number),
            Self::Text(text) => quoted(f, text),
            Self::Array(elements) => {
                f.write_str("[")?;
                for (at, element) in elements.iter().enumerate() {
                    let comma = if at > 0 { "," } else { "" };
                    write!(f, "{comma}{element}")?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (at, (name, value)) in members.iter().enumerate() {
                    f.write_str(if at > 0 { "," } else { "" })?;
                    quoted(f, name)?;
                    write!(f, ":{value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn blank(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn takes(&mut self, token: &str) -> bool {
        self.blank();
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn value(&mut self) -> Option<Tree> {
        self.blank();
        match self.rest.chars().next()? {
            '{' => self.object(),
            '[' => self.array(),
            '"' => self.string().map(Tree::Text),
            _ if self.takes("null") => Some(Tree::Null),
            _ if self.takes("true") => Some(Tree::Bool(true)),
            _ if self.takes("false") => Some(Tree::Bool(false)),
            _ => {
                let number = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
                let end = self.rest.find(|c| !number(c)).unwrap_or(self.rest.len());
                let (number, rest) = self.rest.split_at(end);
                self.rest = rest;
                (!number.is_empty()).then(|| Tree::Number(number.to_owned()))
            }
        }
    }

    fn object(&mut self) -> Option<Tree> {
        let mut members = Vec::new();
        self.takes("{");
        if self.takes("}") {
            return Some(Tree::Object(members));
        }
        loop {
            self.blank();
            let name = self.string()?;
            if !self.takes(":") {
                return None;
            }
            members.push((name, self.value()?));
            if self.takes("}") {
                return Some(Tree::Object(members));
            }
            if !self.takes(",") {
                return None;
            }
        }
    }

    fn array(&mut self) -> Option<Tree> {
        let mut elements = Vec::new();
        self.takes("[");
        if self.takes("]") {
            return Some(Tree::Array(elements));
        }
        loop {
            elements.push(self.value()?);
            if self.takes("]") {
                return Some(Tree::Array(elements));
            }
            if !self.takes(",") {
                return None;
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        self.rest = self.rest.strip_prefix('"')?;
        let mut text = String::new();
        loop {
            let c = self.rest.chars().next()?;
            self.rest = self.rest.get(c.len_utf8()..)?;
            match c {
                '"' => return Some(text),
                '\\' => {
                    let escaped = self.rest.chars().next()?;
                    self.rest = self.rest.get(escaped.len_utf8()..)?;
                    text.push(match escaped {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        'b' => '\u{8}',
                        'f' => '\u{c}',
                        'u' => {
                            let code = u32::from_str_radix(self.rest.get(..4)?, 16).ok()?;
                            self.rest = self.rest.get(4..)?;
                            char::from_u32(code)?
                        }
                        other => other,
                    });
                }
                c => text.push(c),
            }
        }
    }
}
