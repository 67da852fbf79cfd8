//! Taking the frame off: an upstream's answer, a client's request.

use super::frame::{Frame, Meta, text};
use super::reference::read_references;
use super::{within_envelope, without_envelope};
use crate::dialect::{Dialect, Resource};
use crate::fault::{Cause, Fault};
use crate::gateway::message::error::{disguised, refusal};
use crate::scim::document::shown;
use crate::scim::endpoint::Id;
use crate::scim::http::Response;
use crate::scim::message::ERROR;
use crate::scim::names::twice;
use crate::scim::schema::{Attribute, Kind, Operation};
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
            "The upstream's {kind} says `{name}` twice, in different case: ask whoever runs the upstream."
        );
        return Err(Fault::new(Cause::UpstreamNotJson, what));
    }
    object.remove("schemas");
    let id = match object.remove("id") {
        None | Some(Value::Null) => None,
        Some(id) => Some(text(&id).ok_or_else(|| bad_id(resource, &id))?),
    };
    let id = id.filter(|id| !id.is_empty());
    // What cannot be asked for is not handed out.
    if id.as_ref().is_some_and(|id| Id::new(id.as_str()).is_err()) {
        return Err(unusable_id(resource));
    }
    let meta = object.remove("meta").map(|meta| Meta::read(&meta)).unwrap_or_default();
    for (name, _) in &resource.answer_extras {
        object.remove(name);
    }
    if has_error_members(resource) {
        object.remove("status");
        object.remove("detail");
    }
    Ok((Frame { id, meta }, object))
}

/// The error that an upstream's answer of a status of success is: what says that it is one in a member of
/// its own, and what is no resource and has the dialect's form of an error.
pub fn error_in(
    dialect: &Dialect,
    resource: &Resource,
    operation: Operation,
    response: &Response,
    body: &Value,
) -> Option<Fault> {
    let object = match body.as_object() {
        Some(outer) => Some(within_envelope(resource, operation, outer).unwrap_or(outer)),
        None => None,
    };
    if let Some(Err(fault)) = object.map(|object| read_status(resource, operation, object)) {
        return Some(fault);
    }
    let list = matches!(operation, Operation::List | Operation::Search);
    let is_list = |object: &Object| object.contains("Resources") || object.contains("totalResults");
    match object {
        Some(object) if says_error(object) => {}
        Some(object) if list && is_list(object) => return None,
        Some(object) if !list && has_attributes(resource, object) => return None,
        _ => {}
    }
    disguised(dialect, operation, response)
}

fn says_error(object: &Object) -> bool {
    let urns = object.get("schemas").and_then(Value::as_array).unwrap_or_default();
    urns.iter().any(|urn| urn.as_str() == Some(ERROR))
}

/// Whether there is an attribute of the resource's, in the form that it has: an `id` alone may be an
/// error's own.
fn has_attributes(resource: &Resource, object: &Object) -> bool {
    let fits = |attribute: &Attribute, value: &Value| match attribute.kind {
        Kind::Complex => matches!(value, Value::Object(_) | Value::Array(_)),
        _ => true,
    };
    let common =
        |name: &str| ["id", "schemas", "meta"].iter().any(|c| c.eq_ignore_ascii_case(name));
    object.iter().filter(|(name, value)| !common(name) && !value.is_cleared()).any(
        |(name, value)| {
            resource.schema.attribute(name).is_some_and(|attribute| fits(attribute, value))
        },
    )
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
            let detail = format!("The body must be a JSON object but is {}.", other.type_name());
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
            let detail = format!("`{name}` must be the id that the path names.");
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
            "The upstream's {kind} is {found}, not a JSON object: ask whoever runs the upstream."
        ),
    )
}

fn unusable_id(resource: &Resource) -> Fault {
    let kind = &resource.schema.resource;
    Fault::new(
        Cause::UpstreamUnexpected,
        format!(
            "The `id` of the upstream's {kind} cannot stand in a URL: it is too long, holds a control \
             character, or has a segment `.` or `..`; ask whoever runs the upstream."
        ),
    )
}

fn bad_id(resource: &Resource, id: &Value) -> Fault {
    let (kind, found) = (&resource.schema.resource, id.type_name());
    Fault::new(
        Cause::UpstreamUnexpected,
        format!("The `id` of the upstream's {kind} is {found}: ask whoever runs the upstream."),
    )
}
