//! Putting the frame on: a request for an upstream, an answer for a client.

use std::borrow::Cow;

use super::frame::{Frame, Location};
use super::reference::write_references;
use crate::dialect::{Resource, Schemas};
use crate::gateway::message::typed::write_typed;
use crate::scim::message::PATCH_OP;
use crate::scim::schema::{Operation, is_urn};
use crate::scim::value::{Object, Value};

/// The members that the frame owns; attributes of these names are not written twice.
const FRAME: [&str; 3] = ["schemas", "id", "meta"];

/// The body of a request in the upstream's dialect: `schemas`, message members, attributes.
///
/// For [`Operation::Patch`] the attributes are the `Operations` of a PatchOp, which always names its
/// message's URN, unless the dialect has a message of its own.
pub fn write_request(
    resource: &Resource,
    operation: Operation,
    id: Option<&str>,
    attributes: &Object,
) -> Vec<u8> {
    let typed = resource.patch.as_ref().and_then(|forms| forms.typed.as_ref());
    if let (Operation::Patch, Some(form)) = (operation, typed) {
        return write_typed(form, id, attributes.get("Operations").unwrap_or(&Value::Null));
    }
    let extras = || resource.request_extras.iter().filter(|(of, ..)| *of == operation);
    let mut body = Object::with_capacity(attributes.len() + 2);
    let schemas = match operation {
        Operation::Patch => vec![Value::text(PATCH_OP)],
        _ => schemas(resource, resource.schemas_in_request, attributes),
    };
    if !schemas.is_empty() {
        body.push("schemas", Value::Array(schemas));
    }
    for (_, name, template) in extras() {
        body.push(name.as_str(), fill_id(template, id));
    }
    for (name, value) in attributes.iter() {
        let taken = FRAME.iter().any(|known| known.eq_ignore_ascii_case(name))
            || extras().any(|(_, extra, _)| extra.eq_ignore_ascii_case(name));
        if !taken {
            body.push(name, value.borrowed());
        }
    }
    Value::Object(body).to_json()
}

/// A resource in the client's dialect. An element of a list ([`Operation::List`] and
/// [`Operation::Search`]) has no envelope.
pub fn write_answer<'a>(
    resource: &'a Resource,
    operation: Operation,
    frame: &Frame,
    mut attributes: Object<'a>,
    place: &Location,
) -> Object<'a> {
    attributes.retain(|name, _| !FRAME.iter().any(|known| known.eq_ignore_ascii_case(name)));
    write_references(&resource.schema.attributes, &mut attributes, place);
    let mut members = Object::with_capacity(attributes.len() + resource.answer_extras.len() + 3);
    let schemas = schemas(resource, resource.schemas_in_answer, &attributes);
    if !schemas.is_empty() {
        members.push("schemas", Value::Array(schemas));
    }
    if let Some(id) = &frame.id {
        members.push("id", Value::String(Cow::Owned(id.clone())));
    }
    for (name, value) in attributes {
        members.push(name, value);
    }
    for (name, value) in &resource.answer_extras {
        if !members.contains(name) {
            members.push(name.as_str(), Value::from(value.clone()));
        }
    }
    if let Some(meta) = meta(resource, frame, place) {
        members.push("meta", Value::Object(meta));
    }
    envelop(resource, operation, lay_out(&resource.layout, members))
}

/// The URNs that an answer with these attributes lists.
pub fn schemas_shown(resource: &Resource, attributes: &Object) -> Vec<String> {
    let urns = schemas(resource, resource.schemas_in_answer, attributes);
    urns.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The URNs that `schemas` lists. An extension counts as used where it holds something.
fn schemas<'a>(resource: &'a Resource, which: Schemas, attributes: &Object) -> Vec<Value<'a>> {
    let schema = &resource.schema;
    let core = Value::text(&schema.urn);
    let held =
        |value: &Value| !value.is_cleared() && !matches!(value, Value::Object(o) if o.is_empty());
    let used = || attributes.iter().filter(|(name, value)| is_urn(name) && held(value));
    match which {
        Schemas::None => Vec::new(),
        Schemas::Core => vec![core],
        Schemas::Used => {
            let urns = used().map(|(name, _)| match schema.attribute(name) {
                Some(extension) => Value::text(&extension.name),
                None => Value::String(Cow::Owned(name.to_owned())),
            });
            std::iter::once(core).chain(urns).collect()
        }
        Schemas::All => {
            let known = schema.extensions().map(|extension| Value::text(&extension.name));
            let unknown = used()
                .filter(|(name, _)| schema.attribute(name).is_none())
                .map(|(name, _)| Value::String(Cow::Owned(name.to_owned())));
            std::iter::once(core).chain(known).chain(unknown).collect()
        }
    }
}

/// The `meta` members that the dialect shows and the frame has.
fn meta<'a>(resource: &'a Resource, frame: &Frame, place: &Location) -> Option<Object<'a>> {
    let mut meta = Object::with_capacity(resource.meta.len());
    for name in &resource.meta {
        let value = if name.eq_ignore_ascii_case("resourceType") {
            Some(Cow::Borrowed(resource.schema.resource.as_str()))
        } else if name.eq_ignore_ascii_case("location") {
            frame.id.as_deref().map(|id| Cow::Owned(place.of(resource, id)))
        } else {
            frame.meta.member(name).map(Cow::Owned)
        };
        if let Some(value) = value {
            meta.push(name.as_str(), Value::String(value));
        }
    }
    (!meta.is_empty()).then_some(meta)
}

/// Orders members as the layout names them; what it does not name stands at its `*`, or at the end.
fn lay_out<'a>(layout: &[String], members: Object<'a>) -> Object<'a> {
    if layout.is_empty() {
        return members;
    }
    let rest = layout.iter().position(|name| name == "*").unwrap_or(layout.len());
    let rank = |member: &str| {
        layout.iter().position(|name| name.eq_ignore_ascii_case(member)).unwrap_or(rest)
    };
    let mut ranked: Vec<_> =
        members.into_iter().map(|member| (rank(member.0.as_ref()), member)).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, member)| member).collect()
}

fn envelop<'a>(resource: &'a Resource, operation: Operation, object: Object<'a>) -> Object<'a> {
    if matches!(operation, Operation::List | Operation::Search) {
        return object;
    }
    match resource.envelope.iter().find(|(of, _)| *of == operation) {
        Some((_, name)) => {
            let mut outer = Object::with_capacity(1);
            outer.push(name.as_str(), Value::Object(object));
            outer
        }
        None => object,
    }
}

/// A message member's value, with the id in the place of `{id}`.
fn fill_id(template: &serde_json::Value, id: Option<&str>) -> Value<'static> {
    match template {
        serde_json::Value::String(text) => {
            Value::String(Cow::Owned(text.replace("{id}", id.unwrap_or_default())))
        }
        other => Value::from(other.clone()),
    }
}
