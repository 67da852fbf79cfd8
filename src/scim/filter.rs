//! Filters (RFC 7644 section 3.4.2.2) and paths (attribute paths of section 3.10, PATCH paths of 3.5.2)
//! as one tree: a filter compares what paths lead to, and a path may hold a filter.

use super::number::Number;

/// `[URN ":"] attribute ["[" filter "]"] ["." sub-attribute]*`, or a bare URN.
///
/// `sub` has more than one name only below an extension's complex attribute, such as
/// `urn:acme:2.0:User:unit.id` (one) or a free key that is itself an object.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Path {
    /// A URN that the route knows, in its own spelling; `None` for the core schema.
    pub urn: Option<String>,
    /// `None` for a bare URN, which names the whole extension.
    pub attribute: Option<String>,
    /// A value filter; `Some` only with an attribute.
    pub filter: Option<Box<Filter>>,
    pub sub: Vec<String>,
}

impl Path {
    /// The path of a core attribute.
    pub fn core(attribute: impl Into<String>) -> Self {
        Self { attribute: Some(attribute.into()), ..Self::default() }
    }

    /// The member names from the top of the resource, without the filter.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        self.urn.iter().chain(&self.attribute).chain(&self.sub).map(String::as_str)
    }
}

/// A filter, or a value filter inside `[…]`, whose paths are then relative to the element.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    Compare {
        path: Path,
        operator: Operator,
        literal: Literal,
    },
    Present(Path),
    /// `path[filter]` as an expression: some element satisfies the filter.
    Element {
        path: Path,
        filter: Box<Filter>,
    },
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
}

impl Filter {
    /// Every path that is tested, from the top of the resource, in order; `emails[type eq "x"]` tests
    /// `emails.type`.
    pub fn paths(&self) -> Vec<Path> {
        let mut found = Vec::new();
        self.collect(None, &mut found);
        found
    }

    fn collect(&self, above: Option<&Path>, found: &mut Vec<Path>) {
        match self {
            Self::Compare { path, .. } | Self::Present(path) => found.push(below(above, path)),
            Self::Element { path, filter } => filter.collect(Some(&below(above, path)), found),
            Self::And(terms) | Self::Or(terms) => {
                terms.iter().for_each(|term| term.collect(above, found));
            }
            Self::Not(inner) => inner.collect(above, found),
        }
    }
}

/// A path of a value filter from the top of the resource.
pub fn below(above: Option<&Path>, path: &Path) -> Path {
    let Some(above) = above else { return path.clone() };
    let names = path.members().map(str::to_owned);
    let sub = above.sub.iter().cloned().chain(names).collect();
    Path { sub, filter: None, ..above.clone() }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Null,
    Bool(bool),
    Number(Number<'static>),
    String(String),
}

impl Operator {
    pub const ALL: [Self; 9] =
        [Self::Eq, Self::Ne, Self::Co, Self::Sw, Self::Ew, Self::Gt, Self::Ge, Self::Lt, Self::Le];

    pub fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.name().eq_ignore_ascii_case(name))
    }
}
