//! Places: where in a resource a rule reads or writes.

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
