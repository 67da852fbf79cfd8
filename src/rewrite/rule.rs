//! A rule file after parsing: rules that are right by themselves, not yet checked against schemas.

use std::sync::Arc;

use super::place::Place;
use crate::scim::Value;
use crate::scim::filter::Literal;

/// `user.toml` or `group.toml` of a dialect, or one resource type's part of an overlay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    pub maps: Vec<Map>,
    pub fills: Vec<Fill>,
    pub sets: Vec<Set>,
}

/// Where a rule stands, for diagnostics and `explain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleOrigin {
    /// The file's name as the operator would find it, such as `rules/<dialect>/user.toml`.
    pub file: Arc<str>,
    /// One-based.
    pub line: u32,
    pub column: u32,
    /// Byte offsets in the file, for labels.
    pub span: std::ops::Range<usize>,
    /// Where the value of each of the rule's keys stands, in bytes.
    pub values: Vec<(String, std::ops::Range<usize>)>,
}

impl RuleOrigin {
    /// Where the value of a key stands; the rule's own place where it has no such key.
    pub fn span_of(&self, key: &str) -> std::ops::Range<usize> {
        let value = self.values.iter().find(|(name, _)| name == key);
        value.map_or_else(|| self.span.clone(), |(_, span)| span.clone())
    }
}

/// A difference that is carried both ways.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    pub canonical: Place,
    pub vendor: Place,
    /// Which element survives where the target holds fewer; tried in order.
    pub pick: Vec<Pick>,
    pub values: Option<Values>,
    pub convert: Option<Conversion>,
    /// Whether put keeps the old value where the client omits it (docs/semantics.md 4.2).
    pub sticky: bool,
    /// The sentence that names what is lost.
    pub loss: Option<String>,
    pub note: Option<String>,
    pub origin: RuleOrigin,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Pick {
    First,
    /// `primary` is `("primary", true)`, `type=work` is `("type", "work")`.
    Where(String, Literal),
}

/// A value table. The first pair of a repeated value is its pre-image.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// (canonical, vendor)
    pub pairs: Vec<(Literal, Literal)>,
    pub otherwise: Otherwise,
}

/// What becomes of a value that is not in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise {
    Refuse,
    Keep,
    Drop,
}

/// The closed registry of invertible functions. Each names its canonical and its vendor form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// Canonical boolean, vendor string `"true"` or `"false"`.
    BooleanText,
}

/// A value made up where the vendor demands one.
#[derive(Clone, Debug, PartialEq)]
pub struct Fill {
    pub vendor: Place,
    /// Tried in order; the first with a value wins.
    pub from: Vec<Text>,
    pub when: Option<When>,
    pub loss: String,
    pub origin: RuleOrigin,
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub struct Set {
    pub target: SetTarget,
    pub value: SetValue,
    pub when: Option<When>,
    /// Also where a value is already there.
    pub always: bool,
    /// In answers of the client role instead of requests of the upstream role.
    pub render: bool,
    pub origin: RuleOrigin,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SetTarget {
    /// A place of the dialect's.
    Vendor(Place),
    /// A canonical place that the upstream's answer lacks.
    Canonical(Place),
}

#[derive(Clone, Debug, PartialEq)]
pub enum SetValue {
    /// Any JSON value (an array, an object, `true`).
    Constant(Value<'static>),
    /// `${name}`; with `optional` (written `${name?}`) the rule rests where the variable is not given.
    Variable { name: String, optional: bool },
}

/// A condition on the canonical resource: the place has that value.
#[derive(Clone, Debug, PartialEq)]
pub struct When {
    pub canonical: Place,
    pub equals: Literal,
}

/// A source of [`Fill`], read from the canonical resource.
#[derive(Clone, Debug, PartialEq)]
pub enum Text {
    Place(Place),
    /// `"{name.givenName} {name.familyName}"`: usable only where every place has a value.
    Template(Vec<Part>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Literal(String),
    Place(Place),
}
