//! Which attributes an answer holds (RFC 7644 section 3.9): `attributes`, `excludedAttributes` and
//! the schema's `returned`.

use super::path::Path;
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

/// Leaves in the resource what the projection and the schema ask for. `id` and `schemas` stay in any
/// case; attributes that the schema does not know are as if returned by default.
pub fn project(resource: &mut Object<'_>, schema: &Schema, projection: &Projection) {
    let names = |paths: &[Path]| -> Vec<Vec<String>> {
        paths.iter().map(|path| path.members().map(str::to_owned).collect()).collect()
    };
    let (named, only) = match projection {
        Projection::Default => (Vec::new(), false),
        Projection::Only(paths) => (names(paths), true),
        Projection::Without(paths) => (names(paths), false),
    };
    let tails: Vec<&[String]> = named.iter().map(Vec::as_slice).collect();
    let selection = if only { Selection::Only(tails) } else { Selection::Without(tails) };
    resource.retain(|name, value| {
        ["id", "schemas"].iter().any(|kept| kept.eq_ignore_ascii_case(name))
            || keep(name, value, schema.attribute(name), &selection)
    });
}

/// The rest of the named paths, below one member.
enum Selection<'p> {
    Only(Vec<&'p [String]>),
    Without(Vec<&'p [String]>),
}

fn keep(
    name: &str,
    value: &mut Value<'_>,
    attribute: Option<&Attribute>,
    selection: &Selection<'_>,
) -> bool {
    let returned = attribute.map_or(Returned::Default, |attribute| attribute.returned);
    if returned == Returned::Never {
        return false;
    }
    let everything = Selection::Without(Vec::new());
    let (tails, only) = match selection {
        Selection::Only(paths) => (below(paths, name), true),
        Selection::Without(paths) => (below(paths, name), false),
    };
    let whole = tails.iter().any(|tail| tail.is_empty());
    match returned {
        Returned::Always => prune(value, attribute, &everything),
        _ if only && tails.is_empty() => false,
        _ if only && whole => prune(value, attribute, &everything),
        _ if only => prune(value, attribute, &Selection::Only(tails)),
        Returned::Request => false,
        _ if whole => false,
        _ => prune(value, attribute, &Selection::Without(tails)),
    }
}

fn below<'p>(paths: &[&'p [String]], name: &str) -> Vec<&'p [String]> {
    paths
        .iter()
        .filter_map(|path| path.split_first())
        .filter(|(first, _)| first.eq_ignore_ascii_case(name))
        .map(|(_, rest)| rest)
        .collect()
}

/// Whether anything of the value is left.
fn prune(value: &mut Value<'_>, attribute: Option<&Attribute>, selection: &Selection<'_>) -> bool {
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
