//! Places: where in a resource a rule reads or writes.

use std::fmt::{self, Display, Formatter};

use crate::scim::filter::Literal;

/// An attribute path with at most one step into the elements of a multi-valued attribute.
///
/// `$.phoneNumbers[?@.type=='mobile'].value` is `members = ["phoneNumbers"]`,
/// `element = Where([("type", "mobile")])`, `rest = ["value"]`.
/// `$.emails[*]` is the same place as `$.emails` and is parsed to it (`element = Whole`).
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Member names from the top; never empty. The first may be an extension's URN.
    pub members: Vec<String>,
    pub element: Element,
    /// Member names below the element; empty where `element` is `Whole`.
    pub rest: Vec<String>,
}

/// The step from a multi-valued attribute to its elements.
#[derive(Clone, Debug, PartialEq)]
pub enum Element {
    /// No step: the attribute itself, with all that it holds.
    Whole,
    /// `[*]` followed by a member: every element.
    Each,
    /// `[?@.k=='v' && …]`: the elements with these values; never empty, sorted by name.
    Where(Vec<(String, Literal)>),
}

impl Place {
    /// The member names from the top of the resource, whatever step into elements lies between.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.members.iter().chain(&self.rest)
    }

    /// The same as the attribute path that they are.
    pub fn path(&self) -> Vec<String> {
        self.names().cloned().collect()
    }
}

/// The selector that names the place.
impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        self.members.iter().try_for_each(|name| member(f, name))?;
        match &self.element {
            Element::Whole => {}
            Element::Each => f.write_str("[*]")?,
            Element::Where(terms) => {
                let terms = terms.iter().map(|(name, literal)| match literal {
                    Literal::Null => format!("@.{name}==null"),
                    Literal::Bool(value) => format!("@.{name}=={value}"),
                    Literal::Number(number) => format!("@.{name}=={number}"),
                    Literal::String(text) => format!("@.{name}=={}", quoted(text)),
                });
                write!(f, "[?{}]", terms.collect::<Vec<_>>().join(" && "))?;
            }
        }
        self.rest.iter().try_for_each(|name| member(f, name))
    }
}

/// `.name`, or `['name']` where RFC 9535 section 2.5.1.1 has no shorthand.
fn member(f: &mut Formatter<'_>, name: &str) -> fmt::Result {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.bytes().all(plain) && name.starts_with(|first: char| !first.is_ascii_digit()) {
        write!(f, ".{name}")
    } else {
        write!(f, "[{}]", quoted(name))
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
