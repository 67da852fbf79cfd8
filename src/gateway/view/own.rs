//! The client's own view of a stored resource, which its filters and its order are about: what it would
//! be shown, before `attributes` and before what every answer of its dialect shows anyway (`set` with
//! `render`).

use super::stored::Stored;
use crate::gateway::message::{Frame, schemas_shown};
use crate::gateway::pair::Pair;
use crate::rewrite::lens::strip_cleared;
use crate::rewrite::translate::Message;
use crate::scim::filter::Filter;
use crate::scim::schema::{Returned, Schema, attribute_at};
use crate::scim::{Object, Path, Value};

/// Which attributes of a filter no resource has shown yet: of these an absent value says nothing.
#[derive(Debug, Default)]
pub struct Sight {
    hidden: Vec<Vec<String>>,
}

impl Pair {
    /// The view, with `id`, `schemas` and `meta`.
    pub fn own_view(&self, stored: &Stored) -> Object<'static> {
        let lifted = self.lift(&stored.object);
        let mut view = self.client.lower(&lifted.object, Message::Response).object;
        strip_cleared(&mut view, &self.client.vendor.attributes);
        let schemas = schemas_shown(&self.client_resource, &view);
        let mut view = view.into_owned();
        if !schemas.is_empty() {
            let schemas = schemas.into_iter().map(|urn| Value::String(urn.into())).collect();
            view.insert("schemas", Value::Array(schemas));
        }
        framed(&mut view, &stored.frame);
        view
    }
}

/// Adds `id` and what is known of `meta`.
pub fn framed(object: &mut Object<'_>, frame: &Frame) {
    if let Some(id) = &frame.id {
        object.insert("id", Value::String(id.clone().into()));
    }
    let mut meta = Object::new();
    for (name, value) in [
        ("created", &frame.meta.created),
        ("lastModified", &frame.meta.last_modified),
        ("version", &frame.meta.version),
    ] {
        if let Some(value) = value {
            meta.push(name, Value::String(value.clone().into()));
        }
    }
    if !meta.is_empty() {
        object.insert("meta", Value::Object(meta));
    }
}

impl Sight {
    /// Nothing of a filter's attributes seen yet. `id` and `schemas` are never hidden, and neither is
    /// what the schema says is always returned.
    pub fn of(filter: &Filter, schema: &Schema) -> Self {
        let mut hidden: Vec<Vec<String>> = Vec::new();
        for path in filter.paths() {
            let Some(head) = head(&path) else { continue };
            let open = ["id", "schemas"].iter().any(|name| lies_in(&path, &[(*name).to_owned()]));
            let always = attribute_at(&schema.attributes, &head)
                .is_some_and(|a| a.returned == Returned::Always);
            if !open && !always && !hidden.contains(&head) {
                hidden.push(head);
            }
        }
        Self { hidden }
    }

    /// Learns what a resource shows.
    pub fn note(&mut self, resource: &Object<'_>) {
        self.hidden.retain(|names| !shows(resource, names));
    }

    /// What was shown by none.
    pub fn hidden(&self) -> &[Vec<String>] {
        &self.hidden
    }
}

/// Whether a path leads to the attribute of these names, or into it.
pub fn lies_in(path: &Path, names: &[String]) -> bool {
    let mut members = path.members();
    names.iter().all(|name| members.next().is_some_and(|at| at.eq_ignore_ascii_case(name)))
}

/// The attribute that a path leads to or into; of `meta`, the member.
fn head(path: &Path) -> Option<Vec<String>> {
    let attribute = path.attribute.as_ref();
    let below = path.sub.first().filter(|_| {
        path.urn.is_none() && attribute.is_some_and(|name| name.eq_ignore_ascii_case("meta"))
    });
    let names: Vec<String> = path.urn.iter().chain(attribute).chain(below).cloned().collect();
    (!names.is_empty()).then_some(names)
}

fn shows(resource: &Object<'_>, names: &[String]) -> bool {
    let Some((first, rest)) = names.split_first() else { return false };
    let found =
        rest.iter().try_fold(resource.get(first), |at, name| Some(at?.as_object()?.get(name)));
    found.flatten().is_some_and(|value| !value.is_cleared())
}
