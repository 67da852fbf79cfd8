//! Attribute paths (RFC 7644 section 3.10) and PATCH paths (section 3.5.2): one form, one grammar.

use super::filter::Filter;

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
