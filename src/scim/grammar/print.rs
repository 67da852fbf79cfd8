//! The printer: what it writes, the reader reads back to the same tree.

use std::fmt::{self, Display, Formatter};

use crate::scim::filter::{Filter, Literal, Path};

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            f.write_str(urn)?;
            if self.attribute.is_some() {
                f.write_str(":")?;
            }
        }
        if let Some(attribute) = &self.attribute {
            f.write_str(attribute)?;
        }
        if let Some(filter) = &self.filter {
            write!(f, "[{filter}]")?;
        }
        self.sub.iter().try_for_each(|name| write!(f, ".{name}"))
    }
}

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare { path, operator, literal } => {
                write!(f, "{path} {} {literal}", operator.name())
            }
            Self::Present(path) => write!(f, "{path} pr"),
            Self::Element { path, filter } => write!(f, "{path}[{filter}]"),
            Self::And(terms) => {
                joined(f, terms, " and ", |term| matches!(term, Self::And(_) | Self::Or(_)))
            }
            Self::Or(terms) => joined(f, terms, " or ", |term| matches!(term, Self::Or(_))),
            Self::Not(inner) => write!(f, "not ({inner})"),
        }
    }
}

impl Display for Literal {
    /// As JSON, which escapes whatever could end the literal.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::String(text) => {
                f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
            }
        }
    }
}

fn joined(
    f: &mut Formatter<'_>,
    terms: &[Filter],
    between: &str,
    needs_parentheses: impl Fn(&Filter) -> bool,
) -> fmt::Result {
    for (index, term) in terms.iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        if needs_parentheses(term) {
            write!(f, "({term})")?;
        } else {
            write!(f, "{term}")?;
        }
    }
    Ok(())
}
