//! Taking the frame off: an upstream's answer, a client's request.

use super::frame::{Frame, Meta, text};
use super::reference::read_references;
use super::without_envelope;
use crate::dialect::model::Resource;
use crate::fault::{Cause, Fault};
use crate::gateway::message::error::refusal;
use crate::scim::document::shown;
use crate::scim::names::twice;
use crate::scim::schema::Operation;
use crate::scim::value::{Object, Value};

/// Reads a resource that an upstream answered: its frame, and its attributes.
///
/// # Errors
/// [`Cause::UpstreamUnexpected`] where it is not an object or its `id` is not text; the fault of an
/// error that came with a status of success.
pub fn read_answer<'a>(
    resource: &Resource,
    operation: Operation,
    body: Value<'a>,
) -> Result<(Frame, Object<'a>), Fault> {
    let mut object = match without_envelope(resource, operation, body) {
        Value::Object(object) => object,
        other => return Err(not_a_resource(resource, &other)),
    };
    read_status(resource, operation, &object)?;
    if let Some(name) = twice(&object, |name| is_listed(resource, name)) {
        let (kind, name) = (&resource.schema.resource, shown(name, 64));
        let what = format!(
            "the upstream's {kind} says `{name}` twice, in different case: ask whoever runs the upstream"
        );
        return Err(Fault::new(Cause::UpstreamNotJson, what));
    }
    object.remove("schemas");
    let id = match object.remove("id") {
        None | Some(Value::Null) => None,
        Some(id) => Some(text(&id).ok_or_else(|| bad_id(resource, &id))?),
    };
    let meta = object.remove("meta").map(|meta| Meta::read(&meta)).unwrap_or_default();
    for (name, _) in &resource.answer_extras {
        object.remove(name);
    }
    if has_error_members(resource) {
        object.remove("status");
        object.remove("detail");
    }
    Ok((Frame { id: id.filter(|id| !id.is_empty()), meta }, object))
}

/// Reads a resource that a client sent: its attributes. A body's `id` and `meta` are ignored
/// (RFC 7644 section 3.5.1).
///
/// # Errors
/// [`Cause::BadBody`] where it is not an object; [`Cause::InvalidValue`] where a message member that
/// repeats the id is not the id of the path.
pub fn read_request<'a>(
    resource: &Resource,
    operation: Operation,
    id: Option<&str>,
    body: Value<'a>,
) -> Result<Object<'a>, Fault> {
    let mut object = match without_envelope(resource, operation, body) {
        Value::Object(object) => object,
        other => {
            let detail = format!("the body must be a JSON object but is {}", other.type_name());
            return Err(Fault::new(Cause::BadBody, detail));
        }
    };
    if let Some(name) = twice(&object, |name| is_listed(resource, name)) {
        let name = shown(name, 64);
        let detail = format!(
            "The body cannot be read: the member \"{name}\" is there twice (case does not tell names \
             apart). Correct it and send it again."
        );
        return Err(Fault::new(Cause::BadBody, detail));
    }
    for name in COMMON {
        object.remove(name);
    }
    for (_, name, template) in resource.request_extras.iter().filter(|(of, ..)| *of == operation) {
        let Some(given) = object.remove(name) else { continue };
        let repeats_id = template.as_str() == Some("{id}");
        if repeats_id && id.is_some_and(|id| text(&given).as_deref() != Some(id)) {
            let detail = format!("`{name}` must be the id that the path names");
            return Err(Fault::new(Cause::InvalidValue, detail));
        }
    }
    read_references(&resource.schema.attributes, &mut object);
    Ok(object)
}

const COMMON: [&str; 3] = ["schemas", "id", "meta"];

/// Whether a resource's member has its name from the dialect: from its schema or its messages.
fn is_listed(resource: &Resource, name: &str) -> bool {
    let is = |listed: &str| listed.eq_ignore_ascii_case(name);
    COMMON.into_iter().any(is)
        || resource.schema.attribute(name).is_some()
        || resource.answer_extras.iter().any(|(extra, _)| is(extra))
        || resource.request_extras.iter().any(|(_, extra, _)| is(extra))
}

/// Fails if message members of a successful answer say that it is an error (a `status` of 400 or
/// more beside `detail`).
pub(in crate::gateway::message) fn read_status(
    resource: &Resource,
    operation: Operation,
    object: &Object,
) -> Result<(), Fault> {
    if !has_error_members(resource) {
        return Ok(());
    }
    let status = object.get("status").and_then(text).and_then(|status| status.parse::<u16>().ok());
    match status {
        Some(status) if status >= 400 => {
            Err(refusal(operation, status, object.get("detail").and_then(Value::as_str)))
        }
        _ => Ok(()),
    }
}

/// Whether the dialect's answers may say in members of their own that they are errors: its extras
/// have one of the pair, and the schema knows no such attributes.
fn has_error_members(resource: &Resource) -> bool {
    let is_extra = |wanted: &str| {
        resource.answer_extras.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted))
    };
    let is_attribute = |name| resource.schema.attribute(name).is_some();
    (is_extra("status") || is_extra("detail")) && !is_attribute("status") && !is_attribute("detail")
}

fn not_a_resource(resource: &Resource, found: &Value) -> Fault {
    let (kind, found) = (&resource.schema.resource, found.type_name());
    Fault::new(
        Cause::UpstreamUnexpected,
        format!(
            "the upstream's {kind} is {found}, not a JSON object: ask whoever runs the upstream"
        ),
    )
}

fn bad_id(resource: &Resource, id: &Value) -> Fault {
    let (kind, found) = (&resource.schema.resource, id.type_name());
    Fault::new(
        Cause::UpstreamUnexpected,
        format!("the `id` of the upstream's {kind} is {found}: ask whoever runs the upstream"),
    )
}
