//! Where a place leads in a schema.
//!
//! It does not know rules or values: it answers what stands at a place, if anything.

use crate::scim::schema::{Attribute, Schema, is_urn};

use super::place::{Element, Place};

/// What stands at a place of a schema.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PlaceFound<'s> {
    Attribute(&'s Attribute),
    /// A key below an open object, or an extension that an open schema does not list.
    FreeKey,
    /// Nothing: the name that is not there, and the attribute that it was looked for in (`None`:
    /// the top of the resource).
    Nothing {
        name: &'s str,
        within: Option<&'s Attribute>,
    },
}

/// A place followed through a schema.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SchemaPlace<'s> {
    pub found: PlaceFound<'s>,
    /// The attribute whose elements the place steps into, if the schema has it.
    pub elements: Option<&'s Attribute>,
    /// A multi-valued attribute that the place passes through without a step into its elements.
    pub skipped: Option<&'s Attribute>,
}

/// Follows a place through a schema. Names are found without regard to case.
pub fn resolve<'s>(schema: &'s Schema, place: &'s Place) -> SchemaPlace<'s> {
    let mut walk = Walk { schema, found: None, skipped: None };
    for name in &place.members {
        walk.down(name, false);
    }
    let elements = match (&place.element, walk.found) {
        (Element::Whole, _) => None,
        (_, Some(PlaceFound::Attribute(attribute))) => Some(attribute),
        _ => None,
    };
    for (at, name) in place.rest.iter().enumerate() {
        walk.down(name, at == 0);
    }
    let nothing = PlaceFound::Nothing { name: "", within: None };
    SchemaPlace { found: walk.found.unwrap_or(nothing), elements, skipped: walk.skipped }
}

impl<'s> SchemaPlace<'s> {
    /// The attribute at the place; `None` for a free key and for nothing.
    pub fn attribute(&self) -> Option<&'s Attribute> {
        match self.found {
            PlaceFound::Attribute(attribute) => Some(attribute),
            _ => None,
        }
    }

    /// Whether the schema has the place.
    pub fn exists(&self) -> bool {
        !matches!(self.found, PlaceFound::Nothing { .. })
    }
}

struct Walk<'s> {
    schema: &'s Schema,
    /// `None` at the top of the resource.
    found: Option<PlaceFound<'s>>,
    skipped: Option<&'s Attribute>,
}

impl<'s> Walk<'s> {
    fn down(&mut self, name: &'s str, stepped: bool) {
        self.found = Some(match self.found {
            None => self.top(name),
            Some(PlaceFound::Attribute(parent)) => {
                if parent.multi_valued && !stepped {
                    self.skipped = self.skipped.or(Some(parent));
                }
                below(parent, name)
            }
            Some(end) => end,
        });
    }

    fn top(&self, name: &'s str) -> PlaceFound<'s> {
        match self.schema.attribute(name) {
            Some(attribute) => PlaceFound::Attribute(attribute),
            None if self.schema.open_extensions && is_urn(name) => PlaceFound::FreeKey,
            None => PlaceFound::Nothing { name, within: None },
        }
    }
}

fn below<'s>(parent: &'s Attribute, name: &'s str) -> PlaceFound<'s> {
    match parent.attribute(name) {
        Some(attribute) => PlaceFound::Attribute(attribute),
        None if parent.open => PlaceFound::FreeKey,
        None => PlaceFound::Nothing { name, within: Some(parent) },
    }
}
