//! Which attributes an answer holds (RFC 7644 section 3.9): `attributes`, `excludedAttributes` and
//! the schema's `returned`.

use std::collections::HashMap;

use super::filter::Path;
use super::schema::{Attribute, Returned, Schema};
use super::value::{Object, Value};

/// What a request says about the attributes of its answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Projection {
    /// Nothing: what is returned by default.
    #[default]
    Default,
    /// `attributes`: these, and what is returned always.
    Only(Vec<Path>),
    /// `excludedAttributes`: all but these, except what is returned always.
    Without(Vec<Path>),
}

/// The attributes, by their names, of which something is not returned by default. What holds none of them
/// is by default returned as it is.
pub fn hidden(schema: &Schema) -> Vec<String> {
    let hiding = schema.attributes.iter().filter(|attribute| hides(attribute));
    hiding.map(|attribute| attribute.name.clone()).collect()
}

fn hides(attribute: &Attribute) -> bool {
    matches!(attribute.returned, Returned::Never | Returned::Request)
        || attribute.attributes.iter().any(hides)
}

/// Leaves in the resource what the projection and the schema ask for. `id` and `schemas` stay in any
/// case; attributes that the schema does not know are as if returned by default.
pub fn project(resource: &mut Object<'_>, schema: &Schema, projection: &Projection) {
    let named = match projection {
        Projection::Default => Named::default(),
        Projection::Only(paths) | Projection::Without(paths) => Named::of(paths),
    };
    let selection = match projection {
        Projection::Only(_) => Selection::Only(&named),
        Projection::Default | Projection::Without(_) => Selection::Without(Some(&named)),
    };
    resource.retain(|name, value| {
        ["id", "schemas"].iter().any(|kept| kept.eq_ignore_ascii_case(name))
            || keep(name, value, schema.attribute(name), selection)
    });
}

/// The named paths as a tree, so that a member is looked up and not searched for.
#[derive(Debug, Default)]
struct Named {
    /// Whether a path ends here.
    whole: bool,
    /// By names in lower case.
    below: HashMap<String, Named>,
}

impl Named {
    fn of(paths: &[Path]) -> Self {
        let mut root = Self::default();
        for path in paths {
            let mut at = &mut root;
            for name in path.members() {
                at = at.below.entry(name.to_ascii_lowercase()).or_default();
            }
            at.whole = true;
        }
        root
    }

    fn below(&self, name: &str) -> Option<&Self> {
        match self.below.is_empty() {
            true => None,
            false => self.below.get(&name.to_ascii_lowercase()),
        }
    }
}

/// What is named below one member; nothing is as good as an empty tree.
#[derive(Clone, Copy)]
enum Selection<'n> {
    Only(&'n Named),
    Without(Option<&'n Named>),
}

const EVERYTHING: Selection<'static> = Selection::Without(None);

fn keep(
    name: &str,
    value: &mut Value<'_>,
    attribute: Option<&Attribute>,
    selection: Selection<'_>,
) -> bool {
    let returned = attribute.map_or(Returned::Default, |attribute| attribute.returned);
    if returned == Returned::Never {
        return false;
    }
    let (named, only) = match selection {
        Selection::Only(named) => (named.below(name), true),
        Selection::Without(named) => (named.and_then(|named| named.below(name)), false),
    };
    let whole = named.is_some_and(|named| named.whole);
    match (returned, named) {
        (Returned::Always, _) => prune(value, attribute, EVERYTHING),
        (_, None) if only => false,
        (_, Some(_)) if only && whole => prune(value, attribute, EVERYTHING),
        (_, Some(named)) if only => prune(value, attribute, Selection::Only(named)),
        (Returned::Request, _) => false,
        _ if whole => false,
        _ => prune(value, attribute, Selection::Without(named)),
    }
}

/// Whether anything of the value is left.
fn prune(value: &mut Value<'_>, attribute: Option<&Attribute>, selection: Selection<'_>) -> bool {
    match value {
        Value::Object(object) => {
            let was_empty = object.is_empty();
            object.retain(|name, value| {
                let sub = attribute.and_then(|attribute| attribute.attribute(name));
                keep(name, value, sub, selection)
            });
            was_empty || !object.is_empty()
        }
        Value::Array(elements) => {
            let was_empty = elements.is_empty();
            elements.retain_mut(|element| prune(element, attribute, selection));
            was_empty || !elements.is_empty()
        }
        _ => !matches!(selection, Selection::Only(_)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::schema::{Kind, Unknown};

    /// What hides something, be it below, is named; what holds nothing of it is shown as it is.
    #[test]
    fn attributes_that_hide_something_are_named() {
        let named = |name: &str, returned| {
            let mut attribute = Attribute::new(name, Kind::Complex);
            attribute.returned = returned;
            attribute
        };
        let mut above = named("above", Returned::Default);
        above.attributes.push(named("asked", Returned::Request));
        let attributes = vec![
            named("shown", Returned::Default),
            above,
            named("never", Returned::Never),
            named("always", Returned::Always),
        ];
        let (resource, urn) = (String::new(), String::new());
        let unknown = Unknown::Ignore;
        let schema = Schema { resource, urn, attributes, open_extensions: false, unknown };
        assert_eq!(hidden(&schema), ["above", "never"]);
    }
}
